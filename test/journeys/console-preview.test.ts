// A preview equals what is then saved: random edits in every face of every mapping that can be changed, and in FHIR. Nothing is saved by it.
import request from 'supertest';
import { toRecord } from '../../src/fhir/json-values.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { pickDifferentValue } from '../../src/mapping/explain/different-value.ts';
import { buildSamples } from '../../src/mapping/explain/samples.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import fc from '../fast-check.ts';
import { examplesOf, shapes, toQualifiedName } from '../mapping/examples.ts';
import { type Running, startFacet } from './running-server.ts';

type Json = Record<string, unknown>;
interface Preview {
  write: { method: 'PUT' | 'PATCH'; path: string; ifMatch: string; body: object };
  status: number;
  problems: { text: string; expression?: string[] }[];
  saved?: {
    resource: Resource;
    changes: { path: string }[];
    faces: Record<string, { shape: string; item?: string; view: Json | null; changes: object[] }[]>;
  };
}

const NOW = new Date('2026-06-01T12:00:00.000Z');
let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: () => NOW });
});
afterAll(() => facet.close());

const asConsole = (method: 'get' | 'post', path: string, key = facet.demo.fhir!) =>
  request(facet.app)[method](`/console/api${path}`).set('Authorization', `Bearer ${key}`);
const facesOf = async ({ resourceType, id }: { resourceType: string; id?: string }) =>
  (await asConsole('get', `/faces/${resourceType}/${id}`).expect(200)).body;
const preview = (edit: object, key?: string) => asConsole('post', '/preview', key).send(edit);

/** The request that the preview names, with a key of the surface. */
function save(surface: string, { write }: Preview) {
  const key = facet.demo[surface]!;
  const path = (surface === 'fhir' ? '/fhir/R4' : `/${surface}`) + write.path;
  const headers = { Authorization: `Bearer ${key}`, 'x-api-key': key, 'If-Match': write.ifMatch, 'Content-Type': 'application/json' };
  return request(facet.app)[write.method === 'PUT' ? 'put' : 'patch'](path).set(headers).send(write.body);
}

let count = 0;
const newId = (): string => `0190b3c2-0000-7000-8000-${String(++count).padStart(12, '0')}`;

/** The resources in the examples of a type that the server accepts, each with the id that it is stored with. */
const STORED = new Map<string, Promise<Resource[]>>();
function storedOf(type: string): Promise<Resource[]> {
  const store = async (): Promise<Resource[]> => {
    const all: Resource[] = [];
    for (const loaded of shapes.filter(({ shape }) => shape.resource === type))
      for (const { resource, stored } of examplesOf(loaded)) {
        const content = resource ?? stored;
        if (!content) continue;
        const own = { ...content, id: newId() };
        if ((await facet.put(own as never)).status === 201) all.push(own);
      }
    return all;
  };
  const found = STORED.get(type) ?? store();
  STORED.set(type, found);
  return found;
}

const viewIn = (body: { faces: Record<string, { shape: string; view: Json }[]> }, surface: string, shape: string) =>
  body.faces[surface]?.find((face) => face.shape === shape)?.view;

/** Takes some members of another object, gives some another value, and leaves out some. */
const mix = (own: Json, other: Json, picks: number[], differentOf: (name: string) => unknown = () => undefined): Json => {
  const names = Object.keys({ ...own, ...other }).filter((name) => !['resourceType', 'id', 'meta'].includes(name));
  const mixed = { ...own };
  for (const pick of picks) {
    const name = names[pick % names.length]!;
    const different = differentOf(name);
    if (pick % 7 === 0) delete mixed[name];
    else if (pick % 11 === 0) mixed[name] = 'nonsense';
    else if (pick % 2 === 0 && different !== undefined) mixed[name] = different;
    else if (other[name] !== undefined) mixed[name] = other[name];
  }
  return mixed;
};

/** Previews an edit, saves it, and compares. Returns the number of changes in FHIR; undefined: it was refused. */
async function compare(
  surface: string,
  edit: { type: string; id: string; version: string; content: object; shape?: string },
): Promise<number | undefined> {
  const before = await facesOf({ resourceType: edit.type, id: edit.id });
  const response = await preview({ ...edit, surface });
  expect([response.status, response.text.slice(0, 200)]).toEqual([200, response.text.slice(0, 200)]);
  const shown: Preview = response.body;
  expect(await facesOf({ resourceType: edit.type, id: edit.id })).toEqual(before);
  const written = await save(surface, shown);
  const after = await facesOf({ resourceType: edit.type, id: edit.id });
  expect([written.status, shown.problems.length > 0]).toEqual([shown.status, shown.saved === undefined]);
  if (!shown.saved) {
    expect(after).toEqual(before);
    return undefined;
  }
  expect(shown.saved.resource).toEqual(after.resource);
  const views = Object.entries(shown.saved.faces).flatMap(([name, faces]) => faces.map(({ changes: _, ...face }) => ({ name, ...face })));
  const saved = Object.entries(after.faces as Record<string, { shape: string; item?: string; view: Json }[]>).flatMap(([name, faces]) =>
    faces.map(({ shape, item, view }) => ({ name, shape, ...(item !== undefined && { item }), view })),
  );
  expect(views.filter(({ view }) => view !== null)).toEqual(saved);
  return shown.saved.changes.length;
}

const isChangeable = ({ shape }: LoadedShape): boolean =>
  !shape.isPersonal && shape.interactions.some((name) => name === 'update' || name === 'replace');
const cases = fc.record({ at: fc.nat(), other: fc.nat(), picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) });
const RUNS = { numRuns: 24 };
const TYPES = [...new Set(shapes.map(({ shape }) => shape.resource))];

test.each(shapes.filter(isChangeable).map((loaded) => [toQualifiedName(loaded), loaded] as const))(
  'edits of the face %s are previewed as they are saved',
  async (_name, loaded) => {
    const { shape, lens } = loaded;
    const { name: surface } = shape.surface;
    const samples = buildSamples(examplesOf(loaded), shape);
    const accepted: (number | undefined)[] = [];
    const stored = await storedOf(shape.resource);
    await fc.assert(
      fc.asyncProperty(cases, async ({ at, other, picks }) => {
        const { resourceType: type, id } = stored[at % stored.length]!;
        const now = await facesOf({ resourceType: type, id: id! });
        const view = viewIn(now, surface, shape.name);
        const source = viewIn(await facesOf(stored[other % stored.length]! as never), surface, shape.name);
        if (!view || !source) return;
        const differentOf = (name: string): unknown => {
          const field = lens.fields.find((one) => one.name === name)!;
          return field.spec.readOnly ? undefined : pickDifferentValue(field, view[name], samples);
        };
        const content = mix(view, source, picks, differentOf);
        accepted.push(
          await compare(surface, { type, id: id!, version: now.version, shape: shape.name, content: { ...content, id: view.id } }),
        );
      }),
      RUNS,
    );
    expect(accepted.filter(Boolean).length).toBeGreaterThan(0);
  },
  60_000,
);

test.each(TYPES)(
  'edits of a %s in FHIR are previewed as they are saved',
  async (type) => {
    const accepted: (number | undefined)[] = [];
    const stored = await storedOf(type);
    await fc.assert(
      fc.asyncProperty(cases, async ({ at, other, picks }) => {
        const { id } = stored[at % stored.length]!;
        const { resource, version } = await facesOf({ resourceType: type, id: id! });
        const content = mix(toRecord(resource), toRecord(stored[other % stored.length]), picks);
        accepted.push(await compare('fhir', { type, id: id!, version, content }));
      }),
      RUNS,
    );
    expect(accepted.filter(Boolean).length).toBeGreaterThan(0);
  },
  60_000,
);

describe('the request', () => {
  const PATIENT = { resourceType: 'Patient', id: '0190b3c2-0000-7000-8000-0000000000ff', name: [{ family: 'Lovelace', given: ['Ada'] }] };
  const edit = { type: 'Patient', id: PATIENT.id, version: '1', surface: 'fhir', content: PATIENT };
  beforeAll(async () => {
    await facet.put(PATIENT).expect(201);
  });

  test('an edit in FHIR shows its difference in every face, and what sends it', async () => {
    const { body } = await preview({ ...edit, content: { ...PATIENT, name: [{ family: 'Byron', given: ['Ada'] }] } }).expect(200);
    expect([body.status, body.problems, body.saved.resource.meta.versionId]).toEqual([200, [], '2']);
    expect(body.saved.changes).toEqual([{ path: 'name[0].family', before: 'Lovelace', after: 'Byron' }]);
    const jump = body.saved.faces.jump.find(({ shape }: { shape: string }) => shape === 'patient');
    expect(jump.changes).toContainEqual({ path: 'last_name', before: 'Lovelace', after: 'Byron' });
    expect([body.write.method, body.write.path, body.write.ifMatch]).toEqual(['PUT', `/Patient/${PATIENT.id}`, 'W/"1"']);
    const history = await facet.fhir('get', `/Patient/${PATIENT.id}/_history`);
    expect(history.body.total).toBe(1);
  });

  test('problems name the field of the face, or the element', async () => {
    const { view } = (await facesOf(PATIENT)).faces.jump.find(({ shape }: { shape: string }) => shape === 'patient');
    const vendor = await preview({ ...edit, surface: 'jump', shape: 'patient', content: { ...view, date_of_birth: 'yesterday' } }).expect(
      200,
    );
    expect([vendor.body.saved, vendor.body.problems[0].expression]).toEqual([undefined, ['date_of_birth']]);
    const fhir = await preview({ ...edit, content: { ...PATIENT, gender: 'x' } }).expect(200);
    expect([fhir.body.status, fhir.body.problems[0].expression]).toEqual([400, ['Patient.gender']]);
  });

  test('an edit of another version, of a face that can only be read, and of what there is not is refused', async () => {
    await preview({ ...edit, version: '7' }).expect(412);
    await preview({ ...edit, surface: 'loop', shape: 'patient' }).expect(400);
    await preview({ ...edit, surface: 'loop', shape: 'nothing' }).expect(404);
    await preview({ ...edit, id: 'nobody' }).expect(404);
    await preview({ ...edit, content: 'text' }).expect(400);
    await preview({ ...edit, type: 'Patience' }).expect(400);
    await preview({ ...edit, more: 1 }).expect(400);
    await asConsole('get', '/preview').expect(405);
  });

  test('the read and the update scope are needed; another tenant has no such resource', async () => {
    await request(facet.app).post('/console/api/preview').send(edit).expect(401);
    for (const scope of ['system/Patient.r', 'system/Patient.u']) await preview(edit, await facet.keyWith('fhir', [scope])).expect(403);
    await preview(edit, await facet.keyWith('fhir', ['system/Patient.ru'])).expect(200);
    const [other, missing] = await Promise.all([preview(edit, facet.other.fhir), preview({ ...edit, id: 'nobody' }, facet.other.fhir)]);
    expect([other.status, other.text]).toEqual([404, missing.text]);
  });

  test('references are enforced as for the write', async () => {
    const strict = await startFacet({ FACET_REFERENCES: 'strict' });
    await strict.put(PATIENT).expect(201);
    const content = { ...PATIENT, managingOrganization: { reference: 'Organization/nobody' } };
    const { body } = await request(strict.app)
      .post('/console/api/preview')
      .set('Authorization', `Bearer ${strict.demo.fhir}`)
      .send({ ...edit, content })
      .expect(200);
    const refused = await strict.put(content).expect(422);
    expect([body.status, body.problems[0].text]).toEqual([422, refused.body.issue[0].details.text]);
    await strict.close();
  });
});
