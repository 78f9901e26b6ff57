// Loop's laboratory catalogue over HTTP: loaded through FHIR as in docs/lab-catalogue.md, listed, searched, with availability.
import { readFileSync } from 'node:fs';
import request from 'supertest';
import type { Resource } from '../../src/fhir/types.ts';
import { readDemo } from '../../src/server/development/demo.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let markers: Resource[];
beforeAll(async () => {
  facet = await startFacet();
  markers = readDemo('mappings').resources.filter((one) => one.resourceType === 'ActivityDefinition' && 'identifier' in one);
  await load(bundleOf(markers)).expect(200);
});
afterAll(() => facet.close());

const fhir = { 'Content-Type': 'application/fhir+json' };
const load = (bundle: object | string) =>
  request(facet.app)
    .post('/fhir/R4')
    .set({ ...fhir, 'x-api-key': facet.demo.fhir! })
    .send(typeof bundle === 'string' ? bundle : JSON.stringify(bundle));
const bundleOf = (resources: Resource[]) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map((resource) => ({ request: { method: 'PUT', url: `ActivityDefinition/${resource.id}` }, resource })),
});
const catalogue = async (path: string, key = facet.demo.loop!) => {
  const { status, body } = await request(facet.app).get(`/v1/lab-catalog/${path}`).set('Authorization', `Bearer ${key}`);
  return { status, body };
};
interface Marker {
  id: string;
  slug: string;
}
const slugs = async (query: string) => (await catalogue(`markers?${query}`)).body.markers.map(({ slug }: Marker) => slug);
const idOf = (slug: string): string => markers.find((marker) => JSON.stringify(marker).includes(`"value":"${slug}"`))!.id!;

test('the catalogue is listed by name, in the documented envelope', async () => {
  const { status, body } = await catalogue('markers');
  expect([status, { ...body, markers: [] }]).toEqual([200, { markers: [], total: 8, limit: 20, offset: 0, state: null }]);
  expect(body.markers.map(({ slug }: Marker) => slug).slice(0, 3)).toEqual([
    'anti-mullerian-hormone',
    'dhea-sulfate',
    'follicle-stimulating-hormone',
  ]);
  expect(body.markers.find(({ slug }: Marker) => slug === 'tsh')).toEqual({
    id: idOf('tsh'),
    slug: 'tsh',
    name: 'TSH',
    description: 'Thyroid-stimulating hormone',
    biomarker_code: 'tsh',
    units: 'mIU/L',
    wholesale_cost: 4.5,
    currency: 'USD',
    source_lab_id: '27',
    tags: ['hashimotos', 'fertility', 'thyroid'],
    availability: null,
    retail_price: 19,
  });
});

test('the pages contain each marker once', async () => {
  const pages = [await slugs('limit=3'), await slugs('limit=3&offset=3'), await slugs('limit=3&offset=6')];
  expect(pages.map(({ length }) => length)).toEqual([3, 3, 2]);
  expect(new Set(pages.flat()).size).toBe(8);
});

test.each<[string, string[]]>([
  ['q=thyroid', ['thyroid-peroxidase-antibodies', 'tsh']],
  ['q=HORMONE%20anti', ['anti-mullerian-hormone']],
  ['q=stimul', ['follicle-stimulating-hormone', 'tsh']],
  ['tag=hashimotos', ['free-t4', 'thyroid-peroxidase-antibodies', 'tsh']],
  ['tag=fertility&q=serum', ['anti-mullerian-hormone', 'follicle-stimulating-hormone', 'luteinizing-hormone']],
  ['tag=hash', []],
])('%s finds %j', async (query, found) => {
  expect(await slugs(query)).toEqual(found);
});

test('with a state a marker shows its known availability there, others show null, and none is omitted', async () => {
  const { body } = await catalogue('markers?state=NJ');
  expect([body.state, body.total]).toEqual(['NJ', 8]);
  const known = body.markers.filter(({ availability }: { availability: unknown }) => availability !== null);
  expect(known).toMatchObject([
    { slug: 'anti-mullerian-hormone', availability: { state: 'NJ', status: 'unavailable', source_lab_id: null, note: null } },
  ]);
});

test('the availability has an entry for each requested marker of the catalogue', async () => {
  const ids = [idOf('tsh'), idOf('anti-mullerian-hormone'), '0190b3c2-0000-7000-8000-0000000000ff'];
  const { status, body } = await catalogue(`availability?state=TX&marker_ids=${ids.join(',')}`);
  expect([status, body]).toEqual([
    200,
    {
      state: 'TX',
      entries: [
        { marker_id: ids[0], status: 'available', source_lab_id: null, note: null },
        { marker_id: ids[1], status: 'available_via_byop', source_lab_id: null, note: null },
      ],
    },
  ]);
});

test('a marker whose FHIR id is not a UUID is addressed by its UUID alias', async () => {
  const { id: _, ...rest } = markers[0]!;
  const short = { ...rest, id: 'short', title: 'Short' } as Resource;
  await load(bundleOf([short])).expect(200);
  const [visible] = (await catalogue('markers?q=short')).body.markers;
  const { body } = await catalogue(`availability?state=CA&marker_ids=${markers[1]!.id},${visible.id}`);
  expect(body.entries.map((entry: { marker_id: string }) => entry.marker_id).sort()).toEqual([markers[1]!.id, visible.id].sort());
  await load(bundleOf([{ ...short, status: 'retired' }])).expect(200);
});

test('more than a hundred markers in one request are refused', async () => {
  const many = Array.from({ length: 101 }, (_, index) => `0190b3c2-0000-7000-8000-${String(index).padStart(12, '0')}`);
  const { status, body } = await catalogue(`availability?state=TX&marker_ids=${many.join()}`);
  expect([status, body.message]).toEqual([400, expect.any(String)]);
});

test.each([
  'availability?state=TX',
  'availability?marker_ids=x',
  'availability?state=TX&marker_ids=tsh',
  'markers?limit=0',
  'markers?shoe=1',
])('%s is refused with the documented error', async (path) => {
  const { status, body } = await catalogue(path);
  expect([status, Object.keys(body), body.error]).toEqual([400, ['error', 'message'], 'validation_error']);
});

test('loading the catalogue again writes nothing; a retired marker leaves the list and stays in FHIR', async () => {
  const repeated = await load(bundleOf(markers)).expect(200);
  expect(repeated.body.entry.map(({ response }: { response: { etag: string } }) => response.etag)).toEqual(markers.map(() => 'W/"1"'));
  const [tsh] = markers.filter(({ id }) => id === idOf('tsh'));
  await load(bundleOf([{ ...tsh!, status: 'retired' }])).expect(200);
  expect(await slugs('q=tsh')).toEqual([]);
  expect((await catalogue(`availability?state=TX&marker_ids=${tsh!.id}`)).body.entries).toEqual([]);
  await load(bundleOf([tsh!])).expect(200);
  expect(await slugs('q=tsh')).toEqual(['tsh']);
});

test('the file that the guide prints can be loaded', async () => {
  const [, printed] = /<<'END'\n(.*?)\nEND\n/s.exec(readFileSync('docs/lab-catalogue.md', 'utf8'))!;
  await load(printed!).expect(200);
  expect((await catalogue('markers?q=ferritin&state=NY')).body.markers).toMatchObject([
    { slug: 'ferritin', wholesale_cost: 4.2, tags: ['iron'], availability: { state: 'NY', status: 'requires_byop' } },
  ]);
});

test('a file with an invalid extension of one marker is refused completely', async () => {
  const [tsh] = markers;
  const invalid = {
    ...tsh!,
    title: 'Other',
    extension: [{ url: 'https://loop.health/fhir/StructureDefinition/marker-unit', valueInteger: 1 }],
  };
  const { status } = await load(bundleOf([{ ...markers[1]!, title: 'Other' }, invalid]));
  expect([status, await slugs('q=other')]).toEqual([422, []]);
});

test('other ActivityDefinitions are not markers, and each tenant has its own catalogue', async () => {
  await load(bundleOf([{ resourceType: 'ActivityDefinition', id: 'advice', status: 'active', title: 'Thyroid advice' }])).expect(200);
  expect(await slugs('q=advice')).toEqual([]);
  expect((await catalogue('markers', facet.other.loop)).body.total).toBe(0);
});
