// The npm package: its content, and its installation and start in an empty folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RELEASE } from '../../src/release.ts';
import { withRegistry } from './registry.ts';
import { emptyPlace, killAll, launchIn, type Place, readyUrl } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'facet-package-'));
let place: Place;
let packed: { filename: string; files: { path: string }[] };
beforeAll(async () => {
  place = await emptyPlace();
  [packed] = JSON.parse(execFileSync('npm', ['pack', '--silent', '--json', '--pack-destination', folder], { encoding: 'utf8' }));
});
afterAll(async () => {
  await killAll();
  await place.remove();
  rmSync(folder, { recursive: true });
});

test('the package contains the program as JavaScript and its data, no sources and no tests', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'bin/facet.js',
      'console-build/index.html',
      'dist/cli/program.js',
      'dist/fhir/generated/schemas.json',
      'dist/http/docs/page/page.html',
      'fhir-profiles/clinik.yaml',
      'mappings/demo.yaml',
      'migrations/0001-resources.sql',
      'package.json',
    ]),
  );
  expect(paths.filter((path) => /^(src|test|scripts|docs)\/|\.ts$/.test(path))).toEqual([]);
});

withRegistry('it installs in an empty folder, and npx facet start serves there', async () => {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`], { cwd: folder, stdio: 'pipe' });
  expect(execFileSync('npx', ['facet', '--version'], { cwd: folder, encoding: 'utf8' })).toBe(`${RELEASE.version}\n`);
  const server = launchIn(folder, place.env, ['npx', 'facet', 'start']);
  const url = await readyUrl(server);
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  const key = place.keys().demo.fhir!;
  const created = await fetch(`${url}/fhir/R4/Patient`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' },
    body: '{"resourceType":"Patient"}',
  });
  expect(created.status).toBe(201);
  for (const path of ['/docs', '/console']) expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  server.signal('SIGTERM');
  await server.ended;
});
