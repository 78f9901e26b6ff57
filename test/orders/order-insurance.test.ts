// An order that is billed to an insurance: what a Coverage must say, and what is refused before anything is written. docs/decisions/0044-insurance.md

import { ORDER_OPERATIONS } from '../../src/cli/orders.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { collectIssues } from '../../src/interactions/validate.ts';
import { parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import type { TestStore } from '../store/open.ts';
import { buildAdminContext } from './admin-context.ts';
import { ANNE, COVERAGE, INSURED, PAYOR } from './insurance-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture } from './order-fixture.ts';

let fixture: OrderFixture;
let store: TestStore;
openBeforeEach(openOrderFixture, (opened, openedStore) => {
  fixture = opened;
  store = openedStore;
});
beforeEach(async () => {
  for (const resource of [ADA, PAYOR, ANNE, COVERAGE]) await fixture.put(resource);
});

const place = (more: object = {}, id = 'one') => fixture.put({ ...INSURED, id, ...more } as Resource);
const payload = async (id = 'one') => parseOrderPayload((await fixture.entry(id))!);
const policy = async (id = 'one') => JSON.parse((await payload(id)).insurance!.policy);
const cover = (more: object) => fixture.put({ ...COVERAGE, ...more } as Resource);
/** The expressions of the refusal; nothing was written. */
async function refusal(more: object = {}): Promise<string[][]> {
  const issues = await place(more).then(
    () => [],
    (error) => error.issues as { expression: string[] }[],
  );
  expect(await fixture.entry('one')).toBeUndefined();
  return issues.map(({ expression }) => expression);
}
const relationship = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/subscriber-relationship', code }],
});
const ADDRESS = { first_line: '1 Main St', city: 'Albany', state: 'NY', zip: '12207', country: 'US' };
const ADA_FIELDS = {
  first_name: 'Ada',
  last_name: 'Lovelace',
  dob: '1985-12-10',
  gender: 'female',
  phone_number: '+15184731122',
  email: 'ada@example.com',
  address: ADDRESS,
};

test("the patient's own policy: the payor's code, the member, the group, and the patient as the insured", async () => {
  await place();
  const { text, insurance } = await payload();
  expect(JSON.parse(text)).toMatchObject({ billing_type: 'commercial_insurance', icd_codes: ['E28.2'] });
  expect(JSON.parse(insurance!.demographics)).toEqual(ADA_FIELDS);
  expect(await policy()).toEqual({
    payor_code: 'UNITE',
    member_id: 'M-1',
    group_id: 'G7',
    relationship: 'Self',
    insured: ADA_FIELDS,
    is_primary: true,
  });
});

const MEMBER = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MB' }] };

test('a member number of the type MB is used before the number of the subscriber', async () => {
  await cover({ identifier: [{ type: MEMBER, value: 'M-2' }] });
  await place();
  expect((await policy()).member_id).toBe('M-2');
});

test.each([
  ['spouse', 'Spouse'],
  ['common', 'Spouse'],
  ['child', 'Other'],
  ['parent', 'Other'],
  ['other', 'Other'],
])('the policy of another person: the relationship %s is sent as %s, with the subscriber as insured and guarantor', async (code, sent) => {
  await cover({ subscriber: { reference: 'RelatedPerson/anne' }, relationship: relationship(code) });
  await place();
  const name = { first_name: 'Anne', last_name: 'Byron', phone_number: '+15184731123' };
  expect(await policy()).toMatchObject({
    relationship: sent,
    insured: { ...name, dob: '1960-05-17', gender: 'female', email: 'anne@example.com', address: ADDRESS },
    guarantor: { ...name, address: ADDRESS },
  });
});

test('the guarantor is the policy holder if it is a person', async () => {
  const holder = { ...ANNE, id: 'holder', name: [{ given: ['Ralph'], family: 'King' }] };
  await fixture.put(holder);
  const persons = { subscriber: { reference: 'RelatedPerson/anne' }, relationship: relationship('child') };
  await cover({ ...persons, policyHolder: { reference: 'RelatedPerson/holder' } });
  await place();
  expect((await policy()).guarantor).toMatchObject({ first_name: 'Ralph' });
  await cover({ ...persons, policyHolder: { reference: 'Organization/payor' } });
  await place({}, 'two');
  expect((await policy('two')).guarantor).toMatchObject({ first_name: 'Anne' });
});

test('a contained Coverage with a contained payor is used', async () => {
  const payor = { ...PAYOR, id: 'p' };
  await place({
    contained: [payor, { ...COVERAGE, id: 'c', payor: [{ reference: '#p' }], relationship: relationship('self') }],
    insurance: [{ reference: '#c' }],
  });
  expect(await policy()).toMatchObject({ payor_code: 'UNITE', relationship: 'Self' });
});

test('a blank member number is none, and equal ones are one', async () => {
  await cover({ identifier: [{ type: MEMBER, value: ' ' }] });
  await place();
  expect((await policy()).member_id).toBe('M-1');
  await cover({ identifier: ['M-2', 'M-2'].map((value) => ({ type: MEMBER, value })) });
  await place({}, 'two');
  expect((await policy('two')).member_id).toBe('M-2');
});

describe('an order is refused', () => {
  const AT = 'ServiceRequest.insurance[0]';
  test.each<[string, object, string[]]>([
    ['is not in use', { status: 'cancelled' }, ['Coverage.status']],
    ['has ended', { period: { end: '2026-11-20' } }, ['Coverage.period']],
    ['has not begun', { period: { start: '2026-12-01' } }, ['Coverage.period']],
    ["is another patient's", { beneficiary: { reference: 'Patient/grace' } }, ['Coverage.beneficiary']],
    ['names no Organization as its payor', { payor: [{ display: 'United' }] }, []],
    [
      'has two payors',
      { payor: [{ reference: 'Organization/payor' }, { reference: 'Organization/payor' }] },
      ['Coverage.payor', 'Organization.identifier'],
    ],
    ['is paid by the patient', { payor: [{ reference: 'Patient/ada' }] }, ['Coverage.payor', 'Organization.identifier']],
    ['has no member number', { subscriberId: undefined }, ['Coverage.subscriberId']],
    ['has two member numbers', { identifier: ['M-2', 'M-3'].map((value) => ({ type: MEMBER, value })) }, ['Coverage.identifier']],
    [
      'has two relationships',
      { relationship: { coding: ['self', 'child'].flatMap((code) => relationship(code).coding) } },
      ['Coverage.relationship'],
    ],
    ['has two groups', { class: ['A', 'B'].map((value) => ({ ...(COVERAGE.class as object[])[0], value })) }, ['Coverage.class']],
    ['has no relationship', { subscriber: { reference: 'RelatedPerson/anne' } }, ['Coverage.relationship']],
    ['has neither subscriber nor relationship', { subscriber: undefined }, ['Coverage.relationship']],
    ['is of an injured party', { relationship: relationship('injured') }, ['Coverage.relationship']],
    [
      'contradicts itself',
      { subscriber: { reference: 'RelatedPerson/anne' }, relationship: relationship('self') },
      ['Coverage.relationship', 'Coverage.subscriber'],
    ],
    ['says that the patient is her own spouse', { relationship: relationship('spouse') }, ['Coverage.relationship', 'Coverage.subscriber']],
    [
      'names no subscriber of another person’s policy',
      { subscriber: undefined, relationship: relationship('child') },
      ['Coverage.subscriber'],
    ],
  ])('if its insurance %s', async (_title, more, elements) => {
    await fixture.put({ ...ADA, id: 'grace' });
    await cover(more);
    expect(await refusal()).toEqual([[AT, ...elements]]);
  });

  test('if the payor has no code of the network', async () => {
    await fixture.put({ ...PAYOR, identifier: [{ system: 'http://example.org/other', value: 'UNITE' }] } as Resource);
    expect(await refusal()).toEqual([[AT, 'Coverage.payor', 'Organization.identifier']]);
  });

  test('if the subscriber lacks what the network needs', async () => {
    await cover({ subscriber: { reference: 'RelatedPerson/anne' }, relationship: relationship('child') });
    await fixture.put({ ...ANNE, birthDate: undefined, telecom: undefined } as unknown as Resource);
    expect((await refusal()).map((expression) => expression.at(-1)).sort()).toEqual([
      'RelatedPerson.birthDate',
      "RelatedPerson.telecom.where(system='email').value",
      "RelatedPerson.telecom.where(system='phone').value",
      "RelatedPerson.telecom.where(system='phone').value",
    ]);
  });

  test('if it has no ICD-10-CM code', async () => {
    expect(await refusal({ reasonCode: [{ text: 'tired' }] })).toEqual([['ServiceRequest.reasonCode']]);
  });

  test('if it names two insurances, or something else', async () => {
    expect(await refusal({ insurance: [{ reference: 'Coverage/c' }, { reference: 'Coverage/c' }] })).toEqual([
      ['ServiceRequest.insurance'],
    ]);
    expect(await refusal({ insurance: [{ reference: 'Coverage/missing' }] })).toEqual([[AT]]);
    expect(await refusal({ insurance: [{ reference: 'Organization/payor' }] })).toEqual([[AT]]);
  });
});

test('the dry run and `facet orders show` name the payor, and no number of the member', async () => {
  const resource = INSURED as Resource;
  const issues = await collectIssues(fixture.context, {
    type: 'ServiceRequest',
    mode: 'create',
    resource: { plain: resource, exact: resource },
  });
  expect(issues).toContainEqual(
    expect.objectContaining({ severity: 'information', text: expect.stringContaining('UNITE'), expression: ['ServiceRequest.insurance'] }),
  );
  await place();
  const lines = await ORDER_OPERATIONS['orders show']!(store.database, { order: 'one' }, buildAdminContext(fixture.sender));
  expect(JSON.stringify(lines)).toContain('payor code UNITE');
  expect(JSON.stringify(lines)).not.toContain('M-1');
});
