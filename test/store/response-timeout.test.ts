// A PostgreSQL that does not respond, because its host or the network is gone: behind a proxy that forwards nothing for a while.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { until } from '../until.ts';
import { onDirect, openTestStore, SERVER_URL, type TestStore } from './open.ts';

const STATEMENT_TIMEOUT_MS = 200;
/** Longer than any silence that ends a connection with this time limit. */
const LONG_SECONDS = 7;

let test_: TestStore;
let proxy: Proxy | undefined;
beforeAll(async () => {
  test_ = await openTestStore();
  if (SERVER_URL !== undefined) proxy = await startProxy(new URL(test_.url!));
});
afterAll(async () => {
  proxy?.close();
  await test_.close();
});

const open = (): Promise<Database> =>
  openDatabase({
    url: Object.assign(new URL(test_.url!), { hostname: '127.0.0.1', port: proxy!.port }).href,
    statementTimeout: STATEMENT_TIMEOUT_MS,
  });

onDirect('a statement, a transaction and its commit fail as unavailable, and statements run again when the server responds', async () => {
  const database = await open();
  const inside = Promise.withResolvers<void>();
  const silent = Promise.withResolvers<void>();
  const committing = database.transaction(async (transaction) => {
    await transaction.query('select 1');
    inside.resolve();
    await silent.promise;
  });
  await Promise.all([inside.promise, database.query('select 1')]);
  proxy!.isSilent = true;
  silent.resolve();
  const lost = [committing, database.query('select 1'), database.transaction((transaction) => transaction.query('select 1'))];
  for (const failure of await Promise.allSettled(lost)) expect(failure).toMatchObject({ reason: { kind: 'unavailable' } });
  proxy!.isSilent = false;
  // a connection that was being opened may fail first
  expect(await until(() => database.query('select 2 as two').catch(() => undefined))).toEqual([{ two: 2 }]);
  await database.close();
});

onDirect(
  'a script that removes the time limit of statements, and a command outside of transactions, take as long as they take',
  async () => {
    const database = await open();
    await database.runOutsideTransaction([`select pg_sleep(${LONG_SECONDS})`]);
    await database.transaction(async (transaction) => {
      await transaction.script('set local statement_timeout = 0; select 1');
      await transaction.script(`select pg_sleep(${LONG_SECONDS})`);
    });
    await database.close();
  },
);

interface Proxy {
  port: string;
  /** Bytes are dropped. A connection that was silent does not speak again. */
  isSilent: boolean;
  close(): void;
}

async function startProxy({ hostname, port }: URL): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => proxy.isSilent || to.write(bytes));
      from.on('error', () => {}).on('close', () => to.destroy());
    }
  });
  const proxy: Proxy = {
    port: '',
    isSilent: false,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  await once(server.listen(0, '127.0.0.1'), 'listening');
  proxy.port = String((server.address() as AddressInfo).port);
  return proxy;
}
