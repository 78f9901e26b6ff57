// Tests of the rows of sx_string that have texts of a parameter: its own rows, and rows of other parameters with the same text.
// docs/decisions/0058-fewer-index-entries.md
import { highBit, lowBit } from '../../fhir/indexing/shared-texts.ts';
import type { SortKey, TextCondition } from '../../fhir/search/query.ts';
import { buildParametersTest } from './row-tests.ts';

/** True for rows with a text of the parameters. The list of all parameters comes first, so that the index is used. */
export function buildTextRowsTest(x: string, { parameter, others = [], shared = [] }: Omit<TextCondition, 'on' | 'any'>): string {
  const own = [parameter, ...others];
  if (!shared.length) return buildParametersTest(x, own);
  const rows = shared.map((one) => `${buildParametersTest(x, one.rows)} and ${x}.shared & ${one.bit} <> 0`);
  return `${buildParametersTest(x, [...own, ...shared.flatMap((one) => one.rows)])} and (${[buildParametersTest(x, own), ...rows].join(' or ')})`;
}

type TextKey = Extract<SortKey, { parameter: number }>;

/** True for the row with the sort value of a resource. */
export function buildSortRowTest(x: string, { parameter, descending, shared }: TextKey): string {
  const own = `${x}.param = ${parameter} and ${x}.${descending ? 'high' : 'low'}`;
  if (!shared) return own;
  const others = `${buildParametersTest(x, shared.rows)} and ${x}.shared & ${descending ? highBit(shared) : lowBit(shared)} <> 0`;
  return `${buildParametersTest(x, [parameter, ...shared.rows])} and (${own} or ${others})`;
}
