// Every shape of a vendor that can be created, walked through from outside by its own examples: what is created through its door is the resource that the
// example states, is read and listed there, is found by the FHIR search its filters become, changes, and is gone. A new mapping adds no test code.
import request from 'supertest';
import type { Example } from '../../src/projection/laws/example.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import type { View } from '../../src/projection/shape.ts';
import { examplesOf, nameOf, world } from '../projection/examples.ts';
import { type Running, startFacet } from './running.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
const fhir = (method: Method, path: string) =>
  request(facet.app)[method](`/fhir/R4/${path}`).set('x-api-key', facet.demo.fhir!).set('Content-Type', 'application/fhir+json');

/** What a resource of these types must have beside its id. */
const LEAST: Record<string, object> = {
  Encounter: { status: 'planned', class: { code: 'AMB' } },
  Organization: { name: 'x' },
  Observation: { status: 'final', code: { text: 'x' } },
  Schedule: { actor: [{ display: 'x' }] },
  ServiceRequest: { status: 'active', intent: 'order', subject: { display: 'x' } },
};

/** The first example that says what a request becomes; shapes that wait for an outside step have journeys of their own. */
const creates = world.shapes.flatMap((loaded) => {
  const { shape, mapping } = loaded;
  const example = examplesOf(loaded).find(({ request: body, resource, server }) => body && resource && !server);
  const walks = shape.interactions.includes('create') && !shape.port && !mapping.content.row && shape.interactions.includes('read');
  return walks && example ? [[nameOf(loaded), loaded, example] as const] : [];
});

describe.each(creates)('%s', (_name, loaded, example) => {
  const { shape } = loaded;
  const { surface } = shape;
  const call = (method: Method, path = '', keys = facet.demo) => {
    const key = keys[surface.name]!;
    const credential = surface.auth.scheme === 'bearer' ? `Bearer ${key}` : key;
    return request(facet.app)[method](`/${surface.name}${shape.path}${path}`).set(surface.auth.header, credential);
  };
  const bodyOf = (answer: request.Response): View => (answer.body.data ?? answer.body) as View;
  const itemsOf = (answer: request.Response): View[] => listIn(answer.body);
  let made: View;

  beforeAll(async () => {
    for (const { of } of shape.exists)
      for (const { type, id } of of(example.request!)) {
        const { status } = await fhir('put', `${type}/${id}`).send(JSON.stringify({ resourceType: type, id, ...LEAST[type] }));
        expect([200, 201]).toContain(status);
      }
    const answer = await call('post').send(example.request!);
    expect([answer.status, answer.body]).toEqual([201, expect.anything()]);
    made = bodyOf(answer);
  });

  const uuid = (): string => surface.readId(shape.resource, made.id as string)!;
  const walk = (interaction: 'search' | 'update' | 'delete') => (shape.interactions.includes(interaction) ? test : test.skip);

  test('is answered as the example says, and is the resource it states', async () => {
    const { id: _, ...answered } = example.response!;
    const told = Object.fromEntries(Object.entries(answered).filter(([name]) => !isServers(loaded, name)));
    expect(made).toMatchObject(told);
    const { body } = await fhir('get', `${shape.resource}/${uuid()}`);
    expect(body).toMatchObject(JSON.parse(JSON.stringify(example.resource)));
    expect(bodyOf(await call('get', `/${made.id}`))).toEqual(made);
  });

  test('nobody of another tenant sees it', async () => {
    expect((await call('get', `/${made.id}`, facet.other)).status).toBe(404);
  });

  walk('search')('each filter of the examples finds what the FHIR search it becomes finds', async () => {
    for (const { search, query } of searches(loaded)) {
      const listed = await call('get', `?${new URLSearchParams({ ...search, [surface.page.size]: '100' })}`);
      const found = await fhir('get', `${query!}&_count=100`);
      expect([search, listed.status, found.status]).toEqual([search, 200, 200]);
      const ids = ((found.body.entry ?? []) as { resource: { id: string } }[]).map(({ resource }) => resource.id);
      expect([search, itemsOf(listed).map((one) => surface.readId(shape.resource, one.id as string))]).toEqual([search, ids]);
    }
  });

  walk('update')('a change of nothing makes no version', async () => {
    const before = await call('get', `/${made.id}`);
    const same = await call('patch', `/${made.id}`).send({});
    expect([same.status, same.headers.etag, bodyOf(same)]).toEqual([200, before.headers.etag, made]);
  });

  walk('delete')('deleted, it is gone at every door', async () => {
    expect((await call('delete', `/${made.id}`)).status).toBe(204);
    expect((await call('get', `/${made.id}`)).status).toBe(404);
    expect((await fhir('get', `${shape.resource}/${uuid()}`)).status).toBe(410);
  });
});

test('there is something to walk through', () => {
  expect(creates.length).toBeGreaterThan(3);
});

/** Ids asked for are of the examples; what they lead to need not be there. */
const searches = (loaded: LoadedShape): Example[] =>
  examplesOf(loaded).filter(({ search, query }) => search && query && !('unknown' in search));

/** What only the server knows: times, and what follows from them. */
const isServers = ({ lens }: LoadedShape, name: string): boolean =>
  lens.fields.some((field) => field.name === name && field.paths.some(({ text }) => text === '%created' || text === 'meta.lastUpdated'));

/** The first list in an answer, however it is wrapped. */
function listIn(body: unknown): View[] {
  if (Array.isArray(body)) return body as View[];
  const inside = Object.values(body as object).filter((one) => typeof one === 'object' && one !== null);
  return inside.map(listIn).find((one) => one !== undefined) ?? [];
}
