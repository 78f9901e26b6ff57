// The texts behind token hashes: one place for what indexing writes and what a query looks up. `parameter` is a parameter's code (`identifier`).
// https://hl7.org/fhir/R4/search.html#token
import { hash } from '../hash.ts';
import type { Hash } from './rows.ts';

/** A coded value. `system` undefined: the value's type has none (boolean, code, string); null: it could have one, but does not. */
export interface Token {
  system?: string | null | undefined;
  code?: string | undefined;
}

/** `code`: this code in any system. */
export const toCodeForm = (code: string): string => escapeBars(code);

/** `system|code`, and `|code` (system null): this code without a system. */
export const toSystemCodeForm = (system: string | null, code: string): string => `${escapeBars(system ?? '')}|${escapeBars(code)}`;

/** `system|`: any code of this system. */
export const toSystemForm = (system: string): string => `${escapeBars(system)}|`;

/** One form of a coded value under a parameter's name. */
export const hashForm = (parameter: string, form: string): Hash => hash(`${parameter}=${form}`);

/** `code` in any system, as a hash. Also a uri's text. */
export const hashCode = (parameter: string, code: string): Hash => hashForm(parameter, toCodeForm(code));

/** `:missing=false`: the resource has a value for the parameter. */
export const hashPresence = (parameter: string): Hash => hash(`${parameter}:missing=false`);

/** `:exact`: a string as it is written, in Unicode's form NFC, so that canonically equal spellings are one. */
export const hashExactText = (parameter: string, nfc: string): Hash => hash(`${parameter}:exact=${nfc}`);

/** `:of-type`: an identifier's value under one of its type's codings. */
export const hashIdentifierOfType = (parameter: string, { system, code }: { system: string; code: string }, value: string): Hash =>
  hash(`${parameter}:of-type=${escapeBars(system)}|${escapeBars(code)}|${escapeBars(value)}`);

/** The unit of a quantity: `system|code`; without a system, a code of any system or the unit as people read it (`5||mg`). */
export const hashUnit = (system: string | null, code: string): Hash => hash(`${escapeBars(system ?? '')}|${escapeBars(code)}`);

/** The parameter under whose name the identifiers of references stand (`subject:identifier=system|value`). */
export const toIdentifierParameter = (parameter: string): string => `${parameter}:identifier`;

/** A text without its case: by way of upper case, which spells out ß and final sigma. */
export const foldCase = (text: string): string => text.toUpperCase().toLowerCase();

/** A coded value without its case. */
export const foldTokenCase = ({ system, code }: Token): Token => ({ system, code: code && foldCase(code) });

/** Every form a query may ask a coded value in. */
export function listTokenForms({ system, code }: Token): string[] {
  const forms: string[] = [];
  if (code !== undefined) forms.push(toCodeForm(code));
  if (code !== undefined && system !== undefined) forms.push(toSystemCodeForm(system, code));
  if (system) forms.push(toSystemForm(system));
  return forms;
}

/** The same as hashes. */
export const hashToken = (parameter: string, token: Token): Hash[] => listTokenForms(token).map((form) => hashForm(parameter, form));

/** A text in which no bare `|` stands, so that no two values share a hashed text. */
const escapeBars = (text: string): string => (text.includes('|') || text.includes('\\') ? text.replace(/[|\\]/g, '\\$&') : text);
