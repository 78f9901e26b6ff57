// Verification of the audit: each kind of tampering is found and named, and an audit that nobody touched is intact.
import { compareAnchor, listAnchorLines, parseAnchor } from '../../src/audit/anchor.ts';
import type { AuditFault } from '../../src/audit/verify-chain.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { describeFault, factsOf, findFaults, startRecording, tampered } from './recorded-events.ts';

const [ONE, TWO] = [1, 2];

let test: TestStore;
let writer: string;
beforeAll(async () => {
  test = await openTestStore();
  const recording = startRecording(test.database);
  writer = recording.writer;
  await recording.store(ONE, 'a', 'b', 'c');
  await recording.store(ONE, 'd');
  await recording.store(TWO, 'x', 'y');
  await recording.store(ONE, 'e', 'f');
  await recording.store(ONE, 'g');
});
afterAll(() => test.close());

const CHANGED = expect.stringContaining('1/1: the hash is wrong');

it('an audit that nobody touched is intact, of one tenant and of all', async () => {
  expect(await findFaults(test.database)).toEqual([]);
  expect(await findFaults(test.database, ONE)).toEqual([]);
});

const of = (seq: number, n: number): string => `tenant_id = 1 and seq = ${seq} and n = ${n}`;

it.each<[string, string, unknown[]]>([
  ['a changed event', `update audit_event set event = replace(event, 'Patient/b', 'Patient/z') where ${of(1, 1)}`, [CHANGED]],
  ['an event that is no JSON any more', `update audit_event set event = 'x' where ${of(1, 1)}`, [CHANGED]],
  [
    'two swapped events',
    `update audit_event set n = 9 where ${of(1, 0)}; update audit_event set n = 0 where ${of(1, 1)}; update audit_event set n = 1 where ${of(1, 9)}`,
    [CHANGED],
  ],
  ['a removed event', `delete from audit_event where ${of(1, 1)}`, ['1/1: 2 events instead of 3: events were removed']],
  [
    'an added event',
    `insert into audit_event select tenant_id, recorded, gen_random_uuid(), writer, seq, 3, action, outcome, subtypes, actor, patients, entities, event
      from audit_event where ${of(1, 0)}`,
    ['1/1: 4 events instead of 3: events were added'],
  ],
  [
    'an event that searches find by another patient',
    `update audit_event set patients = '{Patient/z}' where ${of(1, 0)}`,
    [expect.stringMatching(/^1\/1: the event .* is found by other values than it contains/)],
  ],
  [
    'an event with another time',
    `update audit_event set recorded = recorded + interval '1 minute' where ${of(1, 0)}`,
    [expect.stringMatching(/^1\/1: the event .* is found by other values than it contains/)],
  ],
  ['a batch with another time', "update audit_batch set recorded = recorded + interval '1 s' where tenant_id = 1 and seq = 1", [CHANGED]],
  [
    'a batch that was removed in the middle',
    'delete from audit_event where tenant_id = 1 and seq in (2, 3); delete from audit_batch where tenant_id = 1 and seq in (2, 3)',
    ['1/2: the batches 2 to 3 are missing'],
  ],
  [
    'a batch that was removed without its events',
    'delete from audit_batch where tenant_id = 1 and seq = 2',
    ['1/2: this batch is missing', expect.stringMatching(/^1\/2: there are events of this batch, but the batch is missing/)],
  ],
  [
    'a removed beginning',
    'delete from audit_event where tenant_id = 1 and seq = 1; delete from audit_batch where tenant_id = 1 and seq = 1',
    ['1/1: this batch is missing'],
  ],
  [
    'a batch that was written again with its hash',
    `update audit_event set event = 'x' where ${of(2, 0)}; update audit_batch set hash = 'y' where tenant_id = 1 and seq = 2`,
    [expect.stringMatching(/^1\/2: the hash is wrong/), expect.stringMatching(/^1\/3: the hash is wrong.*or the batch before was changed/)],
  ],
  [
    'an event of another tenant',
    `update audit_event set tenant_id = 2 where ${of(1, 1)}`,
    ['1/1: 2 events instead of 3: events were removed', '2/1: 3 events instead of 2: events were added'],
  ],
  [
    'an event of a process that never was',
    `insert into audit_event select tenant_id, recorded, gen_random_uuid(), gen_random_uuid(), seq, n, action, outcome, subtypes, actor, patients, entities, event
      from audit_event where ${of(1, 0)}`,
    [expect.stringMatching(/^1\/1: there are events of this batch, but the batch is missing/)],
  ],
])('%s is found and named', async (_what, sql, expected) => {
  expect(await tampered(test.database, sql, findFaults)).toEqual(expected);
});

it('events whose patients are in both columns, as older ones have them, are right', async () => {
  const sql = `update audit_event set entities = patients || entities`;
  expect(await tampered(test.database, sql, findFaults)).toEqual([]);
});

it('events whose text has patients among the other resources, as older ones do, are right', async () => {
  const { database, close } = await openTestStore();
  const { recorder } = startRecording(database);
  void recorder.record(1, { ...factsOf('old'), entities: ['Patient/old', 'Basic/1'] });
  await recorder.close();
  expect(await database.query('select patients, entities from audit_event')).toEqual([
    { patients: ['Patient/old'], entities: ['Basic/1'] },
  ]);
  expect(await findFaults(database)).toEqual([]);
  await close();
});

const readAnchor = async (): Promise<string> => (await Array.fromAsync(listAnchorLines(test.database))).join('\n');

const compare =
  (text: string) =>
  async (database: Database): Promise<string[]> => {
    const faults: AuditFault[] = [];
    await compareAnchor(database, parseAnchor(text)!, async (fault) => void faults.push(fault));
    return faults.map(describeFault);
  };

const removed = (where: string) => `delete from audit_event where ${where}; delete from audit_batch where ${where}`;

it.each([
  ['the removed end of a chain', removed('tenant_id = 1 and seq = 4'), ['1/4: the anchor ends with this batch, and it is missing']],
  ['a removed chain', removed('tenant_id = 2'), ['2/1: the anchor ends with this batch, and it is missing']],
  ['all removed chains', removed('true'), ['1/4: the anchor ends', '2/1: the anchor ends']],
  ['an end that was written again', "update audit_batch set hash = 'y' where tenant_id = 2", ['2/1: the anchor has another hash']],
])('%s is invisible in the database itself, and the anchor shows it', async (_what, sql, expected) => {
  const anchor = await readAnchor();
  expect(await compare(anchor)(test.database)).toEqual([]);
  expect(await tampered(test.database, sql, compare(anchor))).toEqual(expected.map((text) => expect.stringContaining(text)));
});

it('an anchor agrees with chains that have grown since', async () => {
  const anchor = await readAnchor();
  await startRecording(test.database).store(TWO, 'z');
  expect(await compare(anchor)(test.database)).toEqual([]);
  expect(anchor).toContain(writer);
});

it('a text that is no anchor is told from one', () => {
  expect(parseAnchor('')).toEqual([]);
  expect(parseAnchor('{"tenant":1}')).toBeUndefined();
  expect(parseAnchor('x')).toBeUndefined();
});

it('a long chain is verified page by page, also while it grows', async () => {
  const { store } = startRecording(test.database);
  for (let batch = 0; batch < 30; batch++) await store(3, ...Array.from({ length: 40 }, (_one, n) => `p${batch}-${n}`));
  const growing = Promise.all(Array.from({ length: 20 }, (_one, n) => store(3, `more-${n}`)));
  expect(await findFaults(test.database, 3)).toEqual([]);
  await growing;
  expect(await findFaults(test.database)).toEqual([]);
});
