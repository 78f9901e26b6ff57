// `facet start --watch-mappings`: a changed mapping is served at once; an invalid one is reported, and the previous one stays active.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/main.ts';
import { until } from '../until.ts';
import { type FacetProcess, facet, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

let place: Place;
let folder: string;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await migratedPlace();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'facet-watch-')));
  cpSync('mappings', folder, { recursive: true });
  server = await startProcess({ ...place.env, FACET_MAPPINGS: folder }, '--watch-mappings');
});
afterAll(async () => {
  await killAll();
  await place.remove();
  rmSync(folder, { recursive: true });
});

/** As editors write: a new file in the place of the old one. */
const change = (from: string, to: string): void => {
  const file = join(folder, 'loop/patient.yaml');
  writeFileSync(`${file}~`, readFileSync(file, 'utf8').replace(from, to));
  renameSync(`${file}~`, file);
};
const status = async (path: string): Promise<number> =>
  (await fetch(`${server.url}${path}?brand_id=loop`, { headers: { Authorization: `Bearer ${place.keys().demo.loop}` } })).status;

test('a changed route is served at its new path, also in the document', async () => {
  expect(await status('/v1/patients')).toBe(200);
  change('path: /v1/patients', 'path: /v1/people');
  await server.waitForLine(/^Mappings reloaded: .*loop\/patient/);
  expect([await status('/v1/people'), await status('/loop/v1/patients')]).toEqual([200, 404]);
  const document = (await (await fetch(`${server.url}/openapi/loop.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toContain('/v1/people');
});

test('a mistake is printed with file, line and field, and the previous mappings stay in use', async () => {
  change('fhir: birthDate', 'fhir: birthdate');
  await server.waitForLine(/patient\.yaml:\d+ fields\.date_of_birth: Patient has no element birthdate \(did you mean birthDate\?\)/);
  await server.waitForLine(/^The previous mappings stay in use\.$/);
  expect(await status('/v1/people')).toBe(200);
});

test('a corrected mapping is served again; a new vendor is served with its own key', async () => {
  change('fhir: birthdate', 'fhir: birthDate');
  change('path: /v1/people', 'path: /v1/persons');
  await until(
    () => status('/v1/persons'),
    (status) => status === 200,
  );
  mkdirSync(join(folder, 'acme'));
  writeFileSync(
    join(folder, 'acme/surface.yaml'),
    readFileSync(join(folder, 'loop/surface.yaml'), 'utf8')
      .replaceAll('loop', 'acme')
      .replace(/systems:.*?\nenvelope:/s, 'systems: {}\nenvelope:'),
  );
  writeFileSync(
    join(folder, 'acme/customer.yaml'),
    'resource: Patient\npath: /v1/customers\ninteractions: [read, search]\nfields:\n  id: { fhir: id, readOnly: true }\n',
  );
  await server.waitForLine(/^Mappings reloaded: .*acme\/customer/);
  const response = await fetch(`${server.url}/acme/v1/customers`, { headers: { Authorization: `Bearer ${acmeKey()}` } });
  expect(response.status).toBe(200);
});

const acmeKey = (): string => (place.keys().demo as Record<string, string>).acme!;

test('a mapping that is saved during the start is served', async () => {
  const own = await migratedPlace();
  const mappings = join(own.directory, '..', 'mappings');
  cpSync('mappings', mappings, { recursive: true });
  const logged: string[] = [];
  const running = await startServer(
    readConfig({ ...own.env, FACET_MAPPINGS: mappings }),
    (line) => {
      logged.push(line);
      if (line.startsWith('Facet is ready'))
        for (const file of ['physician.yaml', 'physician.examples.yaml']) rmSync(join(mappings, 'loop', file));
    },
    { watch: true },
  );
  await until(() => logged.some((line) => /^Mappings reloaded: (?!.*physician)/.test(line)));
  await running.close();
  await own.remove();
});

test('--watch is refused in production', async () => {
  const { code, stderr } = await facet(
    { NODE_ENV: 'production', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
    'start',
    '--watch-mappings',
  );
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^facet: --watch-mappings is for development/)]);
});
