// Finds the fields of all vendors that show a FHIR element, or that have a name.
import type { Surface } from '../../api/mapping-types.ts';

export interface FoundField {
  surface: string;
  title: string;
  shape: string;
  field: string;
  /** The element by which it was found. Absent: it was found by its own name. */
  element?: string;
}

/** `Patient.telecom` finds the fields of this element and of those inside it, and fields that show the whole of a larger one; `telecom` those of every type, and names. */
export function findFields(surfaces: readonly Surface[], text: string): FoundField[] {
  const wanted = toParts(text);
  if (wanted.length === 0) return [];
  return surfaces.flatMap(({ surface, title, shapes }) =>
    shapes.flatMap(({ shape, fields }) =>
      fields.flatMap(({ name, elements }): FoundField[] => {
        const found = elements.find((element) => showsElement(toParts(element), wanted));
        if (found === undefined && !isNamed(name, wanted)) return [];
        return [{ surface, title, shape, field: name, ...(found !== undefined && { element: found }) }];
      }),
    ),
  );
}

/** All elements that some field shows, and those around them, in alphabetical order. */
export function listElements(surfaces: readonly Surface[]): string[] {
  const all = surfaces.flatMap(({ shapes }) => shapes.flatMap(({ fields }) => fields.flatMap(({ elements }) => elements)));
  const withOuter = all.flatMap((element) => {
    const parts = element.split('.');
    return parts.slice(1).map((_, at) => parts.slice(0, at + 2).join('.'));
  });
  return [...new Set(withOuter)].sort();
}

/** The names in a path, in lower case, without indexes and functions: `Patient.telecom.where(system='phone').value` is Patient, telecom, value. */
const toParts = (path: string): string[] =>
  path
    .trim()
    .toLowerCase()
    .replace(/\[[^\]]*\]?/g, '')
    .replace(/\.\w+\([^)]*\)?/g, '')
    .split('.')
    .filter((part) => part !== '');

/** A path that begins with a type is compared from its beginning; a type alone is no element. The last name may be cut off. */
function showsElement(element: string[], wanted: string[]): boolean {
  const [first = ''] = wanted;
  if (first === element[0]) return wanted.length > 1 && element.length > 1 && agrees(element, wanted);
  return element.slice(1).some((_, at) => at + 1 + wanted.length <= element.length && agrees(element.slice(at + 1), wanted));
}

/** Whether one of both is at or inside the other. */
const agrees = (element: string[], wanted: string[]): boolean =>
  wanted.slice(0, element.length).every((part, at) => (at === wanted.length - 1 ? element[at]!.startsWith(part) : element[at] === part));

const isNamed = (name: string, wanted: string[]): boolean => wanted.length === 1 && name.toLowerCase().includes(wanted[0]!);
