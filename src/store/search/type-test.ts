// A test of the type of a search row.
import { type ServedType, TYPES } from '../../fhir/types.ts';

/** `rtype` is compared as smallint: the token index knows no other equality. */
export const typeTest = (row: string, types: ServedType[]): string =>
  types.length === 1 ? `${row}.rtype = ${TYPES[types[0]!]}::smallint` : `${row}.rtype = any(${typeNumbers(types)})`;

export const typeNumbers = (types: ServedType[]): string => `array[${types.map((type) => TYPES[type]).join(', ')}]::smallint[]`;
