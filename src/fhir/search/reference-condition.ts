// Reference values of a search as tests of targets. https://hl7.org/fhir/R4/search.html#reference
import { hash } from '../hash.ts';
import { versionsBelow } from '../indexing/reference-values.ts';
import { identifierOf } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { referenceTarget } from '../reference-target.ts';
import { ID } from '../types.ts';
import { isHierarchical, partOfCode } from './hierarchies.ts';
import type { Registry, SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { alternatives, unescaped } from './text.ts';
import { tokens } from './token-condition.ts';

/**
 * `id`, `Type/id`, a URL or URN; `:Type` says of which type; `:identifier` asks for the identifier beside a reference; `:above` and `:below` go up and
 * down the hierarchy of what is referred to, and down to the versions of a canonical.
 */
export function referenceCondition(parameter: SearchParameter, modifier: string, value: string, { registry, baseUrl }: Context): Condition {
  const { code, number, targets = [] } = parameter;
  if (modifier === 'identifier') return tokens({ ...parameter, code: identifierOf(code), caseless: false, systemless: false }, value);
  if (modifier === 'above' || modifier === 'below') return alongCondition(parameter, modifier, value, { registry, baseUrl });
  const types = modifier === '' ? targets : [modifier];
  const texts = alternatives(code, value).flatMap((piece) => targetTexts(parameter, types, unescaped(piece), baseUrl));
  const any = [...new Set(texts)].filter((text) => modifier === '' || isOfType(text, modifier)).map(hash);
  return any.length ? { on: 'reference', parameter: number, any } : { on: 'nothing' };
}

/** What references are read with. */
interface Context {
  registry: Registry;
  baseUrl: string;
}

function alongCondition(
  parameter: SearchParameter,
  direction: 'above' | 'below',
  value: string,
  { registry, baseUrl }: Context,
): Condition {
  const { code, number, types, targets = [] } = parameter;
  const pieces = alternatives(code, value).map(unescaped);
  if (types && !types.includes('Reference'))
    return { on: 'reference', parameter: number, any: pieces.map((text) => hash(versionsBelow(text))) };
  const climbed = targets.filter(isHierarchical);
  const any = pieces.flatMap((text) => targetTexts(parameter, climbed, text, baseUrl));
  if (!any.every((text) => climbed.some((type) => text.startsWith(`${type}/`))))
    throw invalid(`${code}:${direction} takes an id or Type/id of ${climbed.join(', ')}: other types form no hierarchy`);
  const links = climbed.map((type) => registry.lookup(type, partOfCode(type))!.number);
  return { on: 'hierarchy', parameter: number, direction, types: climbed, links, any: [...new Set(any)].map(hash) };
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
