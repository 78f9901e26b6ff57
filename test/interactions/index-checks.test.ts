// When resources of older index rules are searched for, and by which process. docs/decisions/0010-index-maintenance.md
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { createLease } from '../../src/messaging/lease.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createReindexing } from '../../src/store/reindexing.ts';
import {
  AFTER,
  AT,
  BEFORE,
  found,
  idOf,
  marital,
  OTHERWISE,
  opened,
  openStoreBeforeEach,
  passTime,
  patient,
  put,
  server,
  store,
  tenants,
} from './index-servers.ts';

openStoreBeforeEach();

it('after 1, 10 and 60 minutes, one of all processes looks for what a process with older rules has written', async () => {
  const old = await server(BEFORE);
  await store(old, tenants[0]!, patient(1));
  const servers = [await server(AFTER, 'one'), await server(AFTER, 'two')];
  const workAll = async () => {
    const batches: number[] = [];
    // each of them is the first in turn
    for (const { work } of servers.reverse()) batches.push(await work());
    return batches.filter((count) => count > 0).length;
  };
  expect(await workAll()).toBe(1);
  expect(await workAll()).toBe(0);
  const written = [1];
  for (const minutes of [1, 9, 50]) {
    passTime(minutes);
    written.push(2 * minutes + 1);
    await store(old, tenants[0]!, patient(2 * minutes + 1));
    expect(await workAll()).toBe(1);
    expect(await found(servers[1]!, tenants[0]!, 'marital=M')).toEqual(written.map(idOf).sort());
    expect(await workAll()).toBe(0);
  }
  passTime(1000);
  expect(await workAll()).toBe(0);
});

it('the start of a process leads to further checks if its rules have replaced others', async () => {
  const first = await server(BEFORE);
  await store(first, tenants[0]!, patient(1));
  passTime(100);
  expect(await first.work()).toBe(0);
  const now = await server(AFTER);
  expect(await now.work()).toBeGreaterThan(0);
  passTime(100);
  expect([(await now.work()) > 0, await now.work()]).toEqual([true, 0]);
  const another = await server(AFTER, 'another');
  expect([await another.work(), await now.work()]).toEqual([0, 0]);
  passTime(1);
  expect([(await now.work()) > 0, await another.work()]).toEqual([true, 0]);
});

it('starts that follow each other within a minute do not postpone the next check, and the later ones follow the last start', async () => {
  await store(await server(BEFORE), tenants[0]!, patient(1));
  const now = await server(AFTER);
  await now.work();
  for (let start = 0; start < 3; start++) {
    passTime(0.4);
    await server(AFTER, `start-${start}`);
  }
  expect(await now.work()).toBeGreaterThan(0);
  const batches: number[] = [];
  for (const minutes of [1, 8, 1, 49, 1]) {
    passTime(minutes);
    batches.push(await now.work());
  }
  // 11.2 and 61.2 minutes after the first start, which are 10 and 60 after the last
  expect(batches.map((count) => count > 0)).toEqual([false, false, true, false, true]);
});

it('checks follow a reindex, also for resources of another type', async () => {
  const old = await server(BEFORE);
  for (let n = 0; n < 5; n++) await store(old, tenants[0]!, { resourceType: 'Practitioner', id: idOf(n), name: [{ family: 'Lee' }] });
  const both = buildRegistry([
    marital('Patient.maritalStatus'),
    { ...marital('Practitioner.gender'), code: 'sex', base: ['Practitioner'] },
  ]);
  const now = await server(both);
  let isLong = true;
  const onBatch = async () => {
    if (isLong) passTime(100);
    isLong = false;
  };
  expect([...now.state.findTarget()!.keys()]).toEqual(['Practitioner']);
  expect(await now.walk({ onBatch })).toBe('done');
  // the checks that followed the start of the process are done, too
  await now.work();
  expect(await now.work()).toBe(0);
  passTime(55);
  await store(old, tenants[0]!, patient(1));
  passTime(5);
  await now.work();
  expect(await found(now, tenants[0]!, 'marital=M')).toEqual([idOf(1)]);
});

it('a pass that another process makes is refused before the resources are counted', async () => {
  const read: string[] = [];
  const query: Database['query'] = (sql, ...rest) => {
    read.push(sql);
    return opened.database.query(sql, ...rest);
  };
  const { claim } = createReindexing({ ...opened.database, query });
  const claimAs = (by: string) => claim('1:1', createLease(new Date(AT), by, 1000));
  expect(await claimAs('one')).toMatchObject({ scanned: 0 });
  expect(read.filter((sql) => sql.includes('count(*)'))).toHaveLength(1);
  expect(await claimAs('two')).toBeUndefined();
  expect(read.filter((sql) => sql.includes('count(*)'))).toHaveLength(1);
});

it('a pass for rules that were replaced meanwhile is no check of the new rules', async () => {
  const former = await server(AFTER);
  await store(former, tenants[0]!, patient(1));
  const now = await server(OTHERWISE);
  await now.work();
  passTime(1);
  expect(await former.walk({}, new Map([['Patient', former.state.findRules('Patient')]]))).toBe('done');
  expect(await now.work()).toBeGreaterThan(0);
});

it('a check that was stopped and continued later counts from its beginning', async () => {
  const old = await server(BEFORE);
  for (let n = 0; n < 10; n++) await store(old, tenants[0]!, patient(n));
  const now = await server(AFTER);
  await now.work();
  passTime(1);
  let scanned = 0;
  const stop = {
    onBatch: async (walk: { scanned: number }) => {
      scanned = walk.scanned;
    },
    isStopped: () => scanned === 8,
  };
  expect(await now.walk(stop, new Map([['Patient', now.state.findRules('Patient')]]))).toBe('left');
  await put(old, tenants[0]!, patient(1, { active: true }));
  passTime(9);
  await now.work();
  expect(await found(now, tenants[0]!, 'marital=M')).not.toContain(idOf(1));
  await now.work();
  expect(await found(now, tenants[0]!, 'marital=M')).toContain(idOf(1));
});
