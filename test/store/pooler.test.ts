// Behind a pooler: a real PgBouncer in front of the PostgreSQL of the tests, in transaction mode and in statement mode.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMigratedDatabase } from '../../src/server/open-migrated-databases.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { until } from '../until.ts';
import { openTestStore, SERVER_URL, type TestStore } from './open.ts';

const installed = spawnSync('pgbouncer', ['--version']).status === 0;
const throughPgBouncer = SERVER_URL !== undefined && installed ? describe : describe.skip;

throughPgBouncer('through PgBouncer (needs it installed, and a PostgreSQL)', () => {
  let test: TestStore;
  let bouncer: ChildProcess;
  let folder: string;
  let port: number;
  const at = (name: string, rest = ''): string =>
    Object.assign(new URL(test.url!), { hostname: '127.0.0.1', port: String(port), pathname: `/${name}`, search: rest }).href;

  beforeAll(async () => {
    test = await openTestStore();
    [folder, port] = [mkdtempSync(join(tmpdir(), 'facet-pooler-')), await freePort()];
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'pgbouncer.ini'), settingsFor(test.url!, port, folder));
    writeFileSync(join(folder, 'users.txt'), `"${new URL(test.url!).username}" ""\n`);
    bouncer = spawn('pgbouncer', [...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), join(folder, 'pgbouncer.ini')], {
      stdio: 'ignore',
    });
    await until(() => answers(port));
  });
  afterAll(async () => {
    bouncer.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    await test.close();
  });

  it('clients share one connection, and every statement of every client runs, also a prepared one', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => openDatabase({ url: at('transaction') })));
    const queries = clients.flatMap((client) =>
      Array.from({ length: 20 }, (_one, n) => client.query('select $1::int as n', [n], 'shared')),
    );
    expect((await Promise.all(queries)).flat()).toHaveLength(60);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('the statement timeout and the planner settings apply alone and in a transaction, and do not reach other clients', async () => {
    const database = await openDatabase({ url: at('transaction'), statementTimeout: 300 });
    expect([await inForce(database), await database.transaction(inForce)]).toEqual([IN_FORCE, IN_FORCE]);
    const slow = [database.query('select pg_sleep(60)'), database.transaction((inside) => inside.query('select pg_sleep(60)'))];
    for (const query of slow) await expect(query).rejects.toMatchObject({ kind: 'unavailable' });
    const other = await openDatabase({ url: at('transaction'), statementTimeout: 200_000 });
    expect(await inForce(other)).toEqual({ ...IN_FORCE, timeout: '200s' });
    await Promise.all([database.close(), other.close()]);
  });

  it('a statement that fails alone leaves its connection as it was', async () => {
    const database = await openDatabase({ url: at('transaction'), poolSize: 1 });
    await expect(database.query("select 'a'::int")).rejects.toMatchObject({ code: '22P02' });
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('a running read is cancelled when its client leaves, and stops no statement of another client', async () => {
    const [leaving, other] = await Promise.all([1, 2].map(() => openDatabase({ url: at('transaction') })));
    const client = new AbortController();
    const running = leaving!.forRequest(1, { safe: true, signal: client.signal }).query('select pg_sleep(120)');
    const cancelled = expect(running).rejects.toMatchObject({ kind: 'unavailable' });
    const active = () =>
      test.database.query(
        "select pid from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(120)' and state = 'active'",
      );
    await until(active, (rows) => rows.length === 1);
    const waiting = other!.query('select 1 as one from pg_sleep(0.5)');
    client.abort();
    await cancelled;
    expect(await waiting).toEqual([{ one: 1 }]);
    expect(await leaving!.query('select 2 as two')).toEqual([{ two: 2 }]);
    await Promise.all([leaving!.close(), other!.close()]);
  });

  it('a statement whose server connection is ended is answered 503, and the next one runs', async () => {
    const database = await openDatabase({ url: at('transaction') });
    const [server] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
    const running = expect(database.query('select pg_sleep(60)')).rejects.toMatchObject({ kind: 'unavailable' });
    await until(
      () => test.database.query('select from pg_stat_activity where pid = $1 and query like $2', [server!.pid, '%pg_sleep%']),
      (rows) => rows.length === 1,
    );
    await test.database.query('select pg_terminate_backend($1)', [server!.pid]);
    await running;
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('a database is brought up to date', async () => {
    await (await openMigratedDatabase({ url: at('transaction') })).close();
  });

  it.each([
    ['a pooler in statement mode', 'statement', '', 'DATABASE_URL leads to a pooler in statement mode, which has no transactions'],
    [
      'settings in the URL, which it does not take',
      'transaction',
      '?options=-c%20jit%3Doff',
      /^DATABASE_URL: the pooler at 127\.0\.0\.1:\d+ refuses the connection: .*startup parameter.* \(remove what follows the "\?"/,
    ],
    ['a database that it does not know', 'nowhere', '', /^DATABASE_URL: the pooler at 127\.0\.0\.1:\d+ refuses the connection: .*nowhere/],
  ])('refuses %s in a sentence that names the variable', async (_what, name, rest, sentence) => {
    await expect(openMigratedDatabase({ url: at(name, rest) })).rejects.toThrow(sentence);
  });
});

const IN_FORCE = { timeout: '300ms', page: '1.1', jit: 'off', plans: 'auto' };
const inForce = async (database: Database): Promise<object> =>
  (
    await database.query(`select current_setting('statement_timeout') as timeout, current_setting('random_page_cost') as page,
      current_setting('jit') as jit, current_setting('plan_cache_mode') as plans`)
  )[0]!;

/** One connection to PostgreSQL for all clients: they take turns on it. */
function settingsFor(url: string, port: number, folder: string): string {
  const { hostname, port: server, pathname } = new URL(url);
  const target = `host=${hostname} port=${server || 5432} dbname=${pathname.slice(1)} pool_size=1`;
  return `[databases]
transaction = ${target} pool_mode=transaction
statement = ${target} pool_mode=statement
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users.txt
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy());
  });
