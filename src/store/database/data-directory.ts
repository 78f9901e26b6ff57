// The lock of an embedded data directory: the embedded engine takes none, and two processes on one directory destroy it. What holds is a listening
// unix socket, which ends with its process however that ends; process ids prove nothing (in containers they repeat). The same socket carries the
// commands of the CLI to the running server.
//
// Each starter listens on a socket of its own name, and only then looks at all others: of two starters, the one that looks later sees the other
// listening. So two never hold together, and a stale socket (nobody listens) can be removed by anybody at any time.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isListening, listenOnSocket, type RequestHandler, sendRequest } from './socket.ts';

/** Held until released, or until the process ends. */
export interface DirectoryLock {
  /** The directory's real path. */
  directory: string;
  /** The socket that holds it. */
  socketPath: string;
  release(): Promise<void>;
}

/** What a starter says of itself. `held`: false while it is still looking at the others. */
interface LockOwner {
  pid: number;
  host: string;
  since: string;
  hasLock: boolean;
}

/** Where in the directory the engine keeps its files. */
export const toDatabasePath = (directory: string): string => join(directory, 'database');

const SOCKET = /^lock-[0-9a-f]{8}\.sock$/;
/** The longest socket path every system takes is 103 bytes. */
const MAX_SOCKET_PATH = 100;
const ATTEMPTS = 30;
const REPLY_TIMEOUT_MS = 2000;
const OWNER_REQUEST = 'who holds this directory';

/** Made with its parents, one at a time: where a file system makes none (below /proc), Node's own recursive way never ends. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  if (dirname(directory) !== directory) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST')
      throw new Error(`the data directory cannot be made (${code} at ${directory}): name another one with FACET_DATA_DIR`);
  }
}

/** Takes the directory (made with mode 0700 when missing), or refuses in one sentence that says who has it. `onCommand` answers `askHolder`. */
export async function lockDirectory(dir: string, onCommand: RequestHandler = refuseCommand): Promise<DirectoryLock> {
  makeDirectory(resolve(dir));
  const directory = realpathSync(dir);
  const self: LockOwner = { pid: process.pid, host: hostname(), since: new Date().toISOString(), hasLock: false };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const lock = await tryLock(directory, self, onCommand);
    if (lock) return lock;
    await delay(Math.random() * 20 * attempt);
  }
  throw directoryInUse(directory, 'other processes that are starting');
}

/** Sends one request to the process that holds the directory and waits for its answer; undefined when nobody holds it. */
export async function sendToLockOwner(dir: string, request: unknown): Promise<unknown> {
  if (!existsSync(dir)) return undefined;
  const path = await findListening(listSockets(findSocketFolder(realpathSync(dir))));
  return path && sendRequest(path, request);
}

/** The lock; undefined when another starter was in the way and it is to be tried again; refuses when somebody holds it. */
async function tryLock(directory: string, self: LockOwner, onCommand: RequestHandler): Promise<DirectoryLock | undefined> {
  const folder = findSocketFolder(directory);
  const path = join(folder, `lock-${randomBytes(4).toString('hex')}.sock`);
  const listening = await listenOnSocket(path, (request) => (request === OWNER_REQUEST ? self : onCommand(request)));
  const other = await findListening(listSockets(folder).filter((socket) => socket !== path));
  // A starter that looked at this socket in the instant before it listened took it for stale and removed it: then nobody could find it any more.
  if (other === undefined && existsSync(path)) {
    self.hasLock = true;
    return { directory, socketPath: path, release: () => listening.close() };
  }
  await listening.close();
  if (other) await refuseIfLocked(directory, other);
  return undefined;
}

/** The first socket that somebody listens on. The stale ones before it are removed. */
async function findListening(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await isListening(path)) return path;
    rmSync(path, { force: true });
  }
  return undefined;
}

/** A holder too busy to say so is a holder; one that is gone by now is not. */
async function refuseIfLocked(directory: string, path: string): Promise<void> {
  const holder = (await sendRequest(path, OWNER_REQUEST, REPLY_TIMEOUT_MS).catch(() => undefined)) as LockOwner | undefined;
  if (holder?.hasLock) throw directoryInUse(directory, `process ${holder.pid} on ${holder.host}, since ${holder.since}`);
  if (!holder && (await isListening(path))) throw directoryInUse(directory, 'a process that does not answer');
}

const directoryInUse = (directory: string, who: string): Error =>
  new Error(`the data directory ${directory} is in use by ${who}: stop it, or name another directory with FACET_DATA_DIR`);

const refuseCommand: RequestHandler = () => {
  throw new Error('the process that holds the data directory takes no commands');
};

const listSockets = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => SOCKET.test(name))
    .map((name) => join(folder, name));

/** The directory itself; when its path is too long for a socket, a private folder in the system's temporary one, named by a hash of the path. */
function findSocketFolder(directory: string): string {
  if (Buffer.byteLength(join(directory, 'lock-00000000.sock')) <= MAX_SOCKET_PATH) return directory;
  const folder = join(tmpdir(), `facet-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== process.getuid?.())
    throw new Error(`${folder} belongs to another user: remove it, or choose a data directory with a shorter path`);
  return folder;
}
