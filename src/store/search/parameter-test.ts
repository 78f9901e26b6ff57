// A test of which search parameter a side table's row is of. Its number stands in the text: the planner has to know how frequent it is, also when it
// keeps one plan for all values.
import type { ParameterReference } from '../../fhir/search/query.ts';

/** True for rows of this parameter, or of the same one of other types. */
export const buildParameterTest = (row: string, { parameter, others = [] }: ParameterReference): string =>
  buildParametersTest(row, [parameter, ...others]);

/** True for rows of one of these parameters. */
export const buildParametersTest = (row: string, parameters: number[]): string =>
  parameters.length === 1 ? `${row}.param = ${parameters[0]}` : `${row}.param = any('{${parameters.join(',')}}'::int[])`;
