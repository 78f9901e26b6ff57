// Which process looks when for resources that a process with older index rules has written. docs/decisions/0010-index-maintenance.md
import { AFTER, BEFORE, found, idOf, passTime, patient, put, server, store, tenants } from './index-servers.ts';

it('after 1, 10 and 60 minutes, one of all processes looks for what a process with older rules has written', async () => {
  const old = await server(BEFORE);
  await store(old, tenants[0]!, patient(1));
  const servers = [await server(AFTER, 'one'), await server(AFTER, 'two')];
  const workAll = async () => {
    const batches: number[] = [];
    for (const { work } of servers) batches.push(await work());
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

it('the start of a process leads to further checks, unless its rules have replaced none', async () => {
  const first = await server(BEFORE);
  await store(first, tenants[0]!, patient(1));
  await first.work();
  passTime(100);
  expect(await first.work()).toBe(0);
  const now = await server(AFTER);
  expect(await now.work()).toBeGreaterThan(0);
  passTime(100);
  expect([(await now.work()) > 0, await now.work()]).toEqual([true, 0]);
  const another = await server(AFTER, 'another');
  expect([await another.work(), await now.work()]).toEqual([0, 0]);
  passTime(1);
  expect([(await now.work()) > 0, await now.work()]).toEqual([true, 0]);
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
