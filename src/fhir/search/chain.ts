// Conditions on other resources: chains (`subject:Patient.name`) and reverse chains (`_has:Observation:patient:code`), which may be nested.
// A link of a chain is one condition for all of its target types, so the work grows with the length of a chain and not with the number of type combinations.
// https://hl7.org/fhir/R4/search.html#chaining, #has
import { notSupported } from '../outcome.ts';
import { isServed, type ServedType } from '../types.ts';
import { buildUnknownModifierError } from './errors.ts';
import type { Condition } from './query.ts';
import { findReferenceParameter } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';
import { readParameterCode, splitModifier } from './search-value.ts';

/** A search parameter of a query string, for resources of these types. `among`: all types of the search, if the parameter is one of the search itself. */
export interface QueryParameter {
  types: readonly ServedType[];
  among?: readonly ServedType[];
  name: string;
  value: string;
}

/** Parses the part of a chain after a link, for the target types of the link. */
type ParseNext = (parameter: QueryParameter) => Condition;

export const isReverseChain = (name: string): boolean => name === '_has' || name.startsWith('_has:');

/** The number of links of a chain. */
export const countLinks = (name: string): number => name.split('.').length - 1 + (name.match(/_has:/g)?.length ?? 0);

/** `subject:Patient.name`. Without a type: all target types that have the parameter. */
export function parseChain(registry: SearchRegistry, { types, name, value }: QueryParameter, read: ParseNext): Condition {
  const dot = name.indexOf('.');
  const { code, modifier } = splitModifier(name.slice(0, dot));
  const rest = name.slice(dot + 1);
  const links = types.map((type) => findReferenceParameter(registry, type, code));
  const targets = [...new Set(links.flatMap((link) => link.targets))];
  if (modifier !== '' && !targets.includes(modifier)) throw buildUnknownModifierError(code, modifier, targets);
  const served = targets.filter(isServed);
  const followed = modifier === '' ? served.filter((type) => canFollow(registry, type, rest)) : [modifier].filter(isServed);
  if (!followed.length)
    throw buildChainEndError(registry, { from: `${types.join(' or ')}.${code}`, served, next: readParameterCode(rest) });
  return {
    on: 'chain',
    parameters: links.map(({ number }) => number),
    types: followed,
    where: [read({ types: followed, name: rest, value })],
  };
}

interface ChainEnd {
  from: string;
  /** The target types of the previous link. */
  served: readonly ServedType[];
  next: string;
}

/** The error if no target type has the next parameter, or if that parameter is not a reference and the chain continues. */
function buildChainEndError(registry: SearchRegistry, { from, served, next }: ChainEnd): Error {
  const having = served.filter((type) => registry.lookup(type, next));
  return notSupported(
    having.length
      ? `${having.map((type) => `${type}.${next}`).join(' or ')} is not a reference to other resources`
      : `no served target type of ${from} has the search parameter ${next.slice(0, 64)}`,
  );
}

/**
 * `_has:Observation:patient:code`: an Observation with the code refers to the resource by `patient`. In a search of several types, only the types that the
 * reference may lead to have matches. https://hl7.org/fhir/R4/search.html#has
 */
export function parseReverseChain(
  registry: SearchRegistry,
  { types, among = types, name, value }: QueryParameter,
  read: ParseNext,
): Condition {
  const [, referring = '', code = '', ...rest] = name.split(':');
  if (!rest.length) throw notSupported('_has is written _has:Type:reference:parameter');
  if (!isServed(referring)) throw notSupported('_has names a resource type that is not served');
  const { number, targets } = findReferenceParameter(registry, referring, code);
  if (!among.some((type) => targets.includes(type))) throw notSupported(`_has: ${referring}.${code} never refers to ${among.join(' or ')}`);
  const where = [read({ types: [referring], name: rest.join(':'), value })];
  return types.some((type) => targets.includes(type)) ? { on: 'has', type: referring, parameter: number, where } : { on: 'nothing' };
}

/** Whether a type has the next parameter of a chain. If the chain continues, the parameter must be a reference. */
function canFollow(registry: SearchRegistry, type: ServedType, name: string): boolean {
  if (isReverseChain(name)) return true;
  const parameter = registry.lookup(type, readParameterCode(name));
  return parameter !== undefined && (!name.includes('.') || parameter.type === 'reference');
}
