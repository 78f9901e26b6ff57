// Reference values of a search as tests of targets. https://hl7.org/fhir/R4/search.html#reference
import { hash } from './hash.ts';
import { invalid } from './outcome.ts';
import type { Condition } from './query.ts';
import { referenceTarget } from './reference-target.ts';
import type { SearchParameter } from './search-parameters.ts';
import { alternatives, unescaped } from './search-text.ts';
import { identifierOf } from './token.ts';
import { tokens } from './token-condition.ts';
import { ID } from './types.ts';

/** `id`, `Type/id`, a URL or URN; `:Type` says of which type; `:identifier` asks for the identifier beside a reference. */
export function referenceCondition(parameter: SearchParameter, modifier: string, value: string, baseUrl: string): Condition {
  const { code, number, targets = [] } = parameter;
  if (modifier === 'identifier') return tokens({ ...parameter, code: identifierOf(code), caseless: false, systemless: false }, value);
  const types = modifier === '' ? targets : [modifier];
  const texts = alternatives(code, value).flatMap((piece) => targetTexts(parameter, types, unescaped(piece), baseUrl));
  const any = [...new Set(texts)].filter((text) => modifier === '' || isOfType(text, modifier)).map(hash);
  return any.length ? { on: 'reference', parameter: number, any } : { on: 'nothing' };
}

/** Of a URL elsewhere nobody knows the type. */
const isOfType = (target: string, type: string): boolean => target.startsWith(`${type}/`) || target.includes(':');

function targetTexts({ code, types: valueTypes }: SearchParameter, types: readonly string[], text: string, baseUrl: string): string[] {
  const target = referenceTarget(text, baseUrl);
  if (target !== undefined) return [target];
  if (valueTypes && !valueTypes.includes('Reference')) return [text];
  if (ID.test(text)) return types.map((type) => `${type}/${text}`);
  throw invalid(`${code} takes an id, Type/id, or an absolute URL`);
}
