// An active laboratory request that cannot be ordered is stored with a Task that has the reason, until it is corrected. Also requests that were stored before
// they could be ordered.
import { buildPatch } from '../../src/fhir/patch/patch.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { create } from '../../src/interactions/create.ts';
import { remove } from '../../src/interactions/delete.ts';
import { patchResource } from '../../src/interactions/patch.ts';
import { update } from '../../src/interactions/update.ts';
import { collectIssues } from '../../src/interactions/validate.ts';
import { buildServiceRequestWriteHook } from '../../src/orders/place/service-request-write-hook.ts';
import { type DecisionFixture, entry, IMAGING, labTest, METABOLIC, OTHER_TEST, openDecisionFixture, UNKNOWN } from './decision-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST, SYSTEMS } from './order-fixture.ts';

let fixture: DecisionFixture;
openBeforeEach(
  (store) => openDecisionFixture(store),
  (opened) => {
    fixture = opened;
  },
);
beforeEach(() => fixture.put(ADA));

describe('a laboratory request that cannot be ordered', () => {
  const request = { ...REQUEST, ...UNKNOWN } as Resource;
  const draft = { resource: request, exact: request };
  const WARNING = { severity: 'warning', code: 'business-rule', expression: ['ServiceRequest.code'] };

  test('is stored with a Task that has the reason; the write and the dry run return a warning', async () => {
    const { row, warnings } = await create(fixture.context, { type: 'ServiceRequest', draft });
    expect(warnings).toEqual([expect.objectContaining(WARNING)]);
    expect(await fixture.tasksOf(row.id)).toEqual([
      expect.objectContaining({
        status: 'rejected',
        intent: 'order',
        statusReason: { text: warnings![0]!.text },
        for: { reference: 'Patient/ada' },
        basedOn: [{ reference: `ServiceRequest/${row.id}` }],
      }),
    ]);
    const dry = await collectIssues(fixture.context, {
      type: 'ServiceRequest',
      mode: 'create',
      resource: { plain: draft.resource, exact: draft.exact },
    });
    expect(dry).toEqual(warnings);
    expect(dry[0]!.text).not.toContain('24323-8');
  });

  test('has one Task, which changes only with the reason', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => fixture.request('one', { ...UNKNOWN, patientInstruction: `${index}` })));
    const [first] = await fixture.tasksOf('one');
    await fixture.request('one', { ...UNKNOWN, patientInstruction: 'again' });
    expect(await fixture.tasksOf('one')).toEqual([first]);
    await fixture.request('one', { ...UNKNOWN, performer: [{ display: 'Other' }] });
    expect(await fixture.tasksOf('one')).toEqual([expect.objectContaining({ id: first!.id, status: 'rejected' })]);
    expect(await fixture.readReason('one')).toMatch(/another laboratory/);
    await fixture.request('one', { ...UNKNOWN, status: 'revoked' });
    expect(await fixture.readDecision('one')).toBe('rejected');
  });

  test('is ordered when it is corrected, and its Task becomes the Task of the order', async () => {
    await fixture.request('one', UNKNOWN);
    const [rejected] = await fixture.tasksOf('one');
    await fixture.request('one', {});
    const [task, ...more] = await fixture.tasksOf('one');
    expect([task!.id, more]).toEqual([rejected!.id, []]);
    expect(task).toMatchObject({ status: 'requested', authoredOn: rejected!.authoredOn });
    expect(task!.statusReason).toBeUndefined();
    await fixture.drainAll();
    expect(await fixture.tasks('one')).toEqual([expect.objectContaining({ id: rejected!.id, status: 'received' })]);
    expect(fixture.sandbox.state.orders.size).toBe(1);
  });

  test('is ordered by the next change after its test was added to the catalogue', async () => {
    await fixture.request('one', UNKNOWN);
    await fixture.addCatalogueEntry();
    expect(await fixture.readDecision('one')).toBe('rejected');
    await fixture.request('one', { ...UNKNOWN, patientInstruction: 'drink' });
    expect(await fixture.readDecision('one')).toBe('requested');
  });

  test('can be changed and deleted; a new request under its id is decided on its own', async () => {
    await fixture.request('one', UNKNOWN);
    await fixture.request('one', { ...UNKNOWN, subject: { reference: 'Patient/other' } });
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await fixture.request('one', UNKNOWN);
    expect(await fixture.readDecision('one')).toBe('rejected');
    await fixture.request('one', {});
    await fixture.request('one', { status: 'revoked' });
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await fixture.request('one', UNKNOWN);
    expect((await fixture.tasksOf('one')).map(({ status }) => status).sort()).toEqual(['cancelled', 'rejected']);
  });

  test('can be changed while it still cannot be ordered for another reason, and is ordered when it can be', async () => {
    const bodySite = [{ text: 'Arm' }];
    await fixture.request('one', { ...UNKNOWN, bodySite });
    await fixture.addCatalogueEntry();
    await fixture.request('one', { ...UNKNOWN, bodySite, patientInstruction: 'drink' });
    expect([await fixture.readDecision('one'), await fixture.readReason('one')]).toEqual(['rejected', expect.stringMatching(/body site/)]);
    await fixture.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    await fixture.request('one', UNKNOWN);
    expect([await fixture.readDecision('one'), await fixture.readReason('one')]).toEqual([
      'rejected',
      expect.stringMatching(/several tests/),
    ]);
    await fixture.put(entry('b', [METABOLIC, labTest(OTHER_TEST)], { status: 'retired' }));
    await fixture.request('one', { ...UNKNOWN, patientInstruction: 'drink' });
    expect(await fixture.readDecision('one')).toBe('requested');
  });

  test('has a Task for its current patient, also after its patient was changed', async () => {
    await fixture.put({ ...ADA, id: 'other' });
    await fixture.request('one', UNKNOWN);
    const subject = { reference: 'Patient/other' };
    await fixture.request('one', { ...UNKNOWN, subject });
    expect(await fixture.tasksOf('one')).toEqual([expect.objectContaining({ status: 'rejected', for: subject })]);
    await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
    await fixture.request('one', UNKNOWN);
    expect(await fixture.tasksOf('one')).toEqual([expect.objectContaining({ for: { reference: 'Patient/ada' } })]);
  });

  test('keeps a Task that a user has marked as entered in error', async () => {
    await fixture.request('one', UNKNOWN);
    const [task] = await fixture.tasksOf('one');
    await fixture.put({ ...task, status: 'entered-in-error' } as Resource);
    await fixture.request('one', { ...UNKNOWN, performer: [{ display: 'Other' }] });
    expect(await fixture.readDecision('one')).toBe('entered-in-error');
  });

  test('is also a draft that a patch makes active', async () => {
    await fixture.request('one', { ...UNKNOWN, status: 'draft' });
    expect(await fixture.readDecision('one')).toBe('stored');
    const saved = await patchResource(fixture.context, {
      type: 'ServiceRequest',
      id: 'one',
      change: buildPatch((now) => ({ ...now, status: 'active' }), false),
    });
    expect(saved.warnings).toEqual([expect.objectContaining(WARNING)]);
    expect(await fixture.readDecision('one')).toBe('rejected');
  });
});

describe('in a strict installation, it', () => {
  openBeforeEach(
    (store) => openDecisionFixture(store, 'refuse'),
    (opened) => {
      fixture = opened;
    },
  );

  test('is refused and nothing is written; other requests are stored', async () => {
    await fixture.put(ADA);
    const refusal = { kind: 'rule', issues: [expect.objectContaining({ severity: 'error' })] };
    await expect(fixture.request('one', UNKNOWN)).rejects.toMatchObject(refusal);
    await expect(fixture.request('one', { performer: [{ display: 'Other' }] })).rejects.toMatchObject(refusal);
    expect(await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'one')).toBeUndefined();
    expect(await fixture.tasksOf('one')).toEqual([]);
    expect(await fixture.decide({ ...UNKNOWN, category: IMAGING })).toBe('stored');
    expect(await fixture.decide({ ...UNKNOWN, intent: 'filler-order' })).toBe('stored');
  });

  test('can still be changed if it was rejected before', async () => {
    await fixture.put(ADA);
    const request = { ...REQUEST, ...UNKNOWN, id: 'one' } as Resource;
    const lenient = new Map([
      ['ServiceRequest' as const, [buildServiceRequestWriteHook(SYSTEMS, () => ({ ...fixture.rules, unorderable: 'reject' }))]],
    ]);
    await update(
      { ...fixture.context, writeHooks: lenient },
      { type: 'ServiceRequest', id: 'one', draft: { resource: request, exact: request } },
    );
    await fixture.request('one', { ...UNKNOWN, patientInstruction: 'drink' });
    expect(await fixture.readDecision('one')).toBe('rejected');
    await expect(fixture.request('one', { ...UNKNOWN, intent: 'original-order' })).rejects.toMatchObject({ kind: 'rule' });
  });
});

describe('in an installation without a lab network, it', () => {
  openBeforeEach(
    (store) => openDecisionFixture(store, 'store'),
    (opened) => {
      fixture = opened;
    },
  );

  test('is stored like any other request', async () => {
    const resource = { ...REQUEST, ...UNKNOWN } as Resource;
    const { warnings, row } = await create(fixture.context, { type: 'ServiceRequest', draft: { resource, exact: resource } });
    expect([warnings, await fixture.readDecision(row.id)]).toEqual([undefined, 'stored']);
  });
});

describe('in a tenant without an account at the lab network, it', () => {
  const withoutAccount = (unorderable: 'store' | 'reject' | 'refuse') =>
    openBeforeEach(
      (store) => openDecisionFixture(store, unorderable),
      (opened) => {
        fixture = opened;
        fixture.rules.account = undefined;
        fixture.rules.table.panels = {};
      },
    );
  const place = () => {
    const resource = { ...REQUEST, id: 'one' } as Resource;
    return update(fixture.context, { type: 'ServiceRequest', id: 'one', draft: { resource, exact: resource } });
  };

  describe('where others have one', () => {
    withoutAccount('reject');
    test('is stored with a Task that names the remedy', async () => {
      await fixture.put(ADA);
      await place();
      expect([await fixture.readDecision('one'), await fixture.readReason('one')]).toEqual([
        'rejected',
        expect.stringContaining('facet accounts create'),
      ]);
    });
  });

  describe('where others have one and FACET_ORDERS=strict', () => {
    withoutAccount('refuse');
    test('is refused with the remedy', async () => {
      await fixture.put(ADA);
      await expect(place()).rejects.toMatchObject({ kind: 'rule', message: expect.stringContaining('facet accounts create') });
    });
  });

  describe('where nobody has one', () => {
    withoutAccount('store');
    test('is stored without a Task, and the response names the remedy', async () => {
      await fixture.put(ADA);
      const { warnings } = await place();
      expect([warnings, await fixture.readDecision('one')]).toEqual([
        [expect.objectContaining({ severity: 'information', text: expect.stringContaining('facet accounts create') })],
        'stored',
      ]);
    });
  });
});

describe('a request that was stored as active before it could be ordered', () => {
  /** As an earlier release, or an installation without an account, left it. */
  const remaining = async (id: string, more: object) => {
    const resource = { ...REQUEST, id, ...more } as Resource;
    const writeHooks = new Map();
    await update({ ...fixture.context, writeHooks }, { type: 'ServiceRequest', id, draft: { resource, exact: resource } });
  };

  test.each<[string, object]>([
    ['a panel without a category', { category: undefined }],
    ['an instance-order', { intent: 'instance-order' }],
    ['LOINC that the catalogue has one test for', UNKNOWN],
  ])('is not ordered by another change, and the response has a warning: %s', async (_title, more) => {
    await fixture.addCatalogueEntry();
    await remaining('one', more);
    const request = { ...REQUEST, id: 'one', ...more, patientInstruction: 'drink' } as Resource;
    const draft = { resource: request, exact: request };
    const dry = await collectIssues(fixture.context, {
      type: 'ServiceRequest',
      id: 'one',
      mode: 'update',
      resource: { plain: draft.resource, exact: draft.exact },
    });
    const { warnings } = await update(fixture.context, { type: 'ServiceRequest', id: 'one', draft });
    expect(warnings).toEqual([expect.objectContaining({ severity: 'information', expression: ['ServiceRequest.status'] })]);
    expect(dry).toEqual(warnings);
    await fixture.request('one', { ...more, category: REQUEST.category, note: [{ text: 'a note' }] });
    expect(await fixture.readDecision('one')).toBe('stored');
    await fixture.request('one', { ...more, status: 'on-hold' });
    await fixture.request('one', more);
    expect(await fixture.readDecision('one')).toBe('requested');
  });

  test('is ordered when its test is changed', async () => {
    await remaining('one', UNKNOWN);
    await fixture.request('one', {});
    expect(await fixture.readDecision('one')).toBe('requested');
  });

  test('can be changed although its code is ambiguous today', async () => {
    await fixture.addCatalogueEntry();
    await fixture.put(entry('b', [METABOLIC, labTest(OTHER_TEST)]));
    await remaining('one', UNKNOWN);
    await fixture.request('one', { ...UNKNOWN, patientInstruction: 'drink' });
    expect(await fixture.readDecision('one')).toBe('stored');
  });
});
