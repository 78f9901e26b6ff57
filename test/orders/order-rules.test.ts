// The conditions for accepting an order: its signer, its patient, and the day on which it becomes active. Each error names the element.
import type { Resource } from '../../src/fhir/types.ts';
import { toDayInState } from '../../src/orders/place/demographics.ts';
import { findActivationDay } from '../../src/orders/place/order-content.ts';
import { findLicensedStates } from '../../src/orders/place/practitioner.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
  fixture = await openOrderFixture(store);
  await fixture.put(ADA);
});
afterAll(async () => {
  await fixture.close();
  await store.close();
});

const PLAN_NET = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification';
/** A qualification that is valid in this state. `kind`: its code in our own system. */
const qualification = (state: string, { kind = 'state-license', status = 'active', ...more }: Record<string, unknown> = {}): object => ({
  ...(kind ? { code: { coding: [{ system: SYSTEMS.qualifications, code: kind }] } } : { code: { text: 'MD' } }),
  extension: [
    {
      url: PLAN_NET,
      extension: [
        ...(status ? [{ url: 'status', valueCode: status }] : []),
        { url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: state }] } },
      ],
    },
  ],
  ...more,
});
const cruz = (more: object = {}): Resource => ({
  resourceType: 'Practitioner',
  id: 'cruz',
  name: [{ given: ['María'], family: 'Cruz' }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1999999984' }],
  qualification: [qualification('NY'), qualification('CA')],
  ...more,
});

let ids = 0;
/** Orders with this requester; answers the physician that is sent. */
const physicianFor = async (requester: object | undefined, more: object = {}): Promise<unknown> => {
  const id = `r${ids++}`;
  await fixture.put({ ...REQUEST, id, ...(requester && { requester }), ...more } as Resource);
  return JSON.parse(JSON.parse((await fixture.entry(id))!.payload).text).physician;
};
const elements = async (write: Promise<unknown>): Promise<string[][]> =>
  write.then(
    () => [],
    (error: { kind: string; issues: { expression: string[] }[] }) => error.issues.map(({ expression }) => expression),
  );
const CRUZ = { first_name: 'Maria', last_name: 'Cruz', npi: '1999999984', licensed_states: ['CA', 'NY'] };

describe('the requester', () => {
  beforeAll(async () => {
    await fixture.put(cruz());
    await fixture.put({ resourceType: 'PractitionerRole', id: 'role', practitioner: { reference: 'Practitioner/cruz' } });
  });

  test.each([
    ['himself', { reference: 'Practitioner/cruz' }],
    ['in a role', { reference: 'PractitionerRole/role' }],
  ])('signs if licensed in the patient’s state, %s', async (_title, requester) => {
    expect(await physicianFor(requester)).toEqual(CRUZ);
  });

  test('signs if contained in the order', async () => {
    const { id: _id, ...person } = cruz();
    expect(await physicianFor({ reference: '#p' }, { contained: [{ ...person, id: 'p' }] })).toEqual(CRUZ);
  });

  test('may be absent: the order is sent without a physician', async () => {
    expect(await physicianFor(undefined)).toBeUndefined();
  });

  test.each(['Organization/o', 'Patient/ada', 'RelatedPerson/r', 'Device/d'])(
    'does not sign if it is %s: the order is sent without a physician',
    async (reference) => {
      expect(await physicianFor({ reference })).toBeUndefined();
    },
  );

  test.each<[string, object, string]>([
    ['is licensed elsewhere only', { qualification: [qualification('CA')] }, 'Practitioner.qualification'],
    ['has no licence', { qualification: undefined }, 'Practitioner.qualification'],
    ['has a permit there, and no licence', { qualification: [qualification('NY', { kind: 'clep-permit' })] }, 'Practitioner.qualification'],
    ['has a licence that is not in force', { qualification: [qualification('NY', { status: 'revoked' })] }, 'Practitioner.qualification'],
    [
      'has a licence that has ended',
      { qualification: [qualification('NY', { period: { end: '2026-11-20' } })] },
      'Practitioner.qualification',
    ],
    ['has no NPI', { identifier: undefined }, 'Practitioner.identifier'],
    ['has no name in Latin letters', { name: [{ text: 'Dr. Cruz' }] }, 'Practitioner.name'],
  ])('who %s is refused with the path of the element', async (_title, more, element) => {
    await fixture.put({ ...cruz(more), id: 'other' });
    expect(await elements(physicianFor({ reference: 'Practitioner/other' }))).toEqual([['ServiceRequest.requester', element]]);
  });

  test.each<[string, object, object?]>([
    ['is nobody of this server', { reference: 'Practitioner/nobody' }],
    ['is on another server', { reference: 'https://elsewhere.example/Practitioner/1' }],
    ['is named by words alone', { display: 'Dr. Cruz' }],
    ['is not in practice any more', { reference: 'Practitioner/retired' }],
    ['has a role that has ended', { reference: 'PractitionerRole/ended' }],
  ])('who %s is refused', async (_title, requester) => {
    await fixture.put({ ...cruz({ active: false }), id: 'retired' });
    await fixture.put({ resourceType: 'PractitionerRole', id: 'ended', active: false, practitioner: { reference: 'Practitioner/cruz' } });
    expect(await elements(physicianFor(requester))).toEqual([['ServiceRequest.requester']]);
  });

  test('is checked together with the patient: all missing elements are named at once', async () => {
    await fixture.put({ ...ADA, id: 'abroad', telecom: undefined } as Resource);
    await fixture.put({ ...cruz({ identifier: undefined }), id: 'other' });
    const found = await elements(physicianFor({ reference: 'Practitioner/other' }, { subject: { reference: 'Patient/abroad' } }));
    expect(found.map((expressions) => expressions.at(-1))).toEqual([
      "Patient.telecom.where(system='phone').value",
      "Patient.telecom.where(system='email').value",
      'Practitioner.identifier',
    ]);
  });
});

test('licences are sorted by state and unique, of any system except our own others, and valid on the day', () => {
  const qualifications = [
    qualification('ny'),
    qualification('NY'),
    qualification('TX', { kind: '', status: '' }),
    qualification('NV', { kind: 'clep-permit' }),
    qualification('WA', { period: { start: '2026-11-23' } }),
    qualification('OR', { period: { start: '2026', end: '2026-11' } }),
    qualification('Ontario'),
    { code: { text: 'no state' } },
  ];
  const states = findLicensedStates(cruz({ qualification: qualifications }), {
    today: '2026-11-22',
    qualifications: SYSTEMS.qualifications,
  });
  expect(states).toEqual(['NY', 'OR', 'TX']);
});

describe('the patient', () => {
  const telecom = (phone: string, email: string) => [
    { system: 'phone', value: phone },
    { system: 'email', value: email },
  ];
  const orderFor = async (more: object) => {
    await fixture.put({ ...ADA, id: 'someone', ...more } as Resource);
    return elements(physicianFor(undefined, { subject: { reference: 'Patient/someone' } }));
  };

  test.each<[string, object, string]>([
    ['an address abroad', { address: [{ ...(ADA.address as object[])[0], country: 'CA' }] }, 'Patient.address.country'],
    ['a state that is none', { address: [{ ...(ADA.address as object[])[0], state: 'Ontario' }] }, 'Patient.address.state'],
    ['a military address', { address: [{ ...(ADA.address as object[])[0], city: 'APO', state: 'AE' }] }, 'Patient.address.state'],
    ['a military city in a state', { address: [{ ...(ADA.address as object[])[0], city: 'Fpo ' }] }, 'Patient.address.state'],
    ['a name without a Latin letter', { name: [{ given: ['愛'], family: 'Lovelace' }] }, 'Patient.name.given'],
    ['less than a whole date of birth', { birthDate: '1985' }, 'Patient.birthDate'],
    ['seventeen years', { birthDate: '2008-11-22' }, 'Patient.birthDate'],
    ['a last name of 51 letters', { name: [{ given: ['Ada'], family: 'x'.repeat(51) }] }, 'Patient.name.family'],
    ['a first name of 51 letters', { name: [{ given: ['x'.repeat(51)], family: 'Lovelace' }] }, 'Patient.name.given'],
    ['an e-mail address that is none', { telecom: telecom('+15184731122', 'a@b..c') }, "Patient.telecom.where(system='email').value"],
    ['a phone number that nobody has', { telecom: telecom('+15185550123', 'a@b.example') }, "Patient.telecom.where(system='phone').value"],
    ['an emergency number', { telecom: telecom('911', 'a@b.example') }, "Patient.telecom.where(system='phone').value"],
    ['a date of death', { deceasedDateTime: '2026' }, 'Patient.deceased'],
    ['word of a death', { deceasedBoolean: true }, 'Patient.deceased'],
    ['a record that is not in use', { active: false }, 'Patient.active'],
  ])('with %s is refused with the path of the element', async (_title, more, element) => {
    expect(await orderFor(more)).toEqual([['ServiceRequest.subject', element]]);
  });

  test('is of age on the eighteenth birthday, in the time zone of the address', async () => {
    expect(await orderFor({ birthDate: '2008-11-21' })).toEqual([]);
    expect(await orderFor({ name: [{ given: ['Žofia-Łucja'], family: 'Öztürk' }] })).toEqual([]);
  });

  test('with an unusable value is refused with the rule for the value', async () => {
    await fixture.put({ ...ADA, id: 'someone', telecom: telecom('+15185550123', 'a@b..c') } as Resource);
    const refused = fixture.put({ ...REQUEST, id: 'told', subject: { reference: 'Patient/someone' } } as Resource);
    await expect(refused).rejects.toThrow(/phone number of the patient: .*555-01xx.*e-mail address of the patient: .*domain name/);
    await expect(refused).rejects.not.toThrow(/5550123|b\.\.c/);
  });

  test('with a military address is refused once, with what is missing', async () => {
    await fixture.put({ ...ADA, id: 'someone', address: [{ ...(ADA.address as object[])[0], city: 'APO', state: 'AP' }] } as Resource);
    const refused = fixture.put({ ...REQUEST, id: 'military', subject: { reference: 'Patient/someone' } } as Resource);
    await expect(refused).rejects.toMatchObject({ issues: [{ text: expect.stringMatching(/does not document .*\(APO, FPO, DPO\)/) }] });
  });

  test('may live in a city whose name only begins like a military post office', async () => {
    expect(await orderFor({ address: [{ ...(ADA.address as object[])[0], city: 'Apollo' }] })).toEqual([]);
  });

  test('may have a name of fifty letters, deceasedBoolean false and active true', async () => {
    expect(await orderFor({ name: [{ given: ['Ada'], family: 'x'.repeat(50) }], deceasedBoolean: false, active: true })).toEqual([]);
  });

  test('who is deceased or inactive cannot be overridden by the order’s snapshot', async () => {
    await fixture.put({ ...ADA, id: 'dead', deceasedBoolean: true, active: false } as Resource);
    const { id: _id, ...person } = ADA;
    const contained = [{ ...person, id: 'order-time-patient', deceasedBoolean: false, active: true }];
    const supportingInfo = [{ reference: '#order-time-patient' }];
    const order = physicianFor(undefined, { subject: { reference: 'Patient/dead' }, contained, supportingInfo });
    expect((await elements(order)).map((expressions) => expressions.at(-1))).toEqual(['Patient.active', 'Patient.deceased']);
  });
});

describe('the day on which an order becomes active', () => {
  const NOW = new Date('2026-11-22T04:30:00Z');
  const day = (occurrence: object, state = 'NY') => findActivationDay({ ...REQUEST, ...occurrence }, state, NOW);

  test('is determined in the patient’s time zone', () => {
    expect(['NY', 'CA', 'HI', 'GU', 'XX'].map((state) => toDayInState(state, NOW))).toEqual([
      '2026-11-21',
      '2026-11-21',
      '2026-11-21',
      '2026-11-22',
      '2026-11-22',
    ]);
  });

  test.each<[string, object, string | undefined]>([
    ['none', {}, undefined],
    ['today', { occurrenceDateTime: '2026-11-21' }, undefined],
    ['yesterday', { occurrenceDateTime: '2026-11-20' }, undefined],
    ['tomorrow', { occurrenceDateTime: '2026-11-22' }, '2026-11-22'],
    ['a later instant of today', { occurrenceDateTime: '2026-11-22T04:59:00Z' }, undefined],
    ['an instant of tomorrow', { occurrenceDateTime: '2026-11-22T05:01:00Z' }, '2026-11-22'],
    ['a leap second', { occurrenceDateTime: '2026-12-31T23:59:60Z' }, '2026-12-31'],
    ['a month', { occurrenceDateTime: '2027-01' }, undefined],
    ['the beginning of a period', { occurrencePeriod: { start: '2026-12-01', end: '2026-12-05' } }, '2026-12-01'],
    ['a period without beginning', { occurrencePeriod: { end: '2026-12-05' } }, undefined],
    ['a timing', { occurrenceTiming: { event: ['2026-12-05'] } }, undefined],
  ])('%s', (_title, occurrence, expected) => {
    expect(day(occurrence)).toBe(expected);
  });

  test('is sent with the order, whose Task stays received until then', async () => {
    await fixture.put({ ...REQUEST, id: 'later', occurrenceDateTime: '2026-12-01' });
    await fixture.drainAll();
    const order = [...fixture.sandbox.state.orders.values()].find(({ sent }) => sent.activate_by !== undefined);
    expect([order?.sent.activate_by, (await fixture.tasks('later'))[0]!.status]).toEqual(['2026-12-01', 'received']);
  });
});
