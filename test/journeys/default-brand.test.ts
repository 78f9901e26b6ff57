// Patients from other APIs have no brand: in Loop they belong to the tenant's default brand.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const loop = (method: 'get' | 'post', path: string) => request(facet.app)[method](path).set('authorization', `Bearer ${facet.demo.loop}`);
const listed = async (brand: string): Promise<string[]> =>
  (await loop('get', `/v1/patients?brand_id=${brand}`)).body.patients.map(({ id }: { id: string }) => id);

test('a patient of another API is only on the list of the default brand, which is the tenant’s slug', async () => {
  const created = await request(facet.app)
    .post('/v1/patients')
    .set('x-api-key', facet.demo.clinik!)
    .send({ firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com', gender: 'female' });
  expect(created.status).toBe(201);
  const own = (await loop('post', '/v1/patients').send({ brand_id: 'demo', first_name: 'Own', last_name: 'Brand' })).body;
  const other = (await loop('post', '/v1/patients').send({ brand_id: 'other', first_name: 'Other', last_name: 'Brand' })).body;
  expect(await listed('demo')).toEqual([own.id, expect.any(String)]);
  const [id] = (await listed('demo')).filter((one) => one !== own.id);
  expect((await loop('get', `/v1/patients/${id}`)).body).toMatchObject({ id, brand_id: 'demo', last_name: 'Lovelace' });
  expect(await listed('other')).toEqual([other.id]);
  expect(await listed('none')).toEqual([]);
});

test('a duplicate patient is refused in the default brand, and created in another brand', async () => {
  const repeated = { first_name: 'Ada', last_name: 'Lovelace', email: 'ada@example.com' };
  expect((await loop('post', '/v1/patients').send({ brand_id: 'demo', ...repeated })).status).toBe(409);
  expect((await loop('post', '/v1/patients').send({ brand_id: 'elsewhere', ...repeated })).status).toBe(201);
});

test('every spelling of a gender is stored as the FHIR code, and returned as sent', async () => {
  for (const [gender, code] of Object.entries({
    Male: 'male',
    M: 'male',
    FEMALE: 'female',
    f: 'female',
    'Non-Binary': 'other',
    '?': 'unknown',
  })) {
    const { status, body } = await loop('post', '/v1/patients').send({ brand_id: 'g', first_name: gender, last_name: 'X', gender });
    expect([status, body.gender]).toEqual([201, gender]);
    const { body: stored } = await request(facet.app).get(`/fhir/R4/Patient/${body.id}`).set('authorization', `Bearer ${facet.demo.fhir}`);
    expect([gender, stored.gender]).toEqual([gender, code]);
  }
});
