// Tests of one row: its type and its search parameter. The numbers of types and parameters are in the SQL text, because the planner must know how frequent they
// are, even if one plan is used for all values.

import type { ParameterReference } from '../../fhir/search/query.ts';
import { type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';

/** The search row under test: its alias, and the types it may have. */
export interface TestedRow {
  row: string;
  types: ServedType[];
  /** The test is negated: nearly all rows pass it, and each row is tested by itself. */
  each?: true;
  /** Only a few rows are tested: each one looks up what it needs; nothing is collected beforehand. */
  few?: true;
}

/** `rtype` is compared as smallint, because the token index supports no other comparison. */
export const buildTypeTest = (row: string, types: ServedType[]): string =>
  types.length === 1 ? `${row}.rtype = ${TYPE_NUMBERS[types[0]!]}::smallint` : `${row}.rtype = any(${buildTypeNumbers(types)})`;

export const buildTypeNumbers = (types: ServedType[]): string => `array[${types.map((type) => TYPE_NUMBERS[type]).join(', ')}]::smallint[]`;

/** True for rows of this parameter, or of the same parameter of other types. */
export const buildParameterTest = (row: string, { parameter, others = [] }: ParameterReference): string =>
  buildParametersTest(row, [parameter, ...others]);

/** True for rows of one of these parameters. */
export const buildParametersTest = (row: string, parameters: number[]): string =>
  parameters.length === 1 ? `${row}.param = ${parameters[0]}` : `${row}.param = any('{${parameters.join(',')}}'::int[])`;
