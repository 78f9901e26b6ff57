// Where in a resource a FHIRPath leads to, as the elements there, each with the one it stands in, for the paths that patches are written with.
// https://hl7.org/fhir/R4/fhirpatch.html: "simple" paths, and where(), first(), extension() and [n] to choose among members.
import { notSupported } from '../outcome.ts';
import { type ConditionSyntax, type PathSyntax, parsePath, type StepSyntax } from '../path/path-syntax.ts';
import { contentOf, factsOf, isNode, isThere, lengthOf, type Member, membersOf, type Node } from './member.ts';

/** An element, its FHIR type, and what it stands in: the element it belongs to, its name there, and which of that name it is. The resource is in none. */
export interface Place extends Member {
  type: string | undefined;
  within?: { owner: Place; key: string; index: number };
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

/** Whether a path chooses by the values that stand there. The URL of an extension is part of its name. A path that cannot be read is refused elsewhere. */
export function comparesValues(text: string): boolean {
  try {
    return compares(patchPath(text, /^[A-Z]\w*/.exec(text)?.[0] ?? ''));
  } catch {
    return false;
  }
}

const compares = ({ steps }: PathSyntax): boolean =>
  steps.some((step) => step.where.some((condition) => ('is' in condition && !namesExtension(step, condition)) || compares(condition.path)));

const namesExtension = ({ name }: StepSyntax, { path: { steps } }: ConditionSyntax): boolean =>
  /^(?:extension|modifierExtension)$/.test(name) && steps.length === 1 && steps[0]!.name === 'url';

/** Whether it asks where a reference leads. */
const resolves = ({ steps }: PathSyntax): boolean =>
  steps.some(({ where }) => where.some((condition) => 'resolves' in condition || resolves(condition.path)));

/** Is told of so many members that are looked at; it fails where that is too much. */
export type Look = (members: number) => void;

/** All places a path leads to, in document order. */
export const placesOf = (path: PathSyntax, root: Place, look: Look): Place[] =>
  path.steps.reduce<Place[]>((places, step) => chosen(step, places, look), [root]);

function chosen(step: StepSyntax, places: Place[], look: Look): Place[] {
  const met: Place[] = [];
  for (const owner of places)
    for (const place of placesIn(owner, step, look)) if (step.where.every((condition) => holds(condition, place, look))) met.push(place);
  return step.index === undefined ? met : met.slice(step.index, step.index + 1);
}

/** The elements of that name in an element; of a choice the branch that is there. https://hl7.org/fhir/R4/formats.html#choice */
export function placesIn(owner: Place, { name, ofType }: { name: string; ofType?: string }, look: Look): Place[] {
  const node = contentOf(owner.type, owner);
  if (!isNode(node)) return [];
  const places: Place[] = [];
  for (const key of factsOf(owner.type, name) ? [name] : namesAt(node, name, owner.type, look)) {
    look(lengthOf(node, key));
    const declared = factsOf(owner.type, key)?.types[0];
    for (const [index, { value, beside }] of membersOf(node, key).entries()) {
      const type = typeOf(declared, value);
      const meant = isThere({ value, beside }) && (ofType === undefined || type === ofType);
      if (meant) places.push({ value, beside, type, within: { owner, key, index } });
    }
  }
  return places;
}

/** A name that is no element may be that of a choice. */
function namesAt(node: Node, name: string, type: string | undefined, look: Look): string[] {
  const choice = `${name}[x]`;
  if (!factsOf(type, choice)) return [name];
  look(Object.keys(node).length);
  const keys = new Set(Object.keys(node).map((key) => key.replace(/^_/, '')));
  return [...keys].filter((key) => factsOf(type, key)?.choice === choice);
}

const typeOf = (type: string | undefined, value: unknown): string | undefined =>
  type === 'Resource' && isNode(value) && typeof value.resourceType === 'string' ? value.resourceType : type;

function holds(condition: ConditionSyntax, place: Place, look: Look): boolean {
  look(1);
  const found = placesOf(condition.path, place, look);
  if ('exists' in condition) return found.length > 0 !== condition.not;
  return found.length === 1 && 'is' in condition && 'value' in condition.is && found[0]!.value === condition.is.value;
}
