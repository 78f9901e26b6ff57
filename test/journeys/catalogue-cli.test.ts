// `facet catalogue sync`, and the orders that its entries make possible.
import request from 'supertest';
import { administer, openAdminContext } from '../../src/cli/admin.ts';
import { readConfig } from '../../src/config.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until } from '../until.ts';
import { orderable } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let sandbox: Sandbox;
let env: Record<string, string>;
beforeAll(async () => {
  sandbox = await startSandbox({});
  env = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId, JUNCTION_SHARED: 'true' };
  facet = await startFacet(env);
});
afterAll(async () => {
  await facet.close();
  await sandbox.close();
});

const sync = async (options: Record<string, string>, settings = env) =>
  administer(
    facet.store.database,
    { command: 'catalogue sync', options },
    await openAdminContext(facet.store.database, readConfig(settings)),
  );

test('an order by LOINC is sent once the catalogue is filled, for this tenant only', async () => {
  await facet.put({ ...orderable('ann'), resourceType: 'Patient', id: 'ann' }).expect(201);
  const tsh = (id: string) => ({
    resourceType: 'ServiceRequest',
    id,
    status: 'active',
    intent: 'order',
    category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '3016-3' }] },
    subject: { reference: 'Patient/ann' },
  });
  const statusOf = async (id: string) =>
    (await facet.fhir('get', `/Task?focus=ServiceRequest/${id}`).expect(200)).body.entry[0].resource.status;
  await facet.put(tsh('before')).expect(201);
  expect(await statusOf('before')).toBe('rejected');

  const dry = await sync({ tenant: 'demo', dryRun: 'true' });
  expect(dry.at(-1)).toBe('dry run: nothing was written');
  expect((await facet.fhir('get', '/ActivityDefinition?_summary=count')).body.total).toBe(0);

  const lines = await sync({ tenant: 'demo' });
  expect(lines[0]).toMatch(/^5 lab tests, and \d+ markers that can be ordered alone$/);
  expect(lines).toEqual(dry.slice(0, -1));

  await facet.put(tsh('after')).expect(201);
  await until(
    () => statusOf('after'),
    (status) => status === 'received',
  );
  expect([...sandbox.state.orders.values()].map(({ sent }) => sent.order_set)).toEqual([
    { lab_test_ids: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a04'] },
  ]);
  // an entry without a slug is no marker of Loop's list
  const markers = await request(facet.app).get('/v1/lab-catalog/markers').set('Authorization', `Bearer ${facet.demo.loop}`).expect(200);
  expect(markers.body.markers).toEqual([]);
  expect((await facet.fhir('get', '/ActivityDefinition?_summary=count', facet.other.fhir)).body.total).toBe(0);
});

test('a network that refuses the key changes nothing, and the error says why', async () => {
  await expect(sync({ tenant: 'demo' }, { ...env, JUNCTION_API_KEY: 'sk_us_wrong' })).rejects.toThrow(
    /^nothing was changed: the catalogue of the laboratory network could not be read \(401/,
  );
  await expect(sync({ tenant: 'demo' }, {})).rejects.toThrow(/JUNCTION_API_KEY is not set/);
  await expect(sync({ tenant: 'nobody' })).rejects.toThrow('there is no tenant nobody: facet tenants list shows the names');
});
