// Which physician signs an order: the requester, the account's default for the patient's state, or the only physician who is registered there.
// docs/decisions/0041-order-physicians.md

import { ORDER_OPERATIONS } from '../../src/cli/orders.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { collectIssues } from '../../src/interactions/validate.ts';
import type { LabAccount } from '../../src/orders/accounts/lab-account.ts';
import { parseOrderPayload } from '../../src/orders/place/order-entry.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { buildAdminContext } from './admin-context.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

let store: TestStore;
let fixture: OrderFixture;
beforeAll(async () => {
  store = await openTestStore();
});
beforeEach(async () => {
  fixture = await openOrderFixture(store);
  await fixture.put(ADA);
});
afterEach(() => fixture.close());
afterAll(() => store.close());

const PLAN_NET = 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification';
/** A licence in this state. `registration`: the status of its registration with the lab network; undefined: it was never registered. */
const licence = (state: string, registration?: string, more: object = {}): object => ({
  code: { coding: [{ system: SYSTEMS.qualifications, code: 'state-license' }] },
  extension: [
    {
      url: PLAN_NET,
      extension: [{ url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: state }] } }],
    },
    ...(registration === undefined ? [] : [{ url: SYSTEMS.registrationStatus, valueCode: registration }]),
  ],
  ...more,
});
const physician = (id: string, npi: string, qualification: object[], more: object = {}): Resource => ({
  resourceType: 'Practitioner',
  id,
  name: [{ given: ['María'], family: `Doc ${id}` }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npi }],
  qualification,
  ...more,
});
const NPI = '1999999984';
const OTHER_NPI = '1999999976';
const sign = (rules: Partial<Pick<LabAccount, 'physicians' | 'defaultPhysicians'>>): void => {
  fixture.rules.account = { ...fixture.rules.account!, ...rules };
};

let ids = 0;
/** Stores an order, and returns its id. */
const order = async (more: object = {}): Promise<string> => {
  const id = `o${ids++}`;
  await fixture.put({ ...REQUEST, id, ...more } as Resource);
  return id;
};
const readText = async (id: string) => JSON.parse(parseOrderPayload((await fixture.entry(id))!).text);
const npiOf = async (id: string): Promise<unknown> => (await readText(id)).physician?.npi;
const dryRun = (more: object = {}) => {
  const resource = { ...REQUEST, ...more } as Resource;
  return collectIssues(fixture.context, { type: 'ServiceRequest', mode: 'create', resource: { plain: resource, exact: resource } });
};

describe('without a requester who signs', () => {
  test.each<[string, Resource[], string | undefined]>([
    ['the only physician registered in the patient’s state', [physician('a', NPI, [licence('CA'), licence('NY', 'active')])], NPI],
    ['nobody, if the registration is pending', [physician('a', NPI, [licence('NY', 'pending')])], undefined],
    ['nobody, if the registration is inactive', [physician('a', NPI, [licence('NY', 'inactive')])], undefined],
    ['nobody, if the licence was never registered', [physician('a', NPI, [licence('NY')])], undefined],
    ['nobody, if only another state is registered', [physician('a', NPI, [licence('NY'), licence('CA', 'active')])], undefined],
    ['nobody, if the licence has ended', [physician('a', NPI, [licence('NY', 'active', { period: { end: '2026-11-20' } })])], undefined],
    ['nobody, if the physician is not in practice', [physician('a', NPI, [licence('NY', 'active')], { active: false })], undefined],
    ['nobody, if the physician has no NPI', [physician('a', NPI, [licence('NY', 'active')], { identifier: undefined })], undefined],
    [
      'nobody, if two are registered',
      [physician('a', NPI, [licence('NY', 'active')]), physician('b', OTHER_NPI, [licence('NY', 'active')])],
      undefined,
    ],
    [
      'the one who can sign, if two are registered and one has no name in Latin letters',
      [physician('a', NPI, [licence('NY', 'active')]), physician('b', OTHER_NPI, [licence('NY', 'active')], { name: [{ text: 'x' }] })],
      NPI,
    ],
    [
      'one physician with two Practitioners',
      [physician('a', NPI, [licence('NY', 'active')]), physician('b', NPI, [licence('NY', 'active')])],
      NPI,
    ],
  ])('an account that demands no physician sends %s', async (_title, practitioners, expected) => {
    for (const practitioner of practitioners) await fixture.put(practitioner);
    expect(await npiOf(await order())).toBe(expected);
  });

  test.each([['Organization/o'], ['Patient/ada'], ['RelatedPerson/r'], ['Device/d']])('as when %s requests it', async (reference) => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    const id = await order({ requester: { reference } });
    expect([await npiOf(id), (await fixture.read('ServiceRequest', id)).requester]).toEqual([NPI, { reference }]);
  });

  test('all licences of the physician are sent, registered or not', async () => {
    await fixture.put(physician('a', NPI, [licence('TX'), licence('NY', 'active')]));
    expect((await readText(await order())).physician).toEqual({
      first_name: 'Maria',
      last_name: 'Doc a',
      npi: NPI,
      licensed_states: ['NY', 'TX'],
    });
  });

  test('of two Practitioners with one NPI the one with the smaller id signs', async () => {
    for (const id of ['b', 'a']) await fixture.put(physician(id, NPI, [licence('NY', 'active')]));
    expect((await readText(await order())).physician.last_name).toBe('Doc a');
  });
});

describe('an account that demands a physician', () => {
  beforeEach(() => sign({ physicians: 'required' }));
  const refusal = async (more: object = {}): Promise<{ text: string; expression: string[] }[]> =>
    order(more).then(
      () => [],
      (error: { kind: string; issues: { text: string; expression: string[] }[] }) => {
        expect(error.kind).toBe('rule');
        return error.issues;
      },
    );

  test('refuses an order that no physician signs before anything is written, with the state and the remedy', async () => {
    const [issue] = await refusal();
    expect(issue).toMatchObject({
      expression: ['ServiceRequest.requester'],
      text: expect.stringMatching(/licensed in NY.*none is registered/),
    });
    expect(issue!.text).toMatch(/register one, name one as the requester, or .*default physician/);
    expect(await store.store.read(fixture.tenant, 'ServiceRequest', `o${ids - 1}`)).toBeUndefined();
  });

  test('refuses an order that several could sign, and names them', async () => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    await fixture.put(physician('b', OTHER_NPI, [licence('NY', 'active')]));
    expect((await refusal())[0]!.text).toContain(`several are registered there (NPI ${OTHER_NPI}, ${NPI})`);
  });

  test('names at most five of them', async () => {
    for (const nth of [1, 2, 3, 4, 5, 6]) await fixture.put(physician(`p${nth}`, `199999990${nth}`, [licence('NY', 'active')]));
    expect((await refusal())[0]!.text).toContain('1999999905 and others)');
  });

  test('does not refuse an order for its physician if the address has no state: the address is the reason', async () => {
    await fixture.put({ ...ADA, id: 'lost', address: [{ ...(ADA.address as object[])[0], state: 'Ontario' }] } as Resource);
    const found = await refusal({ subject: { reference: 'Patient/lost' } });
    expect(found.map(({ expression }) => expression)).toEqual([['ServiceRequest.subject', 'Patient.address.state']]);
  });

  test('accepts the only registered physician', async () => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    expect(await npiOf(await order())).toBe(NPI);
  });
});

describe('the account’s default for the patient’s state', () => {
  test.each(['required', 'optional'] as const)('signs before registered physicians; the account: %s', async (physicians) => {
    await fixture.put(physician('a', NPI, [licence('NY')]));
    await fixture.put(physician('b', OTHER_NPI, [licence('NY', 'active')]));
    sign({ physicians, defaultPhysicians: { NY: 'a', CA: 'b' } });
    expect(await npiOf(await order())).toBe(NPI);
  });

  test('does not sign for a requester who signs', async () => {
    await fixture.put(physician('a', NPI, [licence('NY')]));
    await fixture.put(physician('b', OTHER_NPI, [licence('NY')]));
    sign({ defaultPhysicians: { NY: 'a' } });
    expect(await npiOf(await order({ requester: { reference: 'Practitioner/b' } }))).toBe(OTHER_NPI);
  });

  test.each<[string, Resource | undefined, RegExp, string | undefined]>([
    ['is not stored', undefined, /Practitioner\/a is not on this server or not in practice/, undefined],
    ['is not in practice', physician('a', NPI, [licence('NY')], { active: false }), /not in practice/, undefined],
    ['is licensed elsewhere', physician('a', NPI, [licence('CA')]), /default physician.* in the state .*NY/, 'Practitioner.qualification'],
    [
      'has no NPI',
      physician('a', NPI, [licence('NY')], { identifier: undefined }),
      /the NPI of its account's default/,
      'Practitioner.identifier',
    ],
  ])('is an error if it %s: no other physician signs', async (_title, practitioner, text, element) => {
    if (practitioner) await fixture.put(practitioner);
    await fixture.put(physician('b', OTHER_NPI, [licence('NY', 'active')]));
    sign({ defaultPhysicians: { NY: 'a' } });
    await expect(order()).rejects.toMatchObject({
      kind: 'rule',
      issues: [
        { text: expect.stringMatching(text), expression: ['ServiceRequest.requester', ...(element === undefined ? [] : [element])] },
      ],
    });
  });
});

test('a requester who cannot sign is refused, although another physician could', async () => {
  await fixture.put(physician('a', NPI, [licence('CA')]));
  await fixture.put(physician('b', OTHER_NPI, [licence('NY', 'active')]));
  await expect(order({ requester: { reference: 'Practitioner/a' } })).rejects.toThrow(/licence of its requester .* NY/);
});

test('the physician of an order is fixed when it is accepted', async () => {
  await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
  await order();
  await fixture.put(physician('a', NPI, [licence('NY', 'inactive')], { active: false }));
  await fixture.drainAll();
  expect([...fixture.sandbox.state.orders.values()].map(({ sent }) => (sent.physician as { npi: string }).npi)).toEqual([NPI]);
});

describe('the physician is shown', () => {
  const input = { type: { coding: [{ system: SYSTEMS.taskInput, code: 'physician' }] } };
  const shown = { type: 'Practitioner', identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: NPI } };

  test('in the Task, also of a user’s update that leaves it out', async () => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    const id = await order();
    const [task] = await fixture.tasks(id);
    const expected = [{ ...input, valueReference: { reference: 'Practitioner/a', ...shown, display: 'Maria Doc a' } }];
    expect(task!.input).toEqual(expected);
    const { input: _input, ...rest } = task!;
    await fixture.put({ ...rest, description: 'seen' } as Resource);
    expect((await fixture.tasks(id))[0]!.input).toEqual(expected);
  });

  test('in the Task without a reference if the requester is contained', async () => {
    const id = await order({ requester: { reference: '#p' }, contained: [physician('p', NPI, [licence('NY')])] });
    expect((await fixture.tasks(id))[0]!.input).toEqual([{ ...input, valueReference: { ...shown, display: 'Maria Doc p' } }]);
  });

  test('not in the Task of an order without a physician', async () => {
    expect((await fixture.tasks(await order()))[0]!.input).toBeUndefined();
  });

  test('to operators by facet orders show', async () => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    const show = ORDER_OPERATIONS['orders show']!;
    expect(await show(store.database, { order: await order() }, buildAdminContext(fixture.sender))).toContain(
      `physician      Maria Doc a, NPI ${NPI}`,
    );
  });

  const notice = (text: string) => ({ severity: 'information', code: 'informational', text, expression: ['ServiceRequest.requester'] });

  test('by a dry run, which stores nothing', async () => {
    await fixture.put(physician('a', NPI, [licence('NY', 'active')]));
    await fixture.put(physician('b', OTHER_NPI, [licence('NY')]));
    expect(await dryRun()).toEqual([
      notice(`the order is signed by Maria Doc a (NPI ${NPI}), the only physician who is registered in the patient's state`),
    ]);
    expect(await dryRun({ requester: { reference: 'Practitioner/b' } })).toEqual([
      notice(`the order is signed by Maria Doc b (NPI ${OTHER_NPI}), its requester`),
    ]);
    sign({ defaultPhysicians: { NY: 'b' } });
    expect(await dryRun()).toEqual([
      notice(`the order is signed by Maria Doc b (NPI ${OTHER_NPI}), its account's default physician for the patient's state`),
    ]);
  });

  test('by a dry run of an order that no physician of this server signs, or that is refused for it', async () => {
    expect(await dryRun()).toEqual([notice('the order names no physician: a physician of the lab network signs it')]);
    sign({ physicians: 'required' });
    expect(await dryRun()).toEqual([expect.objectContaining({ severity: 'error', expression: ['ServiceRequest.requester'] })]);
  });
});
