// A new search parameter becomes searchable while the server runs: in steps, by one process at a time, resumed after a stop, with the same rows as a write.
import { setTimeout as delay } from 'node:timers/promises';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import type { ReindexResult } from '../../src/interactions/reindex.ts';
import { onServer } from '../store/open.ts';
import {
  AFTER,
  AT,
  BEFORE,
  command,
  found,
  idOf,
  OTHERWISE,
  opened,
  openStoreBeforeEach,
  patient,
  put,
  server,
  store,
  tenants,
} from './index-servers.ts';

openStoreBeforeEach();

/** Everything the index has of a tenant, by the resources' ids. */
async function indexOf(tenant: number): Promise<string[]> {
  const lines: string[] = [];
  const sides = ['sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text'];
  for (const table of ['sx', ...sides]) {
    const rows = await opened.database.query<{ line: string }>(
      `select r.id || ' ' || (to_jsonb(x) - 'pid' - 'tenant_id' - 'rules' - 'tok')::text || ${table === 'sx' ? "(select string_agg(t::text, ',' order by t) from unnest(x.tok) t)" : "''"} as line
       from ${table} x join resource r on r.tenant_id = x.tenant_id and r.pid = x.pid where x.tenant_id = $1`,
      [tenant],
    );
    lines.push(...rows.map(({ line }) => `${table} ${line}`));
  }
  return lines.sort();
}

it('in an empty store, and for types without resources, a new parameter is available at once', async () => {
  const first = await server(BEFORE);
  expect(first.state.listUnready().size).toBe(0);
  const next = await server(AFTER);
  expect([next.state.listUnready().size, next.state.findTarget()]).toEqual([0, undefined]);
});

it('a new parameter is refused until it is completely indexed; other parameters work, and new writes are indexed', async () => {
  const old = await server(BEFORE);
  for (let n = 0; n < 10; n++) await store(old, tenants[n % 3]!, patient(n));
  const now = await server(AFTER);
  expect([...now.state.listUnready()]).toEqual([['Patient', ['marital']]]);
  await store(now, tenants[0]!, patient(99));
  await expect(found(now, tenants[0]!, 'marital=M')).rejects.toMatchObject({ kind: 'unavailable', headers: { 'Retry-After': '30' } });
  await expect(found(now, tenants[0]!, 'family=x&_sort=marital')).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await found(now, tenants[0]!, 'family=family99')).toEqual([idOf(99)]);
  expect(await now.walk()).toBe('done');
  expect(now.state.listUnready().size).toBe(0);
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([3, 9, 99].map(idOf).sort());
});

it('reindexing creates the same rows as a write, in every tenant, and changes no version and no history', async () => {
  const old = await server(BEFORE);
  for (const tenant of tenants.slice(0, 2)) {
    for (let n = 0; n < 9; n++) await store(old, tenant, patient(n));
    await store(old, tenant, { resourceType: 'Practitioner', id: idOf(5), name: [{ family: 'Lee' }] });
    await put(old, tenant, patient(3, { birthDate: '1991' }));
    await remove(old.context(tenant), { type: 'Patient', id: idOf(4) });
  }
  const versions = () => opened.database.query('select tenant_id, pid, ver, lu, body from resource order by 1, 2');
  const before = await versions();
  const now = await server(AFTER);
  await now.walk();
  const fresh = tenants[2]!;
  for (let n = 0; n < 9; n++) await store(now, fresh, patient(n));
  await store(now, fresh, { resourceType: 'Practitioner', id: idOf(5), name: [{ family: 'Lee' }] });
  await put(now, fresh, patient(3, { birthDate: '1991' }));
  await remove(now.context(fresh), { type: 'Patient', id: idOf(4) });
  expect(await indexOf(tenants[0]!)).toEqual(await indexOf(fresh));
  expect(await indexOf(tenants[1]!)).toEqual(await indexOf(fresh));
  expect((await versions()).slice(0, before.length)).toEqual(before);
});

it('reindexing continues where it was stopped; a second run changes nothing', async () => {
  const old = await server(BEFORE);
  for (let n = 0; n < 12; n++) await store(old, tenants[n % 2]!, patient(n));
  const now = await server(AFTER);
  const seen: number[] = [];
  for (let round = 0; round < 40; round++) {
    const end = await now.walk({
      isStopped: () => true,
      onBatch: async (walk) => {
        seen.push(walk.scanned);
      },
    });
    if (end === 'done') break;
    expect(end).toBe('left');
  }
  expect(Math.max(...seen)).toBe(12);
  expect(now.state.listUnready().size).toBe(0);
  const whole = await indexOf(tenants[0]!);
  expect(await now.walk()).toBe('done');
  expect(await indexOf(tenants[0]!)).toEqual(whole);
});

it('one process reindexes; another takes over when the lease has expired, and then the first stops', async () => {
  const old = await server(BEFORE);
  for (let n = 0; n < 12; n++) await store(old, tenants[0]!, patient(n));
  const [first, second] = [await server(AFTER, 'first'), await server(AFTER, 'second')];
  const afterExpiry = () => new Date(Date.parse(AT) + 61_000);
  const ends: ReindexResult[] = [];
  const end = await first.walk({
    onBatch: async ({ scanned }) => {
      if (scanned !== 4) return;
      ends.push(await second.walk());
      ends.push(await second.walk({ clock: afterExpiry }));
    },
  });
  expect([...ends, end]).toEqual(['taken', 'done', 'left']);
  expect(await found(first, tenants[0]!, 'marital=M')).toHaveLength(6);
});

it('the next pass finds what a process with older rules has written behind the current pass', async () => {
  const old = await server(BEFORE);
  await store(old, tenants[0]!, patient(1));
  const now = await server(AFTER);
  await now.walk();
  await store(old, tenants[0]!, patient(3));
  await put(old, tenants[0]!, patient(1, { active: true }));
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([]);
  await now.walk();
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([1, 3].map(idOf).sort());
});

it('a command with rules that no server has blocks no search, and servers reindex what it writes', async () => {
  const now = await server(AFTER);
  await store(now, tenants[0]!, patient(1));
  const shell = await command(BEFORE);
  await store(shell, tenants[0]!, patient(3));
  await put(shell, tenants[0]!, patient(1, { active: true }));
  await now.state.refresh();
  expect([now.state.listUnready().size, [...now.state.findTarget()!.keys()]]).toEqual([0, ['Patient']]);
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([]);
  await now.walk();
  expect(now.state.findTarget()).toBeUndefined();
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([1, 3].map(idOf).sort());
});

it('a command with the rules of the servers writes the same index rows, so nothing has to be reindexed', async () => {
  const now = await server(AFTER);
  const shell = await command(AFTER);
  await store(shell, tenants[0]!, patient(1));
  await now.state.refresh();
  expect(now.state.findTarget()).toBeUndefined();
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([idOf(1)]);
});

it('the next pass finds what a command has written behind the current pass', async () => {
  const now = await server(AFTER);
  for (let n = 0; n < 10; n++) await store(now, tenants[0]!, patient(n));
  const shell = await command(BEFORE);
  const onBatch = async ({ scanned }: { scanned: number }) => {
    if (scanned === 8) await put(shell, tenants[0]!, patient(1, { active: true }));
  };
  await now.walk({ onBatch });
  expect([...now.state.findTarget()!.keys()]).toEqual(['Patient']);
  await now.walk();
  expect(await found(now, tenants[0]!, 'marital=M')).toContain(idOf(1));
});

it('a process with older rules does not reindex, and refuses searches by a redefined parameter', async () => {
  const old = await server(AFTER);
  await store(old, tenants[0]!, patient(1));
  const now = await server(OTHERWISE);
  expect(now.state.listUnready().get('Patient')).toEqual(['marital']);
  await now.walk();
  await old.state.refresh();
  expect(old.state.findTarget()).toBeUndefined();
  expect(old.state.listNewest().has('Patient')).toBe(false);
  await expect(found(old, tenants[0]!, 'marital=M')).rejects.toMatchObject({ kind: 'unavailable' });
  const back = await server(AFTER, 'back', true);
  expect(back.state.listUnready().get('Patient')).toEqual(['marital']);
  await back.walk();
  expect(await found(back, tenants[0]!, 'marital=M')).toEqual([idOf(1)]);
});

it('a resource that a writer has indexed by the new rules since the batch was read is not reindexed', async () => {
  const old = await server(BEFORE);
  for (const n of [1, 2]) await store(old, tenants[0]!, patient(n));
  const now = await server(AFTER);
  const target = now.state.findTarget()!;
  const { stale } = (await opened.store.reindexing.readBatch(tenants[0]!, '0', 10, target))!;
  await put(now, tenants[0]!, patient(1, { active: true }));
  const rows = await opened.store.reindexing.readStaleRows(tenants[0]!, stale, target);
  expect([stale.length, rows.map(({ id }) => id)]).toEqual([2, [idOf(2)]]);
});

it('reindexing never replaces the index rows of its own rules or of newer rules', async () => {
  const now = await server(AFTER);
  await store(now, tenants[0]!, patient(1));
  const rules = now.state.findRules('Patient');
  const [stored] = await opened.database.query<{ pid: string }>('select pid from resource where tenant_id = $1', [tenants[0]!]);
  const row = { pid: stored!.pid, type: 'Patient' as const, id: idOf(1), version: 1, rules, body: '' };
  const index = buildIndexRows(patient(1), BEFORE);
  const before = await indexOf(tenants[0]!);
  for (const target of [rules, rules - 1])
    expect(await opened.store.reindexing.replaceIndexRows(tenants[0]!, [{ row, index, rules: target }])).toBe(0);
  const target = new Map([['Patient' as const, rules - 1]]);
  expect(await opened.store.reindexing.readBatch(tenants[0]!, '0', 10, target)).toMatchObject({ seen: 1, stale: [] });
  expect(await indexOf(tenants[0]!)).toEqual(before);
});

it('stale resources with large bodies are read in parts', async () => {
  const old = await server(BEFORE);
  const data = 'AAAA'.repeat(768 * 1024);
  for (const n of [1, 2, 3, 4]) await store(old, tenants[0]!, patient(n, { photo: [{ contentType: 'image/png', data }] }));
  const now = await server(AFTER);
  const target = now.state.findTarget()!;
  const { stale } = (await opened.store.reindexing.readBatch(tenants[0]!, '0', 10, target))!;
  expect(await opened.store.reindexing.readStaleRows(tenants[0]!, stale, target)).toHaveLength(3);
  expect(await now.walk()).toBe('done');
  expect((await opened.database.query('select from sx where rules <> $1', [now.state.findRules('Patient')])).length).toBe(0);
});

onServer('a write that waits for reindexing of its resource retries, and leaves no old index rows', async () => {
  const old = await server(BEFORE);
  const [tenant, control] = [tenants[0]!, tenants[1]!];
  await store(old, tenant, patient(1));
  const now = await server(AFTER);
  const changed = patient(1, { name: [{ family: 'New' }], maritalStatus: { coding: [{ code: 'W' }] } });
  const replaced = Promise.withResolvers<void>();
  const writing = replaced.promise.then(() => put(now, tenant, changed));
  await opened.store.transaction(async ({ reindexing }) => {
    const { stale } = (await reindexing.readBatch(tenant, '0', 10, now.state.findTarget()!))!;
    const [row] = await reindexing.readStaleRows(tenant, stale, now.state.findTarget()!);
    const index = buildIndexRows(JSON.parse(row!.body) as Resource, AFTER);
    expect(await reindexing.replaceIndexRows(tenant, [{ row: row!, index, rules: now.state.findRules('Patient') }])).toBe(1);
    replaced.resolve();
    await delay(500);
  });
  await writing;
  await store(now, control, patient(1));
  await put(now, control, changed);
  expect(await indexOf(tenant)).toEqual(await indexOf(control));
});

onServer('with writers at work on the same resources, the index is exact at the end', async () => {
  const count = 40;
  const old = await server(BEFORE);
  for (let n = 0; n < count; n++) await store(old, tenants[0]!, patient(n));
  let current = old;
  let stop = false;
  let writes = 0;
  const writer = async (salt: number) => {
    for (let n = salt; !stop; n += 7) {
      const more = { active: n % 3 === 0, birthDate: `19${10 + (n % 90)}`, maritalStatus: { coding: [{ code: `C${n % 5}` }] } };
      await put(current, tenants[0]!, patient(n % count, more)).catch((error: { kind?: string }) => {
        if (error.kind !== 'conflict') throw error;
      });
      writes += 1;
    }
  };
  const writers = [1, 2, 3, 4].map(writer);
  for (let round = 0; round < 12 || writes <= 50; round++) {
    current = await server(round % 2 ? OTHERWISE : AFTER, `round-${round}`, true);
    const [one, two] = [
      current.walk({ batchSize: 7 }),
      (await server(round % 2 ? OTHERWISE : AFTER, `other-${round}`)).walk({ batchSize: 3 }),
    ];
    expect((await Promise.all([one, two])).includes('done')).toBe(true);
  }
  stop = true;
  await Promise.all(writers);
  expect(writes).toBeGreaterThan(50);
  while ((await current.walk()) !== 'done');
  for (let n = 0; n < count; n++) {
    const row = await opened.store.read(tenants[0]!, 'Patient', idOf(n));
    const { meta: _meta, ...resource } = JSON.parse(row!.body!) as Resource;
    await store(current, tenants[1]!, resource);
  }
  expect(await indexOf(tenants[0]!)).toEqual(await indexOf(tenants[1]!));
});
