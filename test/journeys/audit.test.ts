// What requests did, as AuditEvents: every door, refused requests, another tenant, pages, and what is never on record. https://hl7.org/fhir/R4/auditevent.html
import request from 'supertest';
import { until } from '../until.ts';
import { type Running, startFacet } from './running-server.ts';

interface Event {
  id: string;
  resourceType: string;
  action: string;
  outcome: string;
  subtype?: { code: string }[];
  source: { site: string };
  agent: { altId?: string; network?: { address: string } }[];
  entity: { what?: { reference?: string; identifier?: { value: string } }; query?: string }[];
}

let facet: Running;
let auditor: string;
beforeAll(async () => {
  facet = await startFacet({ TRUST_PROXY: '1' });
  auditor = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
});
afterAll(() => facet.close());

const search = async (
  query: string,
  key = auditor,
): Promise<{ total?: number; entry?: { resource: Event }[]; link: { relation: string; url: string }[] }> =>
  (await facet.fhir('get', `/AuditEvent${query}`, key).expect(200)).body;

const eventsOf = async (query: string, key = auditor): Promise<Event[]> =>
  ((await search(query, key)).entry ?? []).map(({ resource }) => resource);

/** The event of a response, when it is stored. */
const eventOf = async (response: { headers: Record<string, string> }): Promise<Event> => {
  const requestId = response.headers['x-request-id'];
  const find = async () =>
    (await eventsOf('?_count=1000')).find(({ entity }) => entity.some(({ what }) => what?.identifier?.value === requestId));
  return (await until(find))!;
};

const referencesOf = ({ entity }: Event): string[] => entity.flatMap(({ what }) => what?.reference ?? []);

test('a read, a search, a create, an update, a deletion and a refused request each leave an event that names the resource, patient, key and address', async () => {
  const put = await facet.put({ resourceType: 'Patient', id: 'ann', name: [{ family: 'Marker' }] });
  const create = await facet
    .fhir('post', '/Observation')
    .send({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/ann' } });
  const read = await facet.fhir('get', '/Patient/ann').set('X-Forwarded-For', '192.0.2.7');
  const found = await facet.fhir('get', `/Observation?subject=Patient/ann&_count=5&code:text=secretword`);
  const deleted = await facet.fhir('delete', `/Observation/${create.body.id}`);
  const missing = await facet.fhir('get', '/Patient/nobody');
  const own = `Observation/${create.body.id}`;
  for (const [response, action, outcome, subtype, references] of [
    [put, 'U', '0', 'update', ['Patient/ann']],
    [create, 'C', '0', 'create', ['Patient/ann', own]],
    [read, 'R', '0', 'read', ['Patient/ann']],
    [found, 'E', found.status < 400 ? '0' : '4', 'search-type', found.body.total ? ['Patient/ann', own] : []],
    [deleted, 'D', '0', 'delete', ['Patient/ann', own]],
    [missing, 'R', '4', 'read', []],
  ] as const) {
    const event = await eventOf(response);
    expect({ action: event.action, outcome: event.outcome, subtype: event.subtype?.[0]?.code, site: event.source.site }).toEqual({
      action,
      outcome,
      subtype,
      site: 'fhir',
    });
    expect(referencesOf(event)).toEqual(references);
    expect(event.agent[0]!.altId).toMatch(/./);
  }
  expect((await eventOf(read)).agent[0]!.network!.address).toBe('192.0.2.7');
  const { query } = (await eventOf(found)).entity.find((entity) => entity.query)!;
  expect(Buffer.from(query!, 'base64').toString()).toBe('subject=Patient/ann&_count=5&code:text=…');
  const all = JSON.stringify(await search('?_count=1000'));
  expect(all).not.toContain('Marker');
});

test('a vendor door leaves an event with its name', async () => {
  const response = await request(facet.app).get('/v1/practitioner-roles').set('x-api-key', facet.demo.clinik!);
  const event = await eventOf(response);
  expect(event.source.site).toBe('clinik');
});

test('no other scope contains the audit, and nobody writes one', async () => {
  for (const key of [facet.demo.fhir!, await facet.keyWith('fhir', ['read']), await facet.keyWith('fhir', ['system/*.cruds'])])
    await facet.fhir('get', '/AuditEvent', key).expect(403);
  for (const [method, path] of [
    ['post', '/AuditEvent'],
    ['put', '/AuditEvent/1'],
    ['patch', '/AuditEvent/1'],
    ['delete', '/AuditEvent/1'],
  ] as const)
    for (const key of [facet.demo.fhir!, auditor]) await facet.fhir(method, path, key).send({ resourceType: 'AuditEvent' }).expect(405);
  const entry = [{ resource: { resourceType: 'AuditEvent' }, request: { method: 'POST', url: 'AuditEvent' } }];
  await facet.fhir('post', '/').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(400);
  const batch = await facet.fhir('post', '/').send({ resourceType: 'Bundle', type: 'batch', entry }).expect(200);
  expect(batch.body.entry[0].response.status).toMatch(/^404/);
  await facet.fhir('get', '/Patient/ann', auditor).expect(403);
});

test('another tenant sees no event, by search, id or page link', async () => {
  const event = await until(async () => (await eventsOf('?_count=1'))[0]);
  const { createApiKey } = await import('../../src/store/api-keys.ts');
  const [other] = await facet.store.database.query<{ tenant_id: number }>("select tenant_id from tenant where slug = 'other'");
  const key = (
    await createApiKey(facet.store.database, {
      tenant: other!.tenant_id,
      surface: 'fhir',
      scopes: ['system/AuditEvent.rs'],
      prefix: 'pk_live_',
      at: '2026-01-01T00:00:00.000Z',
    })
  ).text;
  await facet.fhir('get', `/AuditEvent/${event!.id}`, auditor).expect(200);
  await facet.fhir('get', `/AuditEvent/${event!.id}`, key).expect(404);
  expect(await eventsOf(`?patient=Patient/ann`, key)).toEqual([]);
  const next = (await search('?_count=1')).link.find(({ relation }) => relation === 'next')!.url.replace(/^.*\/fhir\/R4/, '');
  await facet.fhir('get', next, key).expect(400);
});

test('pages contain every event once, newest first', async () => {
  await until(async () => ((await eventsOf('?_count=1000')).length > 5 ? true : undefined));
  const date = `date=le${new Date().toISOString()}`;
  const whole = (await eventsOf(`?_count=1000&${date}`)).map(({ id }) => id);
  const paged: string[] = [];
  let page = await search(`?_count=3&_total=accurate&${date}`);
  expect(page.total).toBe(whole.length);
  for (;;) {
    paged.push(...(page.entry ?? []).map(({ resource }) => resource.id));
    const next = page.link.find(({ relation }) => relation === 'next')?.url;
    if (next === undefined) break;
    page = (await facet.fhir('get', next.replace(/^.*\/fhir\/R4/, ''), auditor).expect(200)).body;
  }
  expect(paged).toEqual(whole);
});

test.each([
  ['patient=Patient/ann', (event: Event) => referencesOf(event).includes('Patient/ann')],
  ['patient=ann', (event: Event) => referencesOf(event).includes('Patient/ann')],
  ['entity=Patient/ann', (event: Event) => referencesOf(event).includes('Patient/ann')],
  ['action=C,D', (event: Event) => 'CD'.includes(event.action)],
  ['outcome=4', (event: Event) => event.outcome === '4'],
  ['subtype=http://hl7.org/fhir/restful-interaction|read', (event: Event) => event.subtype?.[0]?.code === 'read'],
  ['type=rest&action=R', (event: Event) => event.action === 'R'],
])('%s finds exactly the events that match', async (query, matches) => {
  const date = `date=le${new Date().toISOString()}`;
  const expected = (await eventsOf(`?_count=1000&${date}`)).filter(matches).map(({ id }) => id);
  expect(expected.length).toBeGreaterThan(0);
  expect((await eventsOf(`?_count=1000&${date}&${query}`)).map(({ id }) => id)).toEqual(expected);
});

test.each(['?unknown=1', '?date=x', '?_count=x', '?_sort=action', '?_total=x'])('%s is refused', async (query) => {
  await facet.fhir('get', `/AuditEvent${query}`, auditor).expect(400);
});

test('a request without a known credential is on record for no tenant', async () => {
  const response = await facet.fhir('get', '/Patient/ann', 'pk_live_unknown').expect(401);
  const requestId = response.headers['x-request-id'];
  const find = () => facet.store.database.query<{ event: string }>('select event from audit_event where tenant_id = 0');
  const stored = await until(async () => (await find()).find(({ event }) => event.includes(requestId!)));
  expect(JSON.parse(stored!.event)).toMatchObject({ status: 401, door: 'fhir', entities: [] });
  expect(stored!.event).not.toContain('pk_live_unknown');
});

test('the events are valid R4', async () => {
  const { validateResource } = await import('../../src/fhir/validation/validate.ts');
  // AuditEvent has a definition but is no served type
  for (const event of await eventsOf('?_count=1000')) expect(validateResource(event, 'AuditEvent' as 'Patient')).toEqual([]);
});
