// FHIRPath Patch: a Parameters resource of operations on places that FHIRPath names. https://hl7.org/fhir/R4/fhirpatch.html

import { isElement } from '../element.ts';
import { elementOf } from '../elements.ts';
import { type Parsed, plainOf } from '../json.ts';
import { editedAt, type Key, valueAt } from '../json-tree.ts';
import { rule, structure } from '../outcome.ts';
import type { PathSyntax } from '../path/path-syntax.ts';
import type { Resource } from '../types.ts';
import { type Place, patchPath, placesOf } from './fhirpath-place.ts';
import { guarded, MOST_OPERATIONS, type Patch } from './patch.ts';
import { memberOf, withMember, withoutMember } from './patch-list.ts';

type Json = Record<string, unknown>;

/** One operation as it stands, and the resource it is about. */
interface Operation {
  at: number;
  parts: ReadonlyMap<string, Json>;
  resource: Resource;
}

const TYPES: Readonly<Record<string, (operation: Operation) => unknown>> = { add, insert, delete: remove, replace, move };

/** The patch of a Parameters resource; anything else, and one without operations, is refused (400). */
export function fhirPathPatch({ plain, exact }: Parsed): Patch {
  if (!isElement(plain) || plain.resourceType !== 'Parameters') throw structure('a FHIRPath Patch is a Parameters resource');
  const given = (exact as Json).parameter;
  if (!Array.isArray(given) || given.length === 0) throw structure('a FHIRPath Patch has at least one operation', 'Parameters.parameter');
  if (given.length > MOST_OPERATIONS) throw structure(`a FHIRPath Patch has at most ${MOST_OPERATIONS} operations`, 'Parameters.parameter');
  const operations = given.map((one: unknown, at) => read(one, at));
  return guarded((resource) =>
    operations.reduce<Resource>((now, { apply, parts }, at) => apply({ at, parts, resource: now }) as Resource, resource),
  );
}

function read(parameter: unknown, at: number): { apply: (operation: Operation) => unknown; parts: Map<string, Json> } {
  const where = `Parameters.parameter[${at}]`;
  if (!isElement(parameter) || parameter.name !== 'operation' || !Array.isArray(parameter.part))
    throw structure('an operation with parts is expected', where);
  if (!parameter.part.every(isElement)) throw structure('a part is an object', where);
  const parts = new Map((parameter.part as Json[]).map((part) => [String(part.name), part]));
  const type = parts.get('type')?.valueCode;
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) throw structure(`type is one of ${Object.keys(TYPES).join(', ')}`, where);
  if (typeof textOf(parts, 'path') !== 'string') throw structure('an operation has a path', where);
  return { apply: TYPES[type]!, parts };
}

const textOf = (parts: ReadonlyMap<string, Json>, name: string): unknown => parts.get(name)?.valueString;

const refused = ({ at }: Operation, why: string) => rule(`operation ${at} of the patch: ${why}`, `Parameters.parameter[${at}]`);

/** "The content will be appended to the element identified in the path, using the name specified." */
function add(operation: Operation): unknown {
  const { resource, parts } = operation;
  const owner = only(operation, pathOf(operation));
  const name = textOf(parts, 'name');
  if (typeof name !== 'string') throw structure('add has a name', `Parameters.parameter[${operation.at}]`);
  const { key, value, list } = givenValue(operation, owner.type, name);
  const old = valueAt(resource, [...owner.at, key]);
  if (list)
    return editedAt(resource, owner.at, (node) =>
      withMember(node as Json, key, { at: (old as unknown[] | undefined)?.length ?? 0, value }),
    );
  if (old !== undefined) throw refused(operation, 'what it adds is there already, and does not repeat');
  return editedAt(resource, owner.at, (node) => ({ ...(node as Json), [key]: value }));
}

function insert(operation: Operation): unknown {
  const { owner, key, items } = listOf(operation);
  const index = numberOf(operation, 'index');
  if (index > items.length) throw refused(operation, 'the index lies beyond the list');
  const { value } = givenValue(operation, owner.type, key);
  return editedAt(operation.resource, owner.at, (node) => withMember(node as Json, key, { at: index, value }));
}

/** Nothing there is nothing to do; more than one is refused. */
function remove(operation: Operation): unknown {
  const places = placesOf(operation.resource, pathOf(operation), rootOf(operation));
  if (places.length > 1) throw refused(operation, 'the path leads to more than one element');
  const [place] = places;
  if (!place) return operation.resource;
  if (!place.at.length) throw refused(operation, 'the resource itself cannot be deleted');
  return without(operation.resource, place.at);
}

function replace(operation: Operation): unknown {
  const place = only(operation, pathOf(operation));
  const { owner, key, index } = memberOf(place.at);
  const type = typeAt(operation, owner);
  const choice = type === undefined ? undefined : elementOf(type, key)?.choice;
  const made = givenValue(operation, type, choice?.replace('[x]', '') ?? key);
  if (index !== undefined) return editedAt(operation.resource, place.at, () => made.value);
  const bare = made.key === key ? operation.resource : without(operation.resource, place.at);
  return editedAt(bare, owner, (node) => ({ ...(node as Json), [made.key]: made.value }));
}

function move(operation: Operation): unknown {
  const { owner, key, items } = listOf(operation);
  const [from, to] = [numberOf(operation, 'source'), numberOf(operation, 'destination')];
  if (from >= items.length || to >= items.length) throw refused(operation, 'source or destination lies beyond the list');
  const beside = valueAt(operation.resource, [...owner.at, `_${key}`]);
  return editedAt(operation.resource, owner.at, (node) => ({
    ...(node as Json),
    [key]: moved(items, from, to),
    ...(Array.isArray(beside) && {
      [`_${key}`]: moved(
        items.map((_item, at) => beside[at] ?? null),
        from,
        to,
      ),
    }),
  }));
}

const moved = (items: unknown[], from: number, to: number): unknown[] => items.toSpliced(from, 1).toSpliced(to, 0, items[from]);

const rootOf = ({ resource }: Operation): Place => ({ at: [], type: resource.resourceType });

const pathOf = ({ parts, resource }: Operation): PathSyntax => patchPath(textOf(parts, 'path') as string, resource.resourceType);

function only(operation: Operation, path: PathSyntax): Place {
  const places = placesOf(operation.resource, path, rootOf(operation));
  if (places.length !== 1)
    throw refused(operation, places.length ? 'the path leads to more than one element' : 'the path leads to nothing');
  return places[0]!;
}

/** The list a path leads to: its last step as a whole. */
function listOf(operation: Operation): { owner: Place; key: string; items: unknown[] } {
  const path = pathOf(operation);
  const last = path.steps.at(-1);
  if (!last || last.where.length || last.index !== undefined) throw refused(operation, 'the path must lead to a list');
  const owner = only(operation, { ...path, steps: path.steps.slice(0, -1) });
  const items = valueAt(operation.resource, [...owner.at, last.name]) ?? [];
  if (!Array.isArray(items)) throw refused(operation, 'the path must lead to a list');
  return { owner, key: last.name, items };
}

function numberOf(operation: Operation, name: string): number {
  const value = plainOf(operation.parts.get(name)?.valueInteger);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw structure(`${name} is a whole number, 0 or more`, `Parameters.parameter[${operation.at}]`);
  return value;
}

const typeAt = ({ resource }: Operation, at: Key[]): string | undefined => {
  let type: string | undefined = resource.resourceType;
  for (const key of at) if (typeof key === 'string') type = type === undefined ? undefined : elementOf(type, key)?.types[0];
  return type;
};

interface Made {
  /** The element as it stands in JSON. */
  key: string;
  value: unknown;
  list: boolean;
}

function givenValue(operation: Operation, owner: string | undefined, name: string): Made {
  const part = operation.parts.get('value');
  if (!part) throw structure('the operation has a value', `Parameters.parameter[${operation.at}]`);
  return madeOf(part, owner, name);
}

/** The value of a part: one of its own type, or an element put together from parts. */
function madeOf(part: Json, owner: string | undefined, name: string): Made {
  const given = Object.keys(part).find((key) => /^value[A-Z]/.test(key));
  const chosen = owner !== undefined && elementOf(owner, `${name}[x]`) ? name + (given ?? '').slice('value'.length) : name;
  const facts = owner === undefined ? undefined : elementOf(owner, chosen);
  if (owner !== undefined && !facts) throw rule('there is no element of that name');
  const value = given === undefined ? assembled(part, facts?.types[0]) : part[given];
  return { key: chosen, value, list: facts?.list ?? false };
}

function assembled({ part }: Json, type: string | undefined): Json {
  if (!Array.isArray(part) || !part.every(isElement)) throw structure('a value has a type or parts');
  const made: Json = {};
  for (const one of part as Json[]) {
    const { key, value, list } = madeOf(one, type, String(one.name));
    const before = made[key];
    if (list && Array.isArray(before)) before.push(value);
    else made[key] = list ? [value] : value;
  }
  return made;
}

/** Without what stands there, and without what that leaves empty. */
function without(resource: unknown, at: Key[]): unknown {
  const { owner, key, index } = memberOf(at);
  const made = editedAt(resource, owner, (node) => withoutMember(node as Json, key, index));
  const left = valueAt(made, owner);
  return owner.length && Object.keys(left as object).length === 0 ? without(made, owner) : made;
}
