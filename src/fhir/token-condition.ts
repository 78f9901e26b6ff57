// Token and uri values of a search as tests of hashes. https://hl7.org/fhir/R4/search.html#token, https://hl7.org/fhir/R4/search.html#uri
import type { Hash } from './index-rows.ts';
import { invalid } from './outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './search-parameters.ts';
import { alternatives, parts, unescaped } from './search-text.ts';
import { containing } from './string-condition.ts';
import { codeHash, ofTypeHash, systemCodeHash, systemHash, withoutCase } from './token.ts';

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
export const tokens = (named: Named, value: string): Condition =>
  anyToken(alternatives(named.code, value).map((piece) => form(named, piece)));

/** A uri as it is written. */
export const uriCondition = ({ code }: SearchParameter, _modifier: string, value: string): Condition =>
  anyToken(alternatives(code, value).map((piece) => codeHash(code, unescaped(piece))));

function form(named: Named, piece: string): Hash | undefined {
  const [first, second, third] = parts(named.caseless ? withoutCase(piece) : piece);
  if (third !== undefined) throw invalid(`${named.code} takes code, system|code, |code or system|; a | inside a value is written \\|`);
  if (second === undefined) return plain(named, first!);
  if (first === '' && second === '') throw invalid(`${named.code} needs a system or a code beside the |`);
  if (named.systemless) return first === '' ? plain(named, second) : implied(named, first!, second);
  if (second === '') return systemHash(named.code, first!);
  return systemCodeHash(named.code, first === '' ? null : first!, second);
}

function plain({ code, types }: Named, value: string): Hash {
  const boolean = types?.every((type) => type === 'boolean');
  if (boolean && value !== 'true' && value !== 'false') throw invalid(`${code} takes true or false`);
  return codeHash(code, value);
}

/** A system that the element does not name, but implies. */
function implied(named: Named, system: string, code: string): Hash | undefined {
  if (!named.systems.length) throw invalid(`${named.code} takes a value without a system`);
  if (!named.systems.includes(system)) return undefined;
  return code === '' ? named.presence : plain(named, code);
}

function ofType(parameter: string, piece: string): Hash {
  const [system, code, value, more] = parts(piece);
  if (!system || !code || !value || more !== undefined) throw invalid(`${parameter}:of-type takes system|code|value, all three of them`);
  return ofTypeHash(parameter, { system, code }, value);
}
