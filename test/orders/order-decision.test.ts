// Which ServiceRequests are orders: by intent, category, code, performer and what they are based on.
import type { Resource } from '../../src/fhir/types.ts';
import { create } from '../../src/interactions/create.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import type { TransactionEntry } from '../../src/interactions/transaction-entry.ts';
import { update } from '../../src/interactions/update.ts';
import { collectIssues } from '../../src/interactions/validate.ts';
import { buildOrderDocumentation } from '../../src/orders/place/order-documentation.ts';
import {
  coded,
  type DecisionWorld,
  decisionWorld,
  entry,
  IMAGING,
  labTest,
  METABOLIC,
  OTHER_TEST,
  TEST,
  UNKNOWN,
} from './decision-world.ts';
import { eachInAWorld } from './each-world.ts';
import { ADA, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from './order-world.ts';

let here: DecisionWorld;
eachInAWorld(
  (store) => decisionWorld(store),
  (world) => {
    here = world;
  },
);
beforeEach(() => here.put(ADA));

const refusal = { kind: 'rule', issues: [expect.objectContaining({ severity: 'error' })] };
const orderSet = async (id: string) => JSON.parse(JSON.parse((await here.entry(id))!.payload).text).order_set;

describe('by its intent, an active request for a panel', () => {
  test.each([
    ['order', 'requested'],
    ['original-order', 'requested'],
    ['instance-order', 'requested'],
    ['filler-order', 'stored'],
    ['reflex-order', 'stored'],
    ['proposal', 'stored'],
    ['plan', 'stored'],
    ['option', 'stored'],
    ['directive', 'stored'],
  ])('of the intent %s is %s, and the CapabilityStatement says so', async (intent, expected) => {
    expect(await here.fate({ intent })).toBe(expected);
    const line = buildOrderDocumentation('reject')
      .split('\n')
      .find((line) => line.startsWith(`- \`${intent}\``));
    expect(line?.includes('never sent')).toBe(expected === 'stored');
  });

  test.each(['filler-order', 'reflex-order'])('is told that a %s is the fulfiller’s own', async (intent) => {
    const request = { ...REQUEST, intent } as Resource;
    const issues = await collectIssues(here.context, {
      type: 'ServiceRequest',
      mode: 'create',
      resource: { plain: request, exact: request },
    });
    expect(issues).toEqual([expect.objectContaining({ severity: 'information', expression: ['ServiceRequest.intent'] })]);
  });
});

describe('by category and code, an active order', () => {
  const panel = { code: { coding: [{ system: PANEL_SYSTEM, code: 'pcos' }] } };
  test.each<[string, object, string]>([
    ['a panel, of no category', { ...panel, category: undefined }, 'requested'],
    ['a panel, of imaging', { ...panel, category: IMAGING }, 'requested'],
    ['a panel that shall not be made', { ...panel, doNotPerform: true }, 'stored'],
    ['a lab test, of no category', { code: { coding: [labTest(TEST)] }, category: undefined }, 'requested'],
    ['LOINC that nothing is known of', UNKNOWN, 'rejected'],
    ['LOINC, of v2-0074 LAB', { ...UNKNOWN, category: [coded('LAB', 'http://terminology.hl7.org/CodeSystem/v2-0074')] }, 'rejected'],
    ['LOINC, of the word laboratory', { ...UNKNOWN, category: [{ text: 'laboratory' }] }, 'rejected'],
    ['words alone', { code: { text: 'blood' } }, 'rejected'],
    ['nothing', { code: undefined }, 'rejected'],
    ['LOINC, of imaging', { ...UNKNOWN, category: IMAGING }, 'stored'],
    ['LOINC, of a system named like a property of every object', { ...UNKNOWN, category: [coded('name', 'constructor')] }, 'stored'],
    ['LOINC, of no category', { ...UNKNOWN, category: undefined }, 'stored'],
    ['LOINC that shall not be done', { ...UNKNOWN, doNotPerform: true }, 'stored'],
    ['LOINC, planned', { ...UNKNOWN, intent: 'plan' }, 'stored'],
    ['LOINC, not yet', { ...UNKNOWN, status: 'draft' }, 'stored'],
  ])('for %s is %3$s', async (_title, more, expected) => {
    expect(await here.fate(more)).toBe(expected);
  });

  test('by a panel that there is not is refused, of whatever category', async () => {
    await here.inCatalogue();
    const beside = { code: { coding: [METABOLIC, { system: PANEL_SYSTEM, code: 'pcoss' }] } };
    await expect(here.request('one', beside)).rejects.toMatchObject(refusal);
    for (const category of [REQUEST.category, undefined, IMAGING])
      await expect(here.request('one', { code: coded('pcoss', PANEL_SYSTEM), category })).rejects.toMatchObject(refusal);
  });
});

describe('the catalogue', () => {
  test('says what LOINC and a laboratory’s own code are ordered by, of whatever category, in details too', async () => {
    await here.put(entry('a', [METABOLIC, { system: 'http://lab.example/codes', code: 'CMP,1|x' }, labTest(TEST)]));
    await here.put(
      entry('b', [
        { system: `${TEST_SYSTEMS.laboratories}quest`, code: '899' },
        { system: PANEL_SYSTEM, code: 'pcos' },
      ]),
    );
    await here.request('loinc', { code: { coding: [METABOLIC] }, category: undefined });
    await here.request('own', { code: coded('CMP,1|x', 'http://lab.example/codes') });
    await here.request('provider', { code: coded('899', `${TEST_SYSTEMS.laboratories}quest`), orderDetail: [{ coding: [METABOLIC] }] });
    expect(await orderSet('loinc')).toEqual({ lab_test_ids: [TEST] });
    expect(await orderSet('own')).toEqual({ lab_test_ids: [TEST] });
    expect(await orderSet('provider')).toEqual({ lab_test_ids: [...here.panels.pcos!, TEST] });
  });

  test('that has several tests for a code orders none of them: 422, with the list', async () => {
    await here.inCatalogue();
    await here.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    const text = expect.stringMatching(new RegExp(`Test a: .*${TEST}.*Activity.*/a.*Test b: .*${OTHER_TEST}`));
    const issues = [expect.objectContaining({ text, expression: ['ServiceRequest.code'] })];
    await expect(here.request('one', UNKNOWN)).rejects.toMatchObject({ kind: 'rule', issues });
    await expect(here.request('one', { orderDetail: [UNKNOWN.code] })).rejects.toMatchObject({
      issues: [expect.objectContaining({ expression: ['ServiceRequest.orderDetail[0]'] })],
    });
    expect(await here.fate({ code: { coding: [METABOLIC, labTest(OTHER_TEST)] } })).toBe('requested');
    expect(await orderSet('one')).toEqual({ lab_test_ids: [OTHER_TEST] });
  });

  test('may have several entries for one test', async () => {
    await here.inCatalogue();
    await here.put(entry('b', [METABOLIC, labTest(TEST)]));
    expect(await here.fate(UNKNOWN)).toBe('requested');
  });

  test('that has more entries for a code than are compared orders none of them', async () => {
    for (let nth = 0; nth < 51; nth++) await here.put(entry(`e${nth}`, [METABOLIC, labTest(nth === 0 ? OTHER_TEST : TEST)]));
    await expect(here.request('one', UNKNOWN)).rejects.toMatchObject(refusal);
    for (let nth = 0; nth < 2; nth++) await here.put(entry(`e${nth}`, [METABOLIC, labTest(TEST)], { status: 'retired' }));
    expect(await here.fate(UNKNOWN)).toBe('requested');
  });

  test.each<[string, object]>([
    ['is a draft', { status: 'draft' }],
    ['is retired', { status: 'retired' }],
    ['is an experiment', { experimental: true }],
    ['defines another kind of request', { kind: 'MedicationRequest' }],
    ['says what not to do', { doNotPerform: true }],
    ['is over', { effectivePeriod: { end: '2026-11-20' } }],
    ['has not begun', { effectivePeriod: { start: '2026-12' } }],
    ['has no test of the network', { code: { coding: [METABOLIC] } }],
    ['names two tests', { code: { coding: [METABOLIC, { system: PANEL_SYSTEM, code: 'pcos' }, labTest(TEST)] } }],
    ['names a test that is none', { code: { coding: [METABOLIC, labTest('cmp')] } }],
  ])('orders nothing by an entry that %s', async (_title, more) => {
    await here.inCatalogue(more);
    expect(await here.fate(UNKNOWN)).toBe('rejected');
  });

  test('is of one tenant, and is asked whatever the caller may read', async () => {
    await here.inCatalogue();
    const other = { ...here.context, caller: { ...here.context.caller, tenant: here.tenant + 1000 } };
    await update(other, { type: 'Patient', id: 'ada', draft: { resource: ADA, exact: ADA } });
    const request = { ...REQUEST, ...UNKNOWN } as Resource;
    const { warnings } = await create(other, { type: 'ServiceRequest', draft: { resource: request, exact: request } });
    expect(warnings).toEqual([expect.objectContaining({ severity: 'warning' })]);
    const few = { ...here.context, caller: { ...here.context.caller, scopes: ['system/ServiceRequest.c'] } };
    const { row } = await create(few, { type: 'ServiceRequest', draft: { resource: request, exact: request } });
    expect(await here.becomes(row.id)).toBe('requested');
  });
});

describe('what another system has ordered', () => {
  const performer = (...references: object[]) => ({ performer: references });
  beforeEach(async () => {
    await here.put({ resourceType: 'Organization', id: 'other', name: 'Other Laboratory' });
    await here.put({ resourceType: 'Organization', id: 'ours', identifier: [{ system: SYSTEMS.labAccount, value: TEST }] });
  });

  test.each<[string, object[]]>([
    ['an organization without an account', [{ reference: 'Organization/other' }]],
    ['an organization that is not here', [{ reference: 'Organization/missing' }]],
    ['an organization of another server', [{ reference: 'https://elsewhere.example/Organization/1' }]],
    ['a name', [{ display: 'Other Laboratory' }]],
    ['another laboratory or ours', [{ reference: 'Organization/ours' }, { reference: 'Organization/other' }]],
  ])('is not ordered: its performer is %s', async (_title, references) => {
    expect(await here.fate(performer(...references))).toBe('rejected');
    expect(await here.reasonOf('one')).toMatch(/another laboratory/);
  });

  test('is not even ambiguous, and nothing of it is refused', async () => {
    await here.inCatalogue();
    await here.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    expect(
      await here.fate({ ...UNKNOWN, ...performer({ reference: 'Organization/other' }), insurance: [{ reference: 'Coverage/c' }] }),
    ).toBe('rejected');
  });

  test('is ordered where the laboratory has an account here', async () => {
    expect(await here.fate(performer({ reference: 'Organization/ours' }))).toBe('requested');
  });
});

describe('an instance of a request', () => {
  const basedOn = (...ids: string[]) => ({ intent: 'instance-order', basedOn: ids.map((id) => ({ reference: `ServiceRequest/${id}` })) });
  test('that was sent, or is about to be, is not sent again, at whatever remove', async () => {
    await here.request('base', {});
    expect(await here.fate(basedOn('base'))).toBe('rejected');
    await here.settle();
    await here.request('second', basedOn('base'));
    expect(await here.becomes('second')).toBe('rejected');
    await here.request('plan', { intent: 'plan', basedOn: [{ reference: `${here.context.baseUrl}/ServiceRequest/base` }] });
    await here.request('third', basedOn('plan'));
    expect(await here.becomes('third')).toBe('rejected');
  });

  test('that is not here may have been sent: it is not sent', async () => {
    expect(await here.fate(basedOn('nowhere'))).toBe('rejected');
    await here.request('two', { intent: 'instance-order', basedOn: [{ display: 'an order on paper' }] });
    expect(await here.becomes('two')).toBe('rejected');
  });

  test('that was never sent is sent, and so is one of a plan that is no request', async () => {
    await here.request('plan', { intent: 'plan' });
    expect(await here.fate(basedOn('plan'))).toBe('requested');
    await here.request('withdrawn', {});
    await here.request('withdrawn', { status: 'revoked' });
    await here.request('two', basedOn('withdrawn'));
    expect(await here.becomes('two')).toBe('requested');
    await here.request('three', { intent: 'instance-order', basedOn: [{ reference: 'CarePlan/p' }] });
    expect(await here.becomes('three')).toBe('requested');
  });

  test('in a circle is sent nowhere and ends', async () => {
    await here.request('a', { ...basedOn('b'), status: 'draft' });
    await here.request('b', { ...basedOn('a'), status: 'draft' });
    await here.request('b', basedOn('a'));
    expect(await here.becomes('b')).toBe('rejected');
  });

  test('in one transaction with it makes one order, whichever stands first', async () => {
    const buildEntry = (at: number, id: string, more: object): TransactionEntry => {
      const plain = { ...REQUEST, id, ...more } as Resource;
      return { index: at, method: 'PUT', type: 'ServiceRequest', id, draft: { resource: plain, exact: plain } };
    };
    const run = (...entries: TransactionEntry[]) => executeTransaction(here.context, entries, async (_inside, done) => done);
    const done = await run(buildEntry(0, 'child', basedOn('base')), buildEntry(1, 'base', {}));
    expect(done.get(0)!.warnings).toEqual([expect.objectContaining({ severity: 'warning', expression: ['ServiceRequest.basedOn[0]'] })]);
    expect([await here.becomes('child'), await here.becomes('base')]).toEqual(['rejected', 'requested']);
    await here.request('drafted', { status: 'draft' });
    await run(buildEntry(0, 'child3', basedOn('drafted')), buildEntry(1, 'drafted', {}));
    expect([await here.becomes('child3'), await here.becomes('drafted')]).toEqual(['rejected', 'requested']);
    await run(buildEntry(0, 'base2', {}), buildEntry(1, 'child2', basedOn('base2')));
    expect([await here.becomes('base2'), await here.becomes('child2')]).toEqual(['requested', 'rejected']);
  });
});
