// C. create, by the numbers of the requirements. https://hl7.org/fhir/R4/http.html#create
import { expectRefusal, idsOf, server } from './asking.ts';

const { ask, base } = server();
const create = (body: unknown, headers: Record<string, string> = {}) => ask('POST', '/Patient', { body, headers });

test('C25 a create is 201 with Location, ETag and Last-Modified', async () => {
  const { status, headers, body } = await create({ resourceType: 'Patient' });
  expect([status, headers.get('location'), headers.get('etag')]).toEqual([201, `${base()}/Patient/${body.id}/_history/1`, 'W/"1"']);
  expect(headers.get('last-modified')).toMatch(/GMT$/);
});

test('C26 id, version and time are the server’s; profile, tags, labels and source are the client’s', async () => {
  const kept = {
    profile: ['http://example.org/p'],
    tag: [{ system: 'urn:t', code: 'x' }],
    security: [{ system: 'urn:s', code: 'R' }],
    source: 'urn:here',
  };
  const meta = { ...kept, versionId: '77', lastUpdated: '1999-01-01T00:00:00Z' };
  const { body } = await create({ resourceType: 'Patient', id: 'mine', meta });
  expect(body.id).not.toBe('mine');
  expect(body.meta).toEqual({ ...kept, versionId: '1', lastUpdated: expect.not.stringMatching(/^1999/) });
});

test('C27 a body of another type than the path, and no body, are 400', async () => {
  expectRefusal(await create({ resourceType: 'Practitioner' }), 400, 'invalid');
  expectRefusal(await ask('POST', '/Patient', { headers: { 'Content-Type': 'application/fhir+json' } }), 400);
});

test('C28 a violation of the base specification is 400, of a business rule 422, both with the element as FHIRPath', async () => {
  const wrong = await create({ resourceType: 'Patient', name: [{ family: 'x' }, { family: 7 }] });
  expectRefusal(wrong, 400);
  expect(wrong.body.issue[0].expression).toEqual(['Patient.name[1].family']);
  const { body: nobody } = await create({ resourceType: 'Patient' });
  const order = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
    code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: 'pcos' }] },
    subject: { reference: `Patient/${nobody.id}` },
  };
  const refused = await ask('POST', '/ServiceRequest', { body: order });
  expectRefusal(refused, 422, 'business-rule');
  expect(refused.body.issue.flatMap(({ expression }: { expression: string[] }) => expression)).toContain('Patient.birthDate');
});

test('C29 an element that R4 does not have is 400', async () => {
  expectRefusal(await create({ resourceType: 'Patient', colour: 'blue' }), 400, 'structure');
  expectRefusal(await create({ resourceType: 'Patient', name: [{ first: 'Ada' }] }), 400, 'structure');
});

test('C30 an accepted resource is read unchanged: digits, extensions, siblings of primitives, contained resources', async () => {
  const text =
    '{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"O"}],' +
    '"extension":[{"url":"urn:n","valueDecimal":1.00},{"url":"urn:m","valueDecimal":1e-3}],' +
    '"name":[{"given":["Ada",null],"_given":[null,{"extension":[{"url":"urn:x","valueString":"y"}]}]}],' +
    '"birthDate":"1985-12-10","_birthDate":{"extension":[{"url":"urn:t","valueTime":"10:00:00"}]},"managingOrganization":{"reference":"#o"}}';
  const { body } = await create(text);
  const read = await ask('GET', `/Patient/${body.id}`);
  expect(read.text).toContain('1.00');
  expect(read.text).toContain('1e-3');
  const { id: _id, meta: _meta, ...kept } = read.body;
  expect(kept).toEqual(JSON.parse(text));
});

test('C31 a conditional create: no match → 201, one match → 200 with it, several → 412', async () => {
  const identifier = [{ system: 'urn:c31', value: '1' }];
  const condition = { 'If-None-Exist': 'identifier=urn:c31|1' };
  const first = await create({ resourceType: 'Patient', identifier }, condition);
  expect(first.status).toBe(201);
  const second = await create({ resourceType: 'Patient', identifier, active: true }, condition);
  expect([second.status, second.body.meta.versionId, second.headers.get('location')]).toEqual([200, '1', first.headers.get('location')]);
  await create({ resourceType: 'Patient', identifier });
  expectRefusal(await create({ resourceType: 'Patient', identifier }, condition), 412);
});

test('C32 fifty conditional creates of one identifier at once make one resource', async () => {
  const identifier = [{ system: 'urn:c32', value: '1' }];
  const condition = { 'If-None-Exist': 'identifier=urn:c32|1' };
  const answers = await Promise.all(Array.from({ length: 50 }, () => create({ resourceType: 'Patient', identifier }, condition)));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201]);
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:c32|1'))).toHaveLength(1);
});

test('C33 a condition with an unknown parameter is 400, never “no match”', async () => {
  expectRefusal(await create({ resourceType: 'Patient' }, { 'If-None-Exist': 'identifer=urn:c33|1' }), 400);
  expectRefusal(await create({ resourceType: 'Patient' }, { 'If-None-Exist': '' }), 400);
});
