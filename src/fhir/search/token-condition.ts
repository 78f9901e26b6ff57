// Token values of a search as tests of hashes. https://hl7.org/fhir/R4/search.html#token
import type { Hash } from '../indexing/rows.ts';
import { codeForm, formHash, ofTypeHash, systemCodeForm, systemForm, withoutCase } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import type { SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { containing } from './string-condition.ts';
import { alternatives, parts } from './text.ts';

/** What the syntax of a token depends on; `code` is the name its hashes stand under. */
type Named = Pick<SearchParameter, 'code' | 'caseless' | 'systemless' | 'systems' | 'presence' | 'types'>;

/** One of these hashes; nothing when there is none to look for. */
export const anyToken = (hashes: (Hash | undefined)[]): Condition => {
  const any = hashes.filter((hash) => hash !== undefined);
  return any.length ? { on: 'token', any } : { on: 'nothing' };
};

/** `code`, `system|code`, `|code`, `system|`, and the modifiers. */
export function tokenCondition(parameter: SearchParameter, modifier: string, value: string): Condition {
  if (modifier === 'text') return containing(parameter.textNumber, true, parameter.code, value);
  if (modifier === 'of-type') return anyToken(alternatives(parameter.code, value).map((piece) => ofType(parameter.code, piece)));
  const found = tokens(parameter, value);
  return modifier === 'not' ? { on: 'not', condition: found } : found;
}

/** The codes of a value, under the names of a parameter or of the identifiers of its references. */
export function tokens(named: Named, value: string): Condition {
  const forms = alternatives(named.code, value).map((piece) => formOf(named, piece));
  const found = anyToken(forms.map((form) => (form === ANY_VALUE ? named.presence : form && formHash(named.code, form.text))));
  return found.on === 'token' && isRare(named, forms) ? { ...found, rare: true } : found;
}

const PERSONAL: ReadonlySet<string> = new Set(['Identifier', 'ContactPoint']);

/** Values of elements that are made to tell one from another; a system alone does not. */
const isRare = ({ types = [] }: Named, forms: ReturnType<typeof formOf>[]): boolean =>
  types.length > 0 && types.every((type) => PERSONAL.has(type)) && forms.every((form) => form !== ANY_VALUE && form?.code !== undefined);

/** What a value of a systemless parameter means that names the system its codes imply, and no code. */
export const ANY_VALUE = Symbol('any value');

/** One alternative as the form it asks for (token.ts), with its bare code if it has one. */
export interface AskedForm {
  text: string;
  code?: string;
}

/** The form of one alternative; undefined when nothing can have it. */
export function formOf(named: Omit<Named, 'presence'>, piece: string): AskedForm | typeof ANY_VALUE | undefined {
  const [first, second, third] = parts(named.caseless ? withoutCase(piece) : piece);
  if (third !== undefined) throw invalid(`${named.code} takes code, system|code, |code or system|; a | inside a value is written \\|`);
  if (second === undefined) return plain(named, first!);
  if (first === '' && second === '') throw invalid(`${named.code} needs a system or a code beside the |`);
  if (named.systemless) return first === '' ? plain(named, second) : implied(named, first!, second);
  if (second === '') return { text: systemForm(first!) };
  return { text: systemCodeForm(first === '' ? null : first!, second), code: codeForm(second) };
}

function plain({ code, types }: Omit<Named, 'presence'>, value: string): AskedForm {
  const boolean = types?.every((type) => type === 'boolean');
  if (boolean && value !== 'true' && value !== 'false') throw invalid(`${code} takes true or false`);
  return { text: codeForm(value), code: codeForm(value) };
}

/** A system that the element does not name, but implies. */
function implied(named: Omit<Named, 'presence'>, system: string, code: string): AskedForm | typeof ANY_VALUE | undefined {
  if (!named.systems.length) throw invalid(`${named.code} takes a value without a system`);
  if (!named.systems.includes(system)) return undefined;
  return code === '' ? ANY_VALUE : plain(named, code);
}

function ofType(parameter: string, piece: string): Hash {
  const [system, code, value, more] = parts(piece);
  if (!system || !code || !value || more !== undefined) throw invalid(`${parameter}:of-type takes system|code|value, all three of them`);
  return ofTypeHash(parameter, { system, code }, value);
}
