// The differences of two versions of a resource, as a FHIRPath Patch that turns the first into the second. https://hl7.org/fhir/R4/fhirpatch.html
// Lists are compared by position, after their equal beginnings and ends. An element whose members all differ is replaced as a whole, because an element that loses
// all its members would be removed before it gets new ones.
import { isDeepStrictEqual } from 'node:util';
import { readMember } from '../json-values.ts';
import type { Resource } from '../types.ts';
import { buildElementValue } from './fhirpath-value-part.ts';
import { type ElementNode, findElementInfo, isElementNode, type Member, readMembers } from './member.ts';

/** One operation of a FHIRPath Patch: a parameter of the Parameters resource. */
interface DiffOperation {
  name: 'operation';
  part: ElementNode[];
}

/** An element that both versions have. `path`: its FHIRPath. */
interface ComparedElement {
  type: string;
  path: string;
  before: ElementNode;
  after: ElementNode;
}

/** The operations, in the order in which they must be applied. The version and its time, which the server sets, are not compared. */
export function diffResources(before: Resource, after: Resource): DiffOperation[] {
  const restamped = withStampsOf(before, after);
  const operations = diffElements({ type: before.resourceType, path: before.resourceType, before, after: restamped });
  return operations.length && keepsNarrative(before, after) ? [...operations, buildNarrativeOperation(after)] : operations;
}

/** The second version with the version number and time of the first. */
function withStampsOf({ meta: { versionId, lastUpdated } = {} }: Resource, after: Resource): Resource {
  const { versionId: _version, lastUpdated: _updated, ...rest } = after.meta ?? {};
  const meta = { ...(versionId !== undefined && { versionId }), ...(lastUpdated !== undefined && { lastUpdated }), ...rest };
  const { meta: _meta, ...elements } = after;
  return { ...elements, resourceType: after.resourceType, ...(Object.keys(meta).length && { meta }) };
}

/** A patch removes a generated narrative that it does not change (patch.ts). If both versions have the same one, the diff states it again. */
const keepsNarrative = (before: Resource, after: Resource): boolean =>
  readMember(after.text, 'status') === 'generated' && isDeepStrictEqual(before.text, after.text);

const buildNarrativeOperation = ({ resourceType, text }: Resource): DiffOperation =>
  buildOperation('replace', `${resourceType}.text`, [
    buildElementValue({ name: 'value', type: 'Narrative' }, { value: text, sibling: undefined }),
  ]);

function diffElements(compared: ComparedElement): DiffOperation[] {
  const { type, before, after } = compared;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)].map((key) => key.replace(/^_/, '')))];
  const compare = keys.filter((key) => findElementInfo(type, key));
  // an element of a choice with another type is removed before the new one is added
  const removed = compare.filter((key) => !readMembers(after, key).length);
  return [...removed, ...compare.filter((key) => !removed.includes(key))].flatMap((key) => diffMembers(compared, key));
}

function diffMembers(compared: ComparedElement, key: string): DiffOperation[] {
  const [old, next] = [readMembers(compared.before, key), readMembers(compared.after, key)];
  if (isDeepStrictEqual(old, next)) return [];
  const element = describeElement(compared, key);
  if (!element.list) return diffSingle(element, old[0], next[0]);
  if (!old.length) return next.map((member) => buildAddition(element, member));
  return diffList(element, old, next);
}

/** An element by its JSON name `key`. `name`: the name in paths, without the type of a choice. */
interface ElementPlace {
  owner: string;
  name: string;
  type: string;
  path: string;
  list: boolean;
  /** The element is one type of a choice. */
  isChoice: boolean;
}

function describeElement({ type: owner, path }: ComparedElement, key: string): ElementPlace {
  // the caller has found the element
  const { choice, types, list } = findElementInfo(owner, key)!;
  const name = choice?.replace('[x]', '') ?? key;
  return { owner: path, name, type: types[0]!, path: `${path}.${quoteName(name)}`, list, isChoice: choice !== undefined };
}

/** Names that are also operators of FHIRPath are quoted. https://hl7.org/fhirpath/N1/#keywords */
const quoteName = (name: string): string => (OPERATORS.test(name) ? `\`${name}\`` : name);
const OPERATORS = /^(?:and|as|contains|div|implies|in|is|mod|or|xor)$/;

function diffSingle(element: ElementPlace, old: Member | undefined, next: Member | undefined): DiffOperation[] {
  if (!next) return [buildOperation('delete', element.path)];
  return old ? diffMember(element, element.path, old, next) : [buildAddition(element, next)];
}

function diffList(element: ElementPlace, old: Member[], next: Member[]): DiffOperation[] {
  const shorter = Math.min(old.length, next.length);
  let start = 0;
  while (start < shorter && isDeepStrictEqual(old[start], next[start])) start++;
  let ends = 0;
  while (ends < shorter - start && isDeepStrictEqual(old.at(-1 - ends), next.at(-1 - ends))) ends++;
  const [oldEnd, nextEnd] = [old.length - ends, next.length - ends];
  const both = Math.min(oldEnd, nextEnd);
  const at = (index: number): string => `${element.path}[${index}]`;
  const changed = range(start, both).flatMap((index) => diffMember(element, at(index), old[index]!, next[index]!));
  const removed = range(both, oldEnd)
    .reverse()
    .map((index) => buildOperation('delete', at(index)));
  const inserted = range(both, nextEnd).map((index) =>
    buildOperation('insert', element.path, [{ name: 'index', valueInteger: index }, buildValue(element, next[index]!)]),
  );
  return [...changed, ...removed, ...inserted];
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_one, at) => from + at);

function diffMember(element: ElementPlace, path: string, old: Member, next: Member): DiffOperation[] {
  if (isDeepStrictEqual(old, next)) return [];
  const type = findComparedType(element.type, old.value, next.value);
  if (type !== undefined && sharesMember(old.value, next.value))
    // the assertions: sharesMember has tested both
    return diffElements({ type, path, before: old.value as ElementNode, after: next.value as ElementNode });
  return [buildOperation('replace', path, [buildValue(element, next)])];
}

/** The type by which two elements are compared member by member. Undefined: they are compared as a whole. */
function findComparedType(type: string, old: unknown, next: unknown): string | undefined {
  if (type === 'Narrative') return undefined;
  if (type !== 'Resource') return type;
  const contained = readMember(old, 'resourceType');
  return typeof contained === 'string' && contained === readMember(next, 'resourceType') ? contained : undefined;
}

/** Whether an element keeps a member while the others change. */
const sharesMember = (old: unknown, next: unknown): boolean =>
  isElementNode(old) && isElementNode(next) && Object.keys(old).some((key) => key in next);

const buildAddition = (element: ElementPlace, member: Member): DiffOperation =>
  buildOperation('add', element.owner, [{ name: 'name', valueString: element.name }, buildValue(element, member)]);

const buildValue = ({ type, isChoice }: ElementPlace, member: Member): ElementNode =>
  buildElementValue({ name: 'value', type, isChoice }, member);

const buildOperation = (type: string, path: string, parts: ElementNode[] = []): DiffOperation => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...parts],
});
