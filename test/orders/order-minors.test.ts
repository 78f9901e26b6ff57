// Orders for patients under eighteen: which parent or guardian is sent, and which data are required. https://docs.junction.com/lab/workflow/order-requirements#minors
import type { Resource } from '../../src/fhir/types.ts';
import { parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
});
beforeEach(async () => {
  fixture = await openOrderFixture(store);
  await fixture.put({ ...ADA, birthDate: '2010-12-10' } as Resource);
});
afterEach(() => fixture.close());
afterAll(() => store.close());

const relationship = (code: string) => [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code }] }];
const person = (given: string) => ({
  name: [{ given: [given], family: 'Lovelace' }],
  telecom: [{ system: 'phone', value: '(518) 473-1133' }],
  address: [{ line: ['2 Side St', 'Apt 4'], city: 'Albany', state: 'New York', postalCode: '12207' }],
});
const related = (id: string, code: string, more: object = {}): Resource => ({
  resourceType: 'RelatedPerson',
  id,
  patient: { reference: 'Patient/ada' },
  relationship: relationship(code),
  ...person(id),
  ...more,
});
const contact = (given: string, code: string, more: object = {}) => {
  const { name, telecom, address } = person(given);
  return { relationship: relationship(code), name: name[0], telecom, address: address[0], ...more };
};
const putContacts = (...contacts: object[]) => fixture.put({ ...ADA, birthDate: '2010-12-10', contact: contacts } as Resource);

let ids = 0;
const order = async (more: object = {}): Promise<string> => {
  const id = `m${ids++}`;
  await fixture.put({ ...REQUEST, id, ...more } as Resource);
  return id;
};
const proxyOf = async (more: object = {}) =>
  JSON.parse(parseOrderPayload((await fixture.entry(await order(more)))!).text).patient_details.medical_proxy;
const nameOf = async (more: object = {}): Promise<string | undefined> => (await proxyOf(more))?.first_name;
const refusal = (more: object = {}): Promise<{ text: string; expression: string[] }[]> =>
  order(more).then(
    () => [],
    (error: { issues: { text: string; expression: string[] }[] }) => error.issues,
  );

test('the parent is sent with name, address and phone number, and the lab network accepts the order', async () => {
  await fixture.put(related('Anne', 'MTH', { telecom: [...person('').telecom, { system: 'email', value: 'anne@example.com' }] }));
  expect(await proxyOf()).toEqual({
    first_name: 'Anne',
    last_name: 'Lovelace',
    address: { first_line: '2 Side St', second_line: 'Apt 4', city: 'Albany', state: 'NY', zip: '12207', country: 'US' },
    phone_number: '+15184731133',
    email: 'anne@example.com',
  });
  await fixture.drainAll();
  expect(fixture.countOrders()).toBe(1);
});

test('an adult’s order names no parent, although one is stored', async () => {
  await fixture.put(ADA);
  await fixture.put(related('Anne', 'MTH'));
  expect(await proxyOf()).toBeUndefined();
});

test.each<[string, Resource[], object[], object, string]>([
  [
    'the requester before other parents',
    [related('Anne', 'MTH'), related('Byron', 'FTH')],
    [],
    { requester: { reference: 'RelatedPerson/Byron' } },
    'Byron',
  ],
  ['the guardian before parents', [related('Anne', 'MTH'), related('Guy', 'GUARD')], [], {}, 'Guy'],
  ['a RelatedPerson before a contact', [related('Anne', 'MTH')], [contact('Byron', 'FTH')], {}, 'Anne'],
  ['a contact', [], [contact('Byron', 'FTH')], {}, 'Byron'],
  ['a contact, if the RelatedPerson is no parent', [related('Bro', 'BRO')], [contact('Byron', 'PRN')], {}, 'Byron'],
  [
    'a parent, if the requester is no parent',
    [related('Bro', 'BRO'), related('Anne', 'MTH')],
    [],
    { requester: { reference: 'RelatedPerson/Bro' } },
    'Anne',
  ],
  ['a parent who is still one', [related('Anne', 'MTH'), related('Byron', 'FTH', { period: { end: '2020' } })], [], {}, 'Anne'],
  ['a parent in use', [related('Anne', 'MTH'), related('Byron', 'FTH', { active: false })], [], {}, 'Anne'],
  ['a contact in its period', [], [contact('Anne', 'MTH'), contact('Byron', 'FTH', { period: { end: '2020' } })], {}, 'Anne'],
])('%s is sent', async (_title, persons, contacts, more, expected) => {
  if (contacts.length) await putContacts(...contacts);
  for (const each of persons) await fixture.put(each);
  expect(await nameOf(more)).toBe(expected);
});

test('a contained requester is sent', async () => {
  const { id: _id, patient: _patient, ...rest } = related('Anne', 'MTH');
  expect(await nameOf({ requester: { reference: '#p' }, contained: [{ ...rest, id: 'p', patient: { reference: 'Patient/ada' } }] })).toBe(
    'Anne',
  );
});

test.each<[string, Resource[], RegExp]>([
  ['without a parent', [related('Bro', 'BRO')], /needs a parent or guardian: store a RelatedPerson/],
  ['with a step-parent only', [related('Step', 'STPMTH')], /needs a parent or guardian/],
  [
    'with the parent of another patient only',
    [{ ...related('Anne', 'MTH'), patient: { reference: 'Patient/bob' } } as Resource],
    /needs a parent or guardian/,
  ],
  ['with two parents', [related('Anne', 'MTH'), related('Byron', 'FTH')], /has several: name one of them as the requester/],
  ['with two guardians', [related('Guy', 'GUARD'), related('Gus', 'HPOWATT')], /has several/],
])('a minor %s is refused', async (_title, persons, text) => {
  for (const each of persons) await fixture.put(each);
  expect(await refusal()).toEqual([
    expect.objectContaining({ text: expect.stringMatching(text), expression: ['ServiceRequest.subject', 'Patient.birthDate'] }),
  ]);
});

test('the data of the parent are required, and each that is missing or invalid is named', async () => {
  const bare = { telecom: [{ system: 'email', value: 'a@b..c' }], address: [{ city: 'APO', state: 'AE', postalCode: '09012' }] };
  await fixture.put(related('Anne', 'MTH', { ...bare, name: [{ given: ['Anne'], family: '愛' }] }));
  expect((await refusal()).map(({ expression }) => expression)).toEqual([
    ['ServiceRequest.subject', 'RelatedPerson.name.family'],
    ['ServiceRequest.subject', "RelatedPerson.telecom.where(system='phone').value"],
    ['ServiceRequest.subject', 'RelatedPerson.address.line'],
    ['ServiceRequest.subject', "RelatedPerson.telecom.where(system='email').value"],
    ['ServiceRequest.subject', 'RelatedPerson.address.state'],
  ]);
  expect((await refusal({ requester: { reference: 'RelatedPerson/Anne' } }))[0]!.expression).toEqual([
    'ServiceRequest.requester',
    'RelatedPerson.name.family',
  ]);
  await fixture.put(related('Anne', 'BRO'));
  await putContacts(contact('Byron', 'FTH', { telecom: undefined }));
  expect(await refusal()).toEqual([
    {
      severity: 'error',
      code: 'business-rule',
      text: 'an order needs a US phone number of the parent or guardian',
      expression: ['ServiceRequest.subject', "Patient.contact.telecom.where(system='phone').value"],
    },
  ]);
});

test('the parent is fixed when the order is accepted', async () => {
  await fixture.put(related('Anne', 'MTH'));
  await order();
  await fixture.put(related('Anne', 'MTH', { active: false }));
  await fixture.drainAll();
  const [sent] = [...fixture.sandbox.state.orders.values()].map((placed) => placed.sent.patient_details as { medical_proxy: object });
  expect(sent!.medical_proxy).toMatchObject({ first_name: 'Anne' });
});
