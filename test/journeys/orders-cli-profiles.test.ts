// An operator's command about an order is written although its Task violates a claimed profile, like the server's own writes.
import { administer, openAdminContext } from '../../src/cli/admin.ts';
import { readConfig } from '../../src/config.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  // nobody answers there
  facet = await startFacet({ JUNCTION_API_KEY: 'sk_us_nobody', JUNCTION_BASE_URL: 'http://127.0.0.1:9', JUNCTION_TEAM_ID: 'team' });
});
afterAll(() => facet.close());

const run = async (command: string, options: Record<string, string>) =>
  administer(facet.store.database, { command, options }, await openAdminContext(facet.store.database, readConfig({})));

const PROFILE = 'urn:test:described-task';
const element = (path: string, more: object) => ({ id: path, path, ...more });
const described = {
  resourceType: 'StructureDefinition',
  url: PROFILE,
  version: '2',
  name: 'DescribedTask',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Task',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Task',
  derivation: 'constraint',
  snapshot: {
    element: [element('Task', { min: 0, max: '*' }), element('Task.description', { min: 1, max: '1', type: [{ code: 'string' }] })],
  },
};

test('an order can be parked and released although its Task no longer conforms to a profile that it claims', async () => {
  await facet.put({ ...orderable('ann'), resourceType: 'Patient', id: 'ann' }).expect(201);
  await facet.put({ ...panelFor('ann', 'pcos'), id: 'stuck' }).expect(201);
  const task = async () => (await facet.fhir('get', '/Task?focus=ServiceRequest/stuck').expect(200)).body.entry[0].resource;
  const { id, meta, ...rest } = await task();
  const claim = { ...rest, id, meta: { profile: [PROFILE] } };
  await until(
    () => facet.put(claim),
    ({ status }) => status === 200,
  );
  const definition = { kind: described.resourceType, url: PROFILE, version: '2', type: 'Task', body: JSON.stringify(described) };
  await run('profiles add', { package: JSON.stringify({ name: 'test.tasks', version: '2.0.0', depends: {}, definitions: [definition] }) });
  await until(
    async () => facet.put({ ...(await task()), priority: 'urgent' }),
    ({ status }) => status === 422,
  );
  const done = (command: string) =>
    until(
      () => run(command, { order: 'stuck' }).catch((error: Error) => [error.message]),
      ([line]) => !/cannot be parked|has just changed/.test(line!),
    );
  expect(await done('orders park')).toEqual(['order stuck is parked: it is not sent until it is released']);
  expect(await task()).toMatchObject({ status: 'on-hold', meta: { profile: [PROFILE] } });
  expect(await done('orders release')).toEqual(['order stuck is released: a running server continues with it within a second']);
  expect(await task()).toMatchObject({ status: 'requested' });
});
