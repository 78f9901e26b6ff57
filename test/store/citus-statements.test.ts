// Statements have a form that Citus takes, seen on any engine: docs/decisions/0002-database-engines.md
import { buildIndexRules } from '../../src/fhir/indexing/index-rules.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Database } from '../../src/store/database/database.ts';
import { buildEventRecording } from '../../src/store/queues/outbox-events.ts';
import { createReindexing } from '../../src/store/reindexing.ts';
import { buildBatchWrite } from '../../src/store/resources/write.ts';
import { openTestStore, type TestStore } from './open.ts';
import { createOf, updateOf } from './resource-changes.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** What is sent when a process registers its index rules. */
async function listenToRegister(): Promise<string[]> {
  const read: string[] = [];
  const listening: Database = {
    ...test.database,
    query: (sql, ...rest) => {
      read.push(sql);
      return test.database.query(sql, ...rest);
    },
    transaction: (work) => work(listening),
  };
  await createReindexing(listening).register(buildIndexRules(buildRegistry([])), '2026-01-01T00:00:00Z');
  return read;
}

it('registering rules reads the search rows of one tenant at a time', async () => {
  await test.database.script(`insert into tenant (slug, name, created_at) values ('a', 'A', '2026-01-01T00:00:00Z');
    insert into index_rules (rtype, rules, fingerprint, parameters, present) values (1, 0, 'old', '{}', true)`);
  const ofRows = (await listenToRegister()).filter((sql) => /\bsx\b/.test(sql));
  expect(ofRows.length).toBeGreaterThan(0);
  expect(ofRows.filter((sql) => !sql.includes('sx.tenant_id = $1'))).toEqual([]);
});

it('registering rules adds no interval to a time, which is not IMMUTABLE', async () => {
  const withChecks = (await listenToRegister()).filter((sql) => sql.includes('checks'));
  expect(withChecks).toEqual([expect.not.stringContaining('interval')]);
});

it.each([
  ['creations', [createOf('a')], false],
  ['changes of all kinds', [updateOf('a', 1)], false],
  ['changes of resources that are not locked', [updateOf('a', 1)], true],
])('writing many %s reads once which types have subscriptions, not for each change', (_what, changes, skipsLocked) => {
  const { sql } = buildBatchWrite(1, changes, skipsLocked);
  expect(sql).toContain('from subscription w');
  expect(sql).not.toMatch(/exists \(select from subscription/);
});

it('recording events of the outbox has no subquery that refers to a row of a CTE, and names the tenant for each table', () => {
  const sql = buildEventRecording('update outbox o set x = 1 where o.tenant_id = $1', {
    what: "'w'",
    state: "'s'",
    reason: "'r'",
    at: '$2',
  });
  expect(sql).not.toMatch(/exists \(select/);
  expect(sql.match(/outbox_event e /g)).toHaveLength(3);
  expect(sql.match(/e\.tenant_id = \$1/g)).toHaveLength(3);
});
