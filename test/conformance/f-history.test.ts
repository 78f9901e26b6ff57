// F. history and paging, by the numbers of the requirements. https://hl7.org/fhir/R4/http.html#history
import { tickingClock } from '../journeys/ticking-clock.ts';
import { expectRefusal, server } from './asking.ts';

const { ask } = server({ clock: tickingClock() });
const put = (id: string, more: object = {}) => ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...more } });
interface Entry {
  request: { method: string };
  response: { status: string; etag: string; lastModified: string };
  resource?: { id: string; meta: { versionId: string } };
}
const linkOf = ({ body }: { body: { link: { relation: string; url: string }[] } }, relation: string) =>
  body.link.find((link) => link.relation === relation)?.url;
const below = (url: string) => url.slice(url.indexOf('/fhir/R4') + '/fhir/R4'.length);

test('F67 the history of a resource, of a type and of everything: newest first, deletions without a resource', async () => {
  await put('f67');
  await put('f67', { active: true });
  await ask('DELETE', '/Patient/f67');
  for (const path of ['/Patient/f67/_history', '/Patient/_history', '/_history']) {
    const { status, body } = await ask('GET', path);
    expect([path, status, body.type]).toEqual([path, 200, 'history']);
    const entries = (body.entry as Entry[]).slice(0, 3);
    expect(entries.map(({ request, resource }) => [request.method, resource?.meta.versionId])).toEqual([
      ['DELETE', undefined],
      ['PUT', '2'],
      ['PUT', '1'],
    ]);
    for (const { response } of entries)
      expect(response).toEqual({
        status: expect.stringMatching(/^20/),
        etag: expect.stringMatching(/^W\/"\d"$/),
        lastModified: expect.any(String),
      });
  }
});

test('F67 each version has the status of its request: a resource that was restored after its deletion was created', async () => {
  const answered: number[] = [];
  const done = async (method: string, body?: object) => {
    const { status } = await ask(method, '/Patient/f67-again', body && { body: { resourceType: 'Patient', id: 'f67-again', ...body } });
    answered.push(status);
  };
  await done('PUT', {});
  await done('PUT', { active: true });
  await done('DELETE');
  await done('PUT', {});
  await done('PUT', { active: false });
  expect(answered).toEqual([201, 200, 204, 201, 200]);
  for (const path of ['/Patient/f67-again/_history', '/Patient/_history?_count=5']) {
    const entries = (await ask('GET', path)).body.entry as Entry[];
    expect([path, entries.map(({ response }) => Number(response.status)).toReversed()]).toEqual([path, answered]);
  }
});

test('F68 _since, _at and _count select versions; each may occur once', async () => {
  await put('f68');
  const { body: second } = await put('f68', { active: true });
  const since = await ask('GET', `/Patient/f68/_history?_since=${second.meta.lastUpdated}`);
  expect(since.body.entry.map(({ resource }: Entry) => resource!.meta.versionId)).toEqual(['2']);
  const at = await ask('GET', `/Patient/f68/_history?_at=${second.meta.lastUpdated}`);
  expect(at.body.entry.map(({ resource }: Entry) => resource!.meta.versionId)).toContain('2');
  expect((await ask('GET', '/Patient/f68/_history?_count=1')).body.entry).toHaveLength(1);
  for (const twice of ['_since=2020-01-01T00:00:00Z&_since=2021-01-01T00:00:00Z', '_count=1&_count=2', '_at=2020&_at=2021'])
    expectRefusal(await ask('GET', `/Patient/f68/_history?${twice}`), 400);
});

test('F69 the history of a resource that never existed is 404', async () => {
  expectRefusal(await ask('GET', '/Patient/f69-nobody/_history'), 404);
});

test('F70 pages have self, and next if there are more; during other writes, all pages together have each match once; a modified link is refused', async () => {
  const tag = [{ system: 'urn:f', code: '70' }];
  for (let nth = 0; nth < 9; nth++) await put(`f70-${nth}`, { meta: { tag } });
  const seen: string[] = [];
  let path: string | undefined = '/Patient?_tag=urn:f|70&_count=4';
  while (path) {
    const page = await ask('GET', path);
    expect(linkOf(page, 'self')).toBeDefined();
    seen.push(...page.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id));
    await put(`f70-late-${seen.length}`, { meta: { tag } });
    await put(`f70-${seen.length}`, { meta: { tag }, active: true });
    const next = linkOf(page, 'next');
    path = next && below(next);
    if (path && seen.length === 4) expectRefusal(await ask('GET', `${path.slice(0, -3)}AAA`), [400, 404, 410]);
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(Array.from({ length: 9 }, (_one, nth) => `f70-${nth}`).filter((id) => !seen.includes(id))).toEqual([]);
});

test('F71 the self link of a search by POST states its parameters, and its other links do not contain them', async () => {
  for (let nth = 0; nth < 3; nth++) await put(`f71-${nth}`, { name: [{ family: 'Secretive' }] });
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const page = await ask('POST', '/Patient/_search', { headers: form, body: 'family=Secretive&_count=2' });
  expect(page.body.entry).toHaveLength(2);
  expect(linkOf(page, 'self')).toMatch(/\/fhir\/R4\/Patient\?family=Secretive&_count=2$/);
  expect(decodeURIComponent(linkOf(page, 'next')!).toLowerCase()).not.toContain('secretive');
  expect((await ask('GET', below(linkOf(page, 'next')!))).body.entry).toHaveLength(1);
});
