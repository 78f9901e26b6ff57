// Bundle.total where it is known, and the links of pages. https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.total, http.html#paging
import type { Response } from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';
import { tickingClock } from './ticking-clock.ts';

const FHIR = `${BASE_URL}/fhir/R4`;
let facet: Running;
let statements = 0;

/** The database, with the statements counted that read resources. */
const counted = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => counted(database.forRequest(...args)),
  query: (...args) => {
    if (/\b(resource|sx|past_version)\b/.test(args[0])) statements++;
    return database.query(...args);
  },
  transaction: (work) => database.transaction((inside) => work(counted(inside))),
});

beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: tickingClock(), over: counted });
  for (const [at, family] of ['Ames', 'Baker', 'Cole', 'Dunn', 'Eaton'].entries())
    await facet.put({ resourceType: 'Patient', id: `p${at}`, name: [{ family }] }).expect(201);
  await facet.put({ resourceType: 'Patient', id: 'p0', name: [{ family: 'Ames' }], active: true }).expect(200);
  await facet.put({ resourceType: 'Patient', id: 'p0', name: [{ family: 'Ames' }], active: false }).expect(200);
  await facet.put({ resourceType: 'Patient', id: 'theirs', name: [{ family: 'Ames' }] }, facet.other.fhir).expect(201);
  await facet.put({ resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'w' }, subject: { reference: 'Patient/p0' } });
});
afterAll(() => facet.close());

const get = (path: string, key?: string) => facet.fhir('get', path, key).expect(200);
const totalOf = async (path: string): Promise<number | undefined> => (await get(path)).body.total;
const cost = async (path: string): Promise<number> => {
  const before = statements;
  await get(path);
  return statements - before;
};
const linkOf = ({ body }: Response, relation: string): string | undefined =>
  body.link.find((link: { relation: string }) => link.relation === relation)?.url;
const follow = (response: Response, relation: string) => get(linkOf(response, relation)!.slice(FHIR.length));
const idsOf = ({ body }: Response): string => (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id).join();

test.each([
  ['a first page without a next page', '/Patient', 5],
  ['no match', '/Patient?family=zz', 0],
  ['a page that is just full', '/Patient?_count=5', 5],
  ['_summary=count', '/Patient?_summary=count', 5],
  ['_count=0', '/Patient?_count=0', 5],
  ['matches, without included resources', '/Observation?_include=Observation:subject', 1],
  ['a search of several types', '/?_type=Patient,Observation', 6],
  ['a compartment', '/Patient/p0/Observation', 1],
  ['$everything on one page', '/Patient/p0/$everything?_type=Observation', 1],
  ['the history of one resource', '/Patient/p0/_history', 3],
  ['the history of one resource with a next page', '/Patient/p0/_history?_count=1', 3],
  ['the versions since a time', '/Patient/p0/_history?_since=2999-01-01', 0],
  ['the history of a type on one page', '/Patient/_history', 7],
  ['the history of the system on one page', '/_history', 8],
])('Bundle.total states %s (%s)', async (_what, path, total) => {
  expect(await totalOf(path)).toBe(total);
});

test.each([
  '/Patient?_count=4',
  '/Patient?_total=none',
  '/Patient/_history?_count=2',
  '/Patient/p0/_history?_total=none',
  '/Patient/p0/_history?_since=2001-01-01&_count=1',
  '/Patient/p0/$everything?_count=1',
])('Bundle.total is absent where it is not known, or not wanted: %s', async (path) => {
  expect((await get(path)).body).not.toHaveProperty('total');
});

test('a total that the page shows takes no further statement, and an accurate one on a full page takes one', async () => {
  expect(await cost('/Patient')).toBe(await cost('/Patient?_total=none'));
  expect(await cost('/Patient?_count=2')).toBe(await cost('/Patient?_count=2&_total=none'));
  expect(await cost('/Patient?_count=2&_total=accurate')).toBe((await cost('/Patient?_count=2')) + 1);
  expect(await cost('/Patient/p0/_history?_count=1')).toBe(await cost('/Patient/p0/_history?_count=1&_total=none'));
  expect(await cost('/Patient/_history?_count=1&_total=accurate')).toBe((await cost('/Patient/_history?_count=1')) + 1);
});

test('a history takes _total: all its pages state the same number, and other values are refused', async () => {
  const first = await get('/Patient/_history?_count=3&_total=accurate');
  expect([first.body.total, (await follow(first, 'next')).body.total]).toEqual([7, 7]);
  expect(await totalOf('/Patient/p0/_history?_count=1&_since=2001-01-01&_total=estimate')).toBe(3);
  expect(await totalOf('/_history?_count=1&_total=accurate')).toBe(8);
  expect((await get('/Patient/_history?_count=1&_total=accurate', facet.other.fhir)).body.total).toBe(1);
  const refused = await facet.fhir('get', '/Patient/_history?_total=all');
  expect([refused.status, refused.body.issue[0].diagnostics]).toEqual([400, '_total must be none, estimate or accurate']);
});

test('the self link of a search by POST states the parameters that were used, of the URL and of the form', async () => {
  const posted = await facet
    .fhir('post', '/Patient/_search?_count=2')
    .set({ 'Content-Type': 'application/x-www-form-urlencoded', Prefer: 'handling=lenient' })
    .send('family=a&flavour=x&_format=json');
  expect(linkOf(posted, 'self')).toBe(`${FHIR}/Patient?_count=2&family=a`);
  expect(idsOf(await follow(posted, 'self'))).toBe('p0');
  const everywhere = await facet
    .fhir('post', '/_search')
    .set('Content-Type', 'application/x-www-form-urlencoded')
    .send('_type=Patient&_id=p1');
  expect(linkOf(everywhere, 'self')).toBe(`${FHIR}?_type=Patient&_id=p1`);
  const inCompartment = await facet
    .fhir('post', '/Patient/p0/_search')
    .set('Content-Type', 'application/x-www-form-urlencoded')
    .send('_id=o');
  expect([linkOf(inCompartment, 'self'), idsOf(inCompartment)]).toEqual([`${FHIR}/Patient/p0/*?_id=o`, 'o']);
  const everything = await facet
    .fhir('post', '/Patient/p0/$everything')
    .send({ resourceType: 'Parameters', parameter: [{ name: '_count', valueInteger: 5 }] });
  expect(linkOf(everything, 'self')).toBe(`${FHIR}/Patient/p0/$everything?_count=5`);
});

test('the links to other pages state no search value, also after a search by POST', async () => {
  const posted = await facet
    .fhir('post', '/Patient/_search')
    .set('Content-Type', 'application/x-www-form-urlencoded')
    .send('family:contains=e&_count=1');
  const second = await follow(posted, 'next');
  for (const url of [linkOf(posted, 'next'), linkOf(second, 'self'), linkOf(second, 'next'), linkOf(second, 'previous')])
    expect(url).toMatch(/^http:\/\/facet\.test\/fhir\/R4\/Patient\?_page=[\w-]+$/);
});

test.each(['/Patient?_sort=family&_count=1', '/Patient?_count=1', '/Patient/_history?_count=1', '/Patient/p0/$everything?_count=1'])(
  '%s: previous leads back through the same pages to the first, which has none',
  async (path) => {
    const forth = [await get(path)];
    for (let page = forth[0]!; linkOf(page, 'next') !== undefined; forth.push(page)) page = await follow(page, 'next');
    expect(forth.length).toBeGreaterThan(1);
    expect(linkOf(forth[0]!, 'previous')).toBeUndefined();
    let page = forth.at(-1)!;
    for (const earlier of forth.slice(0, -1).reverse()) {
      page = await follow(page, 'previous');
      expect(page.body.entry).toEqual(earlier.body.entry);
    }
    expect(linkOf(page, 'previous')).toBeUndefined();
    expect((await follow(page, 'next')).body.entry).toEqual(forth[1]!.body.entry);
  },
);

test('previous leads back at most ten pages, so that page links stay short', async () => {
  for (let at = 0; at < 14; at++) await facet.put({ resourceType: 'Organization', id: `org${at}`, name: `O${at}` }).expect(201);
  let page = await get('/Organization?_count=1');
  const lengths: number[] = [];
  for (; linkOf(page, 'next') !== undefined; page = await follow(page, 'next')) lengths.push(linkOf(page, 'next')!.length);
  let back = 0;
  for (; linkOf(page, 'previous') !== undefined; back++) page = await follow(page, 'previous');
  expect([back, idsOf(page)]).toEqual([10, 'org10']);
  expect(Math.max(...lengths)).toBeLessThan(600);
});
