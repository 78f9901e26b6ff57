// Tests conditions on the index rows of one resource in memory, with the results of their SQL (src/store/search/condition-sql.ts).
import type { IndexRows, StringRow } from '../indexing/rows.ts';
import type { Condition, TextCondition } from './query.ts';

/** A resource and its index rows. */
interface IndexedResource {
  type: string;
  id: string;
  rows: Pick<IndexRows, 'tokens' | 'references' | 'strings'>;
}

/** The kinds of conditions that can be tested in memory. */
type TestableKind = 'token' | 'reference' | 'string' | 'id' | 'type' | 'or' | 'and' | 'not' | 'nothing';
type Test<K extends TestableKind> = (condition: Extract<Condition, { on: K }>, resource: IndexedResource) => boolean;

const TESTS: { [K in TestableKind]: Test<K> } = {
  token: ({ any }, { rows }) => rows.tokens.some((token) => any.includes(token)),
  reference: ({ any, parameter, others = [] }, { rows }) =>
    rows.references.some((row) => (row.parameter === parameter || others.includes(row.parameter)) && any.includes(row.target)),
  string: (condition, { rows }) =>
    rows.strings.some(
      (row) =>
        hasTextOf(row, condition) &&
        condition.any.some((test) => 'equals' in test && test.equals === row.norm && test.spelling === row.spelling),
    ),
  id: ({ any }, { id }) => any.includes(id),
  // a TypeScript list of types contains no other text
  type: ({ types }, { type }) => (types as string[]).includes(type),
  or: ({ any }, resource) => any.some((condition) => matchesResource(condition, resource)),
  and: ({ all }, resource) => all.every((condition) => matchesResource(condition, resource)),
  not: ({ condition }, resource) => !matchesResource(condition, resource),
  nothing: () => false,
};

/** Whether the parameters of a condition have the text of a row. */
const hasTextOf = (row: StringRow, { parameter, others = [], shared = [] }: TextCondition): boolean =>
  row.parameter === parameter ||
  others.includes(row.parameter) ||
  shared.some(({ rows, bit }) => rows.includes(row.parameter) && ((row.shared ?? 0) & bit) !== 0);

const isTestableKind = (kind: string): kind is TestableKind => Object.hasOwn(TESTS, kind);

/** Whether `matchesResource` supports a condition. */
export function isTestable(condition: Condition): boolean {
  if (condition.on === 'not') return isTestable(condition.condition);
  if (condition.on === 'or') return condition.any.every(isTestable);
  // of texts, only `:exact`
  if (condition.on === 'string') return condition.any.every((test) => 'equals' in test && test.spelling !== undefined);
  return condition.on === 'and' ? condition.all.every(isTestable) : isTestableKind(condition.on);
}

/** Whether a testable condition holds for a resource. Throws for any other condition. */
export function matchesResource(condition: Condition, resource: IndexedResource): boolean {
  const { on } = condition;
  if (!isTestableKind(on)) throw new Error(`a condition on ${on} cannot be tested in memory`);
  // TypeScript does not see that the entry under `on` takes a condition of that kind
  return (TESTS[on] as Test<TestableKind>)(condition as Extract<Condition, { on: TestableKind }>, resource);
}
