// Builds the SQL of token conditions. A few codes are one test of the search row. For many codes, the planner cannot estimate how many rows match, and may read
// all rows of a type to find none; so each code is looked up separately. docs/decisions/0004-search-query-plans.md
import type { Condition } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import type { TestedRow } from './row-tests.ts';
import { buildTypeTest } from './row-tests.ts';

export type TokenCondition = Extract<Condition, { on: 'token' }>;

/** A condition with more codes than this has many codes. */
const FEW_CODES = 8;
/** Codes that match this many resources are frequent: reading in order then fills a page soon. */
export const FREQUENT = 1000;

/** Whether each code of a condition is looked up separately. */
export const hasManyCodes = (condition: Condition): condition is TokenCondition =>
  condition.on === 'token' && condition.any.length > FEW_CODES && !condition.frequent;

/** int8 values as one array literal: both drivers send it the same way. */
export const toBigintArray = (values: string[]): string => `{${values.join(',')}}`;

export function buildTokenTest(condition: TokenCondition, tested: TestedRow, binder: Binder): string {
  const { row, each, few } = tested;
  const bound = (): string => binder.bind(toBigintArray(condition.any), 'bigint[]');
  if (!condition.any.length) return 'false';
  if (!hasManyCodes(condition)) return `${row}.tok && ${bound()}`;
  if (!each && !few) return `${row}.pid = any(array(${buildTokenRowsSql(condition, tested.types, binder)}))`;
  // `= any` uses a hash table; && would compare each code with each
  const u = binder.alias('u');
  return `exists (select 1 from unnest(${row}.tok) ${u}(h) where ${u}.h = any(${bound()}))`;
}

/** Selects the resources (`pid`) with one of the codes; a resource appears once for each of its codes. At most `limit` rows. */
export function buildTokenRowsSql({ any }: TokenCondition, types: TestedRow['types'], binder: Binder, limit?: number): string {
  const [u, z, x] = [binder.alias('u'), binder.alias('z'), binder.alias('x')];
  const limitClause = limit === undefined ? '' : ` limit ${limit}`;
  const sql = `select ${z}.pid from sx ${z} where ${z}.tenant_id = ${TENANT} and ${buildTypeTest(z, types)} and ${z}.tok && array[${u}.h]${limitClause}`;
  return `select ${x}.pid from unnest(${binder.bind(toBigintArray(any), 'bigint[]')}) ${u}(h) cross join lateral (${sql}) ${x}${limitClause}`;
}
