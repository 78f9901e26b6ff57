// A test of the type of a search row.
import { type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';

/** `rtype` is compared as smallint: the token index knows no other equality. */
export const buildTypeTest = (row: string, types: ServedType[]): string =>
  types.length === 1 ? `${row}.rtype = ${TYPE_NUMBERS[types[0]!]}::smallint` : `${row}.rtype = any(${buildTypeNumbers(types)})`;

export const buildTypeNumbers = (types: ServedType[]): string => `array[${types.map((type) => TYPE_NUMBERS[type]).join(', ')}]::smallint[]`;
