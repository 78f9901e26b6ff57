// Conditions on other resources: chains (`subject:Patient.name`) and reverse chains (`_has:Observation:patient:code`), of any length and in any mixture.
// A link of a chain is one condition, however many types it may lead to: so the work grows with the length of a chain, not with the ways through it.
// https://hl7.org/fhir/R4/search.html#chaining, #has
import { notSupported } from '../outcome.ts';
import { isServed, type ServedType } from '../types.ts';
import { buildUnknownModifierError } from './errors.ts';
import { readParameterCode, splitModifier } from './parameter-name.ts';
import type { Condition } from './query.ts';
import { findReferenceParameter } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';

/** A parameter as it stands in a query string, of resources of one of these types. */
export interface ParameterQuestion {
  types: readonly ServedType[];
  name: string;
  value: string;
}

/** Reads what comes after a link, for the types it leads to. */
type ParseNext = (asked: ParameterQuestion) => Condition;

export const isReverseChain = (name: string): boolean => name === '_has' || name.startsWith('_has:');

/** How many other resources a parameter asks about. */
export const countLinks = (name: string): number => name.split('.').length - 1 + (name.match(/_has:/g)?.length ?? 0);

/** `subject:Patient.name`: without a type, any target type that has the parameter. */
export function parseChain(registry: SearchRegistry, { types, name, value }: ParameterQuestion, read: ParseNext): Condition {
  const dot = name.indexOf('.');
  const { code, modifier } = splitModifier(name.slice(0, dot));
  const rest = name.slice(dot + 1);
  const links = types.map((type) => findReferenceParameter(registry, type, code));
  const targets = [...new Set(links.flatMap((link) => link.targets))];
  if (modifier !== '' && !targets.includes(modifier)) throw buildUnknownModifierError(code, modifier, targets);
  const served = targets.filter(isServed);
  const led = modifier === '' ? served.filter((type) => canFollow(registry, type, rest)) : [modifier].filter(isServed);
  if (!led.length) throw buildChainEndError(registry, { from: `${types.join(' or ')}.${code}`, served, next: readParameterCode(rest) });
  return { on: 'chain', parameters: links.map(({ number }) => number), types: led, where: [read({ types: led, name: rest, value })] };
}

interface ChainEnd {
  from: string;
  /** What the link before leads to. */
  served: readonly ServedType[];
  next: string;
}

/** No type that a link leads to has the next parameter; or those that have it find no reference by it, which a chain would go on by. */
function buildChainEndError(registry: SearchRegistry, { from, served, next }: ChainEnd): Error {
  const having = served.filter((type) => registry.lookup(type, next));
  return notSupported(
    having.length
      ? `${having.map((type) => `${type}.${next}`).join(' or ')} is no reference to other resources`
      : `nothing that ${from} leads to is served and has the search parameter ${next.slice(0, 64)}`,
  );
}

/** `_has:Observation:patient:code`: an Observation that refers here by `patient` and has the code. */
export function parseReverseChain(registry: SearchRegistry, { types, name, value }: ParameterQuestion, read: ParseNext): Condition {
  const [, referring = '', code = '', ...rest] = name.split(':');
  if (!rest.length) throw notSupported('_has is written _has:Type:reference:parameter');
  if (!isServed(referring)) throw notSupported('_has names a resource type that is not served');
  const { number, targets } = findReferenceParameter(registry, referring, code);
  if (!types.some((type) => targets.includes(type))) throw notSupported(`_has: ${referring}.${code} never refers to ${types.join(' or ')}`);
  return { on: 'has', type: referring, parameter: number, where: [read({ types: [referring], name: rest.join(':'), value })] };
}

/** Whether the next link of a chain can begin at a type: its parameter is there, and a reference where it must lead on. */
function canFollow(registry: SearchRegistry, type: ServedType, name: string): boolean {
  if (isReverseChain(name)) return true;
  const parameter = registry.lookup(type, readParameterCode(name));
  return parameter !== undefined && (!name.includes('.') || parameter.type === 'reference');
}
