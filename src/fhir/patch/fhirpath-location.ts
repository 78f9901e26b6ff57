// Finds the elements that a FHIRPath of a patch selects, each with its parent element.
// https://hl7.org/fhir/R4/fhirpatch.html: "simple" paths, and where(), first(), extension() and [n] to choose among members.
import { notSupported } from '../outcome.ts';
import { type ConditionSyntax, type PathSyntax, parsePath, type StepSyntax } from '../writable-path/path-syntax.ts';
import {
  countMembers,
  type ElementNode,
  findElementInfo,
  hasMember,
  isElementNode,
  type Member,
  readContent,
  readMembers,
} from './member.ts';

/** An element with its FHIR type and its position: the parent element, the JSON name there, and the index. The resource has no parent. */
export interface Location extends Member {
  type: string | undefined;
  position?: { owner: Location; key: string; index: number };
}

/** The most characters of a path. */
const MAX_PATH_LENGTH = 1000;

/** Parses a path. A path outside the subset for patches is refused (400). `type`: the resource type that the path may begin with. */
export function parsePatchPath(text: string, type: string): PathSyntax {
  const inside = text === type ? '$this' : text.startsWith(`${type}.`) ? text.slice(type.length + 1) : text;
  if (text.length > MAX_PATH_LENGTH) throw notSupported(`the path of a patch has at most ${MAX_PATH_LENGTH} characters`);
  try {
    const path = parsePath(inside, { indexes: true });
    if (!path.exists && !path.steps.some(({ variable }) => variable) && !hasResolveCondition(path)) return path;
  } catch {
    // the reason is dropped, because it repeats parts of the path, which may contain patient data
  }
  throw notSupported(
    "the path of a patch is made of element names, [n], first(), where(element = 'text'), extension('url') and ofType(Type)",
  );
}

/** Whether a path selects by values of the resource. The URL of an extension counts as a name. A malformed path is refused elsewhere. */
export function comparesValues(text: string): boolean {
  try {
    return hasValueCondition(parsePatchPath(text, /^[A-Z]\w*/.exec(text)?.[0] ?? ''));
  } catch {
    return false;
  }
}

const hasValueCondition = ({ steps }: PathSyntax): boolean =>
  steps.some((step) =>
    step.where.some((condition) => ('is' in condition && !isExtensionUrlCondition(step, condition)) || hasValueCondition(condition.path)),
  );

const isExtensionUrlCondition = ({ name }: StepSyntax, { path: { steps } }: ConditionSyntax): boolean =>
  /^(?:extension|modifierExtension)$/.test(name) && steps.length === 1 && steps[0]!.name === 'url';

/** Whether a path tests the target of a reference. */
const hasResolveCondition = ({ steps }: PathSyntax): boolean =>
  steps.some(({ where }) => where.some((condition) => 'resolves' in condition || hasResolveCondition(condition.path)));

/** Counts visited members, and fails at the limit. */
export type CountWork = (members: number) => void;

/** All elements that a path selects, in document order. */
export const findLocations = (path: PathSyntax, root: Location, countWork: CountWork): Location[] =>
  path.steps.reduce<Location[]>((locations, step) => followStep(step, locations, countWork), [root]);

function followStep(step: StepSyntax, locations: Location[], countWork: CountWork): Location[] {
  const found: Location[] = [];
  for (const owner of locations)
    for (const location of findChildLocations(owner, step, countWork))
      if (step.where.every((condition) => meetsCondition(condition, location, countWork))) found.push(location);
  return step.index === undefined ? found : found.slice(step.index, step.index + 1);
}

/** The child elements with a name. For a choice: the element of whichever type is present. https://hl7.org/fhir/R4/formats.html#choice */
export function findChildLocations(owner: Location, { name, ofType }: { name: string; ofType?: string }, countWork: CountWork): Location[] {
  const node = readContent(owner.type, owner);
  if (!isElementNode(node)) return [];
  const locations: Location[] = [];
  for (const key of findElementInfo(owner.type, name) ? [name] : listChoiceNames(node, name, owner.type, countWork)) {
    countWork(countMembers(node, key));
    const declared = findElementInfo(owner.type, key)?.types[0];
    for (const [index, { value, sibling }] of readMembers(node, key).entries()) {
      const type = toActualType(declared, value);
      const meant = hasMember({ value, sibling }) && (ofType === undefined || type === ofType);
      if (meant) locations.push({ value, sibling, type, position: { owner, key, index } });
    }
  }
  return locations;
}

/** The JSON names of a choice, if the name is not an element. */
function listChoiceNames(node: ElementNode, name: string, type: string | undefined, countWork: CountWork): string[] {
  const choice = `${name}[x]`;
  if (!findElementInfo(type, choice)) return [name];
  countWork(Object.keys(node).length);
  const keys = new Set(Object.keys(node).map((key) => key.replace(/^_/, '')));
  return [...keys].filter((key) => findElementInfo(type, key)?.choice === choice);
}

const toActualType = (type: string | undefined, value: unknown): string | undefined =>
  type === 'Resource' && isElementNode(value) && typeof value.resourceType === 'string' ? value.resourceType : type;

function meetsCondition(condition: ConditionSyntax, location: Location, countWork: CountWork): boolean {
  countWork(1);
  const found = findLocations(condition.path, location, countWork);
  if ('exists' in condition) return found.length > 0 !== condition.not;
  return found.length === 1 && 'is' in condition && 'value' in condition.is && found[0]!.value === condition.is.value;
}
