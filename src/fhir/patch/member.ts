// An element as it stands in JSON: a primitive and what stands beside it (its id, its extensions) are one, also in lists, which null fills up.
// https://hl7.org/fhir/R4/json.html#primitive
import { type ElementInfo, findElement, isPrimitive } from '../elements.ts';
import { isContainer } from '../json-tree.ts';
import { toList } from '../json-values.ts';

export type ElementNode = Record<string, unknown>;

/** One element; undefined for what it does not have. Only a primitive has something beside its value. */
export interface Member {
  value: unknown;
  sibling: unknown;
}

export const isElementNode = (value: unknown): value is ElementNode => isContainer(value) && !Array.isArray(value);

export const hasMember = ({ value, sibling }: Member): boolean => value !== undefined || sibling !== undefined;

const isPrimitiveType = (type: string | undefined): boolean => type !== undefined && isPrimitive(type);

/** The facts of an element of a type; undefined where it has none such, or where nothing is known of the type. */
export const findElementInfo = (type: string | undefined, name: string): ElementInfo | undefined =>
  type === undefined ? undefined : findElement(isPrimitive(type) ? 'Element' : type, name);

/** What the elements of an element stand in: those of a primitive stand beside its value. */
export const readContent = (type: string | undefined, { value, sibling }: Member): unknown =>
  isPrimitiveType(type) ? (sibling ?? {}) : value;

/** An element with these elements of its own. */
export const replaceContent = (type: string | undefined, { value, sibling }: Member, content: ElementNode | undefined): Member =>
  isPrimitiveType(type) ? { value, sibling: content } : { value: content, sibling };

/** How many stand under a name of a node, in a list or alone. */
export function countMembers(node: ElementNode, key: string): number {
  const [value, sibling] = readValueAndSibling(node, key);
  if (!Array.isArray(value) && !Array.isArray(sibling)) return hasMember({ value, sibling }) ? 1 : 0;
  return Math.max(toList(value).length, toList(sibling).length);
}

/** What stands under a name of a node: of a list each at its place, also where nothing is. */
export function readMembers(node: ElementNode, key: string): Member[] {
  const [value, sibling] = readValueAndSibling(node, key);
  if (!Array.isArray(value) && !Array.isArray(sibling)) return hasMember({ value, sibling }) ? [{ value, sibling }] : [];
  const [values, siblings] = [toList(value), toList(sibling)];
  return Array.from({ length: countMembers(node, key) }, (_one, at) => ({
    value: values[at] ?? undefined,
    sibling: siblings[at] ?? undefined,
  }));
}

/** Whether what stands under a name is a list, said of the values and of what stands beside them, as far as they are there. */
export const readListForms = (node: ElementNode, key: string): boolean[] =>
  readValueAndSibling(node, key).flatMap((one) => (one === undefined ? [] : Array.isArray(one)));

/** A node with these members under a name and no others. */
export function replaceMembers(node: ElementNode, key: string, { members, list }: { members: Member[]; list: boolean }): ElementNode {
  const made = { ...node, ...toProperties(key, { members, list }) };
  for (const name of [key, `_${key}`]) if (made[name] === undefined) delete made[name];
  return made;
}

/** Members as properties, their values and what stands beside them; undefined where there is nothing of a kind. */
export function toProperties(key: string, { members, list }: { members: Member[]; list: boolean }): ElementNode {
  const written = (all: unknown[]): unknown => (list ? fillWithNulls(all) : all[0]);
  return { [key]: written(members.map(({ value }) => value)), [`_${key}`]: written(members.map(({ sibling }) => sibling)) };
}

/** Without properties that are undefined: JSON has none such. */
export const removeUndefined = (node: ElementNode): ElementNode =>
  Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined));

const fillWithNulls = (all: unknown[]): unknown[] | undefined =>
  all.some((one) => one !== undefined) ? all.map((one) => one ?? null) : undefined;

const readValueAndSibling = (node: ElementNode, key: string): [unknown, unknown] => [
  readOwnProperty(node, key),
  readOwnProperty(node, `_${key}`),
];
const readOwnProperty = (node: ElementNode, key: string): unknown => (Object.hasOwn(node, key) ? node[key] : undefined);
