// The statements that find and claim the due rows of an account read the beginning of an index, however long the queue of any account is.
import type { Database } from '../../src/store/database/database.ts';
import { createOutbox } from '../../src/store/queues/outbox.ts';
import { onOneNode, openTestStore, type TestStore } from './open.ts';

const ROWS = 20_000;
const [AT, UNTIL] = ['2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'];

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
  for (const [account, rows] of [
    [11, ROWS],
    [12, 50],
  ] as const)
    await test.database.query(
      `insert into outbox (tenant_id, account_id, topic, subject, key, payload, state, next_at, created_at)
         select $1, $1, 'order', g::text, g::text, '{}', 'queued', '2026-01-01T00:00:00Z'::timestamptz + g * interval '1 ms', '2026-01-01'
         from generate_series(1, $2::int) g`,
      [account, rows],
    );
});
afterAll(() => test.close());

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}
const listNodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(listNodes)];

/** The number of rows that the statements of this work read. */
async function countRead(work: (database: Database) => Promise<unknown>): Promise<number> {
  let read = 0;
  const explaining: Database = {
    ...test.database,
    query: async (sql, parameters) => {
      const [explained] = await test.database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (analyze, format json) ${sql}`,
        parameters,
      );
      const scans = listNodes(explained!['QUERY PLAN'][0].Plan).filter((node) => node['Node Type'].includes('Scan'));
      read += scans.reduce((sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'], 0);
      return [];
    },
  };
  await work(explaining);
  return read;
}

describe.each([['without statistics'], ['with statistics']])('%s', (statistics) => {
  beforeAll(() => test.database.script(statistics === 'with statistics' ? 'analyze outbox' : 'select 1'));

  onOneNode('the search for accounts with due entries reads one entry of each', async () => {
    const given = [11, 12, 13, 0].map((account) => ({ account, dueAt: AT }));
    expect(await countRead((database) => createOutbox(database).findDueAccounts(given, ['order'], AT))).toBeLessThan(30);
  });

  onOneNode('a claim reads as many entries as it leases, of a long queue and beside one', async () => {
    for (const account of [11, 12]) {
      const lease = { by: `${account}:w`, at: AT, until: UNTIL, account, limit: 4, topics: ['order'] };
      expect(await countRead((database) => createOutbox(database).claim(lease))).toBeLessThan(60);
    }
  });
});
