// One search parameter (name and value) as a condition: plain, chained (`subject:Patient.name`), or reverse chained (`_has:Observation:patient:code`).
// https://hl7.org/fhir/R4/search.html#modifiers, #chaining, #has
import { ALWAYS, anyOf } from './condition.ts';
import { dateCondition, lastUpdatedCondition } from './date-condition.ts';
import { numberCondition, quantityCondition } from './number-condition.ts';
import { invalid, notSupported } from './outcome.ts';
import type { Condition } from './query.ts';
import { referenceCondition } from './reference-condition.ts';
import { COLUMNS, type ParameterKind, type Registry, type SearchParameter } from './search-parameters.ts';
import { unknownModifier, unknownParameter } from './search-refusal.ts';
import { alternatives, unescaped } from './search-text.ts';
import { stringCondition } from './string-condition.ts';
import { anyToken, tokenCondition, uriCondition } from './token-condition.ts';
import { TOKEN_TEXTS } from './token-values.ts';
import { ID, isServed, type ServedType } from './types.ts';

/** What a condition is read with. `baseUrl`: this server's FHIR base, no trailing slash. `now`: for `ap` on dates. */
export interface SearchContext {
  registry: Registry;
  baseUrl: string;
  now: Date;
}

/** A parameter as it stands in a query string, of a search for resources of `type`. */
interface Asked {
  type: ServedType;
  name: string;
  value: string;
  /** Links of chains passed so far. */
  depth: number;
}

/** More links than this ask for too many joins. */
const LONGEST_CHAIN = 4;

/** What `name=value` means for resources of `type`. Unknown names and modifiers are `not-supported`, values that mean nothing `invalid` (both 400). */
export const conditionOf = (context: SearchContext, type: ServedType, name: string, value: string): Condition =>
  read(context, { type, name, value, depth: 0 });

function read(context: SearchContext, asked: Asked): Condition {
  if (asked.depth > LONGEST_CHAIN) throw notSupported(`chains of more than ${LONGEST_CHAIN} links are not served`);
  if (asked.name === '_has' || asked.name.startsWith('_has:')) return reverseChain(context, asked);
  return asked.name.includes('.') ? chain(context, asked) : plain(context, asked);
}

function plain(context: SearchContext, { type, name, value }: Asked): Condition {
  const { code, modifier } = split(name);
  const parameter = parameterOf(context.registry, type, code);
  const served = modifiersOf(parameter);
  if (modifier !== '' && !served.includes(modifier)) throw unknownModifier(code, modifier, served);
  if (modifier === 'missing') return missing(parameter, value);
  return CONDITIONS[parameter.type](parameter, modifier, value, context);
}

type Builder = (parameter: SearchParameter, modifier: string, value: string, context: SearchContext) => Condition;

const CONDITIONS: Record<ParameterKind, Builder> = {
  token: (parameter, modifier, value) => (parameter.code === '_id' ? id(modifier, value) : tokenCondition(parameter, modifier, value)),
  uri: uriCondition,
  string: stringCondition,
  date: ({ code, ...parameter }, _modifier, value, { now }) =>
    COLUMNS.has(code) ? lastUpdatedCondition(code, value, now) : dateCondition({ code, ...parameter }, value, now),
  number: numberCondition,
  quantity: quantityCondition,
  reference: (parameter, modifier, value, { baseUrl }) => referenceCondition(parameter, modifier, value, baseUrl),
};

/** The modifiers a parameter takes: what depends on the types of its values is offered only where there are such values. */
function modifiersOf({ code, type, types, targets = [], phonetic }: SearchParameter): string[] {
  const can = (test: (type: string) => boolean): boolean => types?.some(test) ?? true;
  if (type === 'token' && code !== '_id') {
    const text = can((valueType) => Object.hasOwn(TOKEN_TEXTS, valueType));
    return ['missing', 'not', ...(text ? ['text'] : []), ...(can((valueType) => valueType === 'Identifier') ? ['of-type'] : [])];
  }
  if (type === 'token') return ['missing', 'not'];
  if (type === 'string') return phonetic ? ['missing'] : ['missing', 'exact', 'contains'];
  if (type === 'reference') return ['missing', ...(can((valueType) => valueType === 'Reference') ? ['identifier', ...targets] : [])];
  return ['missing'];
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

/** `subject:Patient.name`: without a type, any target type that has the parameter. */
function chain(context: SearchContext, { type, name, value, depth }: Asked): Condition {
  const dot = name.indexOf('.');
  const { code, modifier } = split(name.slice(0, dot));
  const rest = name.slice(dot + 1);
  const { number, targets } = linkOf(context.registry, type, code);
  if (modifier !== '' && !targets.includes(modifier)) throw unknownModifier(code, modifier, targets);
  const types = (modifier === '' ? targets : [modifier]).filter(isServed).filter((target) => modifier !== '' || has(context, target, rest));
  if (!types.length)
    throw notSupported(`nothing that ${type}.${code} leads to is served and has the search parameter ${head(rest).slice(0, 64)}`);
  const where = types.map((target) => [target, read(context, { type: target, name: rest, value, depth: depth + 1 })] as const);
  return anyOf(alike(where).map(([alikeTypes, condition]) => ({ on: 'chain', parameter: number, types: alikeTypes, where: [condition] })));
}

/** Types for which the same condition holds are asked for together. */
function alike(where: readonly (readonly [ServedType, Condition])[]): [ServedType[], Condition][] {
  const groups = Map.groupBy(where, ([, condition]) => JSON.stringify(condition));
  return [...groups.values()].map((group) => [group.map(([type]) => type), group[0]![1]]);
}

/** `_has:Observation:patient:code`: an Observation that refers here by `patient` and has the code. */
function reverseChain(context: SearchContext, { type, name, value, depth }: Asked): Condition {
  const [, referring = '', code = '', ...rest] = name.split(':');
  if (!rest.length) throw notSupported('_has is written _has:Type:reference:parameter');
  if (!isServed(referring)) throw notSupported('_has names a resource type that is not served');
  const { number, targets } = linkOf(context.registry, referring, code);
  if (!targets.includes(type)) throw notSupported(`_has: ${referring}.${code} never refers to ${type}`);
  const where = [read(context, { type: referring, name: rest.join(':'), value, depth: depth + 1 })];
  return { on: 'has', type: referring, parameter: number, where };
}

const has = ({ registry }: SearchContext, type: string, name: string): boolean =>
  head(name) === '_has' || registry.lookup(type, head(name)) !== undefined;

/** The code a parameter name begins with. */
const head = (name: string): string => name.split(/[:.]/, 1)[0]!;

/** `code:modifier`. */
function split(name: string): { code: string; modifier: string } {
  const colon = name.indexOf(':');
  return colon < 0 ? { code: name, modifier: '' } : { code: name.slice(0, colon), modifier: name.slice(colon + 1) };
}

function parameterOf(registry: Registry, type: string, code: string): SearchParameter {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw unknownParameter(registry, type, code);
  return parameter;
}

/** A parameter that leads to other resources. */
export function linkOf(registry: Registry, type: string, code: string): { number: number; targets: string[] } {
  const { type: kind, number, targets = [], types } = parameterOf(registry, type, code);
  if (kind !== 'reference' || types?.includes('Reference') === false)
    throw notSupported(`${type}.${code} is no reference to other resources`);
  return { number, targets };
}
