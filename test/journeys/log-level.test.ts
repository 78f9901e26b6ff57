// With the log level error the log has undelivered orders and no successes.
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { orderable, panelFor } from './people.ts';
import { call, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000ef';

let sandbox: Sandbox;
let place: Place;
beforeAll(async () => {
  sandbox = await startSandbox();
  place = await migratedPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await sandbox.close();
});

test('a refused network key is logged as an error without personal data', async () => {
  const junction = { JUNCTION_API_KEY: 'wrong', JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  const server = await startProcess({ ...place.env, ...junction, FACET_LOG_LEVEL: 'error' });
  const key = place.keys().demo.fhir!;
  const put = async (resource: { resourceType: string; id: string }) =>
    (await call(`${server.url}/fhir/R4/${resource.resourceType}/${resource.id}`, key, { method: 'PUT', body: resource })).status;
  expect([await put(orderable(PATIENT)), await put({ ...panelFor(PATIENT), id: 'unpaid' })]).toEqual([201, 201]);
  const entry = JSON.parse(await server.waitForLine(/"msg":"order"/));
  expect(entry).toMatchObject({ level: 50, subject: 'ServiceRequest/unpaid', error: expect.stringContaining('401') });
  const logged = server.lines.filter((line) => line.startsWith('{'));
  expect(logged.filter((line) => !line.includes('"level":50'))).toEqual([]);
  expect(logged.join()).not.toMatch(/Lovelace|1 Main St/);
});
