// Records which elements of a resource a reader looks at: it reads a copy that is a Proxy, and each primitive value that it takes is noted with its place.
// A lens is pure, so an element that it does not look at cannot change what it shows.
import { isDeepStrictEqual } from 'node:util';
import { isContainer, type PathKey } from '../../fhir/json-tree.ts';
import { readMember } from '../../fhir/json-values.ts';
import type { PathVariables, Step } from '../../fhir/writable-path/path.ts';
import type { ElementPlace } from '../shape.ts';

/** Places, each once. */
export type Places = Map<string, ElementPlace>;

/** A node of a resource with its place. */
export interface Located {
  value: unknown;
  place: ElementPlace;
}

export const addPlace = (places: Places, place: ElementPlace): void => void places.set([place.owner, ...place.keys].join(' '), place);

const toInner = ({ owner, keys }: ElementPlace, key: PathKey): ElementPlace => ({ owner, keys: [...keys, key] });

/** The node behind a Proxy of `record`. */
const LOCATED = new WeakMap<object, Located>();

export const readLocated = (node: unknown): Located | undefined => LOCATED.get(Object(node));

/** A node whose reader is recorded in `places`. Primitive values are returned as they are. */
export function record({ value, place }: Located, places: Places): unknown {
  if (!isContainer(value)) return value;
  const isList = Array.isArray(value);
  const proxy: object = new Proxy(value, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof key !== 'string' || !Object.hasOwn(target, key) || (isList && key === 'length')) return member;
      const inner = { value: member, place: toInner(place, isList ? Number(key) : key) };
      if (!isContainer(member) && member !== null && member !== undefined) addPlace(places, inner.place);
      return record(inner, places);
    },
  });
  LOCATED.set(proxy, { value, place });
  return proxy;
}

interface StepReading {
  env: PathVariables;
  /** Receives what the conditions of a step look at. */
  conditions: Places;
}

/** The elements that a step selects, with their places. */
export function followStep(step: Step, nodes: readonly Located[], reading: StepReading): Located[] {
  const all = nodes.flatMap((node) => findWithPlaces(step, node, reading));
  return step.index === undefined ? all : all.slice(step.index, step.index + 1);
}

function findWithPlaces(step: Step, { value, place }: Located, { env, conditions }: StepReading): Located[] {
  const stored = readMember(value, step.name);
  if (stored === undefined || stored === null) return [];
  const own = { value: stored, place: toInner(place, step.name) };
  const asStored = (member: unknown): unknown => (Array.isArray(stored) ? [member] : member);
  const members = Array.isArray(stored) ? stored.map((member, at): Located => ({ value: member, place: toInner(own.place, at) })) : [own];
  // equal primitive values are told apart by their position
  if (!members.some((member) => isContainer(member.value)))
    return members.filter((member) => findIn(step, asStored(member.value), env).length);
  const isSource = (member: Located, derived: unknown): boolean => isDeepStrictEqual(findIn(step, asStored(member.value), env), [derived]);
  return findIn(step, record(own, conditions), env).map((found) => readLocated(found) ?? locateDerived(found, members, isSource));
}

function findIn(step: Step, value: unknown, env: PathVariables): unknown[] {
  const found: unknown[] = [];
  step.find({ [step.name]: value }, env, found);
  return found;
}

/** An element that a step has derived from a stored one: a name that has only a text, with the parts of the text. */
function locateDerived(found: unknown, members: Located[], isSource: (member: Located, derived: unknown) => boolean): Located {
  const value: unknown = JSON.parse(JSON.stringify(found));
  return { value, place: members.find((member) => isSource(member, value))!.place };
}
