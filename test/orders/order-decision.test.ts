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
  type DecisionFixture,
  entry,
  IMAGING,
  labTest,
  METABOLIC,
  OTHER_TEST,
  openDecisionFixture,
  TEST,
  UNKNOWN,
} from './decision-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from './order-fixture.ts';

let fixture: DecisionFixture;
openBeforeEach(
  (store) => openDecisionFixture(store),
  (opened) => {
    fixture = opened;
  },
);
beforeEach(() => fixture.put(ADA));

const refusal = { kind: 'rule', issues: [expect.objectContaining({ severity: 'error' })] };
const orderSet = async (id: string) => JSON.parse(JSON.parse((await fixture.entry(id))!.payload).text).order_set;

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
  ])('with the intent %s is %s, as the CapabilityStatement documents', async (intent, expected) => {
    expect(await fixture.decide({ intent })).toBe(expected);
    const line = buildOrderDocumentation('reject')
      .split('\n')
      .find((line) => line.startsWith(`- \`${intent}\``));
    expect(line?.includes('never sent')).toBe(expected === 'stored');
  });

  test.each(['filler-order', 'reflex-order'])(
    'with the intent %s gets a warning that this intent belongs to the fulfiller',
    async (intent) => {
      const request = { ...REQUEST, intent } as Resource;
      const issues = await collectIssues(fixture.context, {
        type: 'ServiceRequest',
        mode: 'create',
        resource: { plain: request, exact: request },
      });
      expect(issues).toEqual([expect.objectContaining({ severity: 'information', expression: ['ServiceRequest.intent'] })]);
    },
  );
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
    expect(await fixture.decide(more)).toBe(expected);
  });

  test('with an unknown panel is refused in every category', async () => {
    await fixture.addCatalogueEntry();
    const beside = { code: { coding: [METABOLIC, { system: PANEL_SYSTEM, code: 'pcoss' }] } };
    await expect(fixture.request('one', beside)).rejects.toMatchObject(refusal);
    for (const category of [REQUEST.category, undefined, IMAGING])
      await expect(fixture.request('one', { code: coded('pcoss', PANEL_SYSTEM), category })).rejects.toMatchObject(refusal);
  });
});

describe('the catalogue', () => {
  test('maps LOINC and laboratory codes to tests, in every category and also in orderDetail', async () => {
    await fixture.put(entry('a', [METABOLIC, { system: 'http://lab.example/codes', code: 'CMP,1|x' }, labTest(TEST)]));
    await fixture.put(
      entry('b', [
        { system: `${TEST_SYSTEMS.laboratories}quest`, code: '899' },
        { system: PANEL_SYSTEM, code: 'pcos' },
      ]),
    );
    await fixture.request('loinc', { code: { coding: [METABOLIC] }, category: undefined });
    await fixture.request('own', { code: coded('CMP,1|x', 'http://lab.example/codes') });
    await fixture.request('provider', { code: coded('899', `${TEST_SYSTEMS.laboratories}quest`), orderDetail: [{ coding: [METABOLIC] }] });
    expect(await orderSet('loinc')).toEqual({ lab_test_ids: [TEST] });
    expect(await orderSet('own')).toEqual({ lab_test_ids: [TEST] });
    expect(await orderSet('provider')).toEqual({ lab_test_ids: [...fixture.panels.pcos!, TEST] });
  });

  test('with several tests for one code orders none of them: 422 with the list', async () => {
    await fixture.addCatalogueEntry();
    await fixture.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    const text = expect.stringMatching(new RegExp(`Test a: .*${TEST}.*Activity.*/a.*Test b: .*${OTHER_TEST}`));
    const issues = [expect.objectContaining({ text, expression: ['ServiceRequest.code'] })];
    await expect(fixture.request('one', UNKNOWN)).rejects.toMatchObject({ kind: 'rule', issues });
    await expect(fixture.request('one', { orderDetail: [UNKNOWN.code] })).rejects.toMatchObject({
      issues: [expect.objectContaining({ expression: ['ServiceRequest.orderDetail[0]'] })],
    });
    expect(await fixture.decide({ code: { coding: [METABOLIC, labTest(OTHER_TEST)] } })).toBe('requested');
    expect(await orderSet('one')).toEqual({ lab_test_ids: [OTHER_TEST] });
  });

  test('may have several entries for one test', async () => {
    await fixture.addCatalogueEntry();
    await fixture.put(entry('b', [METABOLIC, labTest(TEST)]));
    expect(await fixture.decide(UNKNOWN)).toBe('requested');
  });

  test('with more entries for a code than are compared orders none of them', async () => {
    for (let n = 0; n < 51; n++) await fixture.put(entry(`e${n}`, [METABOLIC, labTest(n === 0 ? OTHER_TEST : TEST)]));
    await expect(fixture.request('one', UNKNOWN)).rejects.toMatchObject(refusal);
    for (let n = 0; n < 2; n++) await fixture.put(entry(`e${n}`, [METABOLIC, labTest(TEST)], { status: 'retired' }));
    expect(await fixture.decide(UNKNOWN)).toBe('requested');
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
  ])('ignores an entry that %s', async (_title, more) => {
    await fixture.addCatalogueEntry(more);
    expect(await fixture.decide(UNKNOWN)).toBe('rejected');
  });

  test('belongs to one tenant, and is used whatever scopes the caller has', async () => {
    await fixture.addCatalogueEntry();
    const other = { ...fixture.context, caller: { ...fixture.context.caller, tenant: fixture.tenant + 1000 } };
    await update(other, { type: 'Patient', id: 'ada', draft: { resource: ADA, exact: ADA } });
    const request = { ...REQUEST, ...UNKNOWN } as Resource;
    const { warnings } = await create(other, { type: 'ServiceRequest', draft: { resource: request, exact: request } });
    expect(warnings).toEqual([expect.objectContaining({ severity: 'warning' })]);
    const few = { ...fixture.context, caller: { ...fixture.context.caller, scopes: ['system/ServiceRequest.c'] } };
    const { row } = await create(few, { type: 'ServiceRequest', draft: { resource: request, exact: request } });
    expect(await fixture.readDecision(row.id)).toBe('requested');
  });
});

describe('an order of another system', () => {
  const performer = (...references: object[]) => ({ performer: references });
  beforeEach(async () => {
    await fixture.put({ resourceType: 'Organization', id: 'other', name: 'Other Laboratory' });
    await fixture.put({ resourceType: 'Organization', id: 'ours', identifier: [{ system: SYSTEMS.labAccount, value: TEST }] });
  });

  test.each<[string, object[]]>([
    ['an organization without an account', [{ reference: 'Organization/other' }]],
    ['an organization that is not here', [{ reference: 'Organization/missing' }]],
    ['an organization of another server', [{ reference: 'https://elsewhere.example/Organization/1' }]],
    ['a name', [{ display: 'Other Laboratory' }]],
    ['another laboratory or ours', [{ reference: 'Organization/ours' }, { reference: 'Organization/other' }]],
  ])('is not sent: its performer is %s', async (_title, references) => {
    expect(await fixture.decide(performer(...references))).toBe('rejected');
    expect(await fixture.readReason('one')).toMatch(/another laboratory/);
  });

  test('is neither ambiguous nor refused', async () => {
    await fixture.addCatalogueEntry();
    await fixture.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    expect(
      await fixture.decide({ ...UNKNOWN, ...performer({ reference: 'Organization/other' }), insurance: [{ reference: 'Coverage/c' }] }),
    ).toBe('rejected');
  });

  test('is sent if its laboratory has an account here', async () => {
    expect(await fixture.decide(performer({ reference: 'Organization/ours' }))).toBe('requested');
  });
});

describe('an instance of a request', () => {
  const basedOn = (...ids: string[]) => ({ intent: 'instance-order', basedOn: ids.map((id) => ({ reference: `ServiceRequest/${id}` })) });
  test('of an order that was sent, or will be, is not sent, at any depth of basedOn', async () => {
    await fixture.request('base', {});
    expect(await fixture.decide(basedOn('base'))).toBe('rejected');
    await fixture.drainAll();
    await fixture.request('second', basedOn('base'));
    expect(await fixture.readDecision('second')).toBe('rejected');
    await fixture.request('plan', { intent: 'plan', basedOn: [{ reference: `${fixture.context.baseUrl}/ServiceRequest/base` }] });
    await fixture.request('third', basedOn('plan'));
    expect(await fixture.readDecision('third')).toBe('rejected');
  });

  test('of a request that is not stored here is not sent', async () => {
    expect(await fixture.decide(basedOn('nowhere'))).toBe('rejected');
    await fixture.request('two', { intent: 'instance-order', basedOn: [{ display: 'an order on paper' }] });
    expect(await fixture.readDecision('two')).toBe('rejected');
  });

  test('of a request that was never sent is sent, and so is one that is based on a plan', async () => {
    await fixture.request('plan', { intent: 'plan' });
    expect(await fixture.decide(basedOn('plan'))).toBe('requested');
    await fixture.request('withdrawn', {});
    await fixture.request('withdrawn', { status: 'revoked' });
    await fixture.request('two', basedOn('withdrawn'));
    expect(await fixture.readDecision('two')).toBe('requested');
    await fixture.request('three', { intent: 'instance-order', basedOn: [{ reference: 'CarePlan/p' }] });
    expect(await fixture.readDecision('three')).toBe('requested');
  });

  test('in a circle of basedOn is not sent, and the search ends', async () => {
    await fixture.request('a', { ...basedOn('b'), status: 'draft' });
    await fixture.request('b', { ...basedOn('a'), status: 'draft' });
    await fixture.request('b', basedOn('a'));
    expect(await fixture.readDecision('b')).toBe('rejected');
  });

  test('and its order in one transaction create one order, in either sequence', async () => {
    const buildEntry = (at: number, id: string, more: object): TransactionEntry => {
      const resource = { ...REQUEST, id, ...more } as Resource;
      return { index: at, method: 'PUT', type: 'ServiceRequest', id, draft: { resource, exact: resource } };
    };
    const run = (...entries: TransactionEntry[]) => executeTransaction(fixture.context, entries, async (_inside, done) => done);
    const done = await run(buildEntry(0, 'child', basedOn('base')), buildEntry(1, 'base', {}));
    expect(done.get(0)!.warnings).toEqual([expect.objectContaining({ severity: 'warning', expression: ['ServiceRequest.basedOn[0]'] })]);
    expect([await fixture.readDecision('child'), await fixture.readDecision('base')]).toEqual(['rejected', 'requested']);
    await fixture.request('drafted', { status: 'draft' });
    await run(buildEntry(0, 'child3', basedOn('drafted')), buildEntry(1, 'drafted', {}));
    expect([await fixture.readDecision('child3'), await fixture.readDecision('drafted')]).toEqual(['rejected', 'requested']);
    await run(buildEntry(0, 'base2', {}), buildEntry(1, 'child2', basedOn('base2')));
    expect([await fixture.readDecision('base2'), await fixture.readDecision('child2')]).toEqual(['requested', 'rejected']);
  });
});
