// The console's API over HTTP: what the vendors' mappings are, for callers of the FHIR API and of a surface. The contract holds every response to the document.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const read = (path: string, key?: string) =>
  request(facet.app)
    .get(`/console/api/mappings${path}`)
    .set(key === undefined ? {} : { Authorization: `Bearer ${key}` });

interface Surface {
  surface: string;
  shapes: { shape: string; resource: string; fields: { name: string; elements: string[] }[] }[];
}

test('every shape of every surface is explained, the same for both tenants', async () => {
  const { body } = await read('', facet.demo.fhir).expect(200);
  expect(body.surfaces.map(({ surface }: Surface) => surface)).toEqual(['loop', 'clinik', 'jump']);
  expect((await read('', facet.other.fhir)).body).toEqual(body);
  for (const { surface, shapes } of body.surfaces as Surface[]) {
    expect((await read(`/${surface}`, facet.demo.fhir).expect(200)).body.shapes).toEqual(shapes);
    for (const { shape, resource, fields } of shapes) {
      const { body: explained } = await read(`/${surface}/${shape}`, facet.demo.fhir).expect(200);
      expect([explained.resource, explained.fields.map(({ name }: { name: string }) => name)]).toEqual([
        resource,
        fields.map(({ name }) => name),
      ]);
      expect(explained.source.file).toBe(`${surface}/${shape}.yaml`);
    }
  }
});

test('nothing names a folder of this machine', async () => {
  const texts = [(await read('', facet.demo.fhir)).text, (await read('/loop/patient', facet.demo.fhir)).text];
  expect(texts.filter((text) => text.includes(process.cwd()))).toEqual([]);
});

test('a key of a surface opens its mappings only', async () => {
  const { body } = await read('', facet.demo.jump).expect(200);
  expect(body.surfaces.map(({ surface }: Surface) => surface)).toEqual(['jump']);
  await read('/jump', facet.demo.jump).expect(200);
  await read('/jump/patient', facet.demo.jump).expect(200);
  for (const path of ['/loop', '/loop/patient', '/nobody']) await read(path, facet.demo.jump).expect(403);
  await request(facet.app).get('/console/api/faces/Patient/1').set('Authorization', `Bearer ${facet.demo.jump}`).expect(403);
});

test('a key of the FHIR API needs no scope, and no key, an unknown one and an administrator’s are refused', async () => {
  await read('/clinik/patient', await facet.keyWith('fhir', ['system/Observation.r'])).expect(200);
  for (const path of ['', '/loop', '/loop/patient']) {
    await read(path).expect(401);
    await read(path, 'nobody').expect(401);
  }
  await read('', await facet.keyWith('admin', [])).expect(403);
  await request(facet.app).post('/console/api/mappings').set('Authorization', `Bearer ${facet.demo.fhir}`).expect(405);
});

test('what does not exist is 404, with what there is', async () => {
  const { body } = await read('/nobody', facet.demo.fhir).expect(404);
  expect(body.message).toBe('there is no surface of this name; there are loop, clinik, jump');
  for (const path of ['/loop/nobody', '/nobody/patient', '/loop/patient/x', '/constructor', '/loop/constructor'])
    await read(path, facet.demo.fhir).expect(404);
});
