// The lock of an embedded data directory, with real processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockDirectory, sendToLockOwner } from '../../src/store/database/data-directory.ts';

const HOLDER = fileURLToPath(new URL('lock-holder.ts', import.meta.url));
let parent: string;
let directory: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'facet-lock-')));
  directory = join(parent, 'data');
});
afterEach(async () => {
  for (const child of children) await kill(child);
  children = [];
  rmSync(parent, { recursive: true });
});

/** Starts a holder; answers the process and the line it says. */
async function holder(of = directory): Promise<{ child: ChildProcess; output: string }> {
  const child = spawn(process.execPath, [HOLDER, of, '300'], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [output] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, output };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('creates the directory with access for its owner only, and leaves no socket after the release', async () => {
  const lock = await lockDirectory(directory);
  expect(lock.directory).toBe(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory)).toHaveLength(1);
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

it('refuses a second process with an error that names the lock owner and the remedy', async () => {
  const { child, output } = await holder();
  expect(output).toBe('held');
  await expect(lockDirectory(directory)).rejects.toThrow(
    new RegExp(
      `^the data directory ${directory} is in use by process ${child.pid} on .+, since .+: stop it, or name another directory with FACET_DATA_DIR$`,
    ),
  );
  expect((await holder()).output).toContain(`in use by process ${child.pid}`);
});

it('refuses a second lock of the same process', async () => {
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(`in use by process ${process.pid}`);
  await lock.release();
  await (await lockDirectory(directory)).release();
});

it('takes the lock of a killed process at once, and removes its socket', async () => {
  const took: number[] = [];
  for (let round = 0; round < 3; round++) {
    const { child } = await holder();
    await kill(child);
    expect(readdirSync(directory)).toHaveLength(1);
    const started = performance.now();
    const lock = await lockDirectory(directory);
    took.push(performance.now() - started);
    expect(readdirSync(directory).map((name) => join(directory, name))).toEqual([lock.socketPath]);
    await lock.release();
  }
  // one that does not answer is given two seconds. The quickest counts, as a busy machine may be late
  expect(Math.min(...took)).toBeLessThan(1000);
});

it('refuses while the lock owner does not respond (a stopped process still has the lock)', async () => {
  const { child } = await holder();
  child.kill('SIGSTOP');
  await expect(lockDirectory(directory)).rejects.toThrow('in use by a process that does not respond');
  await kill(child);
});

it('gives the lock to one of many starting processes, also if there are stale sockets', async () => {
  for (let round = 0; round < 3; round++) {
    const started = await Promise.all(Array.from({ length: 5 }, () => holder()));
    expect(started.map(({ output }) => output).filter((output) => output === 'held')).toHaveLength(1);
    for (const { child } of started) await kill(child);
  }
});

it('gives the lock to one of many concurrent attempts in one process, every time', async () => {
  for (let round = 0; round < 20; round++) {
    const locks = await Promise.allSettled(Array.from({ length: 4 }, () => lockDirectory(directory)));
    const acquired = locks.filter((lock) => lock.status === 'fulfilled');
    expect(acquired).toHaveLength(1);
    await acquired[0]!.value.release();
  }
});

it('sends a command to the lock owner and returns its reply or its error', async () => {
  expect(await sendToLockOwner(directory, 'anybody?')).toBeUndefined();
  const { child } = await holder();
  expect(await sendToLockOwner(directory, { command: 'keys list', text: 'ü\n' })).toEqual({
    heard: { command: 'keys list', text: 'ü\n' },
    pid: child.pid,
  });
  await expect(sendToLockOwner(directory, 'fail')).rejects.toThrow('that went wrong');
  await kill(child);
  expect(await sendToLockOwner(directory, 'anybody?')).toBeUndefined();
});

it('locks a directory whose path is too long for a socket', async () => {
  const long = join(directory, 'a'.repeat(120));
  const { child } = await holder(long);
  await expect(lockDirectory(long)).rejects.toThrow(`in use by process ${child.pid}`);
  expect(await sendToLockOwner(long, 1)).toEqual({ heard: 1, pid: child.pid });
  await kill(child);
  const lock = await lockDirectory(long);
  expect(existsSync(lock.socketPath)).toBe(true);
  await lock.release();
  rmdirSync(dirname(lock.socketPath));
});

it('does not change other files of the directory', async () => {
  await (await lockDirectory(directory)).release();
  writeFileSync(join(directory, 'dev-keys.json'), '{}');
  await (await lockDirectory(directory)).release();
  expect(readdirSync(directory)).toEqual(['dev-keys.json']);
});

it('fails at once if a directory cannot be created', async () => {
  await expect(lockDirectory('/proc/facet/data')).rejects.toThrow(/the data directory cannot be created .*FACET_DATA_DIR/);
});
