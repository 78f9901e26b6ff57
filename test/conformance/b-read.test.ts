// B. read and vread, by the numbers of the requirements. https://hl7.org/fhir/R4/http.html#read
import { expectRefusal, server } from './asking.ts';

const { ask } = server();
const made = async () => {
  const { body } = await ask('POST', '/Patient', { body: { resourceType: 'Patient', active: true, name: [{ family: 'Lovelace' }] } });
  return body as { id: string; meta: { versionId: string; lastUpdated: string } };
};

test('B18 a read returns the resource, its version as ETag and its time as Last-Modified', async () => {
  const { id, meta } = await made();
  const { status, body, headers } = await ask('GET', `/Patient/${id}`);
  expect([status, body.id, headers.get('etag')]).toEqual([200, id, `W/"${meta.versionId}"`]);
  expect(Date.parse(headers.get('last-modified')!)).toBe(Math.floor(Date.parse(meta.lastUpdated) / 1000) * 1000);
});

test('B19 a resource that never existed is 404, a deleted one 410 with its ETag, a malformed id 404', async () => {
  expectRefusal(await ask('GET', '/Patient/nobody'), 404, 'not-found');
  const { id } = await made();
  await ask('DELETE', `/Patient/${id}`);
  const gone = await ask('GET', `/Patient/${id}`);
  expectRefusal(gone, 410, 'deleted');
  expect(gone.headers.get('etag')).toBe('W/"2"');
  for (const none of ['x'.repeat(65), 'a_b', 'a%20b']) expectRefusal(await ask('GET', `/Patient/${none}`), 404);
});

test('B20 a client that has the version gets 304 with its ETag and no body', async () => {
  const { id, meta } = await made();
  const known = await ask('GET', `/Patient/${id}`, { headers: { 'If-None-Match': 'W/"1"' } });
  expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', 'W/"1"']);
  expect((await ask('GET', `/Patient/${id}`, { headers: { 'If-None-Match': 'W/"7"' } })).status).toBe(200);
  const since = (at: number) => ask('GET', `/Patient/${id}`, { headers: { 'If-Modified-Since': new Date(at).toUTCString() } });
  expect((await since(Date.parse(meta.lastUpdated) + 1000)).status).toBe(304);
  expect((await since(Date.parse(meta.lastUpdated) - 10_000)).status).toBe(200);
});

test('B21 If-None-Match has precedence over If-Modified-Since, may be a list, and * matches any version', async () => {
  const { id } = await made();
  const later = new Date(Date.now() + 60_000).toUTCString();
  const status = async (match: string) =>
    (await ask('GET', `/Patient/${id}`, { headers: { 'If-None-Match': match, 'If-Modified-Since': later } })).status;
  expect([await status('W/"9"'), await status('*'), await status('W/"9", W/"1"')]).toEqual([200, 304, 304]);
});

test('B22 a version is read by its number; an unknown version is 404, a deletion 410', async () => {
  const { id } = await made();
  await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, active: false } });
  await ask('DELETE', `/Patient/${id}`);
  const first = await ask('GET', `/Patient/${id}/_history/1`);
  expect([first.status, first.body.meta.versionId, first.body.active]).toEqual([200, '1', true]);
  expectRefusal(await ask('GET', `/Patient/${id}/_history/9`), 404);
  expectRefusal(await ask('GET', `/Patient/${id}/_history/3`), 410);
});

test('B23 _summary and _elements reduce the resource, and the result is tagged SUBSETTED', async () => {
  const { id } = await made();
  const subsetted = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }];
  for (const query of ['_summary=true', '_summary=text', '_summary=data', '_elements=active']) {
    const { body } = await ask('GET', `/Patient/${id}?${query}`);
    expect([query, body.id, body.meta.tag]).toEqual([query, id, [expect.objectContaining(subsetted[0]!)]]);
  }
  const { body } = await ask('GET', `/Patient/${id}?_elements=active`);
  expect([body.active, body.name]).toEqual([true, undefined]);
  expect((await ask('GET', `/Patient/${id}?_summary=false`)).body.meta.tag).toBeUndefined();
});

test('B24 _summary=count of one resource is 400', async () => {
  const { id } = await made();
  expectRefusal(await ask('GET', `/Patient/${id}?_summary=count`), 400);
});
