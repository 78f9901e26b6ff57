// The recorder when the database fails: events wait and are stored once, in their order; what does not fit in memory is counted.
import { v7 } from 'uuid';
import { type AuditRecorder, createAuditRecorder } from '../../src/audit/recorder.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { until } from '../until.ts';
import { factsOf, findFaults } from './recorded-events.ts';

/** How the next transactions end: not begun, or committed with a lost response. */
type Failure = 'down' | 'response lost';

let test: TestStore;
let failure: Failure | undefined;
let lost: number;
let log: Record<string, unknown>[];
const open: AuditRecorder[] = [];
beforeEach(async () => {
  [failure, lost, log] = [undefined, 0, []];
  test = await openTestStore();
});
afterEach(async () => {
  failure = undefined;
  for (const recorder of open.splice(0)) await recorder.close();
  await test.close();
});

const failing = (): Database => ({
  ...test.database,
  query: (...call) => (failure === 'down' ? Promise.reject(new Error('down')) : test.database.query(...call)),
  async transaction(work) {
    if (failure === 'down') throw new Error('down');
    const result = await test.database.transaction(work);
    if (failure === 'response lost') throw new Error('the connection was cut');
    return result;
  },
});

function start(isStrict = false): AuditRecorder {
  const recorder = createAuditRecorder({
    database: failing(),
    clock: () => new Date(),
    writer: v7(),
    isStrict,
    log: (facts) => log.push(facts),
    lost: (count) => {
      lost += count;
    },
  });
  open.push(recorder);
  return recorder;
}

/** The patients of the stored events, in the order of the chain. */
const listStored = async (): Promise<string[]> => {
  const rows = await test.database.query<{ patients: string[] }>('select patients from audit_event order by writer, seq, n');
  return rows.flatMap(({ patients }) => patients.map((patient) => patient.slice('Patient/'.length)));
};

it('lists of every length are stored together, whatever characters their texts have, also without an actor', async () => {
  const lists = [[], ['Patient/a'], ['a "b" \\ {c},d', 'NULL', '', ' ', 'ä\u{1f9ea}\n'], ['Basic/1', 'Basic/2']];
  const recorder = start();
  for (const [n, list] of lists.entries()) {
    const { actor, ...facts } = factsOf('x');
    const event = { ...facts, ...(n % 2 === 0 && { actor: actor! }), subtypes: list, patients: [], entities: list };
    void recorder.record(1, event);
  }
  await recorder.close();
  const rows = await test.database.query<Record<string, unknown>>('select subtypes, patients, entities, actor from audit_event order by n');
  expect(rows).toEqual(lists.map((list, n) => ({ subtypes: list, patients: [], entities: list, actor: n % 2 === 0 ? 'key-1' : null })));
  expect(await findFaults(test.database)).toEqual([]);
});

it('while the database is down, events wait, and are stored in their order when it is back', async () => {
  const recorder = start();
  failure = 'down';
  for (const patient of ['a', 'b']) void recorder.record(1, factsOf(patient));
  await until(() => log.length > 0);
  for (const patient of ['c', 'd']) void recorder.record(1, factsOf(patient));
  await until(() => log.length > 1);
  expect(await listStored()).toEqual([]);
  failure = undefined;
  await until(async () => (await listStored()).length === 4);
  expect(await listStored()).toEqual(['a', 'b', 'c', 'd']);
  expect([lost, await findFaults(test.database)]).toEqual([0, []]);
});

it('a batch whose outcome is unknown is sent again, and stored once', async () => {
  const recorder = start();
  failure = 'response lost';
  for (const patient of ['a', 'b']) void recorder.record(1, factsOf(patient));
  await until(() => log.length > 0);
  expect(await listStored()).toEqual(['a', 'b']);
  void recorder.record(1, factsOf('c'));
  await until(() => log.length > 1);
  failure = undefined;
  await until(async () => (await listStored()).length === 3);
  await recorder.close();
  expect(await listStored()).toEqual(['a', 'b', 'c']);
  expect(await findFaults(test.database)).toEqual([]);
});

it('a batch that was not stored, because its events could not be, leaves no half of it', async () => {
  const recorder = start();
  await test.database.script('alter table audit_event rename to audit_event_away');
  void recorder.record(1, factsOf('a'));
  await until(() => log.length > 0);
  expect(await test.database.query('select 1 from audit_batch')).toEqual([]);
  await test.database.script('alter table audit_event_away rename to audit_event');
  await until(async () => (await listStored()).length === 1);
  expect(await findFaults(test.database)).toEqual([]);
});

it('in strict mode an event that could not be stored is told to its request, and stored later', async () => {
  const recorder = start(true);
  await recorder.record(1, factsOf('a'));
  failure = 'down';
  await expect(recorder.record(1, factsOf('b'))).rejects.toThrow('down');
  await expect(recorder.record(1, factsOf('c'))).rejects.toThrow('down');
  failure = undefined;
  await until(async () => (await listStored()).length === 3);
  await recorder.record(1, factsOf('d'));
  expect(await listStored()).toEqual(['a', 'b', 'c', 'd']);
  expect(await findFaults(test.database)).toEqual([]);
});

it('at most 32 MiB wait; further events are lost, counted and logged, and there is room again afterwards', async () => {
  const recorder = start();
  failure = 'down';
  const large = { ...factsOf('large'), query: 'x'.repeat(1024 * 1024) };
  for (let n = 0; n < 40; n++) void recorder.record(1, { ...large, id: v7() });
  expect(lost).toBe(9);
  await expect(recorder.record(1, { ...large, id: v7() })).rejects.toThrow('too many audit events wait');
  expect(log.filter((facts) => 'lost' in facts)).toHaveLength(10);
  failure = undefined;
  await until(async () => (await listStored()).length === 31);
  await recorder.close();
  expect(lost).toBe(10);
  void recorder.record(1, factsOf('small'));
  await recorder.close();
  expect((await listStored()).at(-1)).toBe('small');
});

it('what a closing recorder cannot store is counted', async () => {
  const recorder = start();
  failure = 'down';
  for (const patient of ['a', 'b']) void recorder.record(1, factsOf(patient));
  await recorder.close();
  expect(lost).toBe(2);
});

it('two recorders at once write chains of their own', async () => {
  const [first, second] = [start(), start(true)];
  await Promise.all(
    Array.from({ length: 100 }, (_one, n) => (n % 2 ? first.record(1, factsOf(`p${n}`)) : second.record(n % 4 ? 2 : 1, factsOf(`p${n}`)))),
  );
  expect((await listStored()).length).toBe(100);
  const chains = await test.database.query('select tenant_id, writer from audit_batch group by tenant_id, writer');
  expect(chains).toHaveLength(3);
  expect(await findFaults(test.database)).toEqual([]);
});
