// FACET_TYPES narrows the resource types that a real server process serves.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_TYPES } from '../../src/fhir/types.ts';
import { ORDERING_TYPES } from '../../src/orders/ordering-types.ts';
import { call, type FacetProcess, facet, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

/** Types that neither orders nor the bundled mappings need. */
const LEFT_OUT = ['Account', 'Basic', 'Linkage', 'Provenance', 'ResearchStudy', 'SubstanceNucleicAcid'];
const SELECTED = KNOWN_TYPES.filter((type) => !LEFT_OUT.includes(type));
const without = (...types: string[]): string => SELECTED.filter((type) => !types.includes(type)).join();

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await migratedPlace();
  server = await startProcess({ ...place.env, FACET_TYPES: SELECTED.join(', ') });
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const fhir = (path: string, more?: Parameters<typeof call>[2]) => call(`${server.url}/fhir/R4${path}`, place.keys().demo.fhir!, more);

test('the named types and the audit are served, and no other', async () => {
  const { rest } = (await fhir('/metadata')).body as { rest: { resource: { type: string }[] }[] };
  expect(rest[0]!.resource.map(({ type }) => type).sort()).toEqual([...SELECTED, 'AuditEvent'].sort());
  expect((await fhir('/Procedure')).status).toBe(200);
  const refused = await fhir('/Account');
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    404,
    expect.stringContaining('does not serve the resource type Account'),
  ]);
});

test('references to types that are left out are stored, and an include of them finds nothing', async () => {
  const visit = { resourceType: 'Encounter', status: 'planned', class: { code: 'AMB' }, account: [{ reference: 'Account/1' }] };
  expect((await fhir('/Encounter', { method: 'POST', body: visit })).status).toBe(201);
  const { status, body } = await fhir('/Encounter?account=Account/1&_include=Encounter:account');
  expect([status, (body as { entry: unknown[] }).entry.length]).toEqual([200, 1]);
});

test('a contained resource of a type that is left out is validated as its type', async () => {
  const account = { resourceType: 'Account', id: 'm', status: 'active' };
  const procedure = {
    resourceType: 'Procedure',
    status: 'completed',
    subject: { reference: 'Patient/1' },
    contained: [account],
    extension: [{ url: 'https://example.org/account', valueReference: { reference: '#m' } }],
  };
  expect((await fhir('/Procedure', { method: 'POST', body: procedure })).status).toBe(201);
  const refused = { ...procedure, contained: [{ ...account, unknownElement: 'a' }] };
  expect((await fhir('/Procedure', { method: 'POST', body: refused })).status).toBe(400);
});

test('a merge of patients stores no Provenance if that type is left out', async () => {
  for (const id of ['old', 'new']) await fhir(`/Patient/${id}`, { method: 'PUT', body: { resourceType: 'Patient', id } });
  const parameter = [
    { name: 'source-patient', valueReference: { reference: 'Patient/old' } },
    { name: 'target-patient', valueReference: { reference: 'Patient/new' } },
  ];
  expect((await fhir('/Patient/$merge', { method: 'POST', body: { resourceType: 'Parameters', parameter } })).status).toBe(200);
  const { entry } = (await fhir('/_history')).body as { entry: { resource: { resourceType: string } }[] };
  expect(entry.map(({ resource }) => resource.resourceType)).toEqual(expect.arrayContaining(['Patient']));
  expect(entry.map(({ resource }) => resource.resourceType)).not.toContain('Provenance');
});

test.each([
  [
    'a type that does not exist',
    'Patient,Observatoin',
    'FACET_TYPES: Observatoin is not a resource type that can be served (did you mean Observation?)',
  ],
  ['a type that cannot be written', 'Patient,AuditEvent', 'FACET_TYPES: AuditEvent is not a resource type that can be served'],
  ['a selection without a type that a mapping is of', ORDERING_TYPES.join(), ' to FACET_TYPES'],
  ['a selection without a type that orders need', without('Binary'), 'FACET_TYPES leaves out what laboratory orders need: add Binary'],
])('the start refuses %s, and the error says what to do', async (_case, types, text) => {
  const other = await migratedPlace();
  const { code, stderr } = await facet({ ...other.env, FACET_TYPES: types }, 'start');
  expect([code, stderr]).toEqual([1, expect.stringContaining(text)]);
  await other.remove();
});

test('the start refuses a selection without a type that has stored resources', async () => {
  expect((await fhir('/Procedure?_summary=count')).body).toMatchObject({ total: expect.any(Number) });
  server.signal('SIGTERM');
  await server.ended;
  const { code, stderr } = await facet({ ...place.env, FACET_TYPES: without('Procedure') }, 'start');
  expect([code, stderr]).toEqual([1, expect.stringContaining('FACET_TYPES leaves out what stored resources are of: add Procedure')]);
});

test('a later start can serve fewer types', async () => {
  const fewer = await startProcess({ ...place.env, FACET_TYPES: without('Substance') });
  const get = (path: string) => call(`${fewer.url}/fhir/R4${path}`, place.keys().demo.fhir!);
  expect([(await get('/Procedure')).status, (await get('/Substance')).status]).toEqual([200, 404]);
});

test('orders need every type that their code names', () => {
  const rooms = ['orders', 'junction', 'physicians', 'subscriptions', 'messaging'];
  const files = rooms.flatMap((room) =>
    readdirSync(join('src', room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'ordering-types.ts')
      .map((name) => readFileSync(join('src', room, name), 'utf8')),
  );
  const named = KNOWN_TYPES.filter((type) => files.some((text) => new RegExp(`'${type}'|['\`]${type}[/?]`).test(text)));
  expect(named.sort()).toEqual([...ORDERING_TYPES].sort());
});
