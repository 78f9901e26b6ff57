// `node scripts/measure-house.ts [--root DIR]`: measures how the source is built: files, names, type assertions, files with one importer, and what runs for a request.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measureRequests } from './house/requests.ts';
import { measureSource } from './house/source.ts';

const { values: options } = parseArgs({
  options: { root: { type: 'string', default: '.' }, 'no-requests': { type: 'boolean' }, help: { type: 'boolean' } },
});
if (options.help) {
  console.log(`node scripts/measure-house.ts [options]: figures about the source under src/, and the files and functions that run for six kinds of request.
  --root DIR      measure another checkout that has its node_modules (default: this one)
  --no-requests   the source alone: no server is started`);
  process.exit();
}

const root = resolve(options.root);
console.log('| Source | Figure |\n|---|---|');
for (const [fact, figure] of measureSource(root)) console.log(`| ${fact} | ${figure} |`);
if (!options['no-requests']) {
  console.log('\n| Request | Files | Functions |\n|---|---|---|');
  for (const { name, files, functions } of await measureRequests(root)) console.log(`| ${name} | ${files} | ${functions} |`);
}
