#!/usr/bin/env node
// The way in for `npm start` and `npx facet`: refuses an older Node in one sentence, then hands over to the program.
// docs/decisions/0028-no-build-step.md
import module from 'node:module';
import { join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Facet needs Node 24 or later and this is Node ${process.versions.node}: run it with "npm start" or "npx facet", which bring their own.`,
  );
  process.exit(1);
}
// what was compiled once is kept, beside the packages: nobody else can write there
module.enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compiled'));
const { run } = await import('../src/cli/program.ts');
await run(process.argv.slice(2));
