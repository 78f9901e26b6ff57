// Medplum's client, unmodified, over HTTP: resources, pages, its own batches, patches and conditional writes.
// https://www.medplum.com/docs/sdk/core.medplumclient
import { ClientStorage, MedplumClient, MemoryStorage, OperationOutcomeError } from '@medplum/core';
import type { Observation, Patient } from '@medplum/fhirtypes';
import { type Listening, listen } from './listening.ts';

let facet: Listening;
let client: MedplumClient;
const clientWith = (autoBatchTime: number) => {
  const medplum = new MedplumClient({
    baseUrl: facet.url,
    fhirUrlPath: 'fhir/R4',
    fetch,
    autoBatchTime,
    cacheTime: 0,
    storage: new ClientStorage(new MemoryStorage()),
  });
  medplum.setAccessToken(facet.demo.fhir!);
  return medplum;
};
beforeAll(async () => {
  facet = await listen();
  client = clientWith(0);
});
afterAll(() => facet.close());

const ADA: Patient = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' };
/** How a call was refused: the status and code of its outcome. */
const catchRefusal = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    (value: unknown) => value,
  );
  if (!(error instanceof OperationOutcomeError)) throw error ?? new Error('it was not refused');
  return error.outcome.issue[0]!.code;
};

test('create, read, vread, update, history and delete work', async () => {
  const created = await client.createResource(ADA);
  expect(await client.readResource('Patient', created.id!)).toEqual(created);
  const updated = await client.updateResource({ ...created, active: true });
  expect([updated.active, updated.meta!.versionId]).toEqual([true, '2']);
  expect(await client.readVersion('Patient', created.id!, '1')).toEqual(created);
  const history = await client.readHistory('Patient', created.id!);
  expect(history.entry!.map(({ resource }) => resource!.meta!.versionId)).toEqual(['2', '1']);
  expect(await client.updateResource(updated)).toEqual(updated);
  await client.deleteResource('Patient', created.id!);
  expect(await catchRefusal(client.readResource('Patient', created.id!, { cache: 'reload' }))).toBe('deleted');
});

test('a JSON Patch with a test operation works', async () => {
  const { id } = await client.createResource(ADA);
  const operations = [
    { op: 'test', path: '/meta/versionId', value: '1' } as const,
    { op: 'add', path: '/telecom', value: [{ system: 'phone', value: '+15184731122' }] } as const,
  ];
  expect((await client.patchResource('Patient', id!, operations)).telecom).toEqual([{ system: 'phone', value: '+15184731122' }]);
  expect(await catchRefusal(client.patchResource('Patient', id!, operations))).toBeDefined();
  expect((await client.readResource('Patient', id!)).meta!.versionId).toBe('2');
});

test('conditional create and conditional update write once each', async () => {
  const identifier = [{ system: 'urn:mrn', value: 'm-1' }];
  const query = 'identifier=urn:mrn|m-1';
  const first = await client.createResourceIfNoneExist({ ...ADA, identifier }, query);
  expect((await client.createResourceIfNoneExist({ ...ADA, identifier }, query)).id).toBe(first.id);
  const updated = await client.upsertResource({ ...ADA, identifier, gender: 'female' }, query);
  expect([updated.id, updated.meta!.versionId]).toEqual([first.id, '2']);
});

test('searches for one resource, a list, and all pages work', async () => {
  const subject = { reference: `Patient/${(await client.createResource(ADA)).id}` };
  for (let n = 0; n < 7; n++)
    await client.createResource<Observation>({ resourceType: 'Observation', status: 'final', code: { text: `n${n}` }, subject });
  const query = { subject: subject.reference, _count: '3', _sort: '_lastUpdated' };
  const pages: string[][] = [];
  for await (const page of client.searchResourcePages('Observation', query)) pages.push(page.map(({ code }) => code!.text!));
  expect(pages).toEqual([['n0', 'n1', 'n2'], ['n3', 'n4', 'n5'], ['n6']]);
  expect((await client.searchOne('Observation', query))!.code!.text).toBe('n0');
  expect((await client.search('Observation', { ...query, _total: 'accurate' })).total).toBe(7);
});

test('concurrent reads are sent as one batch, and each gets its own response', async () => {
  const [one, two] = [await client.createResource(ADA), await client.createResource({ ...ADA, gender: 'female' })];
  const batching = clientWith(20);
  const absent = batching.readResource('Patient', 'nobody');
  const [first, second, third] = await Promise.allSettled([
    batching.readResource('Patient', one.id!),
    batching.readResource('Patient', two.id!),
    absent,
  ]);
  expect([first, second]).toEqual([
    { status: 'fulfilled', value: one },
    { status: 'fulfilled', value: two },
  ]);
  expect(third.status).toBe('rejected');
});

test('a transaction with references between entries, and URLs with a leading slash, works', async () => {
  const fullUrl = 'urn:uuid:6f1c2c5e-2f0e-4d3a-9a55-0d9c3f1f9a01';
  const answer = await client.executeBatch({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl, resource: ADA, request: { method: 'POST', url: '/Patient' } },
      {
        resource: { resourceType: 'Observation', status: 'final', code: { text: 'height' }, subject: { reference: fullUrl } },
        request: { method: 'POST', url: '/Observation' },
      },
    ],
  });
  expect(answer.entry!.map(({ response }) => response!.status)).toEqual(['201 Created', '201 Created']);
  const [patient, observation] = answer.entry!.map(({ resource }) => resource);
  expect((observation as Observation).subject!.reference).toBe(`Patient/${patient!.id}`);
});

test('an error of the server is an OperationOutcome with its reason', async () => {
  expect(await catchRefusal(client.createResource({ resourceType: 'Patient', gender: 'f' } as unknown as Patient))).toBe('code-invalid');
  expect(await catchRefusal(client.search('Patient', { colour: 'blue' }))).toBe('not-supported');
});
