// JSON Patch over a resource whose numbers keep their digits. https://www.rfc-editor.org/rfc/rfc6902, https://hl7.org/fhir/R4/http.html#patch

import { isDeepStrictEqual } from 'node:util';
import { type ParsedJson, toPlainJson } from '../json.ts';
import { editValueAt, isContainer, type PathKey, readValueAt } from '../json-tree.ts';
import { isElement, readMember, toList, toObject } from '../json-values.ts';
import { businessRule, invalidStructure } from '../outcome.ts';
import type { Resource } from '../types.ts';
import { buildPatch, MAX_PATCH_OPERATIONS, type Patch } from './patch.ts';

interface Operation {
  /** The index in the patch, from 0, for error texts. */
  index: number;
  path: string[];
  from: string[];
  value: unknown;
}

const OPERATIONS: Readonly<Record<string, { needs: ('value' | 'from')[]; apply(tree: unknown, operation: Operation): unknown }>> = {
  add: { needs: ['value'], apply: applyAdd },
  remove: { needs: [], apply: (tree, { index, path }) => removeAt(tree, path, index) },
  replace: {
    needs: ['value'],
    apply: (tree, { index, path, value }) => {
      readExistingValue(tree, path, index);
      return editValueAt(tree, path, () => value);
    },
  },
  move: { needs: ['from'], apply: applyMove },
  copy: { needs: ['from'], apply: applyCopy },
  test: { needs: ['value'], apply: applyTest },
};

/** Parses a list of operations. Any other body, and an empty list, is refused (400). The assertion: the patched resource is validated before it is stored. */
export function parseJsonPatch(body: ParsedJson): Patch {
  const edit = parseJsonPatchOperations(body);
  return buildPatch((resource) => edit(resource) as Resource, hasTestOperation(body));
}

/** Whether the patch has a `test` operation. */
export const hasTestOperation = ({ plain }: ParsedJson): boolean =>
  Array.isArray(plain) && plain.some((operation: { op?: unknown } | null) => operation?.op === 'test');

/** The same for any JSON. Returns a function that applies the operations to a value. */
export function parseJsonPatchOperations({ plain, exact }: ParsedJson): (tree: unknown) => unknown {
  if (!Array.isArray(plain)) throw invalidStructure('a JSON Patch is a list of operations (RFC 6902)');
  if (plain.length > MAX_PATCH_OPERATIONS) throw invalidStructure(`a JSON Patch has at most ${MAX_PATCH_OPERATIONS} operations`);
  const steps = plain.map((operation: unknown, at) => parseOperation(operation, toList(exact)[at], at));
  return (tree) => steps.reduce<unknown>((now, apply) => apply(now), tree);
}

function parseOperation(plain: unknown, exact: unknown, at: number): (tree: unknown) => unknown {
  if (!isElement(plain)) throw invalidStructure(`operation ${at} of the patch is not an object`);
  const { op, path, from } = plain;
  const operation = typeof op === 'string' && Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op]! : undefined;
  if (!operation) throw invalidStructure(`operation ${at} of the patch: op is one of ${Object.keys(OPERATIONS).join(', ')}`);
  if (operation.needs.some((name) => !Object.hasOwn(plain, name)))
    throw invalidStructure(`operation ${at} of the patch needs ${operation.needs.join()}`);
  const places = { path: parseJsonPointer(path, at), from: operation.needs.includes('from') ? parseJsonPointer(from, at) : [] };
  const value = readMember(exact, 'value');
  return (tree) => operation.apply(tree, { index: at, ...places, value });
}

/** https://www.rfc-editor.org/rfc/rfc6901 */
function parseJsonPointer(text: unknown, at: number): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')) || /~(?![01])/.test(text))
    throw invalidStructure(`operation ${at} of the patch: its location must be a JSON Pointer`);
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Numbers are equal if their values are, regardless of their spelling (RFC 6902 §4.6). */
function applyTest(tree: unknown, { index, path, value }: Operation): unknown {
  if (!isDeepStrictEqual(toPlainJson(readExistingValue(tree, path, index)), toPlainJson(value)))
    throw businessRule(`operation ${index} of the patch: the test failed`);
  return tree;
}

function applyMove(tree: unknown, operation: Operation): unknown {
  const { index, path, from } = operation;
  if (path.length > from.length && from.every((key, index) => key === path[index]))
    throw invalidStructure(`operation ${index} of the patch moves a value into itself`);
  const value = readExistingValue(tree, from, index);
  return applyAdd(removeAt(tree, from, index), { ...operation, value });
}

/** The copied value has a size limit, because copies of copies grow exponentially. */
function applyCopy(tree: unknown, operation: Operation): unknown {
  const value = readExistingValue(tree, operation.from, operation.index);
  if (isTooLargeToCopy(value)) throw businessRule(`operation ${operation.index} of the patch copies too much`);
  return applyAdd(tree, { ...operation, value });
}

const MAX_COPIED_VALUES = 10_000;
/** The length of text that counts as one value. */
const LETTERS_PER_VALUE = 8;

/** Whether a value is larger than a patch may copy at once. Counting stops at the limit. */
function isTooLargeToCopy(value: unknown): boolean {
  const left = [value];
  for (let seen = 1; left.length; seen++) {
    const current = left.pop();
    if (isContainer(current)) left.push(...Object.values(current).slice(0, MAX_COPIED_VALUES));
    else if (typeof current === 'string') seen += current.length / LETTERS_PER_VALUE;
    if (seen > MAX_COPIED_VALUES) return true;
  }
  return false;
}

function applyAdd(tree: unknown, { index, path, value }: Operation): unknown {
  const key = path.at(-1);
  if (key === undefined) return value;
  return editValueAt(tree, findContainerPath(tree, path, index), (container) => {
    if (!Array.isArray(container)) return { ...toObject(container), [key]: value };
    const position = key === '-' ? container.length : parseArrayIndex(key);
    if (position === undefined || position > container.length) throw buildMissingValueError(index);
    return container.toSpliced(position, 0, value);
  });
}

function removeAt(tree: unknown, path: string[], at: number): unknown {
  readExistingValue(tree, path, at);
  const key = path.at(-1);
  if (key === undefined) throw businessRule(`operation ${at} of the patch removes the whole resource`);
  return editValueAt(tree, findContainerPath(tree, path, at), (container) => {
    if (Array.isArray(container)) return container.toSpliced(Number(key), 1);
    const { [key]: _removed, ...others } = toObject(container) ?? {};
    return others;
  });
}

function findContainerPath(tree: unknown, path: string[], at: number): PathKey[] {
  const place = path.slice(0, -1);
  if (!isContainer(readExistingValue(tree, place, at))) throw buildMissingValueError(at);
  return place;
}

/** The value at a path that must exist. In a list, only digits are an index. */
function readExistingValue(tree: unknown, path: string[], at: number): unknown {
  let value = tree;
  for (const key of path) {
    if (Array.isArray(value) && parseArrayIndex(key) === undefined) throw buildMissingValueError(at);
    value = readValueAt(value, [key]);
    if (value === undefined) throw buildMissingValueError(at);
  }
  return value;
}

const parseArrayIndex = (key: string): number | undefined => (/^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : undefined);

const buildMissingValueError = (at: number): Error => businessRule(`operation ${at} of the patch: its location does not exist`);
