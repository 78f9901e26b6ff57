// The outbox: one worker at a time sends an entry, and no entry is lost when a worker dies.
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { listOutbox, readOutboxBacklog } from '../../src/store/queues/backlogs.ts';
import { createOutbox } from '../../src/store/queues/outbox.ts';
import type { OutboxEntry, OutboxState } from '../../src/store/queues/outbox-entry.ts';
import { openTestStore, type TestStore } from './open.ts';

let test: TestStore;
let second: Database;
beforeAll(async () => {
  test = await openTestStore();
  second = test.url === undefined ? test.database : await openDatabase({ url: test.url });
});
beforeEach(() => test.database.script('delete from outbox; delete from outbox_event'));
afterAll(async () => {
  if (second !== test.database) await second.close();
  await test.close();
});

const time = (second_: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second_)).toISOString();
const add = (subject: string, at = time(0), tenant = 1, account = 0) =>
  test.store.outbox.add({ tenant, account, topic: 'order', subject, key: `key-${subject}`, payload: '{"a":1.00}', at });
const claim = (by: string, second_: number, limit = 10) =>
  test.store.outbox.claim({ by, at: time(second_), until: time(second_ + 30), account: 0, limit });
const settle = (entry: OutboxEntry, by: string, state: OutboxState, second_: number, nextAt?: string) =>
  test.store.outbox.recordOutcome(entry, by, { state, at: time(second_), ...(nextAt && { nextAt }) });
const subjects = (entries: OutboxEntry[]) => entries.map((entry) => entry.subject);

it('stores a message byte for byte, and finds it by its subject', async () => {
  const added = await add('ServiceRequest/1');
  expect(added).toEqual({
    tenant: 1,
    account: 0,
    id: expect.stringMatching(/^\d+$/),
    topic: 'order',
    subject: 'ServiceRequest/1',
    key: 'key-ServiceRequest/1',
    payload: '{"a":1.00}',
    state: 'queued',
    attempts: 0,
    firstSentAt: null,
    nextAt: time(0),
    leaseBy: null,
    leaseUntil: null,
    lastError: null,
    createdAt: time(0),
  });
  expect(await test.store.outbox.findNewest(1, 'order', 'ServiceRequest/1')).toEqual(added);
  expect(await test.store.outbox.findNewest(2, 'order', 'ServiceRequest/1')).toBeUndefined();
  expect(await test.store.outbox.findNewest(1, 'other', 'ServiceRequest/1')).toBeUndefined();
});

it('leases what is due, oldest first, of any tenant, up to the limit', async () => {
  await add('late', time(9));
  await add('first', time(1));
  await add('second', time(2), 2);
  await add('third', time(3));
  const [one, two] = [await claim('w1', 5, 2), await claim('w2', 5)];
  expect(subjects(one).sort()).toEqual(['first', 'second']);
  expect(subjects(two)).toEqual(['third']);
  expect(two[0]).toMatchObject({ state: 'sending', attempts: 1, leaseBy: 'w2', leaseUntil: time(35) });
  expect(subjects(await claim('w1', 9))).toEqual(['late']);
});

it('leases an entry to another worker when the lease has expired, and then refuses an outcome of the first', async () => {
  await add('a');
  const [leased] = await claim('w1', 0);
  expect(await claim('w2', 29)).toEqual([]);
  expect(await claim('w2', 30)).toEqual([expect.objectContaining({ attempts: 2, leaseBy: 'w2' })]);
  expect(await settle(leased!, 'w1', 'done', 31)).toBe(false);
  expect(await settle(leased!, 'w2', 'done', 31)).toBe(true);
  expect(await claim('w3', 1000)).toEqual([]);
});

it('is due again at the time of its outcome, and stores when it was first sent and the last error', async () => {
  await add('a');
  const [leased] = await claim('w1', 0);
  const outcome = { at: time(1), firstSentAt: time(1), error: 'timeout' };
  expect(await test.store.outbox.recordOutcome(leased!, 'w1', { ...outcome, state: 'unknown', nextAt: time(8) })).toBe(true);
  expect(await claim('w1', 7)).toEqual([]);
  const [repeated] = await claim('w1', 8);
  expect(repeated).toMatchObject({ firstSentAt: time(1), lastError: 'timeout', attempts: 2 });
  await test.store.outbox.recordOutcome(repeated!, 'w1', {
    state: 'queued',
    at: time(9),
    firstSentAt: time(9),
    nextAt: time(9),
    payload: '{}',
  });
  expect(await test.store.outbox.findNewest(1, 'order', 'a')).toMatchObject({
    firstSentAt: time(1),
    lastError: null,
    payload: '{}',
    leaseBy: null,
  });
});

describe('accounts', () => {
  const dueAccounts = (second_: number, ...accounts: number[]) =>
    test.store.outbox.findDueAccounts(
      accounts.map((account) => ({ account, dueAt: time(second_) })),
      ['order'],
      time(second_),
    );
  const claimOf = (account: number, second_: number) =>
    test.store.outbox.claim({ by: `${account}:w`, at: time(second_), until: time(second_ + 30), account, limit: 10 });

  it('a worker claims entries of its account alone, and counts the leased ones', async () => {
    await add('a', time(0), 1, 7);
    await add('b', time(0), 1, 8);
    expect(subjects(await claimOf(7, 1))).toEqual(['a']);
    expect(await claimOf(7, 2)).toEqual([]);
    const counts = [7, 8].map((account) => test.store.outbox.countLeased(account, ['order'], time(2)));
    expect(await Promise.all(counts)).toEqual([1, 0]);
    expect(await test.store.outbox.countLeased(7, ['other'], time(2))).toBe(0);
    expect(await test.store.outbox.countLeased(7, ['order'], time(31))).toBe(0);
  });

  it('one statement finds the accounts with entries that can be claimed', async () => {
    await add('a', time(0), 1, 7);
    await add('b', time(5), 1, 8);
    await add('c', time(0), 1, 9);
    await claimOf(9, 1);
    expect(await dueAccounts(1, 0, 7, 8, 9)).toEqual([7]);
    expect((await dueAccounts(31, 0, 7, 8, 9)).sort()).toEqual([7, 8, 9]);
    expect(await dueAccounts(31)).toEqual([]);
  });

  it('an entry is found by its key in its account alone', async () => {
    await add('a', time(0), 1, 7);
    expect(subjects(await test.store.outbox.findByKeys(7, ['key-a']))).toEqual(['a']);
    expect(await test.store.outbox.findByKeys(0, ['key-a'])).toEqual([]);
  });

  it('a waiting entry becomes due earlier, but not later', async () => {
    const entry = await add('a', time(9));
    await test.store.outbox.makeDue(1, entry.id, time(3));
    await test.store.outbox.makeDue(1, entry.id, time(5));
    expect(await test.store.outbox.findNewest(1, 'order', 'a')).toMatchObject({ nextAt: time(3) });
  });
});

it('a progress report does not end the lease', async () => {
  await add('a');
  const [leased] = await claim('w1', 0);
  expect(await test.store.outbox.recordOutcome(leased!, 'w1', { state: 'sending', at: time(1), firstSentAt: time(1) })).toBe(true);
  expect(await test.store.outbox.findNewest(1, 'order', 'a')).toMatchObject({ state: 'sending', leaseBy: 'w1', firstSentAt: time(1) });
});

it('claimOne leases an entry even if it is not due, unless it is leased or finished', async () => {
  const entry = await add('a', time(500));
  const lease = (by: string, second_: number) =>
    test.store.outbox.claimOne(1, entry.id, { by, at: time(second_), until: time(second_ + 30) });
  expect(await lease('w1', 0)).toMatchObject({ leaseBy: 'w1', attempts: 1 });
  expect(await lease('w2', 29)).toBeUndefined();
  expect(await lease('w2', 30)).toMatchObject({ leaseBy: 'w2' });
  await settle(entry, 'w2', 'parked', 31);
  expect(await lease('w3', 32)).toMatchObject({ leaseBy: 'w3' });
  await settle(entry, 'w3', 'done', 33);
  expect(await lease('w4', 34)).toBeUndefined();
  expect(await test.store.outbox.claimOne(2, entry.id, { by: 'w5', at: time(0), until: time(1) })).toBeUndefined();
});

it('of several concurrent workers, exactly one claims each entry', async () => {
  for (let n = 0; n < 60; n++) await add(`s${n}`, time(0), 1 + (n % 3));
  const worker = async (name: string, database: Database): Promise<string[]> => {
    const claimed: string[] = [];
    for (let idle = 0; idle < 5; ) {
      const entries = await createOutbox(database).claim({ by: name, at: time(1), until: time(31), account: 0, limit: 4 });
      claimed.push(...subjects(entries));
      idle = entries.length ? 0 : idle + 1;
    }
    return claimed;
  };
  const claimed = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((name, n) => worker(name, n % 2 ? second : test.database)));
  expect(claimed.flat().sort()).toEqual(Array.from({ length: 60 }, (_one, n) => `s${n}`).sort());
});

describe('the events of an entry', () => {
  const failing = async (entry: OutboxEntry, second_: number, error: string) => {
    const lease = { by: 'w', at: time(second_), until: time(second_ + 30) };
    const leased = await test.store.outbox.claimOne(entry.tenant, entry.id, lease);
    await test.store.outbox.recordOutcome(leased!, 'w', { state: 'unknown', at: time(second_), nextAt: time(second_ + 1), error });
    return leased!;
  };
  const listStates = async (entry: OutboxEntry) =>
    (await test.store.outbox.listEvents(entry)).map(({ what, state, reason, times, at, lastAt }) => [
      what,
      state,
      reason,
      times,
      at,
      lastAt,
    ]);

  it('contain its attempts; equal events in a row are counted', async () => {
    const entry = await add('a');
    for (let n = 1; n <= 3; n++) await failing(entry, n, 'no answer');
    await failing(entry, 9, '500');
    expect(await listStates(entry)).toEqual([
      ['attempt', 'unknown', 'no answer', 3, time(1), time(3)],
      ['attempt', 'unknown', '500', 1, time(9), time(9)],
    ]);
    expect(await listStates(await add('b'))).toEqual([]);
  });

  it('are limited to the newest fifty', async () => {
    const entry = await add('a');
    for (let n = 1; n <= 60; n++) await failing(entry, n, `${n}`);
    const past = await test.store.outbox.listEvents(entry);
    expect([past.length, past[0]!.reason, past.at(-1)!.reason]).toEqual([50, '11', '60']);
  });

  it('contain no outcome of a worker without the lease, and no progress report', async () => {
    const entry = await add('a');
    const [leased] = await claim('w1', 0);
    await test.store.outbox.recordOutcome(leased!, 'w1', { state: 'sending', at: time(1), firstSentAt: time(1) });
    await claim('w2', 40);
    expect(await settle(leased!, 'w1', 'done', 41)).toBe(false);
    expect(await listStates(entry)).toEqual([]);
  });

  it('contain an operation on an entry that is not leased, unless the entry has changed', async () => {
    const entry = await add('a', time(500));
    const move = (entry: OutboxEntry, to: OutboxState) =>
      test.store.outbox.changeState(entry, {
        from: ['queued', 'parked'],
        to,
        at: time(2),
        nextAt: time(2),
        what: 'park',
        payload: '{"b":1}',
      });
    expect(await move(entry, 'parked')).toBe(true);
    expect(await test.store.outbox.findNewest(1, 'order', 'a')).toMatchObject({ state: 'parked', nextAt: time(2), payload: '{"b":1}' });
    const leased = await test.store.outbox.claimOne(1, entry.id, { by: 'w', at: time(3), until: time(33) });
    expect([await move(entry, 'queued'), await move(leased!, 'queued')]).toEqual([false, false]);
    await settle(leased!, 'w', 'done', 4);
    expect(await move(leased!, 'queued')).toBe(false);
    expect((await listStates(entry)).map(([what, state]) => [what, state])).toEqual([
      ['park', 'parked'],
      ['attempt', 'done'],
    ]);
  });
});

it('is listed by state, tenant and age, oldest first; unfinished entries are counted', async () => {
  await add('a', time(1));
  await add('b', time(2), 2);
  await add('c', time(3));
  await claim('w1', 3, 1);
  const list = async (more: object) =>
    (await listOutbox(test.database, { topic: 'order', limit: 10, ...more })).map(({ subject }) => subject);
  expect(await list({})).toEqual(['a', 'b', 'c']);
  expect(await list({ tenant: 1 })).toEqual(['a', 'c']);
  expect(await list({ states: ['sending'] })).toEqual(['a']);
  expect(await list({ before: time(2) })).toEqual(['a']);
  expect(await list({ subject: 'c' })).toEqual(['c']);
  expect(await list({ limit: 2 })).toEqual(['a', 'b']);
  expect(await list({ topic: 'other' })).toEqual([]);
  expect(await readOutboxBacklog(test.database)).toEqual([
    { account: null, topic: 'order', state: 'queued', count: 2, oldest: time(2) },
    { account: null, topic: 'order', state: 'sending', count: 1, oldest: time(1) },
  ]);
});
