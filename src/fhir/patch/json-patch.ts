// JSON Patch over a resource whose numbers keep their digits. https://www.rfc-editor.org/rfc/rfc6902, https://hl7.org/fhir/R4/http.html#patch
import { isDeepStrictEqual } from 'node:util';
import { isElement } from '../element.ts';
import { type Parsed, plainOf } from '../json.ts';
import { editedAt, isContainer, type Key, valueAt } from '../json-tree.ts';
import { rule, structure } from '../outcome.ts';
import type { Resource } from '../types.ts';
import { guarded, MOST_OPERATIONS, type Patch } from './patch.ts';

interface Operation {
  /** Its number in the patch, from 0: what failures name. */
  at: number;
  path: string[];
  from: string[];
  value: unknown;
}

const OPERATIONS: Readonly<Record<string, { needs: ('value' | 'from')[]; apply(tree: unknown, operation: Operation): unknown }>> = {
  add: { needs: ['value'], apply: add },
  remove: { needs: [], apply: (tree, { at, path }) => removed(tree, path, at) },
  replace: {
    needs: ['value'],
    apply: (tree, { at, path, value }) => {
      present(tree, path, at);
      return editedAt(tree, path, () => value);
    },
  },
  move: { needs: ['from'], apply: move },
  copy: { needs: ['from'], apply: copy },
  test: { needs: ['value'], apply: test },
};

/** The patch of a body: a list of operations. Anything else, and an empty list, is refused (400). */
export function jsonPatch(body: Parsed): Patch {
  const edit = operations(body);
  return guarded((resource) => edit(resource) as Resource, hasTest(body));
}

/** Whether one of the operations compares what stands at a place with a value. */
export const hasTest = ({ plain }: Parsed): boolean =>
  Array.isArray(plain) && plain.some((one: { op?: unknown } | null) => one?.op === 'test');

/** The same for any JSON: from a value to what the operations make of it. */
export function operations({ plain, exact }: Parsed): (tree: unknown) => unknown {
  if (!Array.isArray(plain)) throw structure('a JSON Patch is a list of operations (RFC 6902)');
  if (plain.length > MOST_OPERATIONS) throw structure(`a JSON Patch has at most ${MOST_OPERATIONS} operations`);
  const steps = plain.map((one: unknown, at) => step(one, (exact as unknown[])[at], at));
  return (tree) => steps.reduce<unknown>((now, apply) => apply(now), tree);
}

function step(plain: unknown, exact: unknown, at: number): (tree: unknown) => unknown {
  if (!isElement(plain)) throw structure(`operation ${at} of the patch is no object`);
  const { op, path, from } = plain;
  const operation = typeof op === 'string' && Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op]! : undefined;
  if (!operation) throw structure(`operation ${at} of the patch: op is one of ${Object.keys(OPERATIONS).join(', ')}`);
  if (operation.needs.some((name) => !Object.hasOwn(plain, name)))
    throw structure(`operation ${at} of the patch needs ${operation.needs.join()}`);
  const places = { path: pointer(path, at), from: operation.needs.includes('from') ? pointer(from, at) : [] };
  const { value } = exact as { value?: unknown };
  return (tree) => operation.apply(tree, { at, ...places, value });
}

/** https://www.rfc-editor.org/rfc/rfc6901 */
function pointer(text: unknown, at: number): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')) || /~(?![01])/.test(text))
    throw structure(`operation ${at} of the patch: a place is written as a JSON Pointer`);
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Numbers are equal when their values are, however they are written (RFC 6902 §4.6). */
function test(tree: unknown, { at, path, value }: Operation): unknown {
  if (!isDeepStrictEqual(plainOf(present(tree, path, at)), plainOf(value))) throw rule(`operation ${at} of the patch: the test failed`);
  return tree;
}

function move(tree: unknown, operation: Operation): unknown {
  const { at, path, from } = operation;
  if (path.length > from.length && from.every((key, index) => key === path[index]))
    throw structure(`operation ${at} of the patch moves a value into itself`);
  const value = present(tree, from, at);
  return add(removed(tree, from, at), { ...operation, value });
}

/** Copies of copies would grow without end. */
function copy(tree: unknown, operation: Operation): unknown {
  const value = present(tree, operation.from, operation.at);
  if (isLarge(value)) throw rule(`operation ${operation.at} of the patch copies too much`);
  return add(tree, { ...operation, value });
}

const MOST_COPIED = 10_000;
/** So many letters of a text weigh as much as a value. */
const LETTERS = 8;

/** Whether there is more in it than a patch may copy at once, in values and in letters; it stops counting there. */
function isLarge(value: unknown): boolean {
  const left = [value];
  for (let seen = 1; left.length; seen++) {
    const one = left.pop();
    if (isContainer(one)) left.push(...Object.values(one).slice(0, MOST_COPIED));
    else if (typeof one === 'string') seen += one.length / LETTERS;
    if (seen > MOST_COPIED) return true;
  }
  return false;
}

function add(tree: unknown, { at, path, value }: Operation): unknown {
  const key = path.at(-1);
  if (key === undefined) return value;
  return editedAt(tree, containerOf(tree, path, at), (container) => {
    if (!Array.isArray(container)) return { ...(container as object), [key]: value };
    const index = key === '-' ? container.length : indexOf(key);
    if (index === undefined || index > container.length) throw nothingThere(at);
    return container.toSpliced(index, 0, value);
  });
}

function removed(tree: unknown, path: string[], at: number): unknown {
  present(tree, path, at);
  const key = path.at(-1);
  if (key === undefined) throw rule(`operation ${at} of the patch removes the whole resource`);
  return editedAt(tree, containerOf(tree, path, at), (container) => {
    if (Array.isArray(container)) return container.toSpliced(Number(key), 1);
    const { [key]: _removed, ...others } = container as Record<string, unknown>;
    return others;
  });
}

function containerOf(tree: unknown, path: string[], at: number): Key[] {
  const place = path.slice(0, -1);
  if (!isContainer(present(tree, place, at))) throw nothingThere(at);
  return place;
}

/** The value at a place that must be there; in a list only digits name one. */
function present(tree: unknown, path: string[], at: number): unknown {
  let value = tree;
  for (const key of path) {
    if (Array.isArray(value) && indexOf(key) === undefined) throw nothingThere(at);
    value = valueAt(value, [key]);
    if (value === undefined) throw nothingThere(at);
  }
  return value;
}

const indexOf = (key: string): number | undefined => (/^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : undefined);

const nothingThere = (at: number): Error => rule(`operation ${at} of the patch: the place it names is not there`);
