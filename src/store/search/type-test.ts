// A test of the type of a search row.
import { type ServedType, TYPES } from '../../fhir/types.ts';

/** `rtype` is compared as smallint: the token index knows no other equality. */
export const buildTypeTest = (row: string, types: ServedType[]): string =>
  types.length === 1 ? `${row}.rtype = ${TYPES[types[0]!]}::smallint` : `${row}.rtype = any(${buildTypeNumbers(types)})`;

export const buildTypeNumbers = (types: ServedType[]): string => `array[${types.map((type) => TYPES[type]).join(', ')}]::smallint[]`;
