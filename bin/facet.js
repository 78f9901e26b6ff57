#!/usr/bin/env node
// Starts the program for `npm start` and `npx facet`. On an older Node it starts the Node that is a dependency of Facet.
// docs/decisions/0028-no-build-step.md
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The first version that runs TypeScript without a flag. */
const OLDEST = 24;
const isSupported = Number(process.versions.node.split('.')[0]) >= OLDEST;

if (isSupported) {
  // beside the packages, where only their owner can write
  module.enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/compiled'));
  // the sources in a checkout, JavaScript in a package: Node runs no TypeScript under node_modules
  const sources = '../src/cli/program.ts';
  const { run } = await import(existsSync(join(import.meta.dirname, sources)) ? sources : '../dist/cli/program.js');
  await run(process.argv.slice(2));
} else {
  const node = findOwnNode();
  if (node === undefined) {
    console.error(`facet: Facet needs Node ${OLDEST} or later and this is Node ${process.versions.node}: install a newer one`);
    process.exit(1);
  }
  // by the channel the server notices that this process was killed
  const child = spawn(node, process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(signal ? 1 : code));
}

/** The binary of the package `node`, if its install script has run. */
function findOwnNode() {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}
