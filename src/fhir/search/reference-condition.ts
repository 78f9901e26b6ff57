// Parses reference values into tests of targets. https://hl7.org/fhir/R4/search.html#reference
import { hash } from '../hash.ts';
import { toVersionsBelow } from '../indexing/reference-values.ts';
import { toIdentifierParameter } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import { normalizeReference } from '../reference.ts';
import { ID_PATTERN } from '../types.ts';
import type { Condition } from './query.ts';
import { findPartOfParameter, isHierarchical } from './reference-parameter.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';
import { parseTokens } from './token-condition.ts';

/**
 * A value is `id`, `Type/id`, a URL or URN. `:Type` gives the type of the target, `:identifier` tests the identifier in the reference. `:above` and `:below`
 * include targets up and down the hierarchy, and `:below` also the versions of a canonical.
 */
export function parseReferenceCondition(
  parameter: SearchParameter,
  modifier: string,
  value: string,
  { registry, baseUrl }: Context,
): Condition {
  const { code, number, targets = [] } = parameter;
  if (modifier === 'identifier')
    return parseTokens({ ...parameter, code: toIdentifierParameter(code), caseInsensitive: false, withoutSystem: false }, value);
  if (modifier === 'above' || modifier === 'below') return parseHierarchyCondition(parameter, modifier, value, { registry, baseUrl });
  const types = modifier === '' ? targets : [modifier];
  const texts = splitAlternatives(code, value).flatMap((piece) => toTargetTexts(parameter, types, unescapeValue(piece), baseUrl));
  const any = [...new Set(texts)].filter((text) => modifier === '' || mayBeOfType(text, modifier)).map(hash);
  return any.length ? { on: 'reference', parameter: number, any } : { on: 'nothing' };
}

/** The inputs of parsing. */
interface Context {
  registry: SearchRegistry;
  baseUrl: string;
}

function parseHierarchyCondition(
  parameter: SearchParameter,
  direction: 'above' | 'below',
  value: string,
  { registry, baseUrl }: Context,
): Condition {
  const { code, number, types, targets = [] } = parameter;
  const pieces = splitAlternatives(code, value).map(unescapeValue);
  const climbed = types && !types.includes('Reference') ? [] : targets.filter(isHierarchical);
  if (!climbed.length) return { on: 'reference', parameter: number, any: pieces.map((text) => hash(toVersionsBelow(text))) };
  const any = pieces.flatMap((text) => toTargetTexts(parameter, climbed, text, baseUrl));
  if (!any.every((text) => climbed.some((type) => text.startsWith(`${type}/`))))
    throw invalid(`${code}:${direction} takes an id or Type/id of ${climbed.join(', ')}: other types form no hierarchy`);
  const links = climbed.map((type) => registry.lookup(type, findPartOfParameter(type))!.number);
  return { on: 'hierarchy', parameter: number, direction, types: climbed, links, any: [...new Set(any)].map(hash) };
}

/** Whether a target may have a type. The type of an absolute URL is not known. */
const mayBeOfType = (target: string, type: string): boolean => target.startsWith(`${type}/`) || target.includes(':');

/** The targets that a value (id, `Type/id` or URL) can mean. `types`: the possible types of an id. */
export function toTargetTexts(
  { code, types: valueTypes }: Pick<SearchParameter, 'code' | 'types'>,
  types: readonly string[],
  text: string,
  baseUrl: string,
): string[] {
  const target = normalizeReference(text, baseUrl);
  if (target !== undefined) return [target];
  if (valueTypes && !valueTypes.includes('Reference')) return [text];
  if (ID_PATTERN.test(text)) return types.map((type) => `${type}/${text}`);
  throw invalid(`${code} must be an id, Type/id, or an absolute URL`);
}
