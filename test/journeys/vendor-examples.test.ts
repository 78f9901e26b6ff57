// Sends the examples of every shape over HTTP: the created resource is that of the example, and it can be read, listed, found by the FHIR search of its
// filters, changed and deleted; resources from FHIR are shown. A new mapping needs no test code.
import request from 'supertest';
import { isUuid } from '../../src/fhir/indexing/uuid-alias.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Field } from '../../src/mapping/lens/field.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import type { View } from '../../src/mapping/shape.ts';
import { updateTenant } from '../../src/store/tenants.ts';
import { examplesOf, toQualifiedName, world } from '../mapping/examples.ts';
import { type Keys, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await updateTenant(facet.store.database, 'demo', { brand: 'main' }); // as the examples have it
});
afterAll(() => facet.close());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a resource of these types must have beside its id. */
const LEAST: Record<string, object> = {
  Appointment: { status: 'proposed', participant: [{ actor: { display: 'x' }, status: 'accepted' }] },
  CarePlan: { status: 'active', intent: 'plan', subject: { display: 'x' } },
  Encounter: { status: 'planned', class: { code: 'AMB' } },
  MedicationRequest: { status: 'active', intent: 'order', medicationCodeableConcept: { text: 'x' }, subject: { display: 'x' } },
  Media: { status: 'completed', content: { title: 'x' } },
  Organization: { name: 'x' },
  Observation: { status: 'final', code: { text: 'x' } },
  Schedule: { actor: [{ display: 'x' }] },
  ServiceRequest: { status: 'active', intent: 'order', subject: { display: 'x' } },
};

/** The first example that says what a request becomes; shapes that wait for an outside step, and those about the caller, have journeys of their own. */
const creates = world.shapes.flatMap((loaded) => {
  const { shape, mapping } = loaded;
  const example = examplesOf(loaded).find(({ request: body, resource, server }) => body && resource && !server);
  const walks = shape.interactions.includes('create') && !shape.externalStep && !shape.isPersonal && !mapping.content.row;
  return walks && example ? [[toQualifiedName(loaded), loaded, example] as const] : [];
});

/** The first whole item that was made through FHIR, of shapes that only show. */
const shows = world.shapes.flatMap((loaded) => {
  const { shape, mapping } = loaded;
  const example = examplesOf(loaded).find(({ stored, response }) => stored?.id && response);
  const walks = !shape.interactions.includes('create') && !mapping.content.row && shape.interactions.includes('read');
  return walks && example ? [[toQualifiedName(loaded), loaded, example] as const] : [];
});

/** A vendor's door, as its clients use it. */
function doorOf({ shape, lens }: LoadedShape) {
  const { surface } = shape;
  const call = (method: Method, path = '', { keys = facet.demo, within = {} }: { keys?: Keys; within?: View } = {}) => {
    const key = keys[surface.name]!;
    const credential = surface.auth.scheme === 'bearer' ? `Bearer ${key}` : key;
    const above = shape.path.replace(/\{(\w+)\}/g, (_, name: string) => String(within[name]));
    const at = path.startsWith('/') ? shape.itemPath.replace('{id}', path.slice(1)) : above + path;
    return request(facet.app)[method](`/${surface.name}${at}`).set(surface.auth.header, credential);
  };
  const bodyOf = ({ body }: request.Response): View => (shape.batch ? listIn(body)![0]! : (body.data ?? body)) as View;
  const uuidOf = (view: View): string => surface.decodeId(shape.resource, view.id as string)!;
  /** Without what only the server knows: the id, times. */
  const omitServerFields = (view: View): View =>
    Object.fromEntries(
      Object.entries(view).filter(([name]) => name !== 'id' && !lens.fields.some((field) => field.name === name && isServers(field))),
    );
  /** That each filter of the examples finds what the FHIR search it becomes finds. Ids they ask for need not lead to anything. */
  async function filtersCommute(loaded: LoadedShape): Promise<void> {
    for (const { search, query } of examplesOf(loaded)) {
      if (!search || !query || 'unknown' in search) continue;
      const parameters = Object.entries(search).filter(([name]) => !shape.pathParameters.includes(name));
      const size = shape.take === 'page' ? { [surface.page.size]: '100' } : {};
      const listed = await call('get', `?${new URLSearchParams({ ...Object.fromEntries(parameters), ...size })}`, { within: search });
      const found = await facet.fhir('get', `/${query}&_count=100`);
      expect([search, listed.status, found.status]).toEqual([search, 200, 200]);
      const ids = ((found.body.entry ?? []) as { resource: { id: string } }[]).map(({ resource: { id } }) =>
        isUuid(id) ? id : expect.any(String),
      );
      expect([search, listIn(listed.body)!.map(uuidOf)]).toEqual([search, ids]);
    }
  }
  return { call, bodyOf, uuidOf, told: omitServerFields, filtersCommute };
}

async function put(resource: object & { resourceType: string; id?: string }): Promise<void> {
  const { resourceType: type, id } = resource;
  const { status } = await facet.fhir('put', `/${type}/${id}`).send(JSON.stringify({ ...LEAST[type], ...resource }));
  expect([type, [200, 201].includes(status)]).toEqual([type, true]);
}

describe.each(shows)('%s', (_name, loaded, example) => {
  const { shape } = loaded;
  const { call, bodyOf, uuidOf, told: omitServerFields, filtersCommute } = doorOf(loaded);

  beforeAll(async () => {
    await put(example.stored!);
    for (const { name } of shape.joins) for (const resource of (example.env?.[name] ?? []) as Resource[]) await put(resource);
  });

  test('a resource from FHIR is shown as in the example, and not to another tenant', async () => {
    const visible = bodyOf(await call('get', `/${example.response!.id}`));
    expect(omitServerFields(visible)).toEqual(omitServerFields(example.response!));
    expect(uuidOf(visible)).toBe(example.stored!.id);
    expect((await call('get', `/${example.response!.id}`, { keys: facet.other })).status).toBe(404);
  });

  const walk = shape.interactions.includes('search') ? test : test.skip;
  walk('each filter of the examples finds what the FHIR search it becomes finds', () => filtersCommute(loaded));
});

/** What a field may lead to, as an example of the mapping says. */
const accepted = (loaded: LoadedShape, field: string): object | undefined =>
  examplesOf(loaded).find(({ accepts }) => accepts?.field === field)?.accepts?.yes[0];

describe.each(creates)('%s', (_name, loaded, example) => {
  const { shape } = loaded;
  const { call, bodyOf, uuidOf, told: omitServerFields, filtersCommute } = doorOf(loaded);
  let created: View;

  beforeAll(async () => {
    for (const { field, readReferences } of shape.referenceRules)
      for (const { type, id } of readReferences(example.request!)) await put({ ...accepted(loaded, field), resourceType: type, id });
    const response = await call('post', '', { within: example.request! }).send(example.request!);
    expect([response.status, response.body]).toEqual([shape.createdStatus, expect.anything()]);
    created = bodyOf(response);
  });

  const walk = (interaction: 'read' | 'search' | 'update' | 'delete') => (shape.interactions.includes(interaction) ? test : test.skip);

  test('has the response of the example, and stores the resource of the example', async () => {
    expect(omitServerFields(created)).toEqual(omitServerFields(example.response!));
    const { body } = await facet.fhir('get', `/${shape.resource}/${uuidOf(created)}`);
    const timed = loaded.lens.fields.flatMap(({ spec, paths: [main] }) => (spec.default === '%now' ? [main!.steps[0]!.name] : []));
    const stated = Object.fromEntries(Object.entries(example.resource!).filter(([name]) => !timed.includes(name)));
    expect(body).toMatchObject(JSON.parse(JSON.stringify(stated)));
  });

  walk('read')('is read as it was answered, and by nobody of another tenant', async () => {
    expect(bodyOf(await call('get', `/${created.id}`))).toEqual(created);
    expect((await call('get', `/${created.id}`, { keys: facet.other })).status).toBe(404);
  });

  const [refers] = shape.referenceRules.filter(({ readReferences }) => readReferences(example.request!).length);
  (refers ? test : test.skip)('what it refers to leads nowhere for another tenant, and is named', async () => {
    const response = await call('post', '', { keys: facet.other, within: example.request! }).send(example.request!);
    expect([response.status, response.text.includes(refers!.field)]).toEqual([shape.surface.describeError(refers!.missing).status, true]);
  });

  walk('search')('each filter of the examples finds what the FHIR search it becomes finds', () => filtersCommute(loaded));

  walk('update')('a change of nothing makes no version', async () => {
    const before = await call('get', `/${created.id}`);
    const same = await call('patch', `/${created.id}`).send({});
    expect([same.status, same.headers.etag, bodyOf(same)]).toEqual([200, before.headers.etag, created]);
  });

  walk('delete')('deleted, it is gone at every door', async () => {
    expect((await call('delete', `/${created.id}`)).status).toBe(204);
    expect((await call('get', `/${created.id}`)).status).toBe(404);
    expect((await facet.fhir('get', `/${shape.resource}/${uuidOf(created)}`)).status).toBe(410);
  });
});

test('there are shapes to test', () => {
  expect(creates.length).toBeGreaterThan(9);
  expect(shows.length).toBeGreaterThan(1);
});

/** What only the server knows: times, and what follows from them. */
const isServers = ({ paths }: Field): boolean => paths.some(({ text }) => text === '%created' || text === 'meta.lastUpdated');

/** The first list in an answer, however it is wrapped. */
function listIn(body: unknown): View[] | undefined {
  if (Array.isArray(body)) return body as View[];
  const inside = Object.values(body as object).filter((member) => typeof member === 'object' && member !== null);
  return inside.map(listIn).find((list) => list !== undefined);
}
