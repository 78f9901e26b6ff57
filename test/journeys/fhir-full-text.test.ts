// `_text` and `_content` with FACET_FULLTEXT=on. https://hl7.org/fhir/R4/search.html#text
import { readConfig } from '../../src/config.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { reindexAll } from '../../src/interactions/reindex.ts';
import { loadDefinitions } from '../../src/server/load-definitions.ts';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
const narrative = (content: string) => ({ status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>` });
const patient = (id: string, content: string, more: object = {}) => ({ resourceType: 'Patient', id, text: narrative(content), ...more });
beforeAll(async () => {
  facet = await startFacet({ FACET_FULLTEXT: 'on' });
  await facet.put(patient('bone', '<p>Bone metastases</p>', { name: [{ family: 'Øster' }] })).expect(201);
  await facet.put(patient('liver', '<p>Métastases of the <b>liver</b></p>', { name: [{ family: 'Bone' }] })).expect(201);
  await facet.put(patient('healthy', '<p>No findings</p>')).expect(201);
  await facet.put({ resourceType: 'Patient', id: 'silent', name: [{ family: 'Quiet' }] }).expect(201);
  await facet.put(patient('foreign', 'bone metastases'), facet.other.fhir).expect(201);
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'Weight' } };
  await facet.put({ ...observation, id: 'of-bone', subject: { reference: 'Patient/bone' } }).expect(201);
  await facet.put({ ...observation, id: 'of-liver', subject: { reference: 'Patient/liver' }, note: [{ text: 'told' }] }).expect(201);
});
afterAll(() => facet.close());

async function find(search: string, key?: string): Promise<string[]> {
  const { status, body } = await facet.fhir('get', `/${search}`, key);
  expect([search, status]).toEqual([search, 200]);
  return (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).sort();
}
const encode = (name: string, value: string) => `Patient?${name}=${encodeURIComponent(value)}`;

test.each<[string, string, string[]]>([
  ['_text', 'metastases', ['bone', 'liver']],
  ['_text', 'METÁSTASES', ['bone', 'liver']],
  ['_text', 'bone', ['bone']],
  ['_content', 'bone', ['bone', 'liver']],
  ['_text', '(bone OR liver) and metastases', ['bone', 'liver']],
  ['_text', '"bone metastases"', ['bone']],
  ['_text', '"metastases bone"', []],
  ['_text', 'metastases -liver', ['bone']],
  ['_text', 'NOT metastases', ['healthy']],
  ['_text', 'liver,findings', ['healthy', 'liver']],
  ['_content', 'oster', ['bone']],
  ['_content', 'quiet', ['silent']],
  ['_text', 'quiet', []],
  ['_text', 'of the', ['liver']],
  ['_text', "bone'; drop table sx_text;", []],
])('%s=%s finds %j', async (name, value, ids) => expect(await find(encode(name, value))).toEqual(ids));

test('it combines with other parameters, :missing, _filter, chains, reverse chains, several types and sorting', async () => {
  expect(await find('Patient?_text=metastases&family=oster')).toEqual(['bone']);
  expect(await find('Patient?_text:missing=true')).toEqual(['silent']);
  expect(await find(`Patient?_filter=${encodeURIComponent('_text co "liver" or family eq "Quiet"')}`)).toEqual(['liver', 'silent']);
  expect(await find('Observation?subject:Patient._text=liver')).toEqual(['of-liver']);
  expect(await find('Patient?_has:Observation:subject:_content=told')).toEqual(['liver']);
  expect(await find('?_type=Patient,Observation&_content=told')).toEqual(['of-liver']);
  expect(await find('Patient/bone/Observation?_content=weight')).toEqual(['of-bone']);
  const { body } = await facet.fhir('get', '/Patient?_text=metastases&_sort=-family&_count=1');
  expect(body.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual(['bone']);
});

test('another tenant finds its own resources only', async () => {
  expect(await find('Patient?_text=bone', facet.other.fhir)).toEqual(['foreign']);
});

test('an update replaces the words, a deletion removes them, and a resource that comes back has its own', async () => {
  await facet.put(patient('changing', 'zebra')).expect(201);
  expect(await find('Patient?_text=zebra')).toEqual(['changing']);
  await facet.put(patient('changing', 'giraffe')).expect(200);
  expect([await find('Patient?_text=zebra'), await find('Patient?_content=giraffe')]).toEqual([[], ['changing']]);
  await facet.put({ resourceType: 'Patient', id: 'changing', gender: 'other' }).expect(200);
  expect(await find('Patient?_text=giraffe')).toEqual([]);
  await facet.put(patient('changing', 'giraffe')).expect(200);
  await facet.fhir('delete', '/Patient/changing').expect(204);
  expect([await find('Patient?_text=giraffe'), await countRows('changing')]).toEqual([[], 0]);
  await facet.put(patient('changing', 'okapi')).expect(201);
  expect([await find('Patient?_text=okapi'), await countRows('changing')]).toEqual([['changing'], 2]);
});

const countRows = async (id: string): Promise<number> => {
  const sql = 'select count(*)::int as n from sx_text x join resource r on r.tenant_id = x.tenant_id and r.pid = x.pid where r.id = $1';
  return (await facet.store.database.query<{ n: number }>(sql, [id]))[0]!.n;
};

test('a transaction that creates, updates and deletes keeps the words of each', async () => {
  await facet.put(patient('t-old', 'walrus')).expect(201);
  await facet.put(patient('t-gone', 'walrus')).expect(201);
  const entry = [
    { resource: { resourceType: 'Patient', text: narrative('walrus pup') }, request: { method: 'POST', url: 'Patient' } },
    { resource: patient('t-old', 'seal'), request: { method: 'PUT', url: 'Patient/t-old' } },
    { request: { method: 'DELETE', url: 'Patient/t-gone' } },
  ];
  const { status } = await facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry });
  expect(status).toBe(200);
  expect(await find('Patient?_text=walrus')).toHaveLength(1);
  expect(await find('Patient?_text=walrus pup')).toHaveLength(1);
  expect([await find('Patient?_text=seal'), await countRows('t-gone')]).toEqual([['t-old'], 0]);
});

test('a narrative of a megabyte of different words is stored, and found by its first words', async () => {
  const words = Array.from({ length: 150_000 }, (_one, at) => `w${at.toString(36)}`).join(' ');
  await facet.put(patient('long', words)).expect(201);
  expect(await find('Patient?_text=w1 w2')).toEqual(['long']);
});

test('the CapabilityStatement lists both parameters, and a scope is needed as for any search', async () => {
  const { body } = await facet.fhir('get', '/metadata');
  const { searchParam } = body.rest[0].resource.find(({ type }: { type: string }) => type === 'Patient');
  expect(searchParam.filter(({ name }: { name: string }) => name === '_text' || name === '_content')).toEqual([
    { name: '_text', type: 'string', definition: 'http://hl7.org/fhir/SearchParameter/DomainResource-text' },
    { name: '_content', type: 'string', definition: 'http://hl7.org/fhir/SearchParameter/Resource-content' },
  ]);
  const key = await facet.keyWith('fhir', ['system/Observation.s']);
  expect((await facet.fhir('get', '/Patient?_text=bone', key)).status).toBe(403);
});

test('malformed words are refused with the reason, and sorting by them is not supported', async () => {
  const refused = await facet.fhir('get', '/Patient?_text=(bone');
  expect([refused.status, refused.body.issue[0].details.text]).toEqual([400, '_text has an opening bracket without a closing one']);
  expect((await facet.fhir('get', '/Patient?_sort=_text')).status).toBe(400);
});

test('when it is switched on, stored resources are indexed again, and searches wait for that; switched off, nothing is indexed', async () => {
  const written: string[] = [];
  const recorded = (database: Database): Database => ({
    ...database,
    forRequest: (...args) => recorded(database.forRequest(...args)),
    query: (...args) => {
      if (/insert into sx|update resource/.test(args[0])) written.push(args[0]);
      return database.query(...args);
    },
    transaction: (work) => database.transaction((inside) => work(recorded(inside))),
  });
  const off = await startFacet({}, undefined, { over: recorded });
  try {
    await off.put(patient('before', 'ibex')).expect(201);
    await off.put(patient('before', 'ibex again')).expect(200);
    expect([written.length, written.filter((sql) => sql.includes('sx_text'))]).toEqual([2, []]);
    const refused = await off.fhir('get', '/Patient?_text=ibex');
    expect([refused.status, refused.body.issue[0].details.text]).toEqual([400, expect.stringContaining('FACET_FULLTEXT=on')]);
    const rows = async () => (await off.store.database.query<{ n: number }>('select count(*)::int as n from sx_text'))[0]!.n;
    expect(await rows()).toBe(0);
    const run = async (env: Record<string, string>) => {
      const { registry } = loadDefinitions(readConfig(env));
      const { reindexing } = off.store.store;
      const state = await openIndexState(reindexing, registry, new Date(), true);
      const unready = state.listUnready().get('Patient');
      const options = { reindexing, registry, baseUrl: '', clock: () => new Date(), owner: 'test' };
      expect(await reindexAll(options, state.listNewest())).toBe('done');
      return unready;
    };
    expect(await run({ FACET_FULLTEXT: 'on' })).toEqual(['_text', '_content']);
    expect(await rows()).toBe(2);
    await run({});
    expect(await rows()).toBe(0);
    await run({ FACET_FULLTEXT: 'on' });
    expect(await rows()).toBe(2);
  } finally {
    await off.close();
  }
});
