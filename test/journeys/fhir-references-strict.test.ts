// FACET_REFERENCES=strict: references to this server must resolve, and what is referred to cannot be deleted. https://hl7.org/fhir/R4/http.html#delete
import request from 'supertest';
import { BASE_URL, named, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_REFERENCES: 'strict' });
  await put('Patient/ann').expect(201);
  await put('Patient/ann', { active: true }).expect(200);
  await put('Organization/lab', { name: 'Lab' }).expect(201);
  await facet.put({ resourceType: 'Patient', id: 'theirs' }, facet.other.fhir).expect(201);
});
afterAll(() => facet.close());

const put = (path: string, elements: object = {}) => facet.put({ ...named(path), ...elements });
const remove = (path: string, key?: string) => facet.fhir('delete', `/${path}`, key);
const statusOf = async (path: string) => (await facet.fhir('get', `/${path}`)).status;
const weight = (subject: object, more: object = {}) => ({ status: 'final', code: { text: 'weight' }, subject, ...more });
const observation = (reference: string, more: object = {}) => weight({ reference }, more);
type Issues = { body: { issue: { code: string; diagnostics: string; expression?: string[] }[] } };
const issuesOf = ({ body }: Issues) => body.issue.map(({ code, expression }) => [code, ...(expression ?? [])]);
const send = (type: string, entry: object[]) => facet.fhir('post', '/').send({ resourceType: 'Bundle', type, entry });
const entry = (method: string, url: string, resource?: object, fullUrl?: string) => ({
  ...(fullUrl && { fullUrl }),
  ...(resource && { resource: { ...named(url), ...resource } }),
  request: { method, url },
});

test.each<[string, object, string]>([
  ['a target that was never stored', observation('Patient/nobody'), 'Observation.subject'],
  ['a target of another tenant', observation('Patient/theirs'), 'Observation.subject'],
  ['an absolute URL of this server', observation(`${BASE_URL}/fhir/R4/Patient/nobody`), 'Observation.subject'],
  ['a version that the target never had', observation('Patient/ann/_history/3'), 'Observation.subject'],
  ['a text that is no version number', observation('Patient/ann/_history/x'), 'Observation.subject'],
  [
    'the second item of a list',
    observation('Patient/ann', { performer: [{ reference: 'Organization/lab' }, { reference: 'Organization/none' }] }),
    'Observation.performer[1]',
  ],
  [
    'an extension, which no search parameter covers',
    observation('Patient/ann', { extension: [{ url: 'urn:x', valueReference: { reference: 'Patient/nobody' } }] }),
    'Observation.extension[0].value',
  ],
  [
    'a contained resource',
    observation('#p', { contained: [{ resourceType: 'Patient', id: 'p', managingOrganization: { reference: 'Organization/none' } }] }),
    'Observation.contained[0].managingOrganization',
  ],
])('a dangling reference is 422: %s', async (_what, elements, expression) => {
  const refused = await put('Observation/dangling', elements);
  expect([refused.status, issuesOf(refused)]).toEqual([422, [['not-found', expression]]]);
  expect(JSON.stringify(refused.body)).not.toMatch(/nobody|theirs/);
  expect(await statusOf('Observation/dangling')).toBe(404);
});

test.each<[string, object]>([
  ['a current target', observation('Patient/ann')],
  ['an absolute URL of this server', observation(`${BASE_URL}/fhir/R4/Patient/ann`)],
  ['a version of the target', observation('Patient/ann/_history/1')],
  ['the resource itself', observation('Patient/ann', { hasMember: [{ reference: 'Observation/fine' }] })],
  ['a contained resource', observation('#p', { contained: [{ resourceType: 'Patient', id: 'p' }] })],
  ['a temporary identifier', observation('urn:uuid:11111111-1111-4111-8111-111111111111')],
  ['an identifier instead of a reference', weight({ identifier: { system: 'urn:mrn', value: '7' }, type: 'Patient' })],
  ['another server', observation('https://other.example/fhir/Patient/nobody')],
])('accepted: %s', async (_what, elements) => {
  expect((await put('Observation/fine', elements)).status).toBeLessThan(202);
  await remove('Observation/fine').expect(204);
});

test('updates, patches, conditional writes and entries of a batch are checked like creates, and change nothing if refused', async () => {
  await put('Observation/kept', observation('Patient/ann')).expect(201);
  await put('Observation/kept', observation('Patient/nobody')).expect(422);
  const patch = [{ op: 'replace', path: '/subject/reference', value: 'Patient/nobody' }];
  await facet.fhir('patch', '/Observation/kept').set('Content-Type', 'application/json-patch+json').send(JSON.stringify(patch)).expect(422);
  const body = { resourceType: 'Observation', ...observation('Patient/nobody') };
  await facet.fhir('put', '/Observation?_id=kept').send(body).expect(422);
  await facet.fhir('post', '/Observation').send(body).expect(422);
  await facet.fhir('post', '/Observation').set('If-None-Exist', '_id=none').send(body).expect(422);
  const batch = await send('batch', [
    entry('PUT', 'Observation/kept', observation('Patient/nobody')),
    entry('PUT', 'Observation/batched', observation('Patient/ann')),
  ]);
  expect(batch.body.entry.map(({ response }: { response: { status: string } }) => response.status)).toEqual([
    '422 Unprocessable Entity',
    '201 Created',
  ]);
  expect((await facet.fhir('get', '/Observation/kept')).body.meta.versionId).toBe('1');
});

test('a transaction is judged at its end: entries may refer to later ones, by id, full URL or condition', async () => {
  const stored = await send('transaction', [
    entry('PUT', 'Observation/first', observation('Patient/later')),
    entry('PUT', 'Observation/second', observation('urn:uuid:22222222-2222-4222-8222-222222222222')),
    entry('PUT', 'Observation/third', observation('Patient?identifier=urn:mrn|strict')),
    entry(
      'PUT',
      'Patient/later',
      { identifier: [{ system: 'urn:mrn', value: 'strict' }] },
      'urn:uuid:22222222-2222-4222-8222-222222222222',
    ),
  ]);
  expect([stored.status, stored.body.issue]).toEqual([200, undefined]);
  const refused = await send('transaction', [
    entry('PUT', 'Patient/also', {}),
    entry('PUT', 'Observation/fourth', observation('Patient/nobody')),
  ]);
  expect([refused.status, issuesOf(refused)]).toEqual([422, [['not-found', 'Bundle.entry[1].resource.subject']]]);
  expect([await statusOf('Patient/also'), await statusOf('Observation/fourth')]).toEqual([404, 404]);
});

test('a transaction may delete a resource with all that refers to it, but not what another entry refers to', async () => {
  await put('Patient/going').expect(201);
  await put('Observation/going', observation('Patient/going')).expect(201);
  const half = await send('transaction', [entry('PUT', 'Observation/new', observation('Patient/going')), entry('DELETE', 'Patient/going')]);
  expect([half.status, issuesOf(half)]).toEqual([422, [['not-found', 'Bundle.entry[0].resource.subject']]]);
  const alone = await send('transaction', [entry('PUT', 'Patient/unrelated', {}), entry('DELETE', 'Patient/going')]);
  expect([alone.status, issuesOf(alone)]).toEqual([409, [['conflict', 'Bundle.entry[1]']]]);
  expect([await statusOf('Patient/going'), await statusOf('Patient/unrelated')]).toEqual([200, 404]);
  await send('transaction', [entry('DELETE', 'Patient/going'), entry('DELETE', 'Observation/going')]).expect(200);
  expect([await statusOf('Patient/going'), await statusOf('Observation/going')]).toEqual([410, 410]);
});

test('the deletion of what is referred to is 409 and names at most five resources; after the references are gone it succeeds', async () => {
  await put('Patient/referred').expect(201);
  const extension = [{ url: 'urn:x', valueReference: { reference: 'Patient/referred/_history/1' } }];
  await put('Observation/by-extension', observation('Patient/ann', { extension })).expect(201);
  const one = await remove('Patient/referred');
  expect([one.status, one.body.issue[0].diagnostics]).toEqual([
    409,
    'Observation/by-extension refers to this Patient: delete or change the references first',
  ]);
  for (let n = 0; n < 6; n++) await put(`Observation/many${n}`, observation('Patient/referred')).expect(201);
  const many = (await facet.fhir('delete', '/Patient?_id=referred').expect(409)).body.issue[0].diagnostics as string;
  expect(many.match(/Observation\//g)).toHaveLength(5);
  expect(many).toContain(', other resources refer to this Patient');
  const key = await facet.keyWith('fhir', ['system/Patient.cruds']);
  expect((await remove('Patient/referred', key)).body.issue[0].diagnostics).toBe(
    'other resources refer to this Patient: delete or change the references first',
  );
  await put('Observation/by-extension', observation('Patient/ann')).expect(200);
  for (let n = 0; n < 6; n++) await remove(`Observation/many${n}`).expect(204);
  await remove('Patient/referred').expect(204);
});

test('a deleted target is dangling, and its restoration makes it current again', async () => {
  await put('Patient/restored').expect(201);
  await remove('Patient/restored').expect(204);
  await put('Observation/restored', observation('Patient/restored')).expect(422);
  await put('Observation/restored', observation('Patient/restored/_history/1')).expect(422);
  await put('Patient/restored').expect(201);
  await put('Observation/restored', observation('Patient/restored')).expect(201);
});

test('a vendor’s endpoint keeps what is referred to, too', async () => {
  const id = '0190b3c2-0000-7000-8000-000000000001';
  const drop = () => request(facet.app).delete(`/v1/patients/${id}`).set('x-api-key', facet.demo.clinik!);
  await put(`Patient/${id}`, { name: [{ family: 'Lee', given: ['Sam'] }] }).expect(201);
  await put('Observation/of-sam', observation(`Patient/${id}`)).expect(201);
  expect((await drop()).status).toBe(409);
  await remove('Observation/of-sam').expect(204);
  expect((await drop()).status).toBeLessThan(300);
  expect(await statusOf(`Patient/${id}`)).toBe(410);
});

describe('loose', () => {
  let loose: Running;
  beforeAll(async () => {
    loose = await startFacet({ FACET_REFERENCES: 'loose' });
  });
  afterAll(() => loose.close());

  test('references need not resolve, and what is referred to can be deleted', async () => {
    await loose.put({ ...named('Observation/o'), ...observation('Patient/nobody') }).expect(201);
    await loose.put(named('Patient/nobody')).expect(201);
    await loose.fhir('delete', '/Patient/nobody').expect(204);
  });

  test('/metadata states the policy of each server', async () => {
    const policiesOf = async (server: Running) => {
      const { resource } = (await server.fhir('get', '/metadata')).body.rest[0];
      // AuditEvents are not written by clients, so they have none
      return [...new Set(resource.flatMap(({ referencePolicy }: { referencePolicy?: string[] }) => referencePolicy?.join() ?? []))];
    };
    expect(await policiesOf(loose)).toEqual(['literal,logical']);
    expect(await policiesOf(facet)).toEqual(['literal,logical,enforced']);
  });

  test('the index of all references is no search parameter', async () => {
    const { body } = await facet.fhir('get', '/metadata');
    expect(JSON.stringify(body)).not.toContain('_references');
    expect((await facet.fhir('get', '/Observation?_references=Patient/ann')).status).toBe(400);
    expect((await facet.fhir('get', '/Observation?_include=*')).status).toBe(200);
  });
});
