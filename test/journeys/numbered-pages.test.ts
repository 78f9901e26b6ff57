// Lists with page numbers over HTTP. The vendor exists in this test only (pages/clinic).
import request from 'supertest';
import { type Document, faultsOf } from '../mapping/open-api.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_MAPPINGS: 'test/journeys/pages' });
  for (const family of ['A', 'B', 'C', 'D', 'E']) await add(family);
});
afterAll(() => facet.close());

const add = async (family: string): Promise<void> => {
  const { status } = await request(facet.app)
    .post('/fhir/R4/Practitioner')
    .set({ 'x-api-key': facet.demo.fhir!, 'Content-Type': 'application/fhir+json' })
    .send({ resourceType: 'Practitioner', name: [{ family }] });
  expect(status).toBe(201);
};

const list = (query: string) => request(facet.app).get(`/v1/clinicians?${query}`).set('authorization', `Bearer ${facet.demo.clinic}`);

/** The names on a page, what is said of it, and the queries of the pages beside it. */
async function page(query: string) {
  const { status, body } = await list(query);
  const links = (body.links ?? []) as { rel: string; href: string }[];
  return {
    names: body.data?.map(({ name }: { name: string }) => name).join(''),
    meta: body.meta,
    links: Object.fromEntries(links.map(({ rel, href }) => [rel, new URL(href).search])),
    status,
  };
}

test('a page is selected by its number, with the numbers of the neighbouring pages and the count', async () => {
  const meta = { per_page: 2, pages: 3, total: 5 };
  expect(await page('')).toEqual({
    names: 'AB',
    meta: { ...meta, page: 1, next: 2, previous: null },
    links: { next: '?page=2' },
    status: 200,
  });
  expect(await page('page=2')).toMatchObject({
    names: 'CD',
    meta: { ...meta, page: 2, next: 3, previous: 1 },
    links: { next: '?page=3', prev: '?page=1' },
  });
  expect(await page('page=3')).toMatchObject({
    names: 'E',
    meta: { ...meta, page: 3, next: null, previous: 2 },
    links: { prev: '?page=2' },
  });
  expect(await page('page=4')).toMatchObject({ names: '', meta: { ...meta, page: 4, next: null, previous: 3 } });
});

test('links keep the page size and the filters', async () => {
  expect(await page('per_page=3&page=2')).toMatchObject({ names: 'DE', meta: { page: 2, per_page: 3, pages: 2 } });
  const { links } = await page('per_page=1&page=2');
  expect(links).toEqual({ next: '?per_page=1&page=3', prev: '?per_page=1&page=1' });
  expect(await page('name=A')).toMatchObject({ names: 'A', meta: { page: 1, pages: 1, total: 1, next: null, previous: null }, links: {} });
  expect(await page('name=Nobody')).toMatchObject({ names: '', meta: { page: 1, pages: 0, total: 0, next: null } });
});

test.each([
  ['page=0', 'page must be a whole number from 1 to 4'],
  ['page=5', 'page must be a whole number from 1 to 4'],
  ['per_page=3&page=4', 'page must be a whole number from 1 to 3'],
  ['page=two', 'page must be a whole number from 1 to 4'],
  ['per_page=4', 'per_page must be a whole number from 1 to 3'],
  ['offset=2', 'offset is not a parameter of this request'],
])('%s is refused', async (query, message) => {
  const { status, body } = await list(query);
  expect([status, body.error]).toEqual([400, 'parameter']);
  expect(body.message).toContain(message);
});

test('the last allowed page names no next page, although there are more items', async () => {
  for (const family of ['F', 'G', 'H', 'I', 'J']) await add(family);
  const at = async (query: string) => {
    const { names, meta, links } = await page(query);
    return [names, meta.next, Object.keys(links)];
  };
  expect(await at('page=3')).toEqual(['EF', 4, ['next', 'prev']]);
  expect(await at('page=4')).toEqual(['GH', null, ['prev']]);
  expect(await at('per_page=3&page=3')).toEqual(['GHI', null, ['prev']]);
});

test('the document describes the paging', async () => {
  const document = (await request(facet.app).get('/openapi/clinic.json')).body as Document;
  expect(await faultsOf(document)).toBeUndefined();
  expect(document.paths['/v1/clinicians']!.get!.parameters.map(({ name, schema }) => [name, schema])).toEqual([
    ['per_page', { type: 'integer', minimum: 1, maximum: 3, default: 2 }],
    ['page', { type: 'integer', minimum: 1, maximum: 8, default: 1 }],
    ['name', expect.anything()],
  ]);
});
