// Token conditions as SQL. A few codes are one test of the search row. How frequent many are together the planner cannot guess, and reads all rows of a type
// to find none: so each of them is looked up by itself, whatever it guesses. docs/decisions/0004-search-query-plans.md
import type { Condition } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import type { TestedRow } from './row-tests.ts';
import { buildTypeTest } from './row-tests.ts';

export type TokenCondition = Extract<Condition, { on: 'token' }>;

/** More codes than this are many. */
const FEW_CODES = 8;
/** Lists that find so many resources are frequent: reading in order then soon fills a page. */
export const FREQUENT = 1000;

/** Whether a condition has to be looked up code by code. */
export const hasManyCodes = (condition: Condition): condition is TokenCondition =>
  condition.on === 'token' && condition.any.length > FEW_CODES && !condition.frequent;

/** int8 values go as texts and in one array literal, which both drivers send alike. */
export const toBigintArray = (values: string[]): string => `{${values.join(',')}}`;

export function buildTokenTest(condition: TokenCondition, tested: TestedRow, binder: Binder): string {
  const { row, each, few } = tested;
  const bound = (): string => `${binder.bind(toBigintArray(condition.any))}::bigint[]`;
  if (!condition.any.length) return 'false';
  if (!hasManyCodes(condition)) return `${row}.tok && ${bound()}`;
  if (!each && !few) return `${row}.pid = any(array(${buildTokenRowsSql(condition, tested.types, binder)}))`;
  // compared by hash, where && compares each with each
  const u = binder.alias('u');
  return `exists (select 1 from unnest(${row}.tok) ${u}(h) where ${u}.h = any(${bound()}))`;
}

/** The resources (`pid`) that have one of the codes, once for each that they have; no more than `limit`. */
export function buildTokenRowsSql({ any }: TokenCondition, types: TestedRow['types'], binder: Binder, limit?: number): string {
  const [u, z, x] = [binder.alias('u'), binder.alias('z'), binder.alias('x')];
  const most = limit === undefined ? '' : ` limit ${limit}`;
  const one = `select ${z}.pid from sx ${z} where ${z}.tenant_id = ${TENANT} and ${buildTypeTest(z, types)} and ${z}.tok && array[${u}.h]${most}`;
  return `select ${x}.pid from unnest(${binder.bind(toBigintArray(any))}::bigint[]) ${u}(h) cross join lateral (${one}) ${x}${most}`;
}
