// E. batch and transaction, by the numbers of the requirements. https://hl7.org/fhir/R4/http.html#transaction
import { expectRefusal, idsOf, server } from './asking.ts';

const { ask, base } = server();
const bundle = (type: string, entry: object[]) =>
  ask('POST', '', { body: { resourceType: 'Bundle', type, ...(entry.length && { entry }) } });
const transaction = (...entry: object[]) => bundle('transaction', entry);
const batch = (...entry: object[]) => bundle('batch', entry);
const post = (resource: object, more: object = {}) => ({
  resource,
  request: { method: 'POST', url: (resource as { resourceType: string }).resourceType, ...more },
});
const put = (resource: { resourceType: string; id: string }, more: object = {}) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ...more },
});
const get = (url: string) => ({ request: { method: 'GET', url } });
const remove = (url: string) => ({ request: { method: 'DELETE', url } });
const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const marked = (value: string) => ({ identifier: [{ system: 'urn:e', value }] });
const statuses = ({ body }: { body: { entry: { response: { status: string } }[] } }) =>
  body.entry.map(({ response }) => response.status.slice(0, 3));
const uuid = (nth: number) => `urn:uuid:00000000-0000-4000-8000-00000000000${nth}`;

test('E52 the response of a batch has each entry at its index; a failed entry has an outcome and does not affect others', async () => {
  const answer = await batch(post(patient()), post(patient({ gender: 'blue' })), get('Patient/e52-nobody'), post(patient()));
  expect([answer.status, answer.body.type, statuses(answer)]).toEqual([200, 'batch-response', ['201', '400', '404', '201']]);
  expect(answer.body.entry[1].response.outcome.issue[0]).toMatchObject({ severity: 'error' });
});

test('E53 a failed transaction is one OperationOutcome that names the entry, and nothing is written', async () => {
  const failed = await transaction(
    post(patient(marked('53'))),
    put({ resourceType: 'Patient', id: 'e53' }),
    post(patient({ gender: 'blue' })),
  );
  expectRefusal(failed, 400);
  expect(failed.body.issue[0].expression[0]).toMatch(/^Bundle\.entry\[2\]/);
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:e|53'))).toEqual([]);
  expectRefusal(await ask('GET', '/Patient/e53/_history'), 404);
});

test('E54 entries are processed in the order DELETE, POST, PUT and PATCH, GET, for any order in the Bundle', async () => {
  await ask('PUT', '/Patient/e54-old', { body: patient({ id: 'e54-old', ...marked('54') }) });
  const entries = [
    get('Patient?identifier=urn:e|54&_total=accurate'),
    put({ resourceType: 'Patient', id: 'e54-put', ...marked('54') } as never),
    post(patient(marked('54')), { ifNoneExist: 'identifier=urn:e|54' }),
    remove('Patient/e54-old'),
  ];
  const answer = await transaction(...entries);
  expect([answer.body.type, statuses(answer)]).toEqual(['transaction-response', ['200', '201', '201', '204']]);
  expect(answer.body.entry[0].resource.total).toBe(2);
});

test('E55 a transaction that writes a resource twice fails', async () => {
  expectRefusal(await transaction(put({ resourceType: 'Patient', id: 'e55' }), remove('Patient/e55')), [400, 422]);
  await ask('PUT', '/Patient/e55b', { body: patient({ id: 'e55b', ...marked('55') }) });
  const conditional = { resource: patient(marked('55')), request: { method: 'PUT', url: 'Patient?identifier=urn:e|55' } };
  expectRefusal(await transaction(put({ resourceType: 'Patient', id: 'e55b' }), conditional), [400, 422]);
});

test('E56 a fullUrl of two entries is refused, because a reference to it would be ambiguous', async () => {
  const refused = await transaction({ fullUrl: uuid(1), ...post(patient(marked('56d'))) }, { fullUrl: uuid(1), ...post(patient()) });
  expectRefusal(refused, 400, 'invalid');
  expect(refused.body.issue[0].expression).toEqual(['Bundle.entry[1].fullUrl']);
  expect(idsOf(await ask('GET', '/Patient?identifier=urn:e|56d'))).toEqual([]);
});

test('E56 references by fullUrl are rewritten in references, URIs and narratives, also circular ones; canonicals are unchanged', async () => {
  const [one, two] = [uuid(1), uuid(2)];
  const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${two}">other</a></div>`;
  const answer = await transaction(
    {
      fullUrl: one,
      ...post(
        patient({
          text: { status: 'additional', div },
          link: [{ other: { reference: two }, type: 'seealso' }],
          extension: [
            { url: 'urn:u', valueUri: two },
            { url: 'urn:c', valueCanonical: two },
          ],
        }),
      ),
    },
    { fullUrl: two, ...post(patient({ link: [{ other: { reference: one }, type: 'seealso' }] })) },
  );
  const [first, second] = answer.body.entry.map(({ resource }: { resource: { id: string } }) => resource);
  expect(first.link[0].other.reference).toBe(`Patient/${second.id}`);
  expect(second.link[0].other.reference).toBe(`Patient/${first.id}`);
  expect(first.extension.map((one: { valueUri?: string; valueCanonical?: string }) => one.valueUri ?? one.valueCanonical)).toEqual([
    `Patient/${second.id}`,
    two,
  ]);
  expect(first.text.div).toContain(`href="Patient/${second.id}"`);
});

test('E57 a conditional reference becomes its one match; no match or several fail the transaction', async () => {
  const { body: one } = await ask('POST', '/Patient', { body: patient(marked('57')) });
  const observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: 'Patient?identifier=urn:e|57' },
  };
  expect((await transaction(post(observation))).body.entry[0].resource.subject.reference).toBe(`Patient/${one.id}`);
  expectRefusal(
    await transaction(post({ ...observation, subject: { reference: 'Patient?identifier=urn:e|57-none' } })),
    [400, 404, 412, 422],
  );
  await ask('POST', '/Patient', { body: patient(marked('57')) });
  expectRefusal(await transaction(post(observation)), 412);
});

test('E58 ifNoneExist, ifMatch, ifNoneMatch and ifModifiedSince of an entry have the effect of the headers', async () => {
  const { body: one } = await ask('POST', '/Patient', { body: patient(marked('58')) });
  const found = await transaction(post(patient(marked('58')), { ifNoneExist: 'identifier=urn:e|58' }));
  expect([statuses(found), found.body.entry[0].response.location]).toEqual([
    ['200'],
    expect.stringContaining(`Patient/${one.id}/_history/1`),
  ]);
  expectRefusal(await transaction(put({ resourceType: 'Patient', id: one.id }, { ifMatch: 'W/"9"' })), 412);
  expect(statuses(await transaction({ request: { method: 'GET', url: `Patient/${one.id}`, ifNoneMatch: 'W/"1"' } }))).toEqual(['304']);
  const later = new Date(Date.now() + 60_000).toISOString();
  expect(statuses(await transaction({ request: { method: 'GET', url: `Patient/${one.id}`, ifModifiedSince: later } }))).toEqual(['304']);
});

test('E59 an entry without a request, and a write without a resource, are 400', async () => {
  expectRefusal(await transaction({ resource: patient() }), 400);
  expectRefusal(await transaction({ request: { method: 'POST', url: 'Patient' } }), 400);
  expectRefusal(await transaction({ request: { method: 'PUT', url: 'Patient/x' } }), 400);
});

test('E60 the response of an empty transaction is an empty Bundle', async () => {
  const { status, body } = await transaction();
  expect([status, body.type, body.entry]).toEqual([200, 'transaction-response', undefined]);
});

test('E61 GET entries read, search and list history, and see what the transaction wrote', async () => {
  const answer = await transaction(
    put({ resourceType: 'Patient', id: 'e61', ...marked('61') } as never),
    get('Patient/e61'),
    get('/Patient?identifier=urn:e|61'),
    get('Patient/e61/_history'),
  );
  expect(statuses(answer)).toEqual(['201', '200', '200', '200']);
  const [, read, found, history] = answer.body.entry.map(({ resource }: { resource: object }) => resource);
  expect([read.id, found.entry[0].resource.id, history.entry.length]).toEqual(['e61', 'e61', 1]);
});

test('E62 Prefer determines whether the entries have resources; each has location, etag and lastModified', async () => {
  const body = { resourceType: 'Bundle', type: 'transaction', entry: [post(patient())] };
  const minimal = await ask('POST', '', { body, headers: { Prefer: 'return=minimal' } });
  expect(minimal.body.entry[0].resource).toBeUndefined();
  const full = await ask('POST', '', { body, headers: { Prefer: 'return=representation' } });
  const [{ resource, response }] = full.body.entry;
  expect(resource.resourceType).toBe('Patient');
  expect(response).toMatchObject({ etag: 'W/"1"', lastModified: resource.meta.lastUpdated });
  expect([`${base()}/`, '']).toContainEqual(response.location.replace(`Patient/${resource.id}/_history/1`, ''));
});

test.each(['document', 'collection', 'history', 'searchset', 'message'])('E63 a Bundle of type %s is refused', async (type) => {
  expectRefusal(await bundle(type, []), 400);
});

test('E64 entries of a batch cannot refer to each other', async () => {
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: uuid(3) } };
  const answer = await batch({ fullUrl: uuid(3), ...post(patient()) }, post(observation));
  expect(statuses(answer)).toEqual(['201', '400']);
});

test('E65 overlapping transactions of many clients: each is applied completely or refused, never 500', async () => {
  const ids = ['e65a', 'e65b', 'e65c'];
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_one, nth) =>
      transaction(
        ...(nth % 2 ? ids : ids.toReversed()).map((id) => put({ resourceType: 'Patient', id, multipleBirthInteger: nth } as never)),
      ),
    ),
  );
  expect(answers.filter(({ status }) => ![200, 409].includes(status))).toEqual([]);
  const stored = await Promise.all(ids.map(async (id) => (await ask('GET', `/Patient/${id}`)).body.multipleBirthInteger));
  expect(new Set(stored).size).toBe(1);
});

test('E66 more entries than the declared limit are refused as too costly', async () => {
  const { text } = await ask('GET', '/metadata');
  const declared = Number(/([\d,.]+) entries/.exec(text)?.[1]?.replace(/[,.]/g, ''));
  expect(declared).toBeGreaterThanOrEqual(5000);
  expectRefusal(await batch(...Array(declared + 1).fill(get('Patient/x'))), [413, 422], 'too-costly');
});
