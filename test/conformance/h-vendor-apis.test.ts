// H. vendors' APIs and tenants, by the numbers of the requirements: the same resources through /v1, and no access to another tenant.
import { type Answer, expectRefusal, finder, idsOf, type Resource, server, store } from './asking.ts';

const { ask, facet } = server();
const find = finder(ask);

describe('H109 an API of a vendor', () => {
  const send = async (
    method: string,
    path: string,
    { body, headers = {}, key = facet().demo.loop! }: { body?: object; headers?: Record<string, string>; key?: string } = {},
  ) => {
    const own = { ...(key && { 'x-api-key': key }), ...(body && { 'Content-Type': 'application/json' }), ...headers };
    const answer = await fetch(`${facet().url}${path}`, { method, headers: own, ...(body && { body: JSON.stringify(body) }) });
    return { status: answer.status, headers: answer.headers, body: (await answer.json().catch(() => undefined)) as Answer['body'] };
  };
  let made = 0;
  const patient = () => ({ brand_id: 'h109', first_name: `P${made++}`, last_name: 'Doors' });

  test('a created item reads back unchanged, and is a resource of the FHIR API', async () => {
    const sent = patient();
    const created = await send('POST', '/v1/patients', { body: sent });
    expect([created.status, created.body]).toEqual([201, expect.objectContaining(sent)]);
    const read = await send('GET', `/v1/patients/${created.body.id}`);
    expect([read.status, read.body]).toEqual([200, created.body]);
    const { body } = await ask('GET', `/Patient/${created.body.id}`);
    expect(body.name).toMatchObject([{ family: sent.last_name, given: [sent.first_name] }]);
  });

  test('a resource created through FHIR is an item', async () => {
    const tag = [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'h109' }];
    const body = { resourceType: 'Patient', name: [{ family: 'Outside', given: ['Ann'] }], meta: { tag } };
    const { id } = (await ask('POST', '/Patient', { body })).body;
    expect((await send('GET', `/v1/patients/${id}`)).body).toMatchObject({ id, first_name: 'Ann', last_name: 'Outside' });
  });

  test('no key is 401, a key of another API 403, an unknown id 404', async () => {
    expect((await send('GET', '/v1/patients?brand_id=h109', { key: '' })).status).toBe(401);
    expect((await send('GET', '/loop/v1/patients?brand_id=h109', { key: facet().demo.clinik! })).status).toBe(403);
    expect((await send('GET', '/v1/patients/0190b3c2-0000-7000-8000-0000000000ff')).status).toBe(404);
    const reading = await facet().keyWith('loop', ['read']);
    expect((await send('POST', '/v1/patients', { body: patient(), key: reading })).status).toBe(403);
  });

  test('a read with a current ETag is 304', async () => {
    const { body } = await send('POST', '/v1/patients', { body: patient() });
    const read = await send('GET', `/v1/patients/${body.id}`);
    const again = await send('GET', `/v1/patients/${body.id}`, { headers: { 'If-None-Match': read.headers.get('etag')! } });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });

  test('a change with another version in If-Match is refused; with the current version it is applied', async () => {
    const key = facet().demo.clinik!;
    await store(ask, { resourceType: 'Practitioner', id: '0190b3c2-0000-7000-8000-0000000000aa', name: [{ family: 'Lee' }] });
    const role = { practitionerId: '0190b3c2-0000-7000-8000-0000000000aa', role: 'nurse' };
    const created = await send('POST', '/v1/practitioner-roles', { body: role, key });
    const path = `/v1/practitioner-roles/${created.body.data.id}`;
    const change = (tag: string) => send('PATCH', path, { body: { role: 'doctor' }, headers: { 'If-Match': tag }, key });
    expect((await change('W/"7"')).status).toBe(409);
    expect((await send('GET', path, { key })).body.data.role).toBe('nurse');
    expect((await change(created.headers.get('etag')!)).status).toBe(200);
    expect((await send('GET', path, { key })).body.data.role).toBe('doctor');
  });

  test.each([
    ['a value that is none', { email: 'nobody' }],
    ['a field of another kind', { first_name: 7 }],
  ])('%s is refused (400), and nothing is created', async (_title, more) => {
    const body = { ...patient(), brand_id: 'h109-refused', ...more };
    expect((await send('POST', '/v1/patients', { body })).status).toBe(400);
    expect((await send('GET', '/v1/patients?brand_id=h109-refused')).body.total).toBe(0);
  });

  // The vendors' schemas leave room for more fields, and so must the API: docs/decisions/0016-vendor-requests.md
  test('a field that is not documented is neither stored nor shown', async () => {
    const created = await send('POST', '/v1/patients', { body: { ...patient(), colour: 'cerulean' } });
    expect([created.status, JSON.stringify(created.body).includes('cerulean')]).toEqual([201, false]);
    expect((await ask('GET', `/Patient/${created.body.id}`)).text).not.toContain('cerulean');
  });

  test('all pages of a list together have each item once', async () => {
    for (let nth = 0; nth < 5; nth++) await send('POST', '/v1/patients', { body: { ...patient(), brand_id: 'h109-list' } });
    const seen: string[] = [];
    for (let offset = 0; offset < 6; offset += 2) {
      const { body } = await send('GET', `/v1/patients?brand_id=h109-list&limit=2&offset=${offset}`);
      expect(body.total).toBe(5);
      seen.push(...body.patients.map(({ id }: { id: string }) => id));
    }
    expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
  });
});

describe('H110 another tenant', () => {
  const key = () => facet().other.fhir!;
  const searched = async (search: string): Promise<Answer> => ask('GET', `/${search}`, { key: key() });

  beforeAll(() =>
    store(
      ask,
      { resourceType: 'Patient', id: 'h110', name: [{ family: 'Ours' }], identifier: [{ system: 'urn:h', value: '110' }] },
      { resourceType: 'Observation', id: 'h110-o', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/h110' } },
    ),
  );

  test.each(['Patient/h110', 'Patient/h110/_history', 'Patient/h110/_history/1', 'Patient/h110/$everything', 'Patient/h110/$validate'])(
    'GET %s is 404: it does not exist',
    async (path) => {
      expect((await ask('GET', `/${path}`)).status).toBe(200);
      expectRefusal(await searched(path), 404, 'not-found');
    },
  );

  test.each([
    'Patient?family=ours',
    'Patient?_id=h110',
    'Observation?subject=Patient/h110',
    'Observation?subject:Patient.family=ours',
    'Patient?_has:Observation:subject:status=final',
    'Patient/h110/Observation',
    '?_id=h110',
  ])('%s finds nothing and counts nothing', async (search) => {
    expect((await find(search)).length).toBe(1);
    expect((await searched(`${search}${search.includes('?') ? '&' : '?'}_total=accurate`)).body).toMatchObject({ total: 0 });
    expect(idsOf(await searched(search))).toEqual([]);
  });

  test('gets nothing by _include or _revinclude', async () => {
    const own: Resource = {
      resourceType: 'Observation',
      id: 'h110-theirs',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: 'Patient/h110' },
    };
    expect((await ask('PUT', '/Observation/h110-theirs', { body: own, key: key() })).status).toBe(201);
    expect((await searched('Observation?_id=h110-theirs&_include=Observation:subject')).body.entry).toHaveLength(1);
    expect((await ask('GET', '/Patient?_id=h110&_revinclude=Observation:subject')).body.entry).toHaveLength(2);
    await ask('DELETE', '/Observation/h110-theirs', { key: key() });
  });

  test('sees nothing of it in a history', async () => {
    for (const path of ['Patient/_history', '_history']) expect((await searched(path)).text).not.toContain('Ours');
  });

  test('may have a resource with the same id and identifier: neither tenant sees the other’s', async () => {
    const theirs = { resourceType: 'Patient', id: 'h110', name: [{ family: 'Theirs' }], identifier: [{ system: 'urn:h', value: '110' }] };
    const headers = { 'If-None-Exist': 'identifier=urn:h|110' };
    const { id } = (await ask('POST', '/Patient', { body: theirs, key: key(), headers })).body;
    const put = await ask('PUT', '/Patient/h110', { body: theirs, key: key() });
    expect([put.status, put.body.meta.versionId]).toEqual([201, '1']);
    expect((await ask('GET', '/Patient/h110')).body.name).toEqual([{ family: 'Ours' }]);
    expect((await ask('DELETE', `/Patient/h110`, { key: key() })).status).toBe(204);
    expect((await ask('GET', '/Patient/h110')).status).toBe(200);
    expectRefusal(await ask('GET', `/Patient/${id}`), 404, 'not-found');
  });

  test('finds and changes nothing of ours by batches and transactions', async () => {
    const entry = [
      { request: { method: 'GET', url: 'Patient/h110-o' } },
      { request: { method: 'DELETE', url: 'Observation/h110-o' } },
      { request: { method: 'GET', url: 'Observation?subject=Patient/h110' } },
    ];
    const { body } = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry }, key: key() });
    expect(body.entry[0].response.status).toMatch(/^404/);
    expect(body.entry[2].resource.entry).toBeUndefined();
    expect((await ask('GET', '/Observation/h110-o')).status).toBe(200);
    const conditional = {
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { text: 'x' },
        subject: { reference: 'Patient?identifier=urn:h|only-ours' },
      },
      request: { method: 'POST', url: 'Observation' },
    };
    await store(ask, { resourceType: 'Patient', id: 'h110-only', identifier: [{ system: 'urn:h', value: 'only-ours' }] });
    expectRefusal(
      await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry: [conditional] }, key: key() }),
      [400, 422],
    );
  });
});
