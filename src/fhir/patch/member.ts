// Elements in JSON. A primitive and its sibling object (id and extensions, `_name`) form one element. In lists, null stands for a missing part.
// https://hl7.org/fhir/R4/json.html#primitive
import { type ElementInfo, findElement, isPrimitive } from '../elements.ts';
import { isContainer } from '../json-tree.ts';
import { toList } from '../json-values.ts';

export type ElementNode = Record<string, unknown>;

/** One element. A missing part is undefined. Only primitives have a sibling. */
export interface Member {
  value: unknown;
  sibling: unknown;
}

export const isElementNode = (value: unknown): value is ElementNode => isContainer(value) && !Array.isArray(value);

export const hasMember = ({ value, sibling }: Member): boolean => value !== undefined || sibling !== undefined;

const isPrimitiveType = (type: string | undefined): boolean => type !== undefined && isPrimitive(type);

/** The facts of an element. Undefined: the type has no such element, or the type is not known. */
export const findElementInfo = (type: string | undefined, name: string): ElementInfo | undefined =>
  type === undefined ? undefined : findElement(isPrimitive(type) ? 'Element' : type, name);

/** The object with the child elements. For a primitive, this is the sibling. */
export const readContent = (type: string | undefined, { value, sibling }: Member): unknown =>
  isPrimitiveType(type) ? (sibling ?? {}) : value;

/** An element with other child elements. */
export const replaceContent = (type: string | undefined, { value, sibling }: Member, content: ElementNode | undefined): Member =>
  isPrimitiveType(type) ? { value, sibling: content } : { value: content, sibling };

/** The number of members under a name of a node. */
export function countMembers(node: ElementNode, key: string): number {
  const [value, sibling] = readValueAndSibling(node, key);
  if (!Array.isArray(value) && !Array.isArray(sibling)) return hasMember({ value, sibling }) ? 1 : 0;
  return Math.max(toList(value).length, toList(sibling).length);
}

/** The members under a name of a node. Gaps of a list are included, so that indexes stay correct. */
export function readMembers(node: ElementNode, key: string): Member[] {
  const [value, sibling] = readValueAndSibling(node, key);
  if (!Array.isArray(value) && !Array.isArray(sibling)) return hasMember({ value, sibling }) ? [{ value, sibling }] : [];
  const [values, siblings] = [toList(value), toList(sibling)];
  return Array.from({ length: countMembers(node, key) }, (_one, at) => ({
    value: values[at] ?? undefined,
    sibling: siblings[at] ?? undefined,
  }));
}

/** Whether the value and the sibling under a name are lists: one boolean for each that is present. */
export const readListForms = (node: ElementNode, key: string): boolean[] =>
  readValueAndSibling(node, key).flatMap((item) => (item === undefined ? [] : Array.isArray(item)));

/** A node with the members under a name replaced. */
export function replaceMembers(node: ElementNode, key: string, { members, list }: { members: Member[]; list: boolean }): ElementNode {
  const made = { ...node, ...toProperties(key, { members, list }) };
  for (const name of [key, `_${key}`]) if (made[name] === undefined) delete made[name];
  return made;
}

/** Members as JSON properties: the values and the siblings. A property without content is undefined. */
export function toProperties(key: string, { members, list }: { members: Member[]; list: boolean }): ElementNode {
  const written = (all: unknown[]): unknown => (list ? fillWithNulls(all) : all[0]);
  return { [key]: written(members.map(({ value }) => value)), [`_${key}`]: written(members.map(({ sibling }) => sibling)) };
}

/** Removes undefined properties, which JSON cannot have. */
export const removeUndefined = (node: ElementNode): ElementNode =>
  Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined));

const fillWithNulls = (all: unknown[]): unknown[] | undefined =>
  all.some((item) => item !== undefined) ? all.map((item) => item ?? null) : undefined;

const readValueAndSibling = (node: ElementNode, key: string): [unknown, unknown] => [
  readOwnProperty(node, key),
  readOwnProperty(node, `_${key}`),
];
const readOwnProperty = (node: ElementNode, key: string): unknown => (Object.hasOwn(node, key) ? node[key] : undefined);
