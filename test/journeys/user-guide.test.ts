// The commands of README.md and docs/user-guide.md work as printed after a first start.
import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { emptyPlace, killAll, type Place, startProcess } from './server-process.ts';

interface Example {
  section: string;
  script: string;
}

/** The shell commands of a document, with the heading above them. */
const readExamples = (file: string): Example[] =>
  readFileSync(file, 'utf8')
    .split(/^#+ /m)
    .flatMap((text) =>
      [...text.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, script]) => ({ section: text.split('\n')[0]!, script: script! })),
    );

const [setup, ...examples] = readExamples('docs/user-guide.md');
const ORDERS = 'Lab orders';

let place: Place;
let home: string;
let url: string;
beforeAll(async () => {
  place = await emptyPlace();
  home = dirname(place.directory);
  symlinkSync(place.directory, join(home, '.facet'));
  writeFileSync(join(home, '.curlrc'), 'fail-with-body\n');
  const [, order] = /^```json\n(.*?)\n```$/ms.exec(readFileSync('docs/orders.md', 'utf8'))!;
  writeFileSync(join(home, 'order.json'), order!);
  writeFileSync(join(home, 'npx'), `#!/bin/sh\n[ "$1" = facet ] && shift && exec node ${resolve('bin/facet.js')} "$@"\n`, { mode: 0o755 });
  ({ url } = await startProcess(place.env));
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

/** Runs a script as a reader types it, and returns what it prints. It fails at the first request that is refused. */
async function runScript(script: string): Promise<string> {
  const env = { ...place.env, PATH: [home, dirname(process.execPath), process.env.PATH].join(delimiter), CURL_HOME: home };
  const text = `set -e\n${script}`.replaceAll('http://localhost:3000', url).replaceAll('localhost:3000', url);
  return (await promisify(execFile)('bash', ['-c', text], { cwd: home, env })).stdout;
}

test('the first example of the README creates a patient and finds it', async () => {
  const { script } = readExamples('README.md').find((example) => example.script.includes('dev-keys.json'))!;
  expect(await runScript(script)).toMatch(/"family":"Lovelace".*"type":"searchset".*"family":"Lovelace"/s);
});

test.each(examples.filter(({ section }) => section !== ORDERS))('the commands of "$section" in the user guide work', async ({ script }) => {
  expect(await runScript(`${setup!.script}\n${script}`)).toMatch(/^(?:[{[]|<\?xml )/);
});

test('the user guide orders a test, finds its Task, and asks for its results', async () => {
  const commands = examples.find(({ section }) => section === ORDERS)!.script.split('\n');
  const printed: string[] = [];
  for (const command of commands) {
    const id = /"id":"([^"]+)"/.exec(printed[1] ?? '')?.[1] ?? '';
    printed.push(await runScript(`${setup!.script}\n${command.replace('{id}', id)}`));
  }
  const [dryRun, order, task, results] = printed;
  expect(dryRun).toContain('"severity":"information"');
  expect(JSON.parse(order!)).toMatchObject({ resourceType: 'ServiceRequest', status: 'active' });
  expect(JSON.parse(task!).entry).toMatchObject([{ resource: { resourceType: 'Task', focus: { reference: expect.any(String) } } }]);
  expect(JSON.parse(results!)).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
});
