// Conditions that are always true or false do not reach the database, except as a whole search.
import type { Condition } from '../../src/fhir/search/query.ts';
import { simplifyQuery } from '../../src/store/search/constant-conditions.ts';
import fc from '../fast-check.ts';
import { query } from './random-search-data.ts';

const inside = (condition: Condition): Condition[] => {
  if (condition.on === 'and') return condition.all;
  if (condition.on === 'or') return condition.any;
  if (condition.on === 'not') return [condition.condition];
  return 'where' in condition ? condition.where : [];
};
const throughout = (conditions: Condition[]): Condition[] =>
  conditions.flatMap((condition) => [condition, ...throughout(inside(condition))]);
const isConstant = (condition: Condition): boolean =>
  condition.on === 'nothing' || ('any' in condition && condition.any.length === 0) || ('all' in condition && condition.all.length === 0);

it('a search that can match nothing is one constant, and no other simplified condition contains a constant', () => {
  fc.assert(
    fc.property(query, (original) => {
      for (const { where } of [simplifyQuery(original), ...(simplifyQuery(original).otherTypes ?? [])])
        if (!(where.length === 1 && where[0]!.on === 'nothing')) expect(throughout(where).filter(isConstant)).toEqual([]);
    }),
  );
});

it.each<[string, Condition[], Condition[]]>([
  ['nothing in a chain', [{ on: 'chain', parameters: [1], types: ['Patient'], where: [{ on: 'nothing' }] }], [{ on: 'nothing' }]],
  [
    'no code of an empty list',
    [
      { on: 'token', any: [] },
      { on: 'id', any: ['a'] },
    ],
    [{ on: 'nothing' }],
  ],
  [
    'not nothing',
    [
      { on: 'not', condition: { on: 'nothing' } },
      { on: 'id', any: ['a'] },
    ],
    [{ on: 'id', any: ['a'] }],
  ],
  [
    'nothing or something',
    [{ on: 'or', any: [{ on: 'nothing' }, { on: 'id', any: ['a'] }] }],
    [{ on: 'or', any: [{ on: 'id', any: ['a'] }] }],
  ],
])('%s', (_what, where, remaining) => {
  const query = { type: 'Patient' as const, where, sort: [], count: 1, total: 'none' as const, include: [] };
  expect(simplifyQuery(query).where).toEqual(remaining);
});
