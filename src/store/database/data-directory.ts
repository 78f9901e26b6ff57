// The lock of an embedded data directory. The embedded engine has no lock, and two processes that use one directory destroy its data. The lock is a listening
// unix socket, which closes when its process ends, however it ends. Process ids are not reliable: containers reuse them. The CLI also sends its commands to
// the running server over this socket.
//
// Each starting process first listens on a socket with a random name, and then checks all other sockets. Of two starting processes, the one that checks later
// finds the other listening, so two processes never have the lock together. Any process may remove a stale socket (no process listens on it) at any time.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isListening, listenOnSocket, type RequestHandler, sendRequest } from './socket.ts';

/** The lock lasts until it is released, or until the process ends. */
export interface DirectoryLock {
  /** The directory's real path. */
  directory: string;
  /** The socket of the process that has the lock. */
  socketPath: string;
  release(): Promise<void>;
}

/** A process and whether it has the lock. `hasLock` is false while the process still checks the other sockets. */
interface LockOwner {
  pid: number;
  host: string;
  since: string;
  hasLock: boolean;
}

/** The subdirectory for the engine's files. */
export const toDatabasePath = (directory: string): string => join(directory, 'database');

const SOCKET = /^lock-[0-9a-f]{8}\.sock$/;
/** In bytes. Every system accepts socket paths of up to 103 bytes. */
const MAX_SOCKET_PATH = 100;
const ATTEMPTS = 30;
const REPLY_TIMEOUT_MS = 2000;
const OWNER_REQUEST = 'who holds this directory';

/** Creates a directory and its parents one at a time. Where no directory can be created (below /proc), Node's recursive `mkdir` never ends. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  if (dirname(directory) !== directory) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST')
      throw new Error(`the data directory cannot be created (${code} at ${directory}): name another one with FACET_DATA_DIR`);
  }
}

/**
 * Locks the directory and creates it with mode 0700 if it does not exist. If another process has the lock, throws an error that names the process.
 * `onCommand` handles the requests of `sendToLockOwner`.
 */
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

/** Sends one request to the process that has the lock and returns its reply; undefined when no process has the lock. `onPart`: receives the parts before it. */
export async function sendToLockOwner(dir: string, request: unknown, onPart?: (part: unknown) => Promise<void>): Promise<unknown> {
  if (!existsSync(dir)) return undefined;
  const path = await findListening(listSockets(findSocketFolder(realpathSync(dir))));
  return path && sendRequest(path, request, onPart && { onPart });
}

/** Returns undefined when another process is also starting: the caller tries again. Throws when another process has the lock. */
async function tryLock(directory: string, self: LockOwner, onCommand: RequestHandler): Promise<DirectoryLock | undefined> {
  const folder = findSocketFolder(directory);
  const path = join(folder, `lock-${randomBytes(4).toString('hex')}.sock`);
  const listening = await listenOnSocket(path, (request, sendPart) => (request === OWNER_REQUEST ? self : onCommand(request, sendPart)));
  const other = await findListening(listSockets(folder).filter((socket) => socket !== path));
  // Another starting process may have checked this socket just before it listened, and removed it as stale. No process could find the socket then.
  if (other === undefined && existsSync(path)) {
    self.hasLock = true;
    return { directory, socketPath: path, release: () => listening.close() };
  }
  await listening.close();
  if (other) await refuseIfLocked(directory, other);
  return undefined;
}

/** The first socket that a process listens on. Removes the stale sockets before it. */
async function findListening(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (await isListening(path)) return path;
    rmSync(path, { force: true });
  }
  return undefined;
}

/** A process that listens but does not reply in time counts as the lock owner. A process that has ended since does not. */
async function refuseIfLocked(directory: string, path: string): Promise<void> {
  // the lock owner replies with its `LockOwner` (tryLock)
  const holder = (await sendRequest(path, OWNER_REQUEST, { patience: REPLY_TIMEOUT_MS }).catch(() => undefined)) as LockOwner | undefined;
  if (holder?.hasLock) throw directoryInUse(directory, `process ${holder.pid} on ${holder.host}, since ${holder.since}`);
  if (!holder && (await isListening(path))) throw directoryInUse(directory, 'a process that does not respond');
}

const directoryInUse = (directory: string, holder: string): Error =>
  new Error(`the data directory ${directory} is in use by ${holder}: stop it, or name another directory with FACET_DATA_DIR`);

const refuseCommand: RequestHandler = () => {
  throw new Error('the process that uses the data directory does not accept commands');
};

const listSockets = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => SOCKET.test(name))
    .map((name) => join(folder, name));

/** The data directory itself. If its path is too long for a socket: a private folder in the system's temporary directory, named by a hash of the path. */
function findSocketFolder(directory: string): string {
  if (Buffer.byteLength(join(directory, 'lock-00000000.sock')) <= MAX_SOCKET_PATH) return directory;
  const folder = join(tmpdir(), `facet-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== process.getuid?.())
    throw new Error(`${folder} belongs to another user: remove it, or choose a data directory with a shorter path`);
  return folder;
}
