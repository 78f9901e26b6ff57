// $everything of a patient: the record, a period of care, referenced resources, and nothing of another patient.
// https://hl7.org/fhir/R4/operation-patient-everything.html
import request from 'supertest';
import { named, nextOf, type Running, startFacet } from './running-server.ts';
import { tickingClock } from './ticking-clock.ts';

let facet: Running;
let before: string;
const clock = tickingClock();
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock });
  const subject = { subject: { reference: 'Patient/ann' } };
  const code = { code: { text: 'x' } };
  await put('Practitioner/lee', {});
  await put('Organization/lab', { name: 'Lab' });
  await put('Patient/ann', { generalPractitioner: [{ reference: 'Practitioner/lee' }] });
  await put('Patient/bob', {});
  await put('Observation/bobs', { status: 'final', ...code, subject: { reference: 'Patient/bob' } });
  await put('Observation/old', {
    status: 'final',
    ...code,
    ...subject,
    effectiveDateTime: '2019-05-01',
    derivedFrom: [{ reference: 'Observation/bobs' }],
  });
  await put('Observation/new', {
    status: 'final',
    ...code,
    ...subject,
    effectiveDateTime: '2024-05-01',
    performer: [{ reference: 'Organization/lab' }],
  });
  await put('Observation/undated', { status: 'final', ...code, ...subject });
  await put('ServiceRequest/planned', {
    status: 'active',
    intent: 'plan',
    ...subject,
    occurrenceDateTime: '2024-01-01',
    authoredOn: '2019-01-01',
  });
  await put('ServiceRequest/written', { status: 'active', intent: 'plan', ...subject, authoredOn: '2019-01-01' });
  await put('Task/order', { status: 'draft', intent: 'order', for: { reference: 'Patient/ann' } });
  await put('Group/ward', {
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/ann' } }, { entity: { reference: 'Patient/bob' } }],
  });
  await put('CareTeam/first', { subject: { reference: 'Patient/ann' }, period: { start: '2019-05-01', end: '2019-05-01' } });
  await put('CareTeam/bobs', { subject: { reference: 'Patient/bob' } });
  await put('Binary/pdf', { contentType: 'application/pdf', data: 'AAAA' });
  before = clock().toISOString();
  await put('DiagnosticReport/report', {
    status: 'final',
    ...code,
    ...subject,
    issued: '2024-05-02T10:00:00Z',
    presentedForm: [{ url: 'Binary/pdf' }],
  });
});
afterAll(() => facet.close());

const put = (path: string, resource: object) => facet.put({ ...named(path), ...resource }).expect(201);
const get = (path: string, key?: string) => facet.fhir('get', `/${path}`, key);
const post = (parameter: object[]) => facet.fhir('post', '/Patient/ann/$everything').send({ resourceType: 'Parameters', parameter });

interface Bundle {
  type: string;
  link: { relation: string; url: string }[];
  entry?: { resource: { resourceType: string; id: string }; search: { mode: string } }[];
}
const found = ({ entry = [] }: Bundle, mode: string): string[] =>
  entry.filter(({ search }) => search.mode === mode).map(({ resource }) => `${resource.resourceType}/${resource.id}`);

const RECORD = [
  'Patient/ann',
  'Observation/old',
  'Observation/new',
  'Observation/undated',
  'ServiceRequest/planned',
  'ServiceRequest/written',
  'Task/order',
  'Group/ward',
  'CareTeam/first',
  'DiagnosticReport/report',
];

test('$everything returns the whole record, oldest first, with referenced resources and documents', async () => {
  const { status, body } = await get('Patient/ann/$everything');
  expect([status, body.type, found(body, 'match')]).toEqual([200, 'searchset', RECORD]);
  expect(found(body, 'include').sort()).toEqual(['Binary/pdf', 'Organization/lab', 'Practitioner/lee']);
});

test('$everything returns nothing of another patient, also not through a group, a list or a derived observation', async () => {
  const text = JSON.stringify((await get('Patient/ann/$everything')).body.entry.map(({ fullUrl }: { fullUrl: string }) => fullUrl));
  expect(text).not.toContain('bob');
});

test.each<[string, string[]]>([
  ['start=2024', ['Observation/old', 'ServiceRequest/written', 'CareTeam/first']],
  ['end=2020-01', ['Observation/new', 'ServiceRequest/planned', 'DiagnosticReport/report']],
  ['start=2019-05-01&end=2019-05-01', ['Observation/new', 'ServiceRequest/planned', 'ServiceRequest/written', 'DiagnosticReport/report']],
])('%s excludes other times, and keeps resources without a time', async (query, out) => {
  const { body } = await get(`Patient/ann/$everything?${query}`);
  expect(found(body, 'match')).toEqual(RECORD.filter((id) => !out.includes(id)));
});

test('$everything begins with the patient, also after a later change of the patient, and each page count states it once', async () => {
  await put('Patient/kim', {});
  await put('Observation/first', { status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/kim' } });
  await facet.put({ ...named('Patient/kim'), active: true, generalPractitioner: [{ reference: 'Practitioner/lee' }] }).expect(200);
  await put('Observation/second', { status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/kim' } });
  const RECORD_OF_KIM = ['Patient/kim', 'Observation/first', 'Observation/second'];
  const { body } = await get('Patient/kim/$everything');
  expect([found(body, 'match'), found(body, 'include'), body.total]).toEqual([RECORD_OF_KIM, ['Practitioner/lee'], 3]);
  for (const count of [1, 2, 3]) {
    const seen: string[][] = [];
    for (let path: string | undefined = `Patient/kim/$everything?_count=${count}`; path; ) {
      const page: Bundle = (await get(path)).body;
      seen.push(found(page, 'match'));
      path = nextOf(page)?.slice(1);
    }
    expect([seen.flat(), Math.max(...seen.map(({ length }) => length))]).toEqual([RECORD_OF_KIM, count]);
  }
  await put('Patient/alone', {});
  const alone = (await get('Patient/alone/$everything?_count=1')).body;
  expect([found(alone, 'match'), nextOf(alone), alone.total]).toEqual([['Patient/alone'], undefined, 1]);
});

test('_since returns changes since that time, also of referenced resources', async () => {
  const { body } = await get(`Patient/ann/$everything?_since=${before}`);
  expect([found(body, 'match'), found(body, 'include')]).toEqual([['DiagnosticReport/report'], []]);
});

test('_type returns only these types', async () => {
  const { body } = await get('Patient/ann/$everything?_type=Observation,Organization&_type=Task');
  expect(found(body, 'match')).toEqual(['Observation/old', 'Observation/new', 'Observation/undated', 'Task/order']);
  expect(found(body, 'include')).toEqual(['Organization/lab']);
});

test('the pages contain everything, each with the resources that its entries refer to', async () => {
  const seen: string[] = [];
  let path: string | undefined = 'Patient/ann/$everything?_count=2&start=2000';
  for (let page = 0; path && page < 10; page++) {
    const { body }: { body: Bundle } = await get(path);
    seen.push(...found(body, 'match'));
    path = nextOf(body)?.slice(1);
    if (path) {
      expect(path).not.toContain('start');
      expect((await get(path.replace('ann', 'bob'))).status).toBe(400);
      expect((await get(path, facet.other.fhir!)).status).toBe(400);
    }
  }
  expect(seen).toEqual(RECORD);
});

test('POST with Parameters returns the same', async () => {
  const { status, body } = await post([
    { name: '_type', valueCode: 'Observation' },
    { name: '_type', valueCode: 'Patient' },
    { name: 'start', valueDate: '2024' },
    { name: '_count', valueInteger: 5 },
  ]);
  expect([status, found(body, 'match')]).toEqual([200, ['Patient/ann', 'Observation/new', 'Observation/undated']]);
  expect((await post([{ name: 'shoe', valueDate: '2024' }])).status).toBe(400);
  expect((await post([{ name: 'start', valueString: '2024' }])).status).toBe(400);
});

test('scopes apply to the record and to referenced resources', async () => {
  const key = await facet.keyWith('fhir', ['system/Patient.rs', 'system/Observation.rs', 'system/Practitioner.r']);
  const { body } = await get('Patient/ann/$everything', key);
  expect(found(body, 'match')).toEqual(['Patient/ann', 'Observation/old', 'Observation/new', 'Observation/undated']);
  expect(found(body, 'include')).toEqual([]);
  expect((await get('Patient/ann/$everything?_type=Task', key)).status).toBe(403);
  expect((await get('Patient/ann/$everything', await facet.keyWith('fhir', ['system/Observation.rs']))).status).toBe(403);
});

test.each([
  ['Patient/nobody/$everything', 404],
  ['Patient/ann/$everything?start=yesterday', 400],
  ['Patient/ann/$everything?start=2024&start=2025', 400],
  ['Patient/ann/$everything?_since=x', 400],
  ['Patient/ann/$everything?_count=0', 400],
  ['Patient/ann/$everything?_type=Shoe', 400],
  ['Patient/ann/$everything?_type=Organization', 400],
  ['Patient/ann/$everything?code=x', 400],
  ['Observation/old/$everything', 404],
  ['Patient/$everything', 404],
])('%s is %i', async (path, status) => {
  expect((await get(path)).status).toBe(status);
});

test('another tenant’s patient is 404; a deleted one is 410', async () => {
  expect((await get('Patient/ann/$everything', facet.other.fhir!)).status).toBe(404);
  await put('Patient/gone', {});
  await request(facet.app).delete('/fhir/R4/Patient/gone').set('x-api-key', facet.demo.fhir!).expect(204);
  expect((await get('Patient/gone/$everything')).status).toBe(410);
});
