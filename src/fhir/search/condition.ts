// Parses a search parameter (name and value) into a condition on the resource itself or on other resources (chain.ts). https://hl7.org/fhir/R4/search.html#modifiers
// docs/decisions/0006-search-semantics.md
import { COLUMN_PARAMETERS, type ParameterKind } from '../indexing/indexed-parameter.ts';
import { invalid, notSupported } from '../outcome.ts';
import { ID_PATTERN, type ServedType } from '../types.ts';
import { listModifiers } from './allowed-modifiers.ts';
import { isReverseChain, parseChain, parseReverseChain, type QueryParameter } from './chain.ts';
import { combineByType } from './combine-types.ts';
import { parseCompositeCondition } from './composite-condition.ts';
import { parseDateCondition, parseLastUpdatedCondition } from './date-condition.ts';
import { buildUnknownModifierError, buildUnknownParameterError } from './errors.ts';
import { parseFilterCondition } from './filter-condition.ts';
import { parseNearCondition } from './near-condition.ts';
import { parseNumberCondition, parseQuantityCondition } from './number-condition.ts';
import { type Condition, MATCH_ALL } from './query.ts';
import { parseReferenceCondition } from './reference-condition.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';
import { splitAlternatives, splitModifier, unescapeValue } from './search-value.ts';
import { parseStringCondition } from './string-condition.ts';
import { parseTerminologyCondition, TERMINOLOGY_MODIFIERS } from './terminology-condition.ts';
import { buildTokenCondition, parseTokenCondition } from './token-condition.ts';
import { parseUriCondition } from './uri-condition.ts';

/** The inputs of parsing. `baseUrl`: this server's FHIR base, without a trailing slash. `now`: for `ap` on dates. */
export interface SearchContext {
  registry: SearchRegistry;
  baseUrl: string;
  now: Date;
  /** All types of the search. Absent: the one type. */
  types?: readonly ServedType[];
}

/** Parses `name=value` for resources of `type`. Unknown names and modifiers are `not-supported`, malformed values `invalid` (both 400). */
export const parseCondition = (context: SearchContext, type: ServedType, name: string, value: string): Condition =>
  parseParameter(context, { types: [type], ...(context.types && { among: context.types }), name, value });

function parseParameter(context: SearchContext, parameter: QueryParameter): Condition {
  const readOn = (further: QueryParameter): Condition => parseParameter(context, further);
  if (isReverseChain(parameter.name)) return parseReverseChain(context.registry, parameter, readOn);
  return parameter.name.includes('.') ? parseChain(context.registry, parameter, readOn) : parseForTypes(context, parameter);
}

/** Parses a parameter for each type separately, because its meaning may differ between types. */
const parseForTypes = (context: SearchContext, { types, name, value }: QueryParameter): Condition =>
  combineByType(types.map((type) => [type, parseSimpleParameter(context, { type, name, value })]));

interface OfType {
  type: ServedType;
  name: string;
  value: string;
}

function parseSimpleParameter(context: SearchContext, { type, name, value }: OfType): Condition {
  if (name === '_list') return parseListCondition(value, context.registry);
  if (name === '_filter')
    return parseFilterCondition(value, type, context.registry, (of, code, text) =>
      parseSimpleParameter(context, { type: of, name: code, value: text }),
    );
  const { code, modifier } = splitModifier(name);
  const parameter = findParameter(context.registry, type, code);
  const served = listModifiers(parameter);
  if (modifier !== '' && !served.includes(modifier)) throw buildUnknownModifierError(code, modifier, served);
  if (modifier === 'missing') return parseMissingCondition(parameter, value);
  return CONDITION_PARSERS[parameter.type](parameter, modifier, value, context);
}

type ConditionParser = (parameter: SearchParameter, modifier: string, value: string, context: SearchContext) => Condition;

const CONDITION_PARSERS: Record<ParameterKind, ConditionParser> = {
  token: parseCodedCondition,
  uri: parseUriCondition,
  string: parseStringCondition,
  date: ({ code, ...parameter }, _modifier, value, { now }) =>
    COLUMN_PARAMETERS.has(code) ? parseLastUpdatedCondition(code, value, now) : parseDateCondition({ code, ...parameter }, value, now),
  number: parseNumberCondition,
  quantity: parseQuantityCondition,
  special: (parameter, _modifier, value) => parseNearCondition(parameter, value),
  composite: (parameter, _modifier, value, context) => parseCompositeCondition(parameter, value, context),
  reference: parseReferenceCondition,
};

function parseCodedCondition(parameter: SearchParameter, modifier: string, value: string, { registry }: SearchContext): Condition {
  if (parameter.code === '_id') return parseIdCondition(modifier, value);
  const byTerminology = TERMINOLOGY_MODIFIERS.find((candidate) => candidate === modifier);
  return byTerminology
    ? parseTerminologyCondition(parameter, byTerminology, value, registry.terminology)
    : parseTokenCondition(parameter, modifier, value);
}

function parseMissingCondition({ code, presence }: SearchParameter, value: string): Condition {
  if (value !== 'true' && value !== 'false') throw invalid(`${code}:missing takes true or false`);
  const present: Condition = COLUMN_PARAMETERS.has(code) ? MATCH_ALL : buildTokenCondition([presence]);
  return value === 'false' ? present : { on: 'not', condition: present };
}

function parseIdCondition(modifier: string, value: string): Condition {
  const any = splitAlternatives('_id', value)
    .map(unescapeValue)
    .filter((text) => ID_PATTERN.test(text));
  const found: Condition = any.length ? { on: 'id', any } : { on: 'nothing' };
  return modifier === 'not' ? { on: 'not', condition: found } : found;
}

function findParameter(registry: SearchRegistry, type: string, code: string): SearchParameter {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw buildUnknownParameterError(registry, type, code);
  return parameter;
}

/** Parses the id of a List. Functional lists (`$current-allergies`) are not supported. */
function parseListCondition(value: string, registry: SearchRegistry): Condition {
  const ids = splitAlternatives('_list', value).map((piece) => unescapeValue(piece).replace(/^List\//, ''));
  if (!ids.every((id) => ID_PATTERN.test(id)))
    throw notSupported('_list takes the id of a List; functional lists ($current-…) are not served');
  return { on: 'has', type: 'List', parameter: registry.lookup('List', 'item')!.number, where: [{ on: 'id', any: ids }] };
}
