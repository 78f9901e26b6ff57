// One search parameter (name and value) as a condition: plain, or about other resources (chain.ts). https://hl7.org/fhir/R4/search.html#modifiers
// docs/decisions/0006-search-semantics.md

import { COLUMNS, type ParameterKind } from '../indexing/parameter.ts';
import { invalid } from '../outcome.ts';
import { ID, type ServedType } from '../types.ts';
import { type Asked, chain, isReverseChain, reverseChain } from './chain.ts';
import { compositeCondition } from './composite-condition.ts';
import { ofEachType } from './condition-of-types.ts';
import { ALWAYS } from './condition-sentences.ts';
import { dateCondition, lastUpdatedCondition } from './date-condition.ts';
import { filterCondition } from './filter-condition.ts';
import { listCondition } from './list-condition.ts';
import { modifiersOf } from './modifiers.ts';
import { codeAndModifier } from './name.ts';
import { nearCondition } from './near.ts';
import { numberCondition, quantityCondition } from './number-condition.ts';
import type { Registry, SearchParameter } from './parameters.ts';
import type { Condition } from './query.ts';
import { referenceCondition } from './reference-condition.ts';
import { unknownModifier, unknownParameter } from './refusal.ts';
import { stringCondition } from './string-condition.ts';
import { TERMINOLOGY_MODIFIERS, terminologyCondition } from './terminology-condition.ts';
import { alternatives, unescaped } from './text.ts';
import { anyToken, tokenCondition } from './token-condition.ts';
import { uriCondition } from './uri-condition.ts';

/** What a condition is read with. `baseUrl`: this server's FHIR base, no trailing slash. `now`: for `ap` on dates. */
export interface SearchContext {
  registry: Registry;
  baseUrl: string;
  now: Date;
}

/** What `name=value` means for resources of `type`. Unknown names and modifiers are `not-supported`, values that mean nothing `invalid` (both 400). */
export const conditionOf = (context: SearchContext, type: ServedType, name: string, value: string): Condition =>
  read(context, { types: [type], name, value });

function read(context: SearchContext, asked: Asked): Condition {
  const readOn = (further: Asked): Condition => read(context, further);
  if (isReverseChain(asked.name)) return reverseChain(context.registry, asked, readOn);
  return asked.name.includes('.') ? chain(context.registry, asked, readOn) : ofTypes(context, asked);
}

/** A parameter may mean one thing for one type and another for the next. */
const ofTypes = (context: SearchContext, { types, name, value }: Asked): Condition =>
  ofEachType(types.map((type) => [type, plain(context, { type, name, value })]));

interface OfType {
  type: ServedType;
  name: string;
  value: string;
}

function plain(context: SearchContext, { type, name, value }: OfType): Condition {
  if (name === '_list') return listCondition(value, context.registry);
  if (name === '_filter')
    return filterCondition(value, type, context.registry, (of, code, text) => plain(context, { type: of, name: code, value: text }));
  const { code, modifier } = codeAndModifier(name);
  const parameter = parameterOf(context.registry, type, code);
  const served = modifiersOf(parameter);
  if (modifier !== '' && !served.includes(modifier)) throw unknownModifier(code, modifier, served);
  if (modifier === 'missing') return missing(parameter, value);
  return CONDITIONS[parameter.type](parameter, modifier, value, context);
}

type Builder = (parameter: SearchParameter, modifier: string, value: string, context: SearchContext) => Condition;

const CONDITIONS: Record<ParameterKind, Builder> = {
  token: codedCondition,
  uri: uriCondition,
  string: stringCondition,
  date: ({ code, ...parameter }, _modifier, value, { now }) =>
    COLUMNS.has(code) ? lastUpdatedCondition(code, value, now) : dateCondition({ code, ...parameter }, value, now),
  number: numberCondition,
  quantity: quantityCondition,
  special: (parameter, _modifier, value) => nearCondition(parameter, value),
  composite: (parameter, _modifier, value, { now }) => compositeCondition(parameter, value, now),
  reference: referenceCondition,
};

function codedCondition(parameter: SearchParameter, modifier: string, value: string, { registry }: SearchContext): Condition {
  if (parameter.code === '_id') return id(modifier, value);
  const byTerminology = TERMINOLOGY_MODIFIERS.find((one) => one === modifier);
  return byTerminology
    ? terminologyCondition(parameter, byTerminology, value, registry.terminology)
    : tokenCondition(parameter, modifier, value);
}

function missing({ code, presence }: SearchParameter, value: string): Condition {
  if (value !== 'true' && value !== 'false') throw invalid(`${code}:missing takes true or false`);
  const present: Condition = COLUMNS.has(code) ? ALWAYS : anyToken([presence]);
  return value === 'false' ? present : { on: 'not', condition: present };
}

function id(modifier: string, value: string): Condition {
  const any = alternatives('_id', value)
    .map(unescaped)
    .filter((text) => ID.test(text));
  const found: Condition = any.length ? { on: 'id', any } : { on: 'nothing' };
  return modifier === 'not' ? { on: 'not', condition: found } : found;
}

function parameterOf(registry: Registry, type: string, code: string): SearchParameter {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw unknownParameter(registry, type, code);
  return parameter;
}
