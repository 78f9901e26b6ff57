// A PostgreSQL cluster of its own in a temporary directory, which may be stopped and restarted. PostgreSQL refuses to run as root: root runs it as another user.
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `fast`: sessions are terminated. `immediate`: all processes are killed, and the next start recovers from the log (WAL), as after a crash. */
export type StopMode = 'fast' | 'immediate';

export interface Cluster {
  /** Of its database `postgres`. */
  url: string;
  stop(mode: StopMode): Promise<void>;
  /** Resolves when connections are accepted. */
  start(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Where the programs are, and the user that runs them; undefined: the current user. */
export interface PostgresPrograms {
  folder: string;
  user: { uid: number; gid: number } | undefined;
}

/** Debian and Ubuntu keep the programs of the server outside PATH, in a folder for each version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
const UNPRIVILEGED = ['postgres', 'nobody'];
const SECONDS_TO_START = '60';
const run = promisify(execFile);

/** Fails with the remedy if PostgreSQL cannot be run on this machine. */
export function findPostgres(): PostgresPrograms {
  const folder = listFolders().find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')));
  if (folder === undefined) throw new Error('initdb and pg_ctl are not found: install the PostgreSQL server, or put its programs on PATH');
  if (process.getuid?.() !== 0) return { folder, user: undefined };
  const user = UNPRIVILEGED.map(findUser).find((found) => found !== undefined);
  if (!user) throw new Error(`PostgreSQL does not run as root: run this as another user, or create the user ${UNPRIVILEGED[0]}`);
  return { folder, user };
}

function listFolders(): string[] {
  const own = printedBy('pg_config', ['--bindir']);
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a)) : [];
  const onPath = (process.env.PATH ?? '').split(':').filter(Boolean);
  return [...(own === undefined ? [] : [own]), ...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')), ...onPath];
}

/** Undefined if the program is missing or fails. */
function printedBy(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

function findUser(name: string): PostgresPrograms['user'] {
  const [uid, gid] = ['-u', '-g'].map((option) => printedBy('id', [option, name]));
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Creates and starts a cluster on a free port of the loopback address. Its superuser `postgres` needs no password. */
export async function startCluster({ folder, user }: PostgresPrograms): Promise<Cluster> {
  const parent = mkdtempSync(join(tmpdir(), 'facet-cluster-'));
  if (user) chownSync(parent, user.uid, user.gid);
  const [data, log] = [join(parent, 'data'), join(parent, 'log')];
  const call = async (program: string, ...args: string[]): Promise<void> => {
    await run(join(folder, program), ['-D', data, ...args], { cwd: parent, ...user }).catch((error: Error) => {
      throw new Error(`${error.message}${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
    });
  };
  const start = (): Promise<void> => call('pg_ctl', 'start', '--wait', '--timeout', SECONDS_TO_START, '--silent', '--log', log);
  const stop = (mode: StopMode): Promise<void> => call('pg_ctl', 'stop', '--wait', '--silent', '--mode', mode);
  const remove = async (): Promise<void> => {
    if (existsSync(join(data, 'postmaster.pid'))) await stop('immediate');
    rmSync(parent, { recursive: true });
  };
  try {
    await call('initdb', '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-locale', '--no-sync');
    const port = await findFreePort();
    appendFileSync(
      join(data, 'postgresql.conf'),
      `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '${parent}'\n`,
    );
    await start();
    return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, stop, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
