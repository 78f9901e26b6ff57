// Where in a resource a FHIRPath leads to, as places in its JSON, for the paths that patches are written with.
// https://hl7.org/fhir/R4/fhirpatch.html: "simple" paths, and where(), first(), extension() and [n] to choose among members.
import { elementOf } from '../elements.ts';
import { type Key, valueAt } from '../json-tree.ts';
import { notSupported } from '../outcome.ts';
import { type ConditionSyntax, type PathSyntax, parsePath, type StepSyntax } from '../path/path-syntax.ts';

/** A place and the FHIR type of what stands there; `[]` is the resource. */
export interface Place {
  at: Key[];
  type: string | undefined;
}

/** No path that people write is longer. */
const LONGEST = 1000;
const INDEX = /\[(\d{1,9})\](?=(?:[^']*'[^']*')*[^']*$)/g;

/** Reads a path; one outside of what patches need is refused (400). `type`: the resource type it may begin with. */
export function patchPath(text: string, type: string): PathSyntax {
  const inside = text === type ? '$this' : text.startsWith(`${type}.`) ? text.slice(type.length + 1) : text;
  if (text.length > LONGEST) throw notSupported(`the path of a patch has at most ${LONGEST} characters`);
  try {
    const path = parsePath(inside.replace(INDEX, '.skip($1).first()'));
    if (!path.exists && !path.steps.some(({ variable }) => variable) && !resolves(path)) return path;
  } catch {
    // said below: the reason names parts of the path, which may hold values
  }
  throw notSupported(
    "the path of a patch is made of element names, [n], first(), where(element = 'text'), extension('url') and ofType(Type)",
  );
}

/** Whether it asks where a reference leads. */
const resolves = ({ steps }: PathSyntax): boolean =>
  steps.some(({ where }) => where.some((condition) => 'resolves' in condition || resolves(condition.path)));

/** All places a path leads to, in document order. */
export function placesOf(tree: unknown, path: PathSyntax, root: Place): Place[] {
  return path.steps.reduce<Place[]>((places, step) => chosen(tree, step, places), [root]);
}

function chosen(tree: unknown, step: StepSyntax, places: Place[]): Place[] {
  const members = places.flatMap((place) => membersOf(tree, step, place));
  const met = members.filter((place) => step.where.every((condition) => holds(tree, condition, place)));
  return step.index === undefined ? met : met.slice(step.index, step.index + 1);
}

function membersOf(tree: unknown, { name, ofType }: StepSyntax, place: Place): Place[] {
  return namesAt(tree, name, place).flatMap((key) => {
    const type = typeOf(place.type, key, valueAt(tree, [...place.at, key]));
    if (ofType !== undefined && type !== ofType) return [];
    const value = valueAt(tree, [...place.at, key]);
    if (!Array.isArray(value)) return value === undefined ? [] : [{ at: [...place.at, key], type }];
    return value.map((item, index) => ({ at: [...place.at, key, index], type: typeOf(place.type, key, item) }));
  });
}

/** The element, or the branch of a choice that is there. https://hl7.org/fhir/R4/formats.html#choice */
function namesAt(tree: unknown, name: string, { at, type }: Place): string[] {
  const choice = type === undefined ? undefined : elementOf(type, `${name}[x]`);
  if (!choice) return [name];
  const node = (valueAt(tree, at) ?? {}) as object;
  return Object.keys(node).filter((key) => elementOf(type!, key)?.choice === `${name}[x]`);
}

function typeOf(owner: string | undefined, key: string, value: unknown): string | undefined {
  const type = owner === undefined ? undefined : elementOf(owner, key)?.types[0];
  return type === 'Resource' ? ((value as { resourceType?: string } | null)?.resourceType ?? type) : type;
}

function holds(tree: unknown, condition: ConditionSyntax, place: Place): boolean {
  const found = placesOf(tree, condition.path, place);
  if ('exists' in condition) return found.length > 0 !== condition.not;
  return found.length === 1 && 'is' in condition && 'value' in condition.is && valueAt(tree, found[0]!.at) === condition.is.value;
}
