// D. update, patch and delete, by the numbers of the requirements. https://hl7.org/fhir/R4/http.html#update, #patch, #delete
import { expectRefusal, idsOf, server } from './asking.ts';

const { ask, base } = server();
const create = async (more: object = {}) =>
  (await ask('POST', '/Patient', { body: { resourceType: 'Patient', ...more } })).body as { id: string };
const put = (id: string, more: object = {}, headers: Record<string, string> = {}) =>
  ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...more }, headers });
const JSON_PATCH = { 'Content-Type': 'application/json-patch+json' };
const patch = (path: string, operations: unknown, headers: Record<string, string> = {}) =>
  ask('PATCH', path, { body: operations, headers: { ...JSON_PATCH, ...headers } });
const versionOf = async (id: string) => (await ask('GET', `/Patient/${id}`)).body.meta.versionId;
const marked = (value: string) => ({ identifier: [{ system: 'urn:d', value }] });

test('D34 an update makes the next version; an update without a change makes no version', async () => {
  const { id } = await create();
  const { status, body, headers } = await put(id, { active: true });
  expect([status, body.meta.versionId, headers.get('etag')]).toEqual([200, '2', 'W/"2"']);
  expect(headers.get('last-modified')).toMatch(/GMT$/);
  expect([(await put(id, { active: true })).status, await versionOf(id)]).toEqual([200, '2']);
});

test('D35 a body whose id or type is not that of the URL is 400', async () => {
  const { id } = await create();
  expectRefusal(await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient' } }), 400);
  expectRefusal(await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id: 'other' } }), 400);
  expectRefusal(await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Practitioner', id } }), 400);
});

test('D36 an update of an unused id creates the resource, as the CapabilityStatement declares', async () => {
  const { status, headers } = await put('d36', { active: true });
  expect([status, headers.get('location')]).toEqual([201, `${base()}/Patient/d36/_history/1`]);
  const { body } = await ask('GET', '/metadata');
  expect(body.rest[0].resource.find(({ type }: { type: string }) => type === 'Patient').updateCreate).toBe(true);
});

test('D37 an update of a deleted resource restores it with the next version', async () => {
  const { id } = await create();
  await ask('DELETE', `/Patient/${id}`);
  const { status, body } = await put(id);
  expect([status, body.meta.versionId]).toEqual([201, '3']);
});

test('D38 If-Match: another version is 412 and nothing is written; a malformed one 400; weak and strong are accepted; without a resource 412', async () => {
  const { id } = await create();
  expectRefusal(await put(id, { active: true }, { 'If-Match': 'W/"7"' }), 412, 'conflict');
  expect(await versionOf(id)).toBe('1');
  expectRefusal(await put(id, { active: true }, { 'If-Match': 'seven' }), 400);
  expect((await put(id, { active: true }, { 'If-Match': 'W/"1"' })).status).toBe(200);
  expect((await put(id, { active: false }, { 'If-Match': '"2"' })).status).toBe(200);
  expectRefusal(await put('d38-nobody', {}, { 'If-Match': 'W/"1"' }), 412);
});

test('D39 If-Match is not required', async () => {
  const { id } = await create();
  expect((await put(id, { gender: 'female' })).status).toBe(200);
  const { body } = await ask('GET', '/metadata');
  expect(body.rest[0].resource.map(({ versioning }: { versioning: string }) => versioning)).not.toContain('versioned-update');
});

test('D40 concurrent updates of one resource all become versions; none is lost, and none is 500', async () => {
  const { id } = await create();
  const answers = await Promise.all(Array.from({ length: 20 }, (_one, nth) => put(id, { multipleBirthInteger: nth })));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(await versionOf(id)).toBe('21');
});

test('D41 a conditional update: no match creates, one match is replaced, another id is 400, several are 412, no or unknown criteria 400', async () => {
  const update = (query: string, more: object) => ask('PUT', `/Patient${query}`, { body: { resourceType: 'Patient', ...more } });
  const first = await update('?identifier=urn:d|41', marked('41'));
  expect(first.status).toBe(201);
  const second = await update('?identifier=urn:d|41', { ...marked('41'), active: true });
  expect([second.status, second.body.id, second.body.meta.versionId]).toEqual([200, first.body.id, '2']);
  expect((await update('?identifier=urn:d|41', { ...marked('41'), id: first.body.id, active: false })).status).toBe(200);
  expectRefusal(await update('?identifier=urn:d|41', { ...marked('41'), id: 'another' }), 400);
  await create(marked('41'));
  expectRefusal(await update('?identifier=urn:d|41', marked('41')), 412);
  expectRefusal(await update('', marked('41')), [400, 405]);
  expectRefusal(await update('?identifier=', marked('41')), 400);
  expectRefusal(await update('?colour=blue', marked('41')), 400);
});

/** Operations, each as its parts by name. */
const fhirPathPatch = (id: string, ...operations: Record<string, object>[]) =>
  ask('PATCH', `/Patient/${id}`, {
    body: {
      resourceType: 'Parameters',
      parameter: operations.map((parts) => ({
        name: 'operation',
        part: Object.entries(parts).map(([name, value]) => ({ name, ...value })),
      })),
    },
  });
const replace = (path: string, value: object) => ({ type: { valueCode: 'replace' }, path: { valueString: path }, value });

test('D42 JSON Patch and FHIRPath Patch are applied, and the result is validated like an update', async () => {
  const { id } = await create({ active: true });
  expect((await patch(`/Patient/${id}`, [{ op: 'replace', path: '/active', value: false }])).body.active).toBe(false);
  const replaced = await fhirPathPatch(id, replace('Patient.active', { valueBoolean: true }));
  expect(replaced.body.active).toBe(true);
  expectRefusal(await patch(`/Patient/${id}`, [{ op: 'replace', path: '/active', value: 'yes' }]), [400, 422]);
  expect(await versionOf(id)).toBe('3');
});

test('D42 a FHIRPath Patch changes a primitive together with its extensions, and also one with extensions only', async () => {
  const beside = (url: string) => ({ extension: [{ url: `urn:${url}`, valueBoolean: true }] });
  const { id } = await create({ birthDate: '2000-01-01', _birthDate: beside('old') });
  const both = await fhirPathPatch(id, replace('Patient.birthDate', { valueDate: '2001-01-01', _valueDate: beside('new') }));
  expect([both.body.birthDate, both.body._birthDate]).toEqual(['2001-01-01', beside('new')]);
  const without = await fhirPathPatch(id, replace('Patient.birthDate', { _valueDate: beside('unknown') }));
  expect([without.status, without.body.birthDate, without.body._birthDate]).toEqual([200, undefined, beside('unknown')]);
  const { body } = await fhirPathPatch(id, { type: { valueCode: 'delete' }, path: { valueString: 'Patient.birthDate' } });
  expect([body.meta.versionId, body._birthDate]).toEqual(['4', undefined]);
});

test('D43 a patch follows If-Match; a patch of another media type is 415 with Accept-Patch', async () => {
  const { id } = await create();
  const operations = [{ op: 'add', path: '/active', value: true }];
  expectRefusal(await patch(`/Patient/${id}`, operations, { 'If-Match': 'W/"9"' }), 412);
  expect((await patch(`/Patient/${id}`, operations, { 'If-Match': 'W/"1"' })).status).toBe(200);
  const refused = await patch(`/Patient/${id}`, {}, { 'Content-Type': 'application/merge-patch+json' });
  expectRefusal(refused, 415);
  expect(refused.headers.get('accept-patch')).toContain('application/json-patch+json');
});

test('D44 a failed test and a path that does not exist are 422, a change of id or type 4xx, a malformed patch 400', async () => {
  const { id } = await create({ active: true });
  expectRefusal(await patch(`/Patient/${id}`, [{ op: 'test', path: '/active', value: false }]), 422);
  expectRefusal(await patch(`/Patient/${id}`, [{ op: 'remove', path: '/gender' }]), 422);
  expectRefusal(await patch(`/Patient/${id}`, [{ op: 'replace', path: '/id', value: 'x' }]), [400, 422]);
  expectRefusal(await patch(`/Patient/${id}`, [{ op: 'replace', path: '/resourceType', value: 'Group' }]), [400, 422]);
  for (const nonsense of ['', '{', '{}', '[1]', '[{"op":"turn"}]']) expectRefusal(await patch(`/Patient/${id}`, nonsense), 400);
  const add = (path: string, name: string, value: object) => ({
    type: { valueCode: 'add' },
    path: { valueString: path },
    name: { valueString: name },
    value,
  });
  const coding = add('Patient.maritalStatus', 'coding', { valueCoding: { code: 'M' } });
  const made = (valueCodeableConcept: unknown) => add('Patient', 'maritalStatus', { valueCodeableConcept });
  expectRefusal(await fhirPathPatch(id, made(null), coding), 400);
  for (const status of ['x', { coding: 'x' }, { coding: null }]) expectRefusal(await fhirPathPatch(id, made(status), coding), 422);
  expect(await versionOf(id)).toBe('1');
});

test('D45 a conditional patch: no match is 404, one is patched, several are 412', async () => {
  const operations = [{ op: 'add', path: '/active', value: true }];
  expectRefusal(await patch('/Patient?identifier=urn:d|45', operations), 404);
  await create(marked('45'));
  expect((await patch('/Patient?identifier=urn:d|45', operations)).body).toMatchObject({ active: true, meta: { versionId: '2' } });
  await create(marked('45'));
  expectRefusal(await patch('/Patient?identifier=urn:d|45', operations), 412);
});

test('D46 a patch that changes the data removes a generated narrative, and keeps any other', async () => {
  const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">active</div>' };
  const { id } = await create({ active: true, text });
  const { body } = await patch(`/Patient/${id}`, [{ op: 'replace', path: '/active', value: false }]);
  expect(body.text?.div ?? '').not.toContain('active');
  const own = await create({ active: true, text: { ...text, status: 'additional' } });
  expect((await patch(`/Patient/${own.id}`, [{ op: 'replace', path: '/active', value: false }])).body.text.div).toBe(text.div);
});

test('D47 a delete is 204, also of a deleted resource and of one that never existed', async () => {
  const { id } = await create();
  for (const target of [id, id, 'd47-nobody']) expect((await ask('DELETE', `/Patient/${target}`)).status).toBe(204);
});

test('D48 a deleted resource is 410, is found by no search, has an entry without a resource in the history, and its versions can be read', async () => {
  const { id } = await create(marked('48'));
  await ask('DELETE', `/Patient/${id}`);
  expectRefusal(await ask('GET', `/Patient/${id}`), 410, 'deleted');
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:d|48'))).toEqual([]);
  const [last] = (await ask('GET', `/Patient/${id}/_history`)).body.entry;
  expect([last.request.method, last.resource]).toEqual(['DELETE', undefined]);
  expect((await ask('GET', `/Patient/${id}/_history/1`)).status).toBe(200);
});

test('D49 a resource that others refer to may be deleted: referential integrity is neither declared nor enforced', async () => {
  const { id } = await create();
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${id}` } };
  await ask('POST', '/Observation', { body: observation });
  expect((await ask('DELETE', `/Patient/${id}`)).status).toBe(204);
  const { body } = await ask('GET', '/metadata');
  const policies = body.rest[0].resource.flatMap(({ referencePolicy = [] }: { referencePolicy?: string[] }) => referencePolicy);
  expect(policies).not.toContain('enforced');
});

test('D50 a conditional delete: no match and one match are 204, several are 412 and delete nothing, no criteria are 4xx', async () => {
  expect((await ask('DELETE', '/Patient?identifier=urn:d|50')).status).toBe(204);
  await create(marked('50'));
  expect((await ask('DELETE', '/Patient?identifier=urn:d|50')).status).toBe(204);
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:d|50'))).toEqual([]);
  await Promise.all([create(marked('50')), create(marked('50'))]);
  expectRefusal(await ask('DELETE', '/Patient?identifier=urn:d|50'), 412);
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:d|50'))).toHaveLength(2);
  expectRefusal(await ask('DELETE', '/Patient'), [400, 405, 412]);
});

test('D51 a delete follows If-Match', async () => {
  const { id } = await create();
  expectRefusal(await ask('DELETE', `/Patient/${id}`, { headers: { 'If-Match': 'W/"9"' } }), 412);
  expect((await ask('DELETE', `/Patient/${id}`, { headers: { 'If-Match': 'W/"1"' } })).status).toBe(204);
});
