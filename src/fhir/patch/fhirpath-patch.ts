// FHIRPath Patch: a Parameters resource of operations on places that FHIRPath names. https://hl7.org/fhir/R4/fhirpatch.html

import { isElement } from '../element.ts';
import { type Parsed, plainOf } from '../json.ts';
import { rule, structure } from '../outcome.ts';
import type { PathSyntax } from '../path/path-syntax.ts';
import type { Resource } from '../types.ts';
import { comparesValues, type Look, type Place, patchPath, placesIn, placesOf } from './fhirpath-place.ts';
import { type Given, givenIn } from './fhirpath-value.ts';
import {
  contentOf,
  factsOf,
  formsOf,
  isNode,
  isThere,
  lengthOf,
  type Member,
  membersOf,
  type Node,
  withContent,
  withMembers,
} from './member.ts';
import { guarded, MOST_OPERATIONS, type Patch } from './patch.ts';

/** One operation as it stands, and the resource it is about. */
interface Operation {
  at: number;
  parts: ReadonlyMap<string, Node>;
  resource: Resource;
  /** What all operations look at together has an end. */
  look: Look;
}

const TYPES: Readonly<Record<string, (operation: Operation) => Resource>> = { add, insert, delete: remove, replace, move };

/** So many members and conditions a patch may look at, which takes 0.1 to 0.4 s. docs/decisions/0012-http-requests-and-limits.md */
const MOST_LOOKED_AT = 1_000_000;
const TOO_MUCH =
  `the patch looks at more than ${MOST_LOOKED_AT.toLocaleString('en')} members and conditions; ` +
  'send several patches, or a JSON Patch, which names places without looking for them';
/** To copy one property takes as long as to look at so many members. */
const PROPERTY = 4;

/** The patch of a Parameters resource; anything else, and one without operations, is refused (400). */
export function fhirPathPatch({ plain, exact }: Parsed): Patch {
  if (!isElement(plain) || plain.resourceType !== 'Parameters') throw structure('a FHIRPath Patch is a Parameters resource');
  const given = (exact as Node).parameter;
  if (!Array.isArray(given) || given.length === 0) throw structure('a FHIRPath Patch has at least one operation', 'Parameters.parameter');
  if (given.length > MOST_OPERATIONS) throw structure(`a FHIRPath Patch has at most ${MOST_OPERATIONS} operations`, 'Parameters.parameter');
  const operations = given.map((one: unknown, at) => read(one, at));
  return guarded(
    (resource) => {
      let looked = 0;
      return operations.reduce<Resource>((now, { apply, parts }, at) => {
        const look = (members: number): void => {
          looked += members;
          if (looked > MOST_LOOKED_AT) throw refused({ at }, TOO_MUCH);
        };
        return apply({ at, parts, resource: now, look });
      }, resource);
    },
    operations.some(({ parts }) => comparesValues(textOf(parts, 'path') as string)),
  );
}

function read(parameter: unknown, at: number): { apply: (operation: Operation) => Resource; parts: Map<string, Node> } {
  const where = `Parameters.parameter[${at}]`;
  if (!isElement(parameter) || parameter.name !== 'operation' || !Array.isArray(parameter.part))
    throw structure('an operation with parts is expected', where);
  if (!parameter.part.every(isElement)) throw structure('a part is an object', where);
  const parts = new Map((parameter.part as Node[]).map((part) => [String(part.name), part]));
  const type = parts.get('type')?.valueCode;
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) throw structure(`type is one of ${Object.keys(TYPES).join(', ')}`, where);
  if (typeof textOf(parts, 'path') !== 'string') throw structure('an operation has a path', where);
  return { apply: TYPES[type]!, parts };
}

const textOf = (parts: ReadonlyMap<string, Node>, name: string): unknown => parts.get(name)?.valueString;

const refused = ({ at }: Pick<Operation, 'at'>, why: string) => rule(`operation ${at} of the patch: ${why}`, `Parameters.parameter[${at}]`);

/** "The content will be appended to the element identified in the path, using the name specified." */
function add(operation: Operation): Resource {
  const owner = only(operation, pathOf(operation));
  const name = textOf(operation.parts, 'name');
  if (typeof name !== 'string') throw structure('add has a name', `Parameters.parameter[${operation.at}]`);
  const given = givenValue(operation, owner, name);
  if (!given.list && placesIn(owner, { name: elementName(owner, given.key) }, operation.look).length)
    throw refused(operation, 'what it adds is there already, and does not repeat');
  return changed(operation, owner, { [given.key]: (members) => [...members, given] });
}

function insert(operation: Operation): Resource {
  const { owner, key, length } = listOf(operation);
  const index = numberOf(operation, 'index');
  if (index > length) throw refused(operation, 'the index lies beyond the list');
  const given = givenValue(operation, owner, key);
  return changed(operation, owner, { [key]: (members) => members.toSpliced(index, 0, given) });
}

/** Nothing there is nothing to do; more than one is refused. */
function remove(operation: Operation): Resource {
  const places = placesOf(pathOf(operation), rootOf(operation), operation.look);
  if (places.length > 1) throw refused(operation, 'the path leads to more than one element');
  const [place] = places;
  if (!place) return operation.resource;
  if (!place.within) throw refused(operation, 'the resource itself cannot be deleted');
  const { owner, key, index } = place.within;
  return changed(operation, owner, { [key]: (members) => members.toSpliced(index, 1) });
}

/** The content is replaced, also what stands beside a value, and the type of a choice. */
function replace(operation: Operation): Resource {
  const { within } = only(operation, pathOf(operation));
  if (!within) throw refused(operation, 'the resource itself cannot be replaced');
  const { owner, key, index } = within;
  const given = givenValue(operation, owner, elementName(owner, key));
  return changed(operation, owner, { [key]: () => [], [given.key]: (members) => members.toSpliced(index, 1, given) });
}

function move(operation: Operation): Resource {
  const { owner, key, length } = listOf(operation);
  const [from, to] = [numberOf(operation, 'source'), numberOf(operation, 'destination')];
  if (from >= length || to >= length) throw refused(operation, 'source or destination lies beyond the list');
  return changed(operation, owner, { [key]: (members) => members.toSpliced(from, 1).toSpliced(to, 0, members[from]!) });
}

const rootOf = ({ resource }: Operation): Place => ({ value: resource, beside: undefined, type: resource.resourceType });

const pathOf = ({ parts, resource }: Operation): PathSyntax => patchPath(textOf(parts, 'path') as string, resource.resourceType);

function only(operation: Operation, path: PathSyntax): Place {
  const places = placesOf(path, rootOf(operation), operation.look);
  if (places.length !== 1)
    throw refused(operation, places.length ? 'the path leads to more than one element' : 'the path leads to nothing');
  return places[0]!;
}

/** The list a path leads to: its last step as a whole. */
function listOf(operation: Operation): { owner: Place; key: string; length: number } {
  const path = pathOf(operation);
  const last = path.steps.at(-1);
  if (!last || last.where.length || last.index !== undefined) throw refused(operation, 'the path must lead to a list');
  const owner = only(operation, { ...path, steps: path.steps.slice(0, -1) });
  const facts = factsOf(owner.type, last.name) ?? factsOf(owner.type, `${last.name}[x]`);
  if (facts?.list === false) throw refused(operation, 'the path must lead to a list');
  const node = contentOf(owner.type, owner);
  return { owner, key: last.name, length: isNode(node) ? lengthOf(node, last.name) : 0 };
}

function numberOf(operation: Operation, name: string): number {
  const value = plainOf(operation.parts.get(name)?.valueInteger);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw structure(`${name} is a whole number, 0 or more`, `Parameters.parameter[${operation.at}]`);
  return value;
}

/** The name of an element in paths: a choice stands in JSON with its type behind it. */
const elementName = ({ type }: Place, key: string): string => factsOf(type, key)?.choice?.replace('[x]', '') ?? key;

function givenValue(operation: Operation, { type }: Place, name: string): Given {
  const part = operation.parts.get('value');
  if (!part) throw structure('the operation has a value', `Parameters.parameter[${operation.at}]`);
  return givenIn(part, type, name);
}

/** What becomes of what stands in an element, by its names there. */
type Changes = Readonly<Record<string, (members: Member[]) => Member[]>>;

/** The resource with an element changed; where that leaves nothing of it, it is no element of its own any more. */
function changed(operation: Operation, place: Place, changes: Changes): Resource {
  const node = contentOf(place.type, place);
  if (!isNode(node)) throw refused(operation, 'the path leads to nothing that has elements');
  const made = Object.entries(changes).reduce((left, [key, change]) => {
    const forms = formsOf(left, key);
    operation.look(lengthOf(left, key) + PROPERTY * Object.keys(left).length);
    const list = factsOf(place.type, key)?.list ?? forms[0] ?? false;
    if (forms.some((form) => form !== list))
      throw refused(operation, `what stands there ${list ? 'is no list' : 'does not repeat, and is a list'}`);
    return withMembers(left, key, { members: change(membersOf(left, key)), list });
  }, node);
  if (!place.within) return made as Resource;
  const { owner, key, index } = place.within;
  const left = withContent(place.type, place, Object.keys(made).length ? made : undefined);
  return changed(operation, owner, { [key]: (members) => members.toSpliced(index, 1, ...[left].filter(isThere)) });
}
