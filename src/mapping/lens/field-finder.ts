// Finds the vendor's field for a FHIRPath expression, so that FHIR validation errors name the vendor's field.

import type { Shape } from '../shape.ts';
import type { Lens } from './lens.ts';

/** Looks for the same path, then the same element names, then a path above or below. Returns undefined when two fields match. */
export function buildFieldFinder(resource: string, { leaves, lists }: Pick<Lens, 'leaves' | 'lists'>): Shape['findField'] {
  const written = [
    ...leaves.flatMap((field) => field.writtenPaths.map(({ text }) => ({ field, text }))),
    ...lists.flatMap(({ list, leaves: inner }) =>
      inner.flatMap((field) => field.writtenPaths.map(({ text }) => ({ field, text: `${list.paths[0]!.text}.${text}` }))),
    ),
  ];
  const places = written
    .filter(({ field }) => field.spec.shares === undefined)
    .flatMap(({ field, text }) => toPathKeys(resource, text).map((place) => ({ name: field.keyPath.join('.'), ...place })));
  return (expression) => {
    const [pathKey] = toPathKeys('', expression);
    const same = places.filter((place) => place.names === pathKey!.names && haveCompatibleConditions(place.text, pathKey!.text));
    return (
      findOnlyName(places.filter(({ text }) => text === pathKey!.text)) ??
      findOnlyName(same) ??
      findOnlyName(same.filter(({ member }) => member === pathKey!.member)) ??
      findOnlyName(places.filter(({ names }) => names.startsWith(`${pathKey!.names}.`) || pathKey!.names.startsWith(`${names}.`))) ??
      findCommonObject(places.filter(({ names }) => names.startsWith(`${pathKey!.names}.`)))
    );
  };
}

/** The innermost object with all of these fields; undefined: none. */
function findCommonObject(found: { name: string }[]): string | undefined {
  const [first = [], ...others] = found.map(({ name }) => name.split('.').slice(0, -1));
  const shared = first.filter((_, index) => others.every((other) => first.slice(0, index + 1).every((step, at) => other[at] === step)));
  return shared.length ? shared.join('.') : undefined;
}

/** Paths with the same names select the same element unless both have conditions (phone and e-mail). */
const haveCompatibleConditions = (a: string, b: string): boolean => !a.includes('(') || !b.includes('(');

interface PathKey {
  text: string;
  names: string;
  /** The index of the last element, where it repeats; 0 by default. */
  member: number;
}

const findOnlyName = (found: { name: string }[]): string | undefined => {
  const names = new Set(found.map(({ name }) => name));
  return names.size === 1 ? [...names][0] : undefined;
};

/** A path with and without its conditions; for a contained resource, also from that resource's type. */
function toPathKeys(resource: string, path: string): PathKey[] {
  const simplePath = path.replace(/\[\d+\]|\.(?:first\(\)|skip\(\d+\))/g, '');
  const whole = resource === '' ? simplePath : `${resource}.${simplePath}`;
  const inner = /^contained\.ofType\((\w+)\)(?:\.where\([^()]*\))?(\..*)$/.exec(simplePath);
  const member = Number(/(?:\.skip\((\d+)\)\.first\(\)|\[(\d+)\])$/.exec(path)?.slice(1).find(Boolean) ?? 0);
  return [whole, ...(inner ? [`${inner[1]}${inner[2]}`] : [])].map((text) => ({ text, names: removeConditions(text), member }));
}

/** `telecom.where(system='phone').value` → `telecom.value`; `ofType` is removed too. */
function removeConditions(text: string): string {
  const next = text
    .replace(/\.?(?:where|ofType|extension)\([^()]*\)/g, (found) => (found.includes('extension') ? '.extension' : ''))
    .replace(/\w+\([^()]*\)/g, '');
  return next === text ? text.replace(/^\./, '') : removeConditions(next);
}
