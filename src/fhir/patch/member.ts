// An element as it stands in JSON: a primitive and what stands beside it (its id, its extensions) are one, also in lists, which null fills up.
// https://hl7.org/fhir/R4/json.html#primitive
import { type ElementFacts, elementOf, isPrimitive } from '../elements.ts';
import { isContainer } from '../json-tree.ts';
import { listOf } from '../json-values.ts';

export type Node = Record<string, unknown>;

/** One element; undefined for what it does not have. Only a primitive has something beside its value. */
export interface Member {
  value: unknown;
  beside: unknown;
}

export const isNode = (value: unknown): value is Node => isContainer(value) && !Array.isArray(value);

export const isThere = ({ value, beside }: Member): boolean => value !== undefined || beside !== undefined;

const isSimple = (type: string | undefined): boolean => type !== undefined && isPrimitive(type);

/** The facts of an element of a type; undefined where it has none such, or where nothing is known of the type. */
export const factsOf = (type: string | undefined, name: string): ElementFacts | undefined =>
  type === undefined ? undefined : elementOf(isPrimitive(type) ? 'Element' : type, name);

/** What the elements of an element stand in: those of a primitive stand beside its value. */
export const contentOf = (type: string | undefined, { value, beside }: Member): unknown => (isSimple(type) ? (beside ?? {}) : value);

/** An element with these elements of its own. */
export const withContent = (type: string | undefined, { value, beside }: Member, content: Node | undefined): Member =>
  isSimple(type) ? { value, beside: content } : { value: content, beside };

/** How many stand under a name of a node, in a list or alone. */
export function lengthOf(node: Node, key: string): number {
  const [value, beside] = bothOf(node, key);
  if (!Array.isArray(value) && !Array.isArray(beside)) return isThere({ value, beside }) ? 1 : 0;
  return Math.max(listOf(value).length, listOf(beside).length);
}

/** What stands under a name of a node: of a list each at its place, also where nothing is. */
export function membersOf(node: Node, key: string): Member[] {
  const [value, beside] = bothOf(node, key);
  if (!Array.isArray(value) && !Array.isArray(beside)) return isThere({ value, beside }) ? [{ value, beside }] : [];
  const [values, besides] = [listOf(value), listOf(beside)];
  return Array.from({ length: lengthOf(node, key) }, (_one, at) => ({ value: values[at] ?? undefined, beside: besides[at] ?? undefined }));
}

/** Whether what stands under a name is a list, said of the values and of what stands beside them, as far as they are there. */
export const formsOf = (node: Node, key: string): boolean[] =>
  bothOf(node, key).flatMap((one) => (one === undefined ? [] : Array.isArray(one)));

/** A node with these members under a name and no others. */
export function withMembers(node: Node, key: string, { members, list }: { members: Member[]; list: boolean }): Node {
  const made = { ...node, ...propertiesOf(key, { members, list }) };
  for (const name of [key, `_${key}`]) if (made[name] === undefined) delete made[name];
  return made;
}

/** Members as properties, their values and what stands beside them; undefined where there is nothing of a kind. */
export function propertiesOf(key: string, { members, list }: { members: Member[]; list: boolean }): Node {
  const written = (all: unknown[]): unknown => (list ? filledUp(all) : all[0]);
  return { [key]: written(members.map(({ value }) => value)), [`_${key}`]: written(members.map(({ beside }) => beside)) };
}

/** Without properties that are undefined: JSON has none such. */
export const present = (node: Node): Node => Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined));

const filledUp = (all: unknown[]): unknown[] | undefined =>
  all.some((one) => one !== undefined) ? all.map((one) => one ?? null) : undefined;

const bothOf = (node: Node, key: string): [unknown, unknown] => [own(node, key), own(node, `_${key}`)];
const own = (node: Node, key: string): unknown => (Object.hasOwn(node, key) ? node[key] : undefined);
