// The hashes search works with: xxHash of a text, as signed numbers, because that is what the database's bigint and int hold.
// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. The texts name no tenant: the tenant stands beside every hash.
import xxhash from 'xxhash-wasm';
import type { Hash, ParameterNumber } from './indexing/rows.ts';

const { h32, h64 } = await xxhash();

/** 64 bits of a text, as a signed decimal text. */
export const hash = (text: string): Hash => BigInt.asIntN(64, h64(text)).toString();

/** The number of a search parameter: 32 bits of `Type.code`, signed. The registry refuses two parameters of one number. */
export const hashParameterName = (name: string): ParameterNumber => h32(name) | 0;

/** The token of the UUID that stands for an id which is none (src/fhir/indexing/uuid-alias.ts). No parameter is called `_alias`. */
export const aliasHash = (uuid: string): Hash => hash(`_alias=${uuid}`);
