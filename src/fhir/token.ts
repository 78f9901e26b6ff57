// The texts behind token hashes: one place for what indexing writes and what a query looks up. `parameter` is a parameter's code (`identifier`).
// https://hl7.org/fhir/R4/search.html#token
import { hash } from './hash.ts';
import type { Hash } from './index-rows.ts';

/** A coded value. `system` undefined: the value's type has none (boolean, code, string); null: it could have one, but does not. */
export interface Token {
  system?: string | null | undefined;
  code?: string | undefined;
}

/** `code`: this code in any system. Also a uri's text. */
export const codeHash = (parameter: string, code: string): Hash => hash(`${parameter}=${plain(code)}`);

/** `system|code`, and `|code` (system null): this code without a system. */
export const systemCodeHash = (parameter: string, system: string | null, code: string): Hash =>
  hash(`${parameter}=${plain(system ?? '')}|${plain(code)}`);

/** `system|`: any code of this system. */
export const systemHash = (parameter: string, system: string): Hash => hash(`${parameter}=${plain(system)}|`);

/** `:missing=false`: the resource has a value for the parameter. */
export const presenceHash = (parameter: string): Hash => hash(`${parameter}:missing=false`);

/** `:exact`: a string as it is written, in Unicode's form NFC, so that canonically equal spellings are one. */
export const exactHash = (parameter: string, nfc: string): Hash => hash(`${parameter}:exact=${nfc}`);

/** `:of-type`: an identifier's value under one of its type's codings. */
export const ofTypeHash = (parameter: string, { system, code }: { system: string; code: string }, value: string): Hash =>
  hash(`${parameter}:of-type=${plain(system)}|${plain(code)}|${plain(value)}`);

/** The unit of a quantity: `system|code`; without a system, a code of any system or the unit as people read it (`5||mg`). */
export const unitHash = (system: string | null, code: string): Hash => hash(`${plain(system ?? '')}|${plain(code)}`);

/** The parameter under whose name the identifiers of references stand (`subject:identifier=system|value`). */
export const identifierOf = (parameter: string): string => `${parameter}:identifier`;

/** A text without its case: by way of upper case, which spells out ß and final sigma. */
export const withoutCase = (text: string): string => text.toUpperCase().toLowerCase();

/** Every form a query may ask a coded value in. */
export function tokenHashes(parameter: string, { system, code }: Token): Hash[] {
  const hashes: Hash[] = [];
  if (code !== undefined) hashes.push(codeHash(parameter, code));
  if (code !== undefined && system !== undefined) hashes.push(systemCodeHash(parameter, system, code));
  if (system) hashes.push(systemHash(parameter, system));
  return hashes;
}

/** A text in which no bare `|` stands, so that no two values share a hashed text. */
const plain = (text: string): string => (text.includes('|') || text.includes('\\') ? text.replace(/[|\\]/g, '\\$&') : text);
