// A new version has other index rules: searches by changed parameters wait for the index, other searches work, and operators see the progress.
import { pino } from 'pino';
import request from 'supertest';
import { administer, openAdminContext } from '../../src/cli/admin.ts';
import { readConfig } from '../../src/config.ts';
import { TYPE_NUMBERS } from '../../src/fhir/types.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { assemble } from '../../src/server/assemble.ts';
import { loadDefinitions } from '../../src/server/load-definitions.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

const FHIR = 'application/fhir+json';
let before: Running;
let key: string;
beforeAll(async () => {
  before = await startFacet();
  key = before.demo.fhir!;
  for (const family of ['Lovelace', 'Hopper', 'Curie'])
    await request(before.app)
      .post('/fhir/R4/Patient')
      .set({ 'x-api-key': key, 'Content-Type': FHIR })
      .send(JSON.stringify({ resourceType: 'Patient', name: [{ family }], gender: 'female' }))
      .expect(201);
});
afterAll(() => before.close());

/** The version before had no search for registered physicians. */
const olderPhysicianRules = () =>
  before.store.database.script(`
    delete from index_rules where fingerprint = 'before';
    update index_rules set fingerprint = 'before', parameters = parameters - 'registered-state' where rtype = ${TYPE_NUMBERS.Practitioner}`);

/** The version before had no search by family name, and had indexed everything. */
const olderRules = () =>
  before.store.database.script(`
    delete from index_rules where fingerprint = 'before';
    update index_rules set fingerprint = 'before', parameters = parameters - 'family' where rtype = 1;
    delete from sx_string where param = (select param from sx_string where norm = 'lovelace' group by param order by param limit 1);`);

const admin = async (command: string) => {
  const { database } = before.store;
  return administer(database, { command, options: {} }, await openAdminContext(database, readConfig({})));
};
const newVersion = async () => {
  const { store, database } = before.store;
  const loaded = loadDefinitions();
  const index = await openIndexState(store.reindexing, loaded.registry, new Date());
  return assemble({
    config: readConfig({ FACET_LOG_LEVEL: 'silent' }),
    loaded,
    database,
    index,
    log: pino({ level: 'silent' }),
    baseUrl: BASE_URL,
  });
};

test('a command registers no index rules, whatever mappings and profiles it reads: servers keep theirs', async () => {
  const rules = () => before.store.database.query('select * from index_rules order by rtype, rules');
  const script = (sql: string) => before.store.database.script(sql);
  await script(`create table kept as table index_rules; update index_rules set fingerprint = 'theirs' where rtype < 3;
    insert into index_rules (rtype, fingerprint, parameters, present) values (3, 'empty', '{}', true)`);
  const theirs = await rules();
  await admin('tenants list');
  await admin('index status');
  expect(await rules()).toEqual(theirs);
  await script('delete from index_rules; insert into index_rules table kept; drop table kept');
});

test('the server of a new version completes the index by itself, and reports this until then', async () => {
  expect(await admin('index status')).toEqual([
    'the index is complete: every resource is indexed by the search parameters of this version',
  ]);
  await olderRules();
  const facet = await newVersion();
  const get = (path: string) => request(facet.app).get(`/fhir/R4/${path}`).set('x-api-key', key);
  const waiting = await get('Patient?family=hopper');
  expect([waiting.status, waiting.headers['retry-after'], waiting.body.issue[0].diagnostics]).toEqual([
    503,
    '30',
    'the index of the search parameter Patient.family is being built: try again later',
  ]);
  for (const path of ['Patient?_sort=family', 'Observation?subject:Patient.family=x', 'Patient?family:missing=true'])
    expect([path, (await get(path)).status]).toEqual([path, 503]);
  const conditional = request(facet.app)
    .post('/fhir/R4/Patient')
    .set({ 'x-api-key': key, 'Content-Type': FHIR, 'If-None-Exist': 'family=hopper' });
  expect((await conditional.send('{"resourceType":"Patient"}')).status).toBe(503);
  for (const path of ['Patient?gender=female', 'Patient?_id=x', 'Practitioner?family=x', 'Patient'])
    expect([path, (await get(path)).status]).toEqual([path, 200]);
  expect(await admin('index status')).toEqual([
    expect.stringMatching(/^type +search parameters that are not indexed completely$/i),
    expect.stringMatching(/^Patient +family$/),
    'no process is indexing: start a server, or use facet index run',
  ]);
  const stop = facet.startMaintenance();
  await until(
    () => get('Patient?family=hopper'),
    ({ status }) => status === 200,
  );
  expect((await get('Patient?family=hopper')).body.entry).toHaveLength(1);
  expect((await get('Patient?name=lovelace')).body.entry).toHaveLength(1);
  await stop();
  expect(await admin('index status')).toEqual([
    'the index is complete: every resource is indexed by the search parameters of this version',
  ]);
});

test('facet index run completes the index at once', async () => {
  await olderRules();
  expect(await admin('index run')).toEqual(['the index is complete: 3 resources were indexed again']);
  expect(await admin('index run')).toEqual(['the index is complete: 0 resources were indexed again']);
  const facet = await newVersion();
  const { body } = await request(facet.app).get('/fhir/R4/Patient?family=curie').set('x-api-key', key);
  expect(body.entry).toHaveLength(1);
});

test('until the physicians are indexed, an order that no requester signs is refused with Retry-After and stores nothing', async () => {
  const physician = {
    resourceType: 'Practitioner',
    id: 'ann',
    name: [{ given: ['Ann'], family: 'Lee' }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1999999984' }],
    qualification: [buildLicence('NY')],
  };
  await before.put(orderable('ada')).expect(201);
  await before.put(physician).expect(201);
  await olderPhysicianRules();
  const facet = await newVersion();
  const put = (resource: { resourceType: string; id: string }) =>
    request(facet.app)
      .put(`/fhir/R4/${resource.resourceType}/${resource.id}`)
      .set({ 'x-api-key': key, 'Content-Type': FHIR })
      .send(JSON.stringify(resource));
  const order = (id: string, more: object = {}) => put({ ...panelFor('ada'), id, ...more });
  const waiting = await order('early');
  expect([waiting.status, waiting.headers['retry-after'], waiting.body.issue[0].diagnostics]).toEqual([
    503,
    '30',
    'the index of the search parameter Practitioner.registered-state is being built: try again later',
  ]);
  const { database } = before.store;
  const stored = async () => (await database.query('select 1 from resource where id = $1', ['early'])).length;
  expect([await stored(), (await database.query('select 1 from outbox')).length]).toEqual([0, 0]);
  expect((await order('signed', { requester: { reference: 'Practitioner/ann' } })).status).toBe(201);
  const stop = facet.startMaintenance();
  await until(
    () => order('early'),
    ({ status }) => status === 201,
  );
  await stop();
});

const buildLicence = (state: string) => ({
  code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/qualification', code: 'state-license' }] },
  extension: [
    {
      url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification',
      extension: [{ url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: state }] } }],
    },
  ],
});
