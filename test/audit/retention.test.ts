// FACET_AUDIT_RETENTION: whole months are deleted, and the rest of each chain can be verified. A forged record of a deletion is not accepted.
import { deleteOldAudit } from '../../src/audit/retention.ts';
import { listDroppedMonths } from '../../src/store/audit-chains.ts';
import { deleteDroppedBatches, dropAuditMonth, listEndedMonths } from '../../src/store/audit-retention.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { findFaults, startRecording, tampered } from './recorded-events.ts';

const NOW = '2026-05-15T00:00:00.000Z';
const signal = AbortSignal.timeout(600_000);

let test: TestStore;
let log: Record<string, unknown>[];
beforeEach(async () => {
  log = [];
  test = await openTestStore();
  const clock = { now: new Date('2026-02-10T00:00:00.000Z') };
  const [first, second] = [startRecording(test.database, () => clock.now), startRecording(test.database, () => clock.now)];
  await first.store(1, 'a', 'b');
  await first.store(1, 'c');
  await second.store(2, 'x');
  clock.now = new Date('2026-03-10T00:00:00.000Z');
  await first.store(1, 'd');
  clock.now = new Date('2026-04-10T00:00:00.000Z');
  await first.store(1, 'e');
  await first.store(2, 'y');
});
afterEach(() => test.close());

const clean = (days: number) =>
  deleteOldAudit({ database: test.database, clock: () => new Date(NOW), log: (facts) => log.push(facts) }, days, signal);

const count = async (table: string): Promise<number> =>
  Number((await test.database.query<{ count: string }>(`select count(*) from ${table}`))[0]!.count);

it('a month is deleted when its last event is older than the retention, and the rest is intact', async () => {
  expect(await listEndedMonths(test.database, '2026-02-28T23:59:59.999Z')).toEqual([]);
  expect(await listEndedMonths(test.database, '2026-03-01T00:00:00.000Z')).toEqual(['2026-02']);
  await clean(60);
  expect(await findFaults(test.database)).toEqual([]);
  expect(await listDroppedMonths(test.database)).toEqual([{ month: '2026-02', droppedAt: NOW, chains: 2, batches: 3, events: 4 }]);
  expect(log).toEqual([{ month: '2026-02', chains: 2, batches: 3, events: 4 }]);
  expect([await count('audit_event'), await count('audit_batch')]).toEqual([3, 3]);
  await clean(60);
  expect(log).toHaveLength(1);
  await clean(30);
  expect((await listDroppedMonths(test.database)).map(({ month, batches }) => [month, batches])).toEqual([
    ['2026-02', 3],
    ['2026-03', 1],
  ]);
  expect(await findFaults(test.database)).toEqual([]);
});

it('two processes at once delete a month once', async () => {
  await Promise.all([clean(60), clean(60)]);
  expect(log).toHaveLength(1);
  expect(await findFaults(test.database)).toEqual([]);
});

it('a process that dies before it has deleted the batches leaves an audit that verifies, and the next one deletes them', async () => {
  await dropAuditMonth(test.database, '2026-02', NOW);
  expect([await count('audit_event'), await count('audit_batch')]).toEqual([3, 6]);
  expect(await findFaults(test.database)).toEqual([]);
  await deleteDroppedBatches(test.database, AbortSignal.abort());
  expect(await count('audit_batch')).toBe(6);
  await clean(60);
  expect(await count('audit_batch')).toBe(3);
  expect(log).toEqual([]);
});

it('what is changed after the deletion is found', async () => {
  await clean(60);
  const changed = await tampered(test.database, "update audit_event set event = 'x' where tenant_id = 1 and seq = 3", findFaults);
  expect(changed).toEqual([expect.stringMatching(/^1\/3: the hash is wrong/)]);
  const forgotten = await tampered(test.database, 'delete from audit_dropped', findFaults);
  expect(forgotten).toEqual(['1/1: the batches 1 to 2 are missing']);
  const otherHash = await tampered(test.database, "update audit_dropped set hash = 'x' where tenant_id = 1", findFaults);
  expect(otherHash).toEqual([expect.stringMatching(/^1\/3: the hash is wrong/)]);
});

const FORGED = `insert into audit_dropped (tenant_id, writer, seq, recorded, hash, batches, events, month, dropped_at)
  select tenant_id, writer, seq, recorded, hash, 3, 4, '2026-03', '${NOW}' from audit_batch where tenant_id = 1 and seq = 3`;

it('a forged record of a deletion is a fault while the events are there, and is listed as a deletion otherwise', async () => {
  expect(await tampered(test.database, FORGED, findFaults)).toEqual(
    [1, 2, 3].map((seq) => expect.stringMatching(new RegExp(`^1/${seq}: .*this is not a deletion by the retention$`))),
  );
  const removed = `${FORGED}; delete from audit_event where tenant_id = 1 and seq <= 3; delete from audit_batch where tenant_id = 1 and seq <= 3`;
  const listed = await tampered(test.database, removed, (database) => listDroppedMonths(database));
  expect(listed).toEqual([{ month: '2026-03', droppedAt: NOW, chains: 1, batches: 3, events: 4 }]);
});

it('a clock that is set back does not turn back a chain', async () => {
  const clock = { now: new Date('2026-05-02T00:00:00.000Z') };
  const { store, writer } = startRecording(test.database, () => clock.now);
  await store(3, 'a');
  clock.now = new Date('2026-04-30T00:00:00.000Z');
  await store(3, 'b');
  const times = await test.database.query('select recorded from audit_batch where writer = $1 order by seq', [writer]);
  expect(times).toEqual([{ recorded: '2026-05-02T00:00:00.000Z' }, { recorded: '2026-05-02T00:00:00.000Z' }]);
});
