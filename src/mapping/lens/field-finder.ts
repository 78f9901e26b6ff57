// Which of the vendor's fields a FHIRPath expression speaks of: what FHIR refuses is told in the vendor's own words.

import type { Shape } from '../shape.ts';
import type { Lens } from './lens.ts';

/** `fieldAt` of a shape: by the whole path, else by the names of the elements, else by what is above or below; never a guess between two fields. */
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
    const [wanted] = toPathKeys('', expression);
    const same = places.filter((place) => place.names === wanted!.names && haveCompatibleConditions(place.text, wanted!.text));
    return (
      findOnlyName(places.filter(({ text }) => text === wanted!.text)) ??
      findOnlyName(same) ??
      findOnlyName(same.filter(({ member }) => member === wanted!.member)) ??
      findOnlyName(places.filter(({ names }) => names.startsWith(`${wanted!.names}.`) || wanted!.names.startsWith(`${names}.`))) ??
      findCommonObject(places.filter(({ names }) => names.startsWith(`${wanted!.names}.`)))
    );
  };
}

/** The object of the vendor's that all of these are in; undefined: there is none. */
function findCommonObject(found: { name: string }[]): string | undefined {
  const [first = [], ...others] = found.map(({ name }) => name.split('.').slice(0, -1));
  const shared = first.filter((_, nth) => others.every((other) => first.slice(0, nth + 1).every((step, at) => other[at] === step)));
  return shared.length ? shared.join('.') : undefined;
}

/** Two paths by the same names speak of the same element unless each has conditions of its own: the phone is not the e-mail. */
const haveCompatibleConditions = (a: string, b: string): boolean => !a.includes('(') || !b.includes('(');

interface PathKey {
  text: string;
  names: string;
  /** Which member of the last element, where that repeats; the first unless it says otherwise. */
  member: number;
}

const findOnlyName = (found: { name: string }[]): string | undefined => {
  const names = new Set(found.map(({ name }) => name));
  return names.size === 1 ? [...names][0] : undefined;
};

/** A path from its resource type, with and without its conditions; one into a contained resource also from that one's type. */
function toPathKeys(resource: string, path: string): PathKey[] {
  const plain = path.replace(/\[\d+\]|\.(?:first\(\)|skip\(\d+\))/g, '');
  const whole = resource === '' ? plain : `${resource}.${plain}`;
  const inner = /^contained\.ofType\((\w+)\)(?:\.where\([^()]*\))?(\..*)$/.exec(plain);
  const member = Number(/(?:\.skip\((\d+)\)\.first\(\)|\[(\d+)\])$/.exec(path)?.slice(1).find(Boolean) ?? 0);
  return [whole, ...(inner ? [`${inner[1]}${inner[2]}`] : [])].map((text) => ({ text, names: removeConditions(text), member }));
}

/** `telecom.where(system='phone').value` → `telecom.value`; a choice is named without its type. */
function removeConditions(text: string): string {
  const next = text
    .replace(/\.?(?:where|ofType|extension)\([^()]*\)/g, (found) => (found.includes('extension') ? '.extension' : ''))
    .replace(/\w+\([^()]*\)/g, '');
  return next === text ? text.replace(/^\./, '') : removeConditions(next);
}
