// The inbox: an event is stored once however often it is sent, one worker at a time processes it, and its body is deleted afterwards.
import { openTestStore, type TestStore } from './open.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(() => test.database.script('delete from webhook_inbox'));
afterAll(() => test.close());

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const raw = Buffer.from('{"patient":"Ada"}\u0000\xff', 'latin1');
const add = (id: string, at = 0, more: object = {}) =>
  test.store.inbox.add({ tenant: 0, source: 'net', id, type: 'order.updated', subject: 'o-1', state: 'new', raw, at: time(at), ...more });
const claim = (by: string, at: number, limit = 10) =>
  test.store.inbox.claim({ tenant: 0, source: 'net', by, at: time(at), until: time(at + 30), limit });
const listEvents = () => test.database.query<{ raw: Uint8Array }>('select raw from webhook_inbox order by event_id');

it('stores an event once, byte for byte', async () => {
  expect([await add('one'), await add('one', 5), await add('two')]).toEqual([true, false, true]);
  expect((await listEvents()).map((row) => Buffer.from(row.raw).toString('latin1'))).toEqual([
    raw.toString('latin1'),
    raw.toString('latin1'),
  ]);
  expect(await claim('me', 10)).toContainEqual({
    tenant: 0,
    source: 'net',
    id: 'one',
    type: 'order.updated',
    subject: 'o-1',
    receivedAt: time(0),
    state: 'new',
    attempts: 1,
    hasBody: true,
    lastError: null,
  });
});

it('leases an event to one worker at a time, and to another one when the lease has expired', async () => {
  await add('one');
  expect((await claim('w1', 1)).map(({ id }) => id)).toEqual(['one']);
  expect(await claim('w2', 2)).toEqual([]);
  expect((await claim('w2', 31)).map(({ attempts }) => attempts)).toEqual([2]);
});

it('deletes the body when the event is done, and keeps its id', async () => {
  await add('one');
  const [event] = await claim('w1', 1);
  expect(await test.store.inbox.recordOutcome([event!], 'other', { state: 'done' })).toBe(0);
  expect(await test.store.inbox.recordOutcome([event!], 'w1', { state: 'done' })).toBe(1);
  expect((await listEvents()).map((row) => row.raw.length)).toEqual([0]);
  expect([await add('one', 40), await claim('w1', 50)]).toEqual([false, []]);
});

it('does not lease an event for a retry before it is due', async () => {
  await add('one');
  const [event] = await claim('w1', 1);
  await test.store.inbox.recordOutcome([event!], 'w1', { state: 'retry', nextAt: time(20), error: 'no such order yet' });
  expect(await claim('w1', 19)).toEqual([]);
  expect(await claim('w1', 20)).toMatchObject([{ id: 'one', state: 'retry', lastError: 'no such order yet', hasBody: true }]);
});

it('deletes old bodies and old events, but no unprocessed ones', async () => {
  await add('waiting');
  await add('broken', 0, { state: 'undecodable' });
  await add('late', 10, { state: 'undecodable' });
  expect(await test.store.inbox.prune({ tenant: 0, source: 'net' }, { bodies: time(5), events: time(0) })).toBe(1);
  expect((await listEvents()).map((row) => row.raw.length)).toEqual([0, raw.length, raw.length]);
  expect(await test.store.inbox.prune({ tenant: 0, source: 'net' }, { bodies: time(0), events: time(5) })).toBe(1);
  expect(
    (await test.database.query('select event_id as id from webhook_inbox order by 1')).map((row) => (row as { id: string }).id),
  ).toEqual(['late', 'waiting']);
});

it('the events of tenants are separate, also with one id', async () => {
  expect([await add('one'), await add('one', 5, { tenant: 3 })]).toEqual([true, true]);
  expect(await test.store.inbox.findDueTenants([0, 3, 4], 'net', time(1))).toEqual([0]);
  expect((await test.store.inbox.findDueTenants([0, 3, 4], 'net', time(5))).sort()).toEqual([0, 3]);
  const claimed = await test.store.inbox.claim({ tenant: 3, source: 'net', by: 'me', at: time(9), until: time(39), limit: 9 });
  expect(claimed).toMatchObject([{ tenant: 3, id: 'one' }]);
  await test.store.inbox.recordOutcome(claimed, 'me', { state: 'done' });
  expect(await test.store.inbox.findDueTenants([0, 3, 4], 'net', time(50))).toEqual([0]);
});
