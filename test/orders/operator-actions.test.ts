// What an operator does with one order, or with all that match: retry, release and drop, with a reason and a dry run.

import type { AdminContext } from '../../src/cli/admin-command.ts';
import { ORDER_OPERATIONS } from '../../src/cli/orders.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { TestStore } from '../store/open.ts';
import { buildAdminContext } from './admin-context.ts';
import { COVERAGE, INSURED, PAYOR } from './insurance-fixture.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, REQUEST } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';
import { buildWithdrawal, CANCELLED } from './withdrawal.ts';

let fixture: TrackingFixture;
let store: TestStore;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});
const { settle, networkStatuses, readStatuses } = buildWithdrawal(() => fixture);

const run = (command: string, options: Record<string, string>): Promise<string[]> =>
  ORDER_OPERATIONS[`orders ${command}`]!(store.database, options, buildAdminContext(fixture.sender));
const REASON = { reason: 'the clinic has closed' };
const place = (id: string): Promise<void> => fixture.put({ ...REQUEST, id } as Resource);
const stateOf = async (id: string) => (await fixture.entry(id))!.state;
const taskOf = async (id: string) => (await fixture.tasks(id))[0]!;

beforeEach(async () => {
  await fixture.put(ADA);
});

test('an order that was never sent is dropped with its reason', async () => {
  await place('one');
  expect(await run('drop', { order: 'one', ...REASON })).toEqual(['order one is dropped: it was never sent, and its request is revoked']);
  expect(await stateOf('one')).toBe('cancelled');
  expect(await readStatuses()).toEqual(['revoked', 'cancelled']);
  expect((await taskOf('one')).note).toEqual([{ time: expect.any(String), text: 'dropped by an operator: the clinic has closed' }]);
  const events = await store.store.outbox.listEvents((await fixture.entry('one'))!);
  expect(events.map(({ what, reason }) => [what, reason])).toEqual([
    ['drop', 'the clinic has closed'],
    ['withdrawn', null],
  ]);
  await settle();
  expect(networkStatuses()).toEqual([]);
});

test.each([
  ['had arrived', { kind: 'cut', when: 'after' }, [CANCELLED]],
  ['never arrived', { kind: 'reset' }, []],
] as const)('an order that %s without a response is looked up when it is dropped', async (_outcome, fault, inTheEnd) => {
  await place('one');
  fixture.addFaults({ operation: 'createOrder', ...fault });
  await fixture.drain();
  expect(await stateOf('one')).toBe('unknown');
  expect((await run('drop', { order: 'one', ...REASON }))[0]).toMatch(/^order one is dropped: its request is revoked. It may have arrived/);
  await settle();
  expect([networkStatuses(), ...(await readStatuses())]).toEqual([inTheEnd, 'revoked', 'cancelled']);
  expect(fixture.countRequests('createOrder')).toBe(1);
});

test('an accepted order cannot be dropped, and a dropped one not again', async () => {
  await place('one');
  await fixture.drain();
  await expect(run('drop', { order: 'one', ...REASON })).rejects.toThrow(
    'order one cannot be dropped: it was accepted by the laboratory network',
  );
  expect(await readStatuses()).toEqual(['active', 'received']);
  await place('two');
  await run('drop', { order: 'two', ...REASON });
  await expect(run('drop', { order: 'two', ...REASON })).rejects.toThrow(
    'order two cannot be dropped: it was cancelled before it was sent',
  );
});

test('a dry run shows what would be dropped, and changes nothing', async () => {
  for (const id of ['one', 'two']) await place(id);
  const lines = await run('drop', { all: 'true', dryRun: 'true' });
  expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'TENANT STATE ORDERS OLDEST',
    expect.stringMatching(/^\d+ queued 2 0 s$/),
    'dry run: nothing was changed',
  ]);
  expect([await stateOf('one'), await stateOf('two')]).toEqual(['queued', 'queued']);
});

test('all parked orders are released, all waiting ones retried, with the reason in their events', async () => {
  for (const id of ['one', 'two', 'three']) await place(id);
  for (const order of ['one', 'two']) await run('park', { order, reason: 'asked for by the clinic' });
  expect((await run('release', { all: 'true', ...REASON })).at(-1)).toBe('2 orders are released: a running server continues with them');
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 600, times: 1 });
  await fixture.drain();
  const before = fixture.countRequests('createOrder');
  expect((await run('retry', { all: 'true', ...REASON })).at(-1)).toMatch(/^\d orders are due now/);
  // the network has said when it accepts requests again: only an order that is retried alone goes before
  await fixture.drain();
  expect(fixture.countRequests('createOrder')).toBe(before);
  fixture.advance(601);
  await fixture.drain();
  for (const id of ['one', 'two', 'three']) expect(await stateOf(id)).toBe('done');
  const events = await store.store.outbox.listEvents((await fixture.entry('one'))!);
  expect(events.map(({ what, reason }) => [what, reason])).toEqual(
    expect.arrayContaining([
      ['park', 'asked for by the clinic'],
      ['release', 'the clinic has closed'],
    ]),
  );
});

test.each<[Record<string, string>, string]>([
  [{}, 'name an order by its id, or select several with --all'],
  [{ order: 'one', all: 'true' }, 'name one order, or select several with --all'],
  [{ all: 'true' }, '--reason is missing: it is stored with each order, and must not name a patient'],
  [{ all: 'true', state: 'done', ...REASON }, '--state must be one of queued, unknown'],
  [{ all: 'true', older: 'long', ...REASON }, '--older must be a time like 30s, 10m, 2h or 3d'],
])('retry with %j is refused', async (options, text) => {
  await place('one');
  await expect(run('retry', options)).rejects.toThrow(text);
});

test('an order that changes while many are dropped is left alone', async () => {
  for (const id of ['one', 'two']) await place(id);
  const createContext = fixture.sender.createContext;
  let first = true;
  const context: AdminContext = {
    ...buildAdminContext(fixture.sender),
    contextOf: (caller) => {
      const context = createContext(caller);
      if (!first) return context;
      first = false;
      const transaction: typeof context.store.transaction = async (work) => {
        await fixture.drain();
        return context.store.transaction(work);
      };
      return { ...context, store: { ...context.store, transaction } };
    },
  };
  const lines = await ORDER_OPERATIONS['orders drop']!(store.database, { all: 'true', ...REASON }, context);
  expect(lines.slice(2)).toEqual([
    expect.stringMatching(/^0 orders are dropped/),
    '2 orders changed their state meanwhile, and were left alone: see facet orders list',
  ]);
  expect([await stateOf('one'), await stateOf('two')]).toEqual(['done', 'done']);
});

describe('the status of accounts', () => {
  const status = async () => (await run('status', {})).map((line) => line.replaceAll(/ {2,}/g, ' | '));
  const HEADS = 'ACCOUNT | TENANT | ORDERS | SINCE | WAITING | SENDING | PARKED | OLDEST | REASON';
  const EVERYBODY = 'environment | all without an account';

  test('orders flow while none fails', async () => {
    expect(await status()).toEqual([HEADS, expect.stringMatching(/^environment \| all without an account \| flowing \| 0 \| 0 \| 0/)]);
    await place('one');
    fixture.advance(5);
    expect(await status()).toEqual([HEADS, `${EVERYBODY} | flowing | 1 | 0 | 0 | 5 s`]);
    await fixture.drain();
    expect((await status())[1]).toMatch(/flowing \| 0 \| 0 \| 0/);
  });

  test('they are held back since the first failure, until the network accepts one', async () => {
    for (const id of ['one', 'two']) await place(id);
    fixture.addFaults({ operation: 'user', kind: 'error', status: 401, times: 100 });
    await fixture.drain();
    fixture.advance(600);
    expect(await status()).toEqual([
      HEADS,
      expect.stringMatching(/ \| held back \| 10 m \| 2 \| 0 \| 0 \| 10 m \| 401.* \([12] of 2 waiting\)$/),
    ]);
    fixture.sandbox.state.faults = [];
    await place('three');
    fixture.advance(60);
    await fixture.drainAll();
    expect((await status())[1]).toMatch(/flowing \| 0 \| 0 \| 0/);
  });

  test('one failing order does not hold the others back', async () => {
    await place('one');
    fixture.addFaults({ operation: 'createOrder', kind: 'reset' });
    await fixture.drain();
    fixture.advance(1);
    await place('two');
    fixture.addFaults({ operation: 'orders', kind: 'error', times: 100 });
    for (let round = 0; round < 20 && (await stateOf('two')) !== 'done'; round++) {
      await fixture.drain();
      fixture.advance(9);
    }
    expect(await stateOf('two')).toBe('done');
    expect((await status())[1]).toMatch(/ \| flowing \| 1 \| 0 \| 0 \| .* \(1 of 1 waiting\)$/);
  });

  test('lists and actions can be limited to an account', async () => {
    await place('one');
    expect(await run('list', { account: 'environment' })).toHaveLength(2);
    await expect(run('list', { account: 'nobody' })).rejects.toThrow('there is no account nobody: facet accounts list shows the names');
    expect((await run('drop', { all: 'true', account: 'environment', dryRun: 'true' })).at(-1)).toBe('dry run: nothing was changed');
  });
});

test('show has what the network’s support asks for: account, key, passthrough, user and the last error', async () => {
  await place('one');
  fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 500 });
  await fixture.drain();
  const { key, lastError } = (await fixture.entry('one'))!;
  const [user] = [...fixture.sandbox.state.users.values()];
  expect(await run('show', { order: 'one' })).toEqual(
    expect.arrayContaining([
      'account        environment',
      `last key       ${key}`,
      `passthrough    ${key}`,
      `network user   ${user!.user_id}`,
      `last error     ${lastError}`,
    ]),
  );
  expect(lastError).toMatch(/500/);
});

test('show names the user of an insured order before the order is sent', async () => {
  for (const resource of [PAYOR, COVERAGE, { ...INSURED, id: 'one' } as Resource]) await fixture.put(resource);
  fixture.addFaults({ operation: 'createInsurance', kind: 'error' });
  await fixture.drain();
  const [user] = [...fixture.sandbox.state.users.values()];
  expect(await run('show', { order: 'one' })).toContain(`network user   client_user_id ${user!.client_user_id}`);
});
