// The references of a request: the referenced resource is sent, except another version, another patient's, a modified one, or another type.
import type { Resource } from '../../src/fhir/types.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

const ADAS = { reference: 'Patient/ada' };
const SNAPSHOT = { resourceType: 'Patient', id: 'order-time-patient', name: ADA.name };
const NEGATED = { modifierExtension: [{ url: 'http://example.org/not', valueBoolean: true }] };
const coded = (code: string) => ({ code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] } });
const condition = (id: string, more: object = {}) => ({ resourceType: 'Condition', id, subject: ADAS, ...coded('E28.2'), ...more });
const answers = (id: string, more: object = {}) => ({
  resourceType: 'QuestionnaireResponse',
  id,
  status: 'completed',
  subject: ADAS,
  item: [{ linkId: '1.1', answer: [{ valueInteger: 1 }] }],
  ...more,
});
const consent = (id: string, more: object = {}) => ({
  resourceType: 'Consent',
  id,
  status: 'active',
  scope: { text: 'treatment' },
  category: [{ coding: [{ system: SYSTEMS.consents, code: 'hipaa-authorization' }] }],
  patient: ADAS,
  dateTime: '2026-11-20T10:00:00Z',
  policyRule: { text: 'ours' },
  ...more,
});
const KEPT = [
  condition('changed'),
  condition('changed', coded('E03.9')),
  condition('negated', NEGATED),
  condition('own', { contained: [SNAPSHOT], subject: { reference: '#order-time-patient' } }),
  answers('nobodys', { subject: undefined }),
  answers('negated', { item: [{ linkId: '1.1', ...NEGATED, answer: [{ valueInteger: 1 }] }] }),
  consent('nobodys', { patient: undefined }),
  consent('excepting', { provision: { type: 'permit', provision: [{ provision: [{ type: 'deny' }] }] } }),
  consent('other-rules', { implicitRules: 'http://example.org/rules' }),
];

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
  fixture = await openOrderFixture(store);
  await fixture.put(ADA);
  for (const resource of KEPT) await fixture.put(resource as unknown as Resource);
});
afterAll(async () => {
  await fixture.close();
  await store.close();
});

let ids = 0;
const order = async (more: object): Promise<string> => {
  const id = `o${ids++}`;
  await fixture.put({ ...REQUEST, id, ...more } as Resource);
  return id;
};
const sent = async (more: object) => JSON.parse(JSON.parse((await fixture.entry(await order(more)))!.payload).text);
const reason = (reference: string, more: object = {}) => ({ reasonReference: [{ reference, ...more }] });
const support = (reference: string) => ({ supportingInfo: [{ reference }] });
const base = () => fixture.context.baseUrl;

test('a versioned reference is sent while that version is current, also by an absolute URL', async () => {
  expect((await sent(reason('Condition/changed/_history/2'))).icd_codes).toEqual(['E03.9']);
  expect((await sent(reason(`${base()}/Condition/changed/_history/2`))).icd_codes).toEqual(['E03.9']);
});

test('a contained condition is a reason, and a contained practitioner signs, whatever type the reference claims', async () => {
  expect((await sent({ contained: [condition('c')], ...reason('#c', { type: 'Observation' }) })).icd_codes).toEqual(['E28.2']);
  const signer = { contained: [{ resourceType: 'Practitioner', id: 'p' }], requester: { reference: '#p', type: 'Organization' } };
  await expect(order(signer)).rejects.toMatchObject({ kind: 'rule' });
});

test.each<[string, object, string[], RegExp]>([
  ['a version that is past', reason('Condition/changed/_history/1'), ['reasonReference[0]'], /not the current one/],
  ['a version that never was', support('QuestionnaireResponse/negated/_history/9'), ['supportingInfo[0]'], /not the current one/],
  ['a condition that may mean something else', reason('Condition/negated'), ['reasonReference[0]'], /modifierExtension/],
  ['an answer that may mean something else', support('QuestionnaireResponse/negated'), ['supportingInfo[0]'], /modifierExtension/],
  ['a consent by rules of its own', support('Consent/other-rules'), ['supportingInfo[0]'], /implicitRules/],
  ['a consent with an exception', support('Consent/excepting'), ['supportingInfo[0]', 'Consent.provision.type'], /deny provision/],
  ['a stored condition of a patient it contains', reason('Condition/own'), ['reasonReference[0]', 'Condition.subject'], /its patient/],
  [
    'stored answers of nobody',
    support('QuestionnaireResponse/nobodys'),
    ['supportingInfo[0]', 'QuestionnaireResponse.subject'],
    /its patient/,
  ],
  ['a stored consent of nobody', support('Consent/nobodys'), ['supportingInfo[0]', 'Consent.patient'], /its patient/],
])('%s is refused', async (_title, more, [element, ...others], text) => {
  await expect(order(more)).rejects.toMatchObject({
    kind: 'rule',
    issues: [{ expression: [`ServiceRequest.${element}`, ...others], text: expect.stringMatching(text) }],
  });
});

test('the subject is a stored Patient, whatever patient is contained', async () => {
  const contained = { contained: [{ ...ADA, ...SNAPSHOT }], ...support('#order-time-patient') };
  await expect(order({ ...contained, subject: { reference: 'Patient/nobody' } })).rejects.toMatchObject({
    kind: 'rule',
    issues: [{ expression: ['ServiceRequest.subject'] }],
  });
  expect((await sent(contained)).patient_details.last_name).toBe('Lovelace');
});

test('two collection methods are refused, also if one is a location', async () => {
  const twice = (code: string) => ({
    extension: [{ url: SYSTEMS.collectionMethod, valueCode: 'walk_in_test' }],
    locationCode: [{ coding: [{ system: SYSTEMS.collectionMethods, code }] }],
  });
  await expect(order(twice('at_home_phlebotomy'))).rejects.toMatchObject({ kind: 'rule' });
  expect((await sent(twice('walk_in_test'))).collection_method).toBe('walk_in_test');
});
