// Fields that share a FHIR element, over HTTP: all values of one request are stored. The vendor exists in this test only, modelled on SCIM
// (contacts/directory).
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_MAPPINGS: 'test/journeys/contacts' });
});
afterAll(() => facet.close());

const call = (method: 'get' | 'post' | 'patch' | 'put', path: string) =>
  request(facet.app)[method](`/v1/users${path}`).set('authorization', `Bearer ${facet.demo.directory}`);
const stored = async (id: string) => (await facet.fhir('get', `/Practitioner/${id}`)).body;

const ADA = {
  name: { familyName: 'Lovelace', givenName: 'Ada' },
  otherNames: [{ value: 'Enchantress' }],
  emails: [
    { value: 'ada@work.example', type: 'work' },
    { value: 'ada@home.example', type: 'home' },
  ],
  phoneNumbers: [{ value: '+1 518 474 2121', type: 'work' }],
  profileUrl: 'https://directory.example/ada',
};
const FAX = { system: 'fax', value: '+1 518 474 2122' };
const OLD = { system: 'phone', use: 'old', value: '+1 518 474 2123' };

test('a create with two lists, an object and a value over two elements stores all of them', async () => {
  const { status, body } = await call('post', '').send(ADA);
  expect([status, body]).toEqual([201, { id: expect.any(String), ...ADA }]);
  const { telecom, name } = await stored(body.id);
  expect(telecom).toHaveLength(4);
  expect(name).toHaveLength(2);
  expect((await call('get', `/${body.id}`)).body).toEqual(body);
});

test('a change of one keeps the others and foreign elements in their position', async () => {
  const { body } = await call('post', '').send(ADA);
  const created = await stored(body.id);
  const telecom = [FAX, ...created.telecom, OLD];
  await facet.put({ ...created, telecom });
  const phoneNumbers = [{ value: '+1 212 639 9675', type: 'home' }];
  expect((await call('patch', `/${body.id}`).send({ phoneNumbers })).body).toEqual({ ...body, phoneNumbers });
  const phone = { system: 'phone', value: '+1 212 639 9675', use: 'home' };
  expect((await stored(body.id)).telecom).toEqual(
    telecom.map((contact) => (contact.system === 'phone' && contact !== OLD ? expect.objectContaining(phone) : contact)),
  );
  expect((await call('patch', `/${body.id}`).send({ emails: [] })).body).toEqual({ ...body, phoneNumbers, emails: [] });
  expect((await stored(body.id)).telecom).toEqual([FAX, expect.objectContaining(phone), expect.objectContaining({ system: 'url' }), OLD]);
});

test('a change of all, and a replacement, are stored completely; a repetition creates no version', async () => {
  const { body } = await call('post', '').send(ADA);
  const next = {
    name: { familyName: 'King', givenName: 'Ada' },
    otherNames: [{ value: 'Countess' }, { value: 'Enchantress' }],
    emails: [{ value: 'ada@king.example', type: 'other' }, ADA.emails[0]],
    phoneNumbers: [{ value: '+1 212 639 9675', type: 'home' }, ADA.phoneNumbers[0]],
    profileUrl: 'https://directory.example/king',
  };
  const changed = await call('patch', `/${body.id}`).send(next);
  expect([changed.status, changed.body]).toEqual([200, { id: body.id, ...next }]);
  const { meta } = await stored(body.id);
  expect((await call('put', `/${body.id}`).send(next)).body).toEqual({ id: body.id, ...next });
  expect((await stored(body.id)).meta).toEqual(meta);
  expect((await call('put', `/${body.id}`).send(ADA)).body).toEqual({ id: body.id, ...ADA });
});
