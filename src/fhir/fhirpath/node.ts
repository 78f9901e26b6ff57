// The nodes that FHIRPath evaluates: a JSON value, its FHIR type if known, and the sibling of a primitive. https://hl7.org/fhir/R4/fhirpath.html

import { findElement, isPrimitive } from '../elements.ts';
import { isElement } from '../json-values.ts';

/**
 * `type`: a FHIR type (`code`, `HumanName`, `Patient.contact`) or a system type of FHIRPath (`String`, `Boolean`, `Integer`, `Decimal`, `Date`, `DateTime`,
 * `Time`). Undefined: inside a resource of an unserved type. `value` is undefined for a primitive that has only extensions.
 */
export interface FhirPathNode {
  type: string | undefined;
  value: unknown;
  /** The sibling of a primitive: an object with its id and extensions. */
  sibling: unknown;
}

export type Collection = readonly FhirPathNode[];

export const EMPTY: Collection = [];
export const TRUE: Collection = [{ type: 'Boolean', value: true, sibling: undefined }];
export const FALSE: Collection = [{ type: 'Boolean', value: false, sibling: undefined }];
export const toBooleanCollection = (value: boolean | undefined): Collection => (value === undefined ? EMPTY : value ? TRUE : FALSE);

/** The node of a resource or element. SimpleQuantity has the elements of Quantity. */
export const buildNode = (type: string | undefined, value: unknown, sibling?: unknown): FhirPathNode => ({
  type: type === 'SimpleQuantity' ? 'Quantity' : type,
  value,
  sibling,
});

/** The JSON names of an element. They are built during compilation. */
interface MemberName {
  name: string;
  /** The name of the sibling of a primitive. */
  siblingName: string;
}

export const toMemberName = (name: string): MemberName => ({ name, siblingName: `_${name}` });

/** The children of a node with a name. A choice has a name without its type (`value`) or with it. */
export function findChildren(node: FhirPathNode, member: MemberName): Collection {
  const { type, value } = node;
  const { name } = member;
  if (!isElement(value)) return name === 'extension' || name === 'id' ? readSiblingMembers(node, member) : EMPTY;
  if (name === 'resourceType') return EMPTY;
  const facts = type === undefined ? undefined : findElement(type, name);
  if (facts) return readMembers(value, member, facts.types[0]);
  if (type !== undefined && findElement(type, `${name}[x]`)) return findChoiceMembers(type, value, name);
  return type === undefined || type === 'Element' ? findUntypedMembers(value, member) : EMPTY;
}

/** All children of a node, in the order of the JSON. */
export function findAllChildren(node: FhirPathNode): Collection {
  if (!isElement(node.value)) return [...readSiblingMembers(node, ID), ...readSiblingMembers(node, EXTENSION)];
  const names = new Set(Object.keys(node.value).map((key) => (key.startsWith('_') ? key.slice(1) : key)));
  return [...names].flatMap((name) => findChildren(node, toMemberName(name)));
}

const ID = toMemberName('id');
const EXTENSION = toMemberName('extension');

/** The members of a choice: `valueQuantity` for `value`. https://hl7.org/fhir/R4/formats.html#choice */
function findChoiceMembers(type: string, owner: Record<string, unknown>, name: string): Collection {
  for (const key in owner) {
    const branch = key.charCodeAt(0) === UNDERSCORE ? key.slice(1) : key;
    if (!branch.startsWith(name)) continue;
    const facts = findElement(type, branch);
    if (facts?.choice === `${name}[x]`) return readMembers(owner, toMemberName(branch), facts.types[0]);
  }
  return EMPTY;
}

const UNDERSCORE = 95;

function readMembers(owner: Record<string, unknown>, { name, siblingName }: MemberName, type: string | undefined): Collection {
  const value = owner[name];
  const sibling = owner[siblingName];
  if (value === undefined && sibling === undefined) return EMPTY;
  if (!Array.isArray(value) && !Array.isArray(sibling)) return [buildTypedNode(type, value, sibling)];
  const values = Array.isArray(value) ? value : [];
  const siblings = Array.isArray(sibling) ? sibling : [];
  const members: FhirPathNode[] = [];
  for (let at = 0; at < Math.max(values.length, siblings.length); at++)
    members.push(buildTypedNode(type, values[at] ?? undefined, siblings[at] ?? undefined));
  return members;
}

const buildTypedNode = (type: string | undefined, value: unknown, sibling: unknown): FhirPathNode =>
  buildNode(type === 'Resource' && isElement(value) ? readServedResourceType(value) : type, value, sibling);

const readServedResourceType = (value: Record<string, unknown>): string | undefined =>
  typeof value.resourceType === 'string' && findElement(value.resourceType, 'id') ? value.resourceType : undefined;

/** The id and extensions of a primitive. https://hl7.org/fhir/R4/json.html#primitive */
function readSiblingMembers({ type, sibling }: FhirPathNode, member: MemberName): Collection {
  if (!isElement(sibling) || (type !== undefined && !isPrimitive(type))) return EMPTY;
  return readMembers(sibling, member, member.name === 'id' ? 'string' : 'Extension');
}

/** The members of an element whose definition is not known. A choice is a name followed by a capital letter. */
function findUntypedMembers(value: Record<string, unknown>, member: MemberName): Collection {
  const own = readMembers(value, member, undefined);
  if (own.length) return own;
  const branch = Object.keys(value).find((key) => key.startsWith(member.name) && /^[A-Z]/.test(key.slice(member.name.length)));
  return branch === undefined ? EMPTY : readMembers(value, toMemberName(branch), undefined);
}
