// The order in which work gets connections. What is counted is turns, not time.
import { FairQueue, type QueueOwner } from '../../src/store/database/fair-queue.ts';

const PATIENCE = 60_000;

/** A queue whose work ends when it is told to. */
function world({ connections = 4, longest = 100, patience = PATIENCE } = {}) {
  const queue = new FairQueue({ connections, maxQueued: longest, maxWaitMs: patience });
  const running: QueueOwner[] = [];
  const served: QueueOwner[] = [];
  const nextTick = () => new Promise((resolve) => setImmediate(resolve));
  return {
    queue,
    served,
    running,
    /** Work of these owners arrives, in this order. */
    async arrive(...owners: QueueOwner[]) {
      for (const owner of owners) {
        const entered = queue.enter(owner).then(() => {
          running.push(owner);
          served.push(owner);
        });
        // a test ends while some still wait
        entered.catch(() => {});
      }
      await nextTick();
    },
    /** The oldest running work of an owner ends; without an owner, the oldest of all. */
    async end(owner: QueueOwner = running[0]!) {
      running.splice(running.indexOf(owner), 1);
      queue.leave(owner);
      await nextTick();
    },
  };
}

const many = (owner: QueueOwner, count: number): QueueOwner[] => Array.from({ length: count }, () => owner);
const count = (list: QueueOwner[], owner: QueueOwner): number => list.filter((queueOwner) => queueOwner === owner).length;

test('a single tenant uses all connections but one, and another tenant gets that one at once', async () => {
  const { arrive, running } = world();
  await arrive(...many(1, 200));
  expect(running).toEqual([1, 1, 1]);
  await arrive(2);
  expect(running).toEqual([1, 1, 1, 2]);
});

test('work of the server itself uses all connections of its pool', async () => {
  const { arrive, running } = world({ connections: 3 });
  await arrive(...many('server', 5));
  expect(running).toEqual(['server', 'server', 'server']);
});

test('on one connection tenants take turns, however many requests each of them has waiting', async () => {
  const { arrive, end, served } = world({ connections: 1 });
  await arrive(...many(1, 50), 2, 2, 2, 3, 'server');
  for (let n = 0; n < 7; n++) await end();
  expect(served).toEqual([1, 2, 3, 'server', 1, 2, 1, 2]);
});

test('busy tenants use about the same number of connections each, whichever came first', async () => {
  const { arrive, end, running } = world({ connections: 9 });
  await arrive(...many(1, 100), ...many(2, 100));
  for (let n = 0; n < 20; n++) await end();
  expect([count(running, 1), count(running, 2)]).toEqual([4, 4]);
  await arrive(3);
  expect(count(running, 3)).toBe(1);
});

test('the work of one tenant is done in the order of its arrival', async () => {
  const { queue } = world({ connections: 1 });
  const order: number[] = [];
  const all = [1, 2, 3, 4].map((n) => queue.enter(7).then(() => order.push(n)));
  for (const request of all) {
    await request;
    queue.leave(7);
  }
  expect(order).toEqual([1, 2, 3, 4]);
  expect(queue.load).toMatchObject({ inUse: 0, waiting: 0 });
});

test('a full queue refuses new requests with 503 and Retry-After, but not work that has begun and not other tenants', async () => {
  const { arrive, queue, running, end } = world({ connections: 1, longest: 3 });
  await arrive(...many(1, 4));
  await expect(queue.enter(1, { isBounded: true })).rejects.toMatchObject({ kind: 'unavailable', headers: { 'Retry-After': '1' } });
  await arrive(1, 2);
  expect(queue.load).toEqual({ inUse: 1, waiting: 5, refused: { 'queue full': 1, 'waited too long': 0, 'client left': 0 } });
  for (let n = 0; n < 5; n++) await end();
  expect(running).toEqual([1]);
});

test('a client that disconnects leaves the queue, and a wait that is too long ends', async () => {
  const { arrive, end, queue, served } = world({ connections: 1, patience: 30 });
  await arrive(1);
  const remaining = new AbortController();
  const leaving = queue.enter(2, { signal: remaining.signal });
  remaining.abort();
  await expect(leaving).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(queue.enter(2, { signal: remaining.signal })).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(queue.enter(3)).rejects.toMatchObject({ kind: 'unavailable', headers: { 'Retry-After': '1' } });
  expect(queue.load).toEqual({ inUse: 1, waiting: 0, refused: { 'queue full': 0, 'waited too long': 1, 'client left': 2 } });
  await end();
  await arrive(2, 3);
  expect(served).toEqual([1, 2]);
});
