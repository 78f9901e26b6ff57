// The hashes of tokens, and the texts that are hashed. Indexing and queries both use them. `parameter` is the code of a parameter (`identifier`).
// https://hl7.org/fhir/R4/search.html#token
import { hash, hashToInt } from '../hash.ts';
import type { Hash } from './rows.ts';

/** A coded value. `system` undefined: its type has no system (boolean, code, string). Null: the value has no system, although its type may have one. */
export interface Token {
  system?: string | null | undefined;
  code?: string | undefined;
}

/** Escapes `|`, so that different values never have the same hashed text. */
const escapeBars = (text: string): string => (text.includes('|') || text.includes('\\') ? text.replace(/[|\\]/g, '\\$&') : text);

/** The form `code`: the code in any system. */
export const toCodeForm = escapeBars;

/** The form `system|code`. Without a system: `|code`. */
export const toSystemCodeForm = (system: string | null, code: string): string => `${escapeBars(system ?? '')}|${escapeBars(code)}`;

/** The form `system|`: any code of the system. */
export const toSystemForm = (system: string): string => `${escapeBars(system)}|`;

/** The hash of a form for a parameter. */
export const hashForm = (parameter: string, form: string): Hash => hash(`${parameter}=${form}`);

/** The hash of a code in any system, or of a URI. */
export const hashCode = (parameter: string, code: string): Hash => hashForm(parameter, toCodeForm(code));

/** The hash of resources that have a value for the parameter (`:missing=false`). */
export const hashPresence = (parameter: string): Hash => hash(`${parameter}:missing=false`);

/**
 * The hash of a string as it is written, for `:exact`. It is compared only among strings with the same folded text. `nfc`: in Unicode's form NFC, so that
 * canonically equivalent texts are equal.
 */
export const hashSpelling = (nfc: string): number => hashToInt(nfc);

/** The token of a blank string, which has no folded text (`:exact`). */
export const hashExactText = (parameter: string, nfc: string): Hash => hash(`${parameter}:exact=${nfc}`);

/** The hash of an identifier's value with a coding of its type (`:of-type`). */
export const hashIdentifierOfType = (parameter: string, { system, code }: { system: string; code: string }, value: string): Hash =>
  hash(`${parameter}:of-type=${escapeBars(system)}|${escapeBars(code)}|${escapeBars(value)}`);

/** The hash of a unit: `system|code`. Without a system: a code of any system, or the displayed unit (`5||mg`). */
export const hashUnit = (system: string | null, code: string): Hash => hash(`${escapeBars(system ?? '')}|${escapeBars(code)}`);

/** The name that the identifiers of references are hashed with (`subject:identifier=system|value`). */
export const toIdentifierParameter = (parameter: string): string => `${parameter}:identifier`;

/** A text in lower case. Upper case comes first, because it normalizes ß and the final sigma. */
export const foldCase = (text: string): string => text.toUpperCase().toLowerCase();

/** A coded value in lower case. */
export const foldTokenCase = ({ system, code }: Token): Token => ({ system, code: code && foldCase(code) });

/** All forms in which a query can name a coded value. */
export function listTokenForms({ system, code }: Token): string[] {
  const forms: string[] = [];
  if (code !== undefined) forms.push(toCodeForm(code));
  if (code !== undefined && system !== undefined) forms.push(toSystemCodeForm(system, code));
  if (system) forms.push(toSystemForm(system));
  return forms;
}

/** The hashes of all forms of a coded value. */
export const hashToken = (parameter: string, token: Token): Hash[] => listTokenForms(token).map((form) => hashForm(parameter, form));
