// `facet profiles`: packages from a .tgz or a folder, before and while the server runs; errors are one sentence.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usCoreDefinitions, usPatient } from '../fhir/profile-us-core.ts';
import { withElements } from '../fhir/valid-resources.ts';
import { until } from '../until.ts';
import { writeFolder, writeTgz } from './fhir-packages.ts';
import { call, emptyPlace, type FacetProcess, facet, killAll, type Place, printed, startProcess } from './server-process.ts';

let place: Place;
const folder = mkdtempSync(join(tmpdir(), 'facet-packages-'));
beforeAll(async () => {
  place = await emptyPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) => printed(place.env, 'profiles', ...args);

const profiles = Object.fromEntries(
  usCoreDefinitions().map((definition) => [
    `StructureDefinition-${definition.url.split('/').pop()}.json`,
    { ...definition, text: { div: 'x'.repeat(200) } },
  ]),
);
const usCore = {
  name: 'hl7.fhir.us.core',
  version: '5.0.1',
  depends: { 'hl7.fhir.r4.core': '4.0.1', 'us.nlm.vsac': '0.3.0' },
  files: {
    ...profiles,
    'SearchParameter-x.json': { resourceType: 'SearchParameter', url: 'urn:x' },
    'example/Patient-example.json': usPatient,
  },
};
const own = {
  name: 'org.example.clinic',
  version: '0.1.0',
  files: {
    'StructureDefinition-badge.json': {
      resourceType: 'StructureDefinition',
      url: 'https://example.org/StructureDefinition/staff',
      kind: 'resource',
      type: 'Practitioner',
      derivation: 'constraint',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Practitioner',
      differential: { element: [{ path: 'Practitioner' }, { path: 'Practitioner.active', min: 1 }] },
    },
  },
};

test('a package is loaded from a .tgz before the server runs; the output lists its contents, missing packages and unusable profiles', async () => {
  // looking makes no embedded database, and a PostgreSQL that is named is there
  const { code, stdout, stderr } = await facet(place.env, 'profiles', 'list');
  const nothing = place.env.DATABASE_URL ? [0, 'no packages yet: facet profiles add <folder or .tgz>'] : [1, 'there is no database'];
  expect([code, stdout + stderr]).toEqual([nothing[0], expect.stringContaining(`${nothing[1]}`)]);
  const file = writeTgz(join(folder, 'us-core.tgz'), usCore);
  const lines = await run('add', file);
  expect(lines.slice(0, 5)).toEqual([
    `reading ${file} …`,
    'hl7.fhir.us.core#5.0.1: 9 StructureDefinitions; 1 resource of another kind is not used',
    'added hl7.fhir.us.core#5.0.1; every running server uses it within a second',
    '  5 profiles and 4 extensions are validated',
    '  needs packages that are not loaded: us.nlm.vsac#0.3.0',
  ]);
  expect(lines.slice(5).join('\n')).toMatch(/not validated: \d+ required value sets: http:/);
  expect((await run('add', file))[2]).toMatch(/^replaced hl7\.fhir\.us\.core#5\.0\.1/);
});

describe('while the server runs', () => {
  let server: FacetProcess & { url: string };
  beforeAll(async () => {
    server = await startProcess(place.env);
  });
  const status = async (type: string, body: object) =>
    (await call(`${server.url}/fhir/R4/${type}`, place.keys().demo.fhir!, { body })).status;

  test('the server validates with the packages that were loaded before', async () => {
    expect(await status('Patient', withElements(usPatient, { id: undefined }))).toBe(201);
    expect(await status('Patient', withElements(usPatient, { id: undefined, gender: undefined }))).toBe(422);
  });

  test('a package from a folder is active after one second, and inactive one second after its removal', async () => {
    const staff = { resourceType: 'Practitioner', meta: { profile: ['https://example.org/StructureDefinition/staff'] } };
    expect(await status('Practitioner', staff)).toBe(201);
    expect((await run('add', writeFolder(join(folder, 'clinic'), own)))[3]).toBe('  1 profiles and 0 extensions are validated');
    await until(
      () => status('Practitioner', staff),
      (answer) => answer === 422,
    );
    expect((await run('list')).map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d$/, 'TIME'))).toEqual([
      'PACKAGE             VERSION  PROFILES  VALUE SETS  CODE SYSTEMS  ADDED',
      'hl7.fhir.us.core    5.0.1    9         0           0             TIME',
      'org.example.clinic  0.1.0    1         0           0             TIME',
    ]);
    expect(await run('remove', 'org.example.clinic')).toEqual([
      'removed org.example.clinic#0.1.0: its profiles are not validated any more',
    ]);
    await until(
      () => status('Practitioner', staff),
      (answer) => answer === 201,
    );
  });

  test('a package of many megabytes is accepted', async () => {
    const codes = Array.from({ length: 150_000 }, (_, at) => ({ code: `code-number-${at}` }));
    const files = { 'CodeSystem-big.json': { resourceType: 'CodeSystem', url: 'urn:big', content: 'complete', concept: codes } };
    await run('add', writeTgz(join(folder, 'big.tgz'), { name: 'big', version: '1.0.0', files }));
    expect((await run('list'))[1]).toMatch(/^big +1\.0\.0 +0 +0 +1 /);
  });
});

test('an error is one sentence, and the help has an example', async () => {
  const nowhere = join(folder, 'nowhere');
  expect(await facet(place.env, 'profiles', 'add', nowhere)).toMatchObject({
    code: 1,
    stderr: `facet: there is no file or folder ${nowhere}\n`,
  });
  expect(await facet(place.env, 'profiles', 'remove', 'nobody')).toMatchObject({
    code: 1,
    stderr: 'facet: there is no package nobody: facet profiles list shows the names\n',
  });
  expect((await facet(place.env, 'profiles', 'add', '--help')).stdout).toContain('facet profiles add hl7.fhir.us.core-6.1.0.tgz');
});
