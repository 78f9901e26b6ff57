// The indexes that `facet mapping explain` names are those of the database.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conditionIndexes, INDEX_BY_TYPE } from '../../src/cli/database-indexes.ts';

const sql = readdirSync('migrations')
  .filter((file) => file.endsWith('.sql'))
  .map((file) => readFileSync(join('migrations', file), 'utf8'))
  .join('\n');

test('each named index is created by a migration', () => {
  const named = [...new Set([...Object.values(INDEX_BY_TYPE), 'sx_string_infix', 'sx_self', 'sx_lu', 'sx_stored'])];
  expect(named.filter((name) => !new RegExp(`create (unique )?index (if not exists )?${name} `).test(sql))).toEqual([]);
});

test('a chain uses the indexes of its links, and a negation uses none', () => {
  const name = { on: 'string' as const, parameter: 1, any: [{ equals: 'x' }] };
  expect(conditionIndexes({ on: 'chain', parameters: [2], types: ['Patient'], where: [name] })).toEqual([
    'sx_string_value',
    'sx_ref_value',
  ]);
  expect(conditionIndexes({ on: 'not', condition: name })).toEqual(['scans the type (sx_stored)']);
});
