// Token values of a search as tests of hashes. https://hl7.org/fhir/R4/search.html#token
import type { Hash } from '../indexing/rows.ts';
import { foldCase, hashForm, hashIdentifierOfType, toCodeForm, toSystemCodeForm, toSystemForm } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, splitParts } from './search-value.ts';
import { parseContainsCondition } from './string-condition.ts';

/** What the syntax of a token depends on; `code` is the name its hashes stand under. */
type TokenParameter = Pick<SearchParameter, 'code' | 'caseInsensitive' | 'withoutSystem' | 'systems' | 'presence' | 'types'>;

/** One of these hashes; nothing when there is none to look for. */
export const buildTokenCondition = (hashes: (Hash | undefined)[]): Condition => {
  const any = hashes.filter((hash) => hash !== undefined);
  return any.length ? { on: 'token', any } : { on: 'nothing' };
};

/** `code`, `system|code`, `|code`, `system|`, and the modifiers. */
export function parseTokenCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  if (modifier === 'text') return parseContainsCondition(parameter.textNumber, true, parameter.code, value);
  if (modifier === 'of-type')
    return buildTokenCondition(splitAlternatives(parameter.code, value).map((piece) => parseIdentifierOfType(parameter.code, piece)));
  const found = parseTokens(parameter, value);
  return modifier === 'not' ? { on: 'not', condition: found } : found;
}

/** The codes of a value, under the names of a parameter or of the identifiers of its references. */
export function parseTokens(named: TokenParameter, value: string): Condition {
  const forms = splitAlternatives(named.code, value).map((piece) => parseTokenForm(named, piece));
  const found = buildTokenCondition(forms.map((form) => (form === ANY_VALUE ? named.presence : form && hashForm(named.code, form.text))));
  return found.on === 'token' && isSelective(named, forms) ? { ...found, rare: true } : found;
}

const IDENTIFYING_TYPES: ReadonlySet<string> = new Set(['Identifier', 'ContactPoint']);

/** Values of elements that are made to tell one from another; a system alone does not. */
const isSelective = ({ types = [] }: TokenParameter, forms: ReturnType<typeof parseTokenForm>[]): boolean =>
  types.length > 0 &&
  types.every((type) => IDENTIFYING_TYPES.has(type)) &&
  forms.every((form) => form !== ANY_VALUE && form?.code !== undefined);

/** What a value of a parameter without systems means that names the system its codes imply, and no code. */
export const ANY_VALUE = Symbol('any value');

/** One alternative as the form it asks for (token.ts), with its bare code if it has one. */
export interface TokenForm {
  text: string;
  code?: string;
}

/** The form of one alternative; undefined when nothing can have it. */
export function parseTokenForm(named: Omit<TokenParameter, 'presence'>, piece: string): TokenForm | typeof ANY_VALUE | undefined {
  const [first, second, third] = splitParts(named.caseInsensitive ? foldCase(piece) : piece);
  if (third !== undefined) throw invalid(`${named.code} takes code, system|code, |code or system|; a | inside a value is written \\|`);
  if (second === undefined) return parseCode(named, first!);
  if (first === '' && second === '') throw invalid(`${named.code} needs a system or a code beside the |`);
  if (named.withoutSystem) return first === '' ? parseCode(named, second) : parseImpliedSystem(named, first!, second);
  if (second === '') return { text: toSystemForm(first!) };
  return { text: toSystemCodeForm(first === '' ? null : first!, second), code: toCodeForm(second) };
}

function parseCode({ code, types }: Omit<TokenParameter, 'presence'>, value: string): TokenForm {
  const boolean = types?.every((type) => type === 'boolean');
  if (boolean && value !== 'true' && value !== 'false') throw invalid(`${code} takes true or false`);
  return { text: toCodeForm(value), code: toCodeForm(value) };
}

/** A system that the element does not name, but implies. */
function parseImpliedSystem(
  named: Omit<TokenParameter, 'presence'>,
  system: string,
  code: string,
): TokenForm | typeof ANY_VALUE | undefined {
  if (!named.systems.length) throw invalid(`${named.code} takes a value without a system`);
  if (!named.systems.includes(system)) return undefined;
  return code === '' ? ANY_VALUE : parseCode(named, code);
}

function parseIdentifierOfType(parameter: string, piece: string): Hash {
  const [system, code, value, more] = splitParts(piece);
  if (!system || !code || !value || more !== undefined) throw invalid(`${parameter}:of-type takes system|code|value, all three of them`);
  return hashIdentifierOfType(parameter, { system, code }, value);
}
