// A page of a history reads its own versions and the one before each, however many there are.
import type { Database } from '../../src/store/database/database.ts';
import { countHistory, type HistoryQuery, readHistory } from '../../src/store/resources/history.ts';
import { readVersion, readVersions, wasDeletedSince } from '../../src/store/resources/read.ts';
import { openTestStore, type TestStore } from './open.ts';

const RESOURCES = 5000;
/** In the middle of all versions. */
const AFTER = ['2026-01-01T02:00:00Z', '9000000', '9'];

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore({ tenantWall: true });
  await test.database.script(`
    insert into resource (tenant_id, rtype, id, ver, lu, created, method, actor, body, rules)
      select 1, 1 + n % 4, 'r' || n, 4, timestamptz '2026-01-01' + n * interval '1 s' + interval '4 h', '2026-01-01', 'PUT', 'key', '{}', 0
        from generate_series(1, ${RESOURCES}) n;
    insert into past_version (tenant_id, pid, ver, lu, method, actor, body)
      select r.tenant_id, r.pid, v, r.lu - (4 - v) * interval '1 h', case when v = 3 then 'DELETE' else 'PUT' end, 'key', case when v = 3 then null else '{}' end
        from resource r, generate_series(1, 3) v;
    analyze`);
});
afterAll(() => test.close());

/** How many versions are read for a response, by the plan of its statement, and the tables that are read without an index. */
async function readFor(
  read: (database: Database) => Promise<unknown>,
  database: Database,
): Promise<{ rowsRead: number; tables: string[] }> {
  let plan: unknown;
  const explaining: Database = {
    ...database,
    async query<T extends object>(sql: string, parameters: unknown[] = []) {
      [plan] = (await database.query<{ 'QUERY PLAN': unknown[] }>(`explain (analyze, format json) ${sql}`, parameters))[0]!['QUERY PLAN'];
      return [] as T[];
    },
  };
  await read(explaining);
  const scans = scansIn((plan as { Plan: Node }).Plan);
  return { rowsRead: scans.reduce((sum, { rows }) => sum + rows, 0), tables: scans.filter(({ all }) => all).map(({ of }) => of) };
}

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Node[];
}

/** What is read of the versions. `all`: without an index. */
function scansIn(node: Node): { of: string; rows: number; all: boolean }[] {
  const below = (node.Plans ?? []).flatMap(scansIn);
  const of = node['Relation Name'];
  if (of !== 'past_version' && of !== 'resource') return below;
  const rows = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return [{ of, rows, all: node['Node Type'] === 'Seq Scan' }, ...below];
}

const ONE = { type: 'Patient', id: `r${RESOURCES}` } as const;
const pageOf =
  (span: Partial<HistoryQuery>) =>
  (database: Database): Promise<unknown> =>
    readHistory(database, 1, { count: 20, maxBytes: 1_000_000, ...span });

describe.each([
  ['without', () => test.database],
  ['with', () => test.database.forRequest(1, { safe: true })],
] as const)('%s a wall between tenants', (_wall, database) => {
  it.each<[string, (database: Database) => Promise<unknown>]>([
    ['a page of the history of everything', pageOf({})],
    ['a page of the history of a type', pageOf({ type: 'Patient' })],
    ['everything, since long ago', pageOf({ since: '2020-01-01T00:00:00Z' })],
    ['everything, from a page on', pageOf({ after: AFTER })],
    ['a type, from a page on', pageOf({ type: 'Patient', after: AFTER })],
    ['what was current at a time', pageOf({ at: { from: AFTER[0]!, to: AFTER[0]! } })],
    ['one resource', pageOf(ONE)],
    ['one resource at a time', pageOf({ ...ONE, at: { from: AFTER[0]!, to: AFTER[0]! } })],
    ['the number of versions of one resource', (of) => countHistory(of, 1, ONE).catch(() => undefined)],
    ['a past version', (of) => readVersion(of, 1, ONE.type, ONE.id, 2)],
    ['the current version by its number', (of) => readVersion(of, 1, ONE.type, ONE.id, 4)],
    ['the versions before one', (of) => readVersions(of, 1, ONE.type, ONE.id, { count: 20, before: 3 })],
    ['whether a resource was deleted', (of) => wasDeletedSince(of, 1, ONE.type, ONE.id, 1)],
  ])('%s: uses indexes, and reads fewer than 400 versions', async (_what, read) => {
    const { rowsRead, tables } = await readFor(read, database());
    expect(tables).toEqual([]);
    expect(rowsRead).toBeGreaterThan(0);
    expect(rowsRead).toBeLessThan(400);
  });
});
