// The connections that stay at hand between two statements, on a pool of knex. No database is needed: the connections are objects.
import { setTimeout as delay } from 'node:timers/promises';
import knex, { type Knex } from 'knex';
import { LentConnections } from '../../src/store/database/lent-connections.ts';

interface Opened {
  name: string;
  __knex__disposed?: unknown;
}

class Dialect extends knex.Client {
  private opened = 0;
  override dialect = 'postgresql';
  override async acquireRawConnection(): Promise<Opened> {
    return { name: `connection ${++this.opened}` };
  }
  override async destroyRawConnection() {}
  _driver() {
    return {};
  }
}
Dialect.prototype.driverName = 'objects';

let pool: Knex;
let connections: LentConnections<Opened>;

beforeEach(() => {
  pool = knex({ client: Dialect, connection: {}, pool: { min: 0, max: 3 }, log: { warn() {} } });
  connections = new LentConnections(pool);
});
afterEach(() => connections.close());

const borrowAll = (count: number): Promise<Opened[]> =>
  Promise.all(Array.from({ length: count }, async () => (await connections.borrow()) as Opened));

test('the connection that was used last is lent again', async () => {
  const [first, second] = await borrowAll(2);
  connections.giveBack(second!);
  connections.giveBack(first!);
  const again = [connections.borrow(), connections.borrow()] as Opened[];
  for (const connection of again) connections.giveBack(connection);
  expect(again).toEqual([first, second]);
  expect(again[0]).toBe(first);
});

test('a connection that has ended is not lent again', async () => {
  const [first, second] = await borrowAll(2);
  connections.giveBack(first!);
  first!.__knex__disposed = 'ended while it was at hand';
  second!.__knex__disposed = 'ended while it was in use';
  connections.giveBack(second!);
  const [next] = await borrowAll(1);
  connections.giveBack(next!);
  expect(next!.name).toBe('connection 3');
});

test('connections that are not used return to the pool, and one that is used stays', async () => {
  const lent = await borrowAll(3);
  for (const connection of lent) connections.giveBack(connection);
  const until = performance.now() + 10_000;
  while (pool.client.pool.numUsed() > 1 && performance.now() < until) {
    connections.giveBack((await connections.borrow()) as Opened);
    await delay(50);
  }
  expect([pool.client.pool.numUsed(), pool.client.pool.numFree()]).toEqual([1, 2]);
  const kept = connections.borrow() as Opened;
  connections.giveBack(kept);
  expect(kept).toBe(lent[2]);
});

test('the pool closes when the last connection was given back', async () => {
  const [first] = await borrowAll(1);
  let isClosed = false;
  const closing = connections.close().then(() => (isClosed = true));
  await delay(50);
  expect(isClosed).toBe(false);
  connections.giveBack(first!);
  await closing;
  await expect((async () => connections.borrow())()).rejects.toThrow('Unable to acquire a connection');
});
