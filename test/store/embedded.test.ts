// The embedded engine on a real directory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lockDirectory } from '../../src/store/database/data-directory.ts';
import { migrate } from '../../src/store/database/migrations.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { onEmbedded } from './open.ts';
import { AT } from './resource-changes.ts';

const WRITER = fileURLToPath(new URL('embedded-writer.ts', import.meta.url));

onEmbedded('keeps everything it answered when its process is killed, for its owner alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'facet-embedded-'));
  const writer = spawn(process.execPath, [WRITER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let answered = -1;
  for await (const line of createInterface({ input: writer.stdout })) {
    answered = Number(line);
    if (answered === 200) writer.kill('SIGKILL');
  }
  if (writer.signalCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');

  const lock = await lockDirectory(directory);
  const database = await openDatabase({ embedded: lock });
  expect(await migrate(database, AT)).toEqual([]);
  const [stored] = await database.query<{ count: number }>('select count(*)::int as count from resource r join sx using (tenant_id, pid)');
  expect(stored!.count).toBeGreaterThan(answered);
  expect(statSync(join(directory, 'database')).mode & 0o777).toBe(0o700);
  await database.close();
  await lock.release();
  rmSync(directory, { recursive: true });
});
