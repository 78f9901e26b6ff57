// Parses token values into tests of hashes. https://hl7.org/fhir/R4/search.html#token
import type { Hash } from '../indexing/rows.ts';
import { foldCase, hashForm, hashIdentifierOfType, toCodeForm, toSystemCodeForm, toSystemForm } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitParts } from './search-value.ts';
import { parseContainsCondition } from './string-condition.ts';

/** The facts of a parameter that parsing needs. `code` is part of its hashes. */
type TokenParameter = Pick<SearchParameter, 'code' | 'caseInsensitive' | 'withoutSystem' | 'systems' | 'presence' | 'types'>;

/** A resource has one of these hashes. Without hashes nothing matches. */
export const buildTokenCondition = (hashes: (Hash | undefined)[]): Condition => {
  const any = hashes.filter((hash) => hash !== undefined);
  return any.length ? { on: 'token', any } : { on: 'nothing' };
};

/** `code`, `system|code`, `|code`, `system|`, and the modifiers. */
export function parseTokenCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  if (modifier === 'text') return parseContainsCondition({ parameter: parameter.textNumber }, true, parameter.code, value);
  if (modifier === 'of-type')
    return buildTokenCondition(splitAlternatives(parameter.code, value).map((piece) => parseIdentifierOfType(parameter.code, piece)));
  const found = parseTokens(parameter, value);
  return modifier === 'not' ? { on: 'not', condition: found } : found;
}

/** Parses the alternatives of a value. `named`: a token parameter, or the identifiers of a reference parameter. */
export function parseTokens(named: TokenParameter, value: string): Condition {
  const forms = splitAlternatives(named.code, value).map((piece) => parseTokenForm(named, piece));
  const found = buildTokenCondition(forms.map((form) => (form === ANY_VALUE ? named.presence : form && hashForm(named.code, form.text))));
  return found.on === 'token' && isSelective(named, forms) ? { ...found, rare: true } : found;
}

const IDENTIFYING_TYPES: ReadonlySet<string> = new Set(['Identifier', 'ContactPoint']);

/** Whether few resources have such a value: an identifier or a contact point, not a system alone. */
const isSelective = ({ types = [] }: TokenParameter, forms: ReturnType<typeof parseTokenForm>[]): boolean =>
  types.length > 0 &&
  types.every((type) => IDENTIFYING_TYPES.has(type)) &&
  forms.every((form) => form !== ANY_VALUE && form?.code !== undefined);

/** `system|` with the implied system of a parameter whose codes have no system: it matches any value. */
export const ANY_VALUE = Symbol('any value');

/** The form of one alternative (token.ts), with its bare code if it has a code. */
export interface TokenForm {
  text: string;
  code?: string;
}

/** The form of one alternative. Undefined: no value can match it. */
export function parseTokenForm(named: Omit<TokenParameter, 'presence'>, piece: string): TokenForm | typeof ANY_VALUE | undefined {
  const [first, second, third] = splitParts(named.caseInsensitive ? foldCase(piece) : piece);
  if (third !== undefined) throw invalid(`${named.code} must be code, system|code, |code or system|; write \\| for a | inside a value`);
  if (second === undefined) return parseCode(named, first!);
  if (first === '' && second === '') throw invalid(`${named.code} needs a system or a code before or after the |`);
  if (named.withoutSystem) return first === '' ? parseCode(named, second) : parseImpliedSystem(named, first!, second);
  if (second === '') return { text: toSystemForm(first!) };
  return { text: toSystemCodeForm(first === '' ? null : first!, second), code: toCodeForm(second) };
}

function parseCode({ code, types }: Omit<TokenParameter, 'presence'>, value: string): TokenForm {
  const boolean = types?.every((type) => type === 'boolean');
  if (boolean && value !== 'true' && value !== 'false') throw invalid(`${code} takes true or false`);
  return { text: toCodeForm(value), code: toCodeForm(value) };
}

/** Parses `system|code` of a parameter whose elements imply their system. */
function parseImpliedSystem(
  named: Omit<TokenParameter, 'presence'>,
  system: string,
  code: string,
): TokenForm | typeof ANY_VALUE | undefined {
  if (!named.systems.length) throw invalid(`${named.code} must be a value without a system`);
  if (!named.systems.includes(system)) return undefined;
  return code === '' ? ANY_VALUE : parseCode(named, code);
}

function parseIdentifierOfType(parameter: string, piece: string): Hash {
  const [system, code, value, more] = splitParts(piece);
  if (!system || !code || !value || more !== undefined) throw invalid(`${parameter}:of-type must be system|code|value`);
  return hashIdentifierOfType(parameter, { system, code }, value);
}
