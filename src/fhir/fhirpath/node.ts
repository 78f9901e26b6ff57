// A value as FHIRPath sees it: the JSON, its FHIR type as far as it is known, and the object beside a primitive. https://hl7.org/fhir/R4/fhirpath.html

import { isElement } from '../element.ts';
import { elementOf, isPrimitive } from '../elements.ts';

/**
 * `type`: a FHIR type (`code`, `HumanName`, `Patient.contact`) or one of FHIRPath's own (`String`, `Boolean`, `Integer`, `Decimal`, `Date`, `DateTime`,
 * `Time`); undefined inside resources of unserved types. `value` is undefined for a primitive that has only extensions.
 */
export interface Node {
  type: string | undefined;
  value: unknown;
  /** The object beside a primitive: its id and extensions. */
  beside: unknown;
}

export type Nodes = readonly Node[];

export const NONE: Nodes = [];
export const TRUE: Nodes = [{ type: 'Boolean', value: true, beside: undefined }];
export const FALSE: Nodes = [{ type: 'Boolean', value: false, beside: undefined }];
export const truth = (value: boolean | undefined): Nodes => (value === undefined ? NONE : value ? TRUE : FALSE);

/** The node of a resource or of an element of known type. SimpleQuantity is Quantity under another name. */
export const nodeOf = (type: string | undefined, value: unknown, beside?: unknown): Node => ({
  type: type === 'SimpleQuantity' ? 'Quantity' : type,
  value,
  beside,
});

/** An element by name: what it is in an object of a type. Made once for a place in an expression, since names there do not change. */
interface Member {
  name: string;
  /** Of the object beside it. */
  under: string;
}

export const memberNamed = (name: string): Member => ({ name, under: `_${name}` });

/** The members of an element by its name; those of a choice under the name without a type (`value`), or with one. */
export function childrenOf(node: Node, member: Member): Nodes {
  const { type, value } = node;
  const { name } = member;
  if (!isElement(value)) return name === 'extension' || name === 'id' ? besideOf(node, member) : NONE;
  if (name === 'resourceType') return NONE;
  const facts = type === undefined ? undefined : elementOf(type, name);
  if (facts) return membersOf(value, member, facts.types[0]);
  if (type !== undefined && elementOf(type, `${name}[x]`)) return branchOf(type, value, name);
  return type === undefined || type === 'Element' ? untyped(value, member) : NONE;
}

/** All children of a node, in the order they are written. */
export function allChildren(node: Node): Nodes {
  if (!isElement(node.value)) return [...besideOf(node, ID), ...besideOf(node, EXTENSION)];
  const names = new Set(Object.keys(node.value).map((key) => (key.startsWith('_') ? key.slice(1) : key)));
  return [...names].flatMap((name) => childrenOf(node, memberNamed(name)));
}

const ID = memberNamed('id');
const EXTENSION = memberNamed('extension');

/** What stands in place of a choice: `valueQuantity` for `value`. https://hl7.org/fhir/R4/formats.html#choice */
function branchOf(type: string, owner: Record<string, unknown>, name: string): Nodes {
  for (const key in owner) {
    const branch = key.charCodeAt(0) === UNDERSCORE ? key.slice(1) : key;
    if (!branch.startsWith(name)) continue;
    const facts = elementOf(type, branch);
    if (facts?.choice === `${name}[x]`) return membersOf(owner, memberNamed(branch), facts.types[0]);
  }
  return NONE;
}

const UNDERSCORE = 95;

function membersOf(owner: Record<string, unknown>, { name, under }: Member, type: string | undefined): Nodes {
  const value = owner[name];
  const beside = owner[under];
  if (value === undefined && beside === undefined) return NONE;
  if (!Array.isArray(value) && !Array.isArray(beside)) return [typed(type, value, beside)];
  const values = Array.isArray(value) ? value : [];
  const besides = Array.isArray(beside) ? beside : [];
  const members: Node[] = [];
  for (let at = 0; at < Math.max(values.length, besides.length); at++)
    members.push(typed(type, values[at] ?? undefined, besides[at] ?? undefined));
  return members;
}

const typed = (type: string | undefined, value: unknown, beside: unknown): Node =>
  nodeOf(type === 'Resource' && isElement(value) ? resourceType(value) : type, value, beside);

const resourceType = (value: Record<string, unknown>): string | undefined =>
  typeof value.resourceType === 'string' && elementOf(value.resourceType, 'id') ? value.resourceType : undefined;

/** The id and extensions of a primitive. https://hl7.org/fhir/R4/json.html#primitive */
function besideOf({ type, beside }: Node, member: Member): Nodes {
  if (!isElement(beside) || (type !== undefined && !isPrimitive(type))) return NONE;
  return membersOf(beside, member, member.name === 'id' ? 'string' : 'Extension');
}

/** Nothing is known of the element but its name: a choice is what begins with that name and a capital letter. */
function untyped(value: Record<string, unknown>, member: Member): Nodes {
  const own = membersOf(value, member, undefined);
  if (own.length) return own;
  const branch = Object.keys(value).find((key) => key.startsWith(member.name) && /^[A-Z]/.test(key.slice(member.name.length)));
  return branch === undefined ? NONE : membersOf(value, memberNamed(branch), undefined);
}
