// The hashes of the search index: xxHash, as signed numbers for the database's bigint and int.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. The texts do not contain the tenant, which is a separate column.
import xxhash from 'xxhash-wasm';
import type { Hash, ParameterNumber } from './indexing/rows.ts';

const { h32, h64 } = await xxhash();

/** The 64-bit hash of a text, as a signed decimal text. */
export const hash = (text: string): Hash => BigInt.asIntN(64, h64(text)).toString();

/** The 32-bit hash of a text, as a signed number. */
export const hashToInt = (text: string): number => h32(text) | 0;

/** The number of a search parameter: the signed 32-bit hash of `Type.code`. The registry refuses two parameters with the same number. */
export const hashParameterName = (name: string): ParameterNumber => hashToInt(name);

/** The token of a UUID alias (src/fhir/indexing/uuid-alias.ts). No search parameter is named `_alias`. */
export const aliasHash = (uuid: string): Hash => hash(`_alias=${uuid}`);
