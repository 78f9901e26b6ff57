// The parts of an order: names, numbers and addresses in the format of the lab network, and which requests are laboratory requests.
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Resource } from '../../src/fhir/types.ts';
import { LAB_TEST_METHODS } from '../../src/junction/collection-methods.ts';
import { CONSENT_TYPES } from '../../src/orders/place/consents.ts';
import { toAsciiName, toEmailAddress, toUsCountry, toUsPhone, toUsState, toUsZip } from '../../src/orders/place/demographics.ts';
import { buildOrderBody, buildOrderText } from '../../src/orders/place/junction-order.ts';
import { isLaboratoryRequest } from '../../src/orders/place/laboratory-category-codes.ts';
import { buildClientUserId } from '../../src/orders/place/network-user.ts';
import { buildOrderPatient } from '../../src/orders/place/order-patient.ts';
import { findTests } from '../../src/orders/place/ordered-tests.ts';

test.each([
  ['José', 'Jose'],
  ['Zoë-Maria', 'Zoe-Maria'],
  ['O’Neil', "O'Neil"],
  ['Đặng Văn Đức', 'Dang Van Duc'],
  ['Łukasz Großmann', 'Lukasz Grossmann'],
  ['Ægir Þór', 'Aegir Thor'],
  ['  -van   der Berg (Jr.)  ', 'van der Berg Jr.'],
  ['x'.repeat(60), 'x'.repeat(60)],
  ['李', undefined],
  ['…', undefined],
])('the name %j is sent as %j', (name, written) => {
  expect(toAsciiName(name)).toBe(written);
});

test.each([
  ['(518) 473-1122', '+15184731122'],
  ['+1 518 473 1122', '+15184731122'],
  ['1-518-473-1122 ext. 44', '+15184731122'],
  ['tel:+1-518-473-1122', '+15184731122'],
  ['5184731122', '+15184731122'],
  ['+44 20 7946 0958', undefined],
  ['018 473 1122', undefined],
  ['473-1122', undefined],
  ['(555) 473-1122', undefined],
  ['+1 518 555 0100', undefined],
  ['518-555-0199', undefined],
  ['518-555-0200', '+15185550200'],
  ['911', undefined],
  ['911 473 1122', undefined],
  ['518-411-1122', undefined],
])('the phone number %j is sent as %j', (number, written) => {
  expect(toUsPhone(number)).toBe(written);
});

test.each<[string, string | undefined]>([
  ['ada@example.com', 'ada@example.com'],
  [' ada.king+lab@mail.example.co.uk ', 'ada.king+lab@mail.example.co.uk'],
  ["o'neil@example.com", "o'neil@example.com"],
  ['zoë@bücher.example', 'zoë@bücher.example'],
  ['a@b..c', undefined],
  ['a..b@example.com', undefined],
  ['.ada@example.com', undefined],
  ['ada.@example.com', undefined],
  ['ada@-example.com', undefined],
  ['ada@example-.com', undefined],
  ['ada@example.com.', undefined],
  ['ada@example', undefined],
  ['ada@127.0.0.1', undefined],
  ['ada@b@example.com', undefined],
  ['ada king@example.com', undefined],
  [`${'a'.repeat(65)}@example.com`, undefined],
  [`ada@${'a'.repeat(64)}.com`, undefined],
  [`ada@${'a.'.repeat(130)}com`, undefined],
  ['Ada <ada@example.com>', undefined],
])('the e-mail address %j is sent as %j', (text, written) => {
  expect(toEmailAddress(text)).toBe(written);
});

test('states, ZIP codes and the country are sent in one spelling', () => {
  expect(['ny', ' New  York ', 'NY', 'Puerto Rico', 'Ontario'].map(toUsState)).toEqual(['NY', 'NY', 'NY', 'PR', undefined]);
  expect(['12207', '12207-1234', '122071234', '1220', 'K1A 0B1'].map(toUsZip)).toEqual([
    '12207',
    '12207-1234',
    '12207-1234',
    undefined,
    undefined,
  ]);
  expect(['US', 'usa', 'United States of America', 'Canada'].map(toUsCountry)).toEqual(['US', 'US', 'US', undefined]);
});

const PANELS = {
  system: 'http://example.org/panels',
  panels: { small: ['t1'], large: ['t1', 't2'] },
  labTests: 'http://example.org/tests',
  laboratories: 'http://example.org/laboratory/',
};
const coded = (...codes: string[]) => ({ coding: codes.map((code) => ({ system: PANELS.system, code })) });

test('panels are ordered with all their tests, each test once', () => {
  expect(findTests(coded('small'), PANELS)).toEqual({ labTests: ['t1'], addOn: [] });
  expect(findTests(coded('small', 'large'), PANELS)).toEqual({ labTests: ['t1', 't2'], addOn: [] });
});

test('of several codings the panel is used first, then the network’s id, then the laboratory’s code; LOINC is looked up in the catalogue', () => {
  const named = { system: PANELS.labTests, code: 't9' };
  const own = { system: `${PANELS.laboratories}quest`, code: '899' };
  const loinc = { system: 'http://loinc.org', code: '3016-3' };
  const [panel] = coded('small').coding;
  const ordered = (...coding: object[]) => findTests({ coding }, PANELS);
  expect(ordered(own, named, panel!)).toEqual({ labTests: ['t1'], addOn: [] });
  expect(ordered(own, loinc, named)).toEqual({ labTests: ['t9'], addOn: [] });
  expect(ordered(loinc, own)).toEqual({ labTests: [], addOn: [{ laboratory: 'quest', code: '899' }] });
  expect(ordered(loinc)).toBeUndefined();
});

test.each<[string, unknown]>([
  ['a panel that is not in the table', coded('unknown')],
  ['a panel called like a property of every object', coded('constructor')],
  ['the same word in another system', { coding: [{ system: 'http://loinc.org', code: 'small' }] }],
  ['no code', undefined],
])('%s is not a test', (_title, code) => {
  expect(findTests(code, PANELS)).toBeUndefined();
});

const laboratory = (system: string, code: string) => ({ coding: [{ system, code }] });
test.each<[boolean, object]>([
  [true, laboratory('http://snomed.info/sct', '108252007')],
  [true, laboratory('http://terminology.hl7.org/CodeSystem/v2-0074', 'LAB')],
  [true, laboratory('http://terminology.hl7.org/CodeSystem/v2-0074', 'HM')],
  [true, laboratory('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')],
  [true, { coding: [{ code: 'LAB' }] }],
  [true, { text: 'laboratory' }],
  [true, { text: ' Lab Tests ' }],
  [false, laboratory('http://terminology.hl7.org/CodeSystem/v2-0074', 'RAD')],
  [false, laboratory('http://snomed.info/sct', '363679005')],
  [false, laboratory('http://example.org/own', 'laboratory')],
  [false, { text: 'imaging' }],
  [false, { text: 'laboratory animal' }],
  [false, {}],
])('is a laboratory request: %s, for the category %j', (expected, category) => {
  expect(isLaboratoryRequest({ resourceType: 'ServiceRequest', category: [{ text: 'referral' }, category] })).toBe(expected);
});

const STORED: Resource = {
  resourceType: 'Patient',
  name: [
    { use: 'old', given: ['Augusta'], family: 'Byron' },
    { use: 'usual', given: ['Ada'], family: 'Lovelace' },
    { use: 'official', given: ['Augusta Ada', 'Mary'], family: 'King-Noël' },
  ],
  birthDate: '1985-12-10',
  gender: 'female',
  telecom: [
    { system: 'phone', use: 'home', value: '+44 20 7946 0958' },
    { system: 'phone', use: 'mobile', rank: 2, value: '518 473 1122' },
    { system: 'email', value: 'ada@example.com' },
  ],
  address: [
    { type: 'postal', line: ['PO Box 1'], city: 'Troy', state: 'NY', postalCode: '12180' },
    { use: 'work', line: ['2 Work St'], city: 'Troy', state: 'NY', postalCode: '12180' },
    { use: 'home', line: ['1 Main St', 'Apt 4', ''], city: 'Albany', state: 'New York', postalCode: '12207' },
  ],
};
const NOW = new Date('2026-11-22T04:30:00Z');
const stored = { person: STORED, at: undefined };

test('of several names, numbers and addresses the preferred current one is sent', () => {
  expect(buildOrderPatient([stored], NOW)).toEqual({
    patient: {
      firstName: 'Augusta Ada',
      lastName: 'King-Noel',
      birthDate: '1985-12-10',
      gender: 'female',
      phone: '+15184731122',
      email: 'ada@example.com',
      lines: ['1 Main St', 'Apt 4'],
      city: 'Albany',
      state: 'NY',
      zip: '12207',
    },
  });
});

const ENDED = { start: '2001', end: '2015-06' };

test('elements that have ended, have not begun or are old are not sent; the current one is, even if it is last', () => {
  const patient = {
    ...STORED,
    name: [
      { use: 'official', given: ['Ended'], family: 'Ended', period: ENDED },
      { use: 'official', given: ['Later'], family: 'Later', period: { start: '2026-12-01' } },
      { use: 'maiden', given: ['Ada'], family: 'Byron' },
      { given: ['Ada'], family: 'King', period: { start: '2001', end: '2026-11-22' } },
    ],
    telecom: [
      { system: 'phone', use: 'mobile', value: '518 473 1111', period: ENDED },
      { system: 'phone', use: 'home', value: '518 473 1122', rank: 2 },
      { system: 'phone', use: 'home', value: '518 473 1133', rank: 1 },
      { system: 'email', value: 'ended@example.com', period: ENDED },
      { system: 'email', use: 'work', value: 'work@example.com' },
      { system: 'email', value: 'ada@example.com' },
    ],
    address: [
      { ...(STORED.address as object[])[2], period: ENDED },
      { use: 'temp', line: ['3 Temp St'], city: 'Troy', state: 'NY', postalCode: '12180' },
      { line: ['4 Main St'], city: 'Albany', state: 'NY', postalCode: '12207' },
    ],
  };
  expect(buildOrderPatient([{ person: patient, at: undefined }], NOW)).toMatchObject({
    patient: { firstName: 'Ada', lastName: 'King', phone: '+15184731133', email: 'ada@example.com', lines: ['4 Main St'] },
  });
});

test('an order whose patient has only e-mail addresses that ended is refused', () => {
  const telecom = [...(STORED.telecom as object[]).slice(0, 2), { system: 'email', value: 'ended@example.com', period: ENDED }];
  expect(buildOrderPatient([{ person: { ...STORED, telecom }, at: undefined }], NOW)).toMatchObject({
    issues: [{ text: 'an order needs an e-mail address of the patient' }],
  });
});

test('the order’s snapshot of the patient is used first; an address is used completely; an absent gender is unknown', () => {
  const snapshot: Resource = {
    resourceType: 'Patient',
    name: [{ given: ['Ann'], family: 'Lee' }],
    address: [{ line: ['9 Elm St'], city: 'Reno', state: 'NV', postalCode: '89501', country: 'USA' }],
  };
  const { gender: _none, ...rest } = STORED;
  const found = buildOrderPatient(
    [
      { person: snapshot, at: 'ServiceRequest.contained[0]' },
      { person: rest as Resource, at: undefined },
    ],
    NOW,
  );
  expect(found).toMatchObject({
    patient: {
      firstName: 'Ann',
      lastName: 'Lee',
      phone: '+15184731122',
      gender: 'unknown',
      lines: ['9 Elm St'],
      city: 'Reno',
      state: 'NV',
    },
  });
});

test('all missing elements are named at once, each with its path', () => {
  const found = buildOrderPatient(
    [{ person: { resourceType: 'Patient', birthDate: '1985', address: [{ country: 'CA' }] }, at: undefined }],
    NOW,
  );
  const issues = 'issues' in found ? found.issues : [];
  expect(issues.map((issue) => issue.expression?.at(-1)).sort()).toEqual([
    'Patient.address.city',
    'Patient.address.country',
    'Patient.address.line',
    'Patient.address.postalCode',
    'Patient.address.state',
    'Patient.birthDate',
    'Patient.name.family',
    'Patient.name.given',
    "Patient.telecom.where(system='email').value",
    "Patient.telecom.where(system='phone').value",
  ]);
  expect(issues.every((issue) => issue.code === 'business-rule' && issue.expression?.[0] === 'ServiceRequest.subject')).toBe(true);
});

test('an invalid value in the snapshot is named by its path, and is not replaced by the stored value', () => {
  const snapshot: Resource = {
    resourceType: 'Patient',
    birthDate: '1985',
    address: [{ line: ['1'], city: 'x', state: 'Ontario', postalCode: '12207' }],
  };
  const found = buildOrderPatient([{ person: snapshot, at: 'ServiceRequest.contained[1]' }, stored], NOW);
  expect('issues' in found && found.issues.map((issue) => issue.expression)).toEqual([
    ['ServiceRequest.contained[1].birthDate'],
    ['ServiceRequest.contained[1].address[0].state'],
  ]);
});

test('the text of an order is the same for the same content, and the user id is added in front', () => {
  const found = buildOrderPatient([stored], NOW);
  if (!('patient' in found)) throw new Error('the patient is complete');
  const content = {
    patient: found.patient,
    proxy: undefined,
    physician: { role: 'requester' as const, id: 'cruz', firstName: 'Maria', lastName: 'Cruz', npi: '1999999984', states: ['CA', 'NY'] },
    tests: { labTests: ['t1'], addOn: [{ laboratory: 'quest', code: '899' }] },
    method: 'walk_in_test' as const,
    urgent: true,
    icdCodes: ['E28.2'],
    insurance: undefined,
    insuranceFailures: undefined,
    activateBy: '2026-12-01',
    notes: 'fasting\ncall before',
    support: [
      { answer: { markerId: 173, questionId: 1234567890251, answer: 'LCANS4' } },
      { consent: { type: 'hipaa-authorization', time: '2026-11-20T10:00:00Z' } },
    ],
    account: '0f0e0d0c-0b0a-4908-8706-050403020100',
  };
  const text = buildOrderText(content, 'k');
  expect(buildOrderText({ ...content }, 'k')).toBe(text);
  expect(JSON.parse(buildOrderBody(text, 'u'))).toEqual({
    user_id: 'u',
    patient_details: {
      first_name: 'Augusta Ada',
      last_name: 'King-Noel',
      dob: '1985-12-10',
      gender: 'female',
      phone_number: '+15184731122',
      email: 'ada@example.com',
    },
    patient_address: {
      receiver_name: 'Augusta Ada King-Noel',
      first_line: '1 Main St',
      second_line: 'Apt 4',
      city: 'Albany',
      state: 'NY',
      zip: '12207',
      country: 'US',
    },
    order_set: { lab_test_ids: ['t1'], add_on: { provider_ids: ['899'] } },
    collection_method: 'walk_in_test',
    physician: { first_name: 'Maria', last_name: 'Cruz', npi: '1999999984', licensed_states: ['CA', 'NY'] },
    priority: true,
    icd_codes: ['E28.2'],
    activate_by: '2026-12-01',
    clinical_notes: 'fasting\ncall before',
    aoe_answers: [{ marker_id: 173, question_id: 1234567890251, answer: 'LCANS4' }],
    consents: [{ consentType: 'hipaa-authorization', timeOfConsent: '2026-11-20T10:00:00Z' }],
    lab_account_id: '0f0e0d0c-0b0a-4908-8706-050403020100',
    passthrough: 'k',
  });
});

test('the codes of consents and collection methods are the published ones', () => {
  const published = (id: string): unknown =>
    parseAllDocuments(readFileSync('fhir-profiles/junction.yaml', 'utf8'))
      .map((document) => document.toJS())
      .find((resource) => resource.resourceType === 'CodeSystem' && resource.id === id)
      .concept.map(({ code }: { code: string }) => code);
  expect([published('junction-consent'), published('lab-collection-method')]).toEqual([[...CONSENT_TYPES], [...LAB_TEST_METHODS]]);
});

test('the client user id of a patient is stable, differs between tenants and does not contain the id', () => {
  const id = '01936b00-0000-7000-8000-0000000000aa';
  expect(buildClientUserId(1, id)).toBe(buildClientUserId(1, id));
  expect(new Set([buildClientUserId(1, id), buildClientUserId(2, id), buildClientUserId(1, 'other'), id]).size).toBe(4);
});
