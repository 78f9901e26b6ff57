// A page of a history reads its own versions and the one before each, however many there are.
import type { Database } from '../../src/store/database/database.ts';
import { type HistoryQuery, readHistory } from '../../src/store/resources/history.ts';
import { openTestStore, type TestStore } from './open.ts';

const RESOURCES = 5000;
/** In the middle of all versions. */
const AFTER = ['2026-01-01T02:00:00Z', '9000000', '9'];

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
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

/** How many versions are read for a page, by the plan that it is answered by. */
async function readFor(span: Partial<HistoryQuery>): Promise<{ rowsRead: number; tables: string[] }> {
  let plan: unknown;
  const explaining: Database = {
    ...test.database,
    async query<T extends object>(sql: string, parameters: unknown[] = []) {
      [plan] = (await test.database.query<{ 'QUERY PLAN': unknown[] }>(`explain (analyze, format json) ${sql}`, parameters))[0]![
        'QUERY PLAN'
      ];
      return [] as T[];
    },
  };
  await readHistory(explaining, 1, { count: 20, maxBytes: 1_000_000, ...span });
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

it.each<[string, Partial<HistoryQuery>]>([
  ['everything', {}],
  ['a type', { type: 'Patient' }],
  ['everything, since long ago', { since: '2020-01-01T00:00:00Z' }],
  ['everything, from a page on', { after: AFTER }],
  ['a type, from a page on', { type: 'Patient', after: AFTER }],
  ['one resource', { type: 'Patient', id: `r${RESOURCES}` }],
])('a page of the history of %s uses indexes, and reads fewer than 400 versions', async (_what, span) => {
  const { rowsRead, tables } = await readFor(span);
  expect(tables).toEqual([]);
  expect(rowsRead).toBeLessThan(400);
});
