// An independent FHIR client (fhir-kit-client), which knows only the URL and a key.
import { CapabilityTool, Client } from 'fhir-kit-client';
import { type Listening, listen } from './listening.ts';

type Resource = Awaited<ReturnType<Client['read']>> & { id: string; meta: { versionId: string } };
interface Bundle {
  resourceType: string;
  total?: number;
  link: { relation: string; url: string }[];
  entry?: { resource?: Resource; request?: { method: string }; search?: { mode: string } }[];
}

let facet: Listening;
let client: Client;
beforeAll(async () => {
  facet = await listen();
  client = new Client({ baseUrl: `${facet.url}/fhir/R4`, bearerToken: facet.demo.fhir! });
});
afterAll(() => facet.close());

const ada = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }] };
type Body = { resourceType: string } & Record<string, unknown>;
const create = (body: Body, headers: Record<string, string> = {}) =>
  client.create({ resourceType: body.resourceType, body, options: { headers } }) as Promise<Resource>;
const statusOf = (resource: Resource) => Client.httpFor(resource).response?.status;
/** What the client makes of a refusal. */
const refusal = async (call: Promise<unknown> | undefined) => {
  const { response } = await Promise.resolve(call).then(
    () => {
      throw new Error('it was not refused');
    },
    (error: { response: { status: number; data: { resourceType: string; issue: { code: string; diagnostics: string }[] } } }) => error,
  );
  return { status: response.status, resourceType: response.data.resourceType, code: response.data.issue[0]!.code };
};

test('the client reads the CapabilityStatement without a key', async () => {
  const statement = await new Client({ baseUrl: client.baseUrl }).capabilityStatement();
  const capabilities = new CapabilityTool(statement);
  for (const code of ['create', 'read', 'vread', 'update', 'delete', 'history-instance', 'search-type'])
    expect([code, capabilities.resourceCan('ServiceRequest', code)]).toEqual([code, true]);
  expect(capabilities.resourceCan('AuditEvent', 'read')).toBe(false);
  expect(capabilities.resourceSearch('Patient', 'birthdate')).toBe(true);
  expect((statement.implementation as { url: string }).url).toBe(client.baseUrl);
});

test('create, read, vread, update, delete and history of one patient work', async () => {
  const created = await create(ada);
  expect(statusOf(created)).toBe(201);
  const named = { resourceType: 'Patient', id: created.id };
  expect(await client.read(named)).toEqual(created);
  const updated = (await client.update({ ...named, body: { ...created, active: true } })) as Resource;
  expect([statusOf(updated), updated.active, updated.meta.versionId]).toEqual([200, true, '2']);
  expect(await client.vread({ ...named, version: '1' })).toEqual(created);
  expect(await client.vread({ ...named, version: '2' })).toEqual(updated);
  const deleted = (await client.delete(named)) as Resource;
  expect(statusOf(deleted)).toBe(204);
  const history = (await client.history(named)) as unknown as Bundle;
  expect(history.entry!.map(({ request, resource }) => [request!.method, resource?.meta.versionId])).toEqual([
    ['DELETE', undefined],
    ['PUT', '2'],
    ['POST', '1'],
  ]);
});

test('an update with a new id creates', async () => {
  const created = (await client.update({ resourceType: 'Patient', id: 'ada', body: { ...ada, id: 'ada' } })) as Resource;
  expect([statusOf(created), created.id]).toEqual([201, 'ada']);
});

test('If-None-Exist creates once', async () => {
  const body = { ...ada, identifier: [{ system: 'urn:mrn', value: '7' }] };
  const criteria = { 'If-None-Exist': 'identifier=urn:mrn|7' };
  const [first, second] = [await create(body, criteria), await create(body, criteria)];
  expect([statusOf(first), statusOf(second), second.id]).toEqual([201, 200, first.id]);
});

test('If-Match refuses an outdated version', async () => {
  const created = await create(ada);
  const update = (active: boolean) =>
    client.update({
      resourceType: 'Patient',
      id: created.id,
      body: { ...created, active },
      options: { headers: { 'If-Match': `W/"${created.meta.versionId}"` } },
    });
  expect(((await update(true)) as Resource).meta.versionId).toBe('2');
  expect(await refusal(update(false))).toEqual({ status: 412, resourceType: 'OperationOutcome', code: 'conflict' });
});

/** All pages of a bundle, from the first on, as long as the client finds a next one. */
async function pagesFrom(first: Bundle): Promise<Bundle[]> {
  const pages = [first];
  for (let page: Bundle | undefined = first; page; ) {
    page = (await client.nextPage({ bundle: page as never })) as unknown as Bundle | undefined;
    if (page) pages.push(page);
  }
  return pages;
}
const idsOf = (pages: Bundle[]) => pages.flatMap(({ entry = [] }) => entry.map(({ resource }) => resource!.id));

test('the next links of a search lead to its end: each match once, in order', async () => {
  const created = [];
  for (let n = 0; n < 23; n++) created.push(await create({ ...ada, birthDate: `19${10 + n}-01-01`, gender: n % 2 ? 'female' : 'other' }));
  const expected = created.filter((_one, n) => n % 2 === 0).map(({ id }) => id);
  const searchParams = { gender: 'other', _sort: '-birthdate', _count: 5, _total: 'accurate' };
  const first = (await client.search({ resourceType: 'Patient', searchParams })) as unknown as Bundle;
  expect([first.resourceType, first.total]).toEqual(['Bundle', expected.length]);
  const pages = await pagesFrom(first);
  expect(pages.map(({ entry = [] }) => entry.length)).toEqual([5, 5, 2]);
  expect(idsOf(pages)).toEqual(expected.reverse());
});

test('a search by POST is paged in the same way, and the links to its pages do not contain the criteria', async () => {
  for (let n = 0; n < 5; n++) await create({ ...ada, name: [{ family: 'Babbage', given: [String(n)] }] });
  const search = { resourceType: 'Patient', searchParams: { family: 'Babbage', _count: 2 }, options: { postSearch: true } };
  const first = (await client.search(search)) as unknown as Bundle;
  const pages = await pagesFrom(first);
  expect(new Set(idsOf(pages)).size).toBe(5);
  expect(
    JSON.stringify([first.link?.filter(({ relation }) => relation !== 'self'), ...pages.slice(1).map(({ link }) => link)]),
  ).not.toContain('Babbage');
});

test('the next links of a history lead to its end', async () => {
  const { id } = await create(ada);
  for (let n = 1; n < 7; n++) await client.update({ resourceType: 'Patient', id, body: { ...ada, id, multipleBirthInteger: n } });
  const first = (await client.request(`Patient/${id}/_history?_count=3`)) as unknown as Bundle;
  const versions = (await pagesFrom(first)).flatMap(({ entry = [] }) => entry.map(({ resource }) => resource!.meta.versionId));
  expect(versions).toEqual(['7', '6', '5', '4', '3', '2', '1']);
});

test('references are resolved in an including Bundle and by reads', async () => {
  const patient = await create(ada);
  const condition = await create({ resourceType: 'Condition', subject: { reference: `Patient/${patient.id}` } } as {
    resourceType: string;
  });
  const bundle = await client.search({
    resourceType: 'Condition',
    searchParams: { subject: `Patient/${patient.id}`, _include: 'Condition:subject' },
  });
  expect((bundle as unknown as Bundle).entry!.map(({ search }) => search!.mode)).toEqual(['match', 'include']);
  const { reference } = condition.subject as { reference: string };
  expect(await client.resolve({ reference })).toEqual(patient);
  const absolute = `${client.baseUrl}/Patient/${patient.id}`;
  expect(await client.resolve({ reference: absolute, context: bundle })).toEqual(patient);
});

test('an error reaches the client as a status and an OperationOutcome', async () => {
  const { id } = await create(ada);
  const named = { resourceType: 'Patient', id };
  await client.delete(named);
  const stranger = new Client({ baseUrl: client.baseUrl, bearerToken: 'nobody' });
  const refusals = {
    unknown: await refusal(client.read({ resourceType: 'Patient', id: 'nobody' })),
    deleted: await refusal(client.read(named)),
    version: await refusal(client.vread({ ...named, version: '99' })),
    type: await refusal(client.read({ resourceType: 'AuditEvent', id: '1' })),
    body: await refusal(create({ resourceType: 'Patient', gender: 'x' })),
    parameter: await refusal(client.search({ resourceType: 'Patient', searchParams: { shoesize: 42 } })),
    operation: await refusal(client.operation({ name: '$nothing', ...named, method: 'GET' })),
    key: await refusal(stranger.read(named)),
  };
  expect(Object.entries(refusals).map(([what, { status, resourceType, code }]) => [what, status, resourceType, code])).toEqual([
    ['unknown', 404, 'OperationOutcome', 'not-found'],
    ['deleted', 410, 'OperationOutcome', 'deleted'],
    ['version', 404, 'OperationOutcome', 'not-found'],
    ['type', 404, 'OperationOutcome', 'not-supported'],
    ['body', 400, 'OperationOutcome', expect.stringMatching(/./)],
    ['parameter', 400, 'OperationOutcome', 'not-supported'],
    ['operation', 404, 'OperationOutcome', 'not-found'],
    ['key', 401, 'OperationOutcome', 'login'],
  ]);
});
