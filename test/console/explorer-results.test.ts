// The explorer's pure parts: values as texts, columns, totals and query plans.

import { parseDigits } from '../../src/console/api/exact-json.ts';
import { chooseColumns, listColumns, readColumn } from '../../src/console/views/explorer/results/columns.ts';
import { describeResource, describeValue } from '../../src/console/views/explorer/results/describe-value.ts';
import { parseStatementPlan } from '../../src/console/views/explorer/results/query-plan.ts';
import { describeTotal } from '../../src/console/views/explorer/results/total.ts';

test('numbers keep their digits', () => {
  expect(parseDigits('{"a":4.10,"b":[1e2,7],"c":12345678901234567890,"d":"4.10"}')).toEqual({
    a: '4.10',
    b: ['1e2', 7],
    c: '12345678901234567890',
    d: '4.10',
  });
});

test.each([
  [undefined, ''],
  [false, 'false'],
  [[{ given: ['Ada', 'B'], family: 'Lovelace' }], 'Ada B Lovelace'],
  [{ line: ['1 Road'], city: 'London', country: 'GB' }, '1 Road, London, GB'],
  [{ coding: [{ system: 'http://loinc.org', code: '718-7', display: 'Haemoglobin' }] }, 'Haemoglobin'],
  [{ coding: [{ code: '718-7' }], text: 'Hb' }, 'Hb'],
  [{ code: 'AMB', display: 'ambulatory' }, 'ambulatory'],
  [{ value: '4.10', unit: 'mmol/L', code: 'mmol/L' }, '4.10 mmol/L'],
  [{ value: 5, comparator: '<', code: 'mg' }, '<5 mg'],
  [{ start: '2020-01-01' }, '2020-01-01 – '],
  [{ reference: 'Patient/1' }, 'Patient/1'],
  [{ reference: 'Patient/1', display: 'Ada' }, 'Ada'],
  [[{ system: 'phone', value: '+1 555' }], '+1 555'],
  [['a', 'b', 'c', 'd', 'e'], 'a, b, c +2'],
  [{ numerator: { value: 1, unit: 'mg' }, denominator: { value: 2, unit: 'mL' } }, '1 mg / 2 mL'],
  [{ boolean: true }, 'boolean: true'],
  ['x'.repeat(500), `${'x'.repeat(119)}…`],
])('%j is shown as a short text', (value, text) => expect(describeValue(value)).toBe(text));

test('a resource is called by its name, its title or what it is about', () => {
  expect(describeResource({ resourceType: 'Patient', name: [{ text: 'Ada' }] })).toBe('Ada');
  expect(describeResource({ resourceType: 'Observation', code: { text: 'Hb' } })).toBe('Hb');
  expect(describeResource({ resourceType: 'Basic' })).toBe('');
});

test('columns are elements that the resources have; a path goes through lists', () => {
  const resources = [
    { resourceType: 'Patient', id: 'a', meta: {}, photo: [], name: [{ given: ['Ada'] }, { given: ['Bee', 'C'] }] },
    { resourceType: 'Patient', id: 'b', _birthDate: {}, birthDate: '1815' },
  ];
  expect(listColumns(resources)).toEqual(['photo', 'name', 'birthDate', 'meta.lastUpdated']);
  expect(chooseColumns(resources)).toEqual(['name', 'birthDate', 'photo', 'meta.lastUpdated']);
  expect(readColumn(resources[0]!, 'name.given')).toEqual(['Ada', 'Bee', 'C']);
  expect(readColumn(resources[1]!, 'name.given')).toBeUndefined();
  expect(readColumn(resources[1]!, 'birthDate')).toBe('1815');
  expect(readColumn(resources[1]!, 'constructor.name')).toBeUndefined();
});

const page = { shown: 20, isFirst: true, hasNext: true, total: undefined, requested: undefined };
test.each([
  [page, '20 matches on this page, and there are more. The total is not counted.'],
  [{ ...page, hasNext: false, shown: 1 }, '1 match, all on this page'],
  [{ ...page, hasNext: false, shown: 0 }, 'No matches'],
  [{ ...page, isFirst: false, hasNext: false, shown: 3 }, '3 matches on this page, the last one. The total is not counted.'],
  [{ ...page, total: 1234 }, '20 matches on this page, of 1,234'],
  [{ ...page, total: 59000, requested: 'estimate' }, '20 matches on this page, of about 59,000 (estimated)'],
])('%j: the total is no more than what is known', (facts, text) => expect(describeTotal(facts)).toBe(text));

const PLAN = `select r.body
from resource r
where r.tenant = $1
Limit  (cost=0.42..8.44 rows=21 width=77) (actual time=0.016..0.120 rows=20 loops=1)
  Buffers: shared hit=12 read=3
  ->  Nested Loop  (cost=0.42..9.00 rows=30 width=77) (actual time=0.015..0.110 rows=20 loops=1)
        Join Filter: (a.id = b.id)
        ->  Index Scan using token_key on token t  (cost=0.42..4.44 rows=1 width=8) (actual time=0.010..0.020 rows=1.00 loops=3)
              Index Cond: (hash = '…')
              Buffers: shared hit=4
        ->  Seq Scan on resource r  (cost=0.00..4.00 rows=9 width=8) (never executed)
Planning:
  Buffers: shared hit=7
Planning Time: 0.3 ms
Execution Time: 0.2 ms`;

test('a plan is a list of nodes, each with its depth, cost, rows and pages', () => {
  const { summary, sql, nodes, notes } = parseStatementPlan({ details: { text: 'statement 1 of 1: 0.31 ms, 20 rows' }, diagnostics: PLAN });
  expect(summary).toBe('statement 1 of 1: 0.31 ms, 20 rows');
  expect(sql).toBe('select r.body\nfrom resource r\nwhere r.tenant = $1');
  expect(nodes.map(({ depth, operation }) => [depth, operation])).toEqual([
    [0, 'Limit'],
    [1, 'Nested Loop'],
    [2, 'Index Scan using token_key on token t'],
    [2, 'Seq Scan on resource r'],
  ]);
  expect(nodes[0]).toMatchObject({ cost: '8.44', estimatedRows: 21, rows: 20, loops: 1, milliseconds: 0.12, hits: 12, reads: 3 });
  expect(nodes[1]!.details).toEqual(['Join Filter: (a.id = b.id)']);
  expect(nodes[2]).toMatchObject({ rows: 1, loops: 3, hits: 4, reads: 0, details: ["Index Cond: (hash = '…')"] });
  expect(nodes[3]).not.toHaveProperty('rows');
  expect(notes).toEqual(['Planning Time: 0.3 ms', 'Execution Time: 0.2 ms']);
});

test('a statement without a plan keeps its text', () => {
  expect(parseStatementPlan({ diagnostics: 'explain select 1' })).toEqual({ summary: '', sql: 'explain select 1', nodes: [], notes: [] });
});
