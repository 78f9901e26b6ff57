// FACET_TYPES narrows the resource types that a real server process serves.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNOWN_TYPES } from '../../src/fhir/types.ts';
import { ORDERING_TYPES } from '../../src/orders/ordering-types.ts';
import { call, emptyPlace, type FacetProcess, facet, killAll, type Place, startProcess } from './server-process.ts';

/** What orders and the bundled mappings need. */
const MAPPED = [
  'AllergyIntolerance',
  'Appointment',
  'CarePlan',
  'CareTeam',
  'Condition',
  'HealthcareService',
  'Immunization',
  'Location',
  'Media',
  'MedicationRequest',
  'Schedule',
  'Slot',
];
const NEEDED = [...ORDERING_TYPES, ...MAPPED, 'Coverage', 'Encounter'];

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await emptyPlace();
  server = await startProcess({ ...place.env, FACET_TYPES: [...new Set([...NEEDED, 'Procedure'])].join(', ') });
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const fhir = (path: string, more?: Parameters<typeof call>[2]) => call(`${server.url}/fhir/R4${path}`, place.keys().demo.fhir!, more);

test('the named types are served, and no other', async () => {
  const { rest } = (await fhir('/metadata')).body as { rest: { resource: { type: string }[] }[] };
  expect(rest[0]!.resource.map(({ type }) => type).sort()).toEqual([...new Set([...NEEDED, 'Procedure'])].sort());
  expect((await fhir('/Procedure')).status).toBe(200);
  const refused = await fhir('/Medication');
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    404,
    expect.stringContaining('does not serve the resource type Medication'),
  ]);
});

test('references to types that are left out are stored, and an include of them finds nothing', async () => {
  const partOf = [{ reference: 'MedicationAdministration/1' }];
  const procedure = { resourceType: 'Procedure', status: 'completed', subject: { reference: 'Patient/1' }, partOf };
  expect((await fhir('/Procedure', { method: 'POST', body: procedure })).status).toBe(201);
  const { status, body } = await fhir('/Procedure?part-of=MedicationAdministration/1&_include=Procedure:part-of');
  expect([status, (body as { entry: unknown[] }).entry.length]).toEqual([200, 1]);
});

test('a contained resource of a type that is left out needs only the form of a resource', async () => {
  const medication = { resourceType: 'Medication', id: 'm', unknownElement: 'a' };
  const procedure = {
    resourceType: 'Procedure',
    status: 'completed',
    subject: { reference: 'Patient/1' },
    contained: [medication],
    usedReference: [{ reference: '#m' }],
  };
  expect((await fhir('/Procedure', { method: 'POST', body: procedure })).status).toBe(201);
});

test.each([
  [
    'a type that does not exist',
    'Patient,Observatoin',
    'FACET_TYPES: Observatoin is not a resource type that can be served (did you mean Observation?)',
  ],
  ['a type that cannot be written', 'Patient,AuditEvent', 'FACET_TYPES: AuditEvent is not a resource type that can be served'],
  ['a selection without a type that a mapping is of', ORDERING_TYPES.join(), ' to FACET_TYPES'],
  [
    'a selection without a type that orders need',
    KNOWN_TYPES.filter((type) => type !== 'Binary' && type !== 'Medication').join(),
    'FACET_TYPES leaves out what laboratory orders need: add Binary',
  ],
])('the start refuses %s, and the error says what to do', async (_case, types, text) => {
  const other = await emptyPlace();
  const { code, stderr } = await facet({ ...other.env, FACET_TYPES: types }, 'start');
  expect([code, stderr]).toEqual([1, expect.stringContaining(text)]);
  await other.remove();
});

test('the start refuses a selection without a type that has stored resources', async () => {
  expect((await fhir('/Procedure?_summary=count')).body).toMatchObject({ total: expect.any(Number) });
  server.signal('SIGTERM');
  await server.ended;
  const { code, stderr } = await facet({ ...place.env, FACET_TYPES: NEEDED.join() }, 'start');
  expect([code, stderr]).toEqual([1, expect.stringContaining('FACET_TYPES leaves out what stored resources are of: add Procedure')]);
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
