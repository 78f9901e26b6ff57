// FHIRPath Patch: a Parameters resource of operations on elements that FHIRPath selects. https://hl7.org/fhir/R4/fhirpatch.html

import { type ParsedJson, toPlainJson } from '../json.ts';
import { businessRule, invalidStructure } from '../outcome.ts';
import { isParameters, listParameters, listParts, type Parameter } from '../parameters.ts';
import type { Resource } from '../types.ts';
import type { PathSyntax } from '../writable-path/path-syntax.ts';
import { type CountWork, comparesValues, findChildLocations, findLocations, type Location, parsePatchPath } from './fhirpath-location.ts';
import { type ElementValue, parseElementValue } from './fhirpath-value.ts';
import {
  countMembers,
  type ElementNode,
  findElementInfo,
  hasMember,
  isElementNode,
  type Member,
  readContent,
  readListForms,
  readMembers,
  replaceContent,
  replaceMembers,
} from './member.ts';
import { buildPatch, MAX_PATCH_OPERATIONS, type Patch } from './patch.ts';

/** One operation, and the resource that it changes. */
interface Operation {
  index: number;
  parts: ReadonlyMap<string, ElementNode>;
  resource: Resource;
  /** Counts the work of all operations together, and fails at the limit. */
  countWork: CountWork;
}

const OPERATION_TYPES: Readonly<Record<string, (operation: Operation) => Resource>> = {
  add: applyAdd,
  insert: applyInsert,
  delete: applyDelete,
  replace: applyReplace,
  move: applyMove,
};

/** The most members and conditions that a patch may visit, which takes 0.1 to 0.4 s. docs/decisions/0012-http-requests-and-limits.md */
const MAX_PATCH_WORK = 1_000_000;
const TOO_MUCH_WORK =
  `the patch looks at more than ${MAX_PATCH_WORK.toLocaleString('en')} members and conditions; ` +
  'send several patches, or a JSON Patch, which names places without looking for them';
/** The cost of copying one property, in visited members. */
const PROPERTY_COST = 4;

/** Parses the patch in a Parameters resource. Any other value, and a patch without operations, is refused (400). */
export function parseFhirPathPatch(body: ParsedJson): Patch {
  if (!isParameters(body.plain)) throw invalidStructure('a FHIRPath Patch is a Parameters resource');
  const given = listParameters(body);
  if (given.length === 0) throw invalidStructure('a FHIRPath Patch has at least one operation', 'Parameters.parameter');
  if (given.length > MAX_PATCH_OPERATIONS)
    throw invalidStructure(`a FHIRPath Patch has at most ${MAX_PATCH_OPERATIONS} operations`, 'Parameters.parameter');
  const operations = given.map(parseOperation);
  return buildPatch(
    (resource) => {
      let work = 0;
      return operations.reduce<Resource>((now, { apply, parts }, index) => {
        const countWork = (members: number): void => {
          work += members;
          if (work > MAX_PATCH_WORK) throw buildOperationError({ index }, TOO_MUCH_WORK);
        };
        return apply({ index, parts, resource: now, countWork });
      }, resource);
    },
    operations.some(({ parts }) => comparesValues(String(readTextPart(parts, 'path')))),
  );
}

function parseOperation(parameter: Parameter): { apply: (operation: Operation) => Resource; parts: Map<string, ElementNode> } {
  const { name, plain, where } = parameter;
  if (name !== 'operation' || !Array.isArray(plain.part)) throw invalidStructure('an operation with parts is expected', where);
  const parts = new Map<string, ElementNode>();
  for (const { name: part, exact, where: place } of listParts(parameter)) {
    if (parts.has(part)) throw invalidStructure(`${part} may occur only once`, place);
    // the assertion: the value with JavaScript numbers is an object
    parts.set(part, exact as ElementNode);
  }
  const type = parts.get('type')?.valueCode;
  if (typeof type !== 'string' || !Object.hasOwn(OPERATION_TYPES, type))
    throw invalidStructure(`type is one of ${Object.keys(OPERATION_TYPES).join(', ')}`, where);
  if (typeof readTextPart(parts, 'path') !== 'string') throw invalidStructure('an operation has a path', where);
  return { apply: OPERATION_TYPES[type]!, parts };
}

const readTextPart = (parts: ReadonlyMap<string, ElementNode>, name: string): unknown => parts.get(name)?.valueString;

const buildOperationError = ({ index }: Pick<Operation, 'index'>, why: string) =>
  businessRule(`operation ${index} of the patch: ${why}`, `Parameters.parameter[${index}]`);

/** "The content will be appended to the element identified in the path, using the name specified." */
function applyAdd(operation: Operation): Resource {
  const owner = findOnlyLocation(operation, parseOperationPath(operation));
  const name = readTextPart(operation.parts, 'name');
  if (typeof name !== 'string') throw invalidStructure('add needs a name', `Parameters.parameter[${operation.index}]`);
  const given = readValuePart(operation, owner, name);
  if (!given.list && findChildLocations(owner, { name: toElementName(owner, given.key) }, operation.countWork).length)
    throw buildOperationError(operation, 'the element exists already, and it does not repeat');
  return changeMembers(operation, owner, { [given.key]: (members) => [...members, given] });
}

function applyInsert(operation: Operation): Resource {
  const { owner, key, length } = findList(operation);
  const index = readNumberPart(operation, 'index');
  if (index > length) throw buildOperationError(operation, 'the index is beyond the end of the list');
  const given = readValuePart(operation, owner, key);
  return changeMembers(operation, owner, { [key]: (members) => members.toSpliced(index, 0, given) });
}

/** Deletes the element, if it exists. A path with more than one element is refused. */
function applyDelete(operation: Operation): Resource {
  const locations = findLocations(parseOperationPath(operation), toRootLocation(operation), operation.countWork);
  if (locations.length > 1) throw buildOperationError(operation, 'the path leads to more than one element');
  const [location] = locations;
  if (!location) return operation.resource;
  if (!location.position) throw buildOperationError(operation, 'the resource itself cannot be deleted');
  const { owner, key, index } = location.position;
  return changeMembers(operation, owner, { [key]: (members) => members.toSpliced(index, 1) });
}

/** Replaces an element: its value, its id and extensions, and the type of a choice. */
function applyReplace(operation: Operation): Resource {
  const { position } = findOnlyLocation(operation, parseOperationPath(operation));
  if (!position) throw buildOperationError(operation, 'the resource itself cannot be replaced');
  const { owner, key, index } = position;
  const given = readValuePart(operation, owner, toElementName(owner, key));
  return changeMembers(operation, owner, { [key]: () => [], [given.key]: (members) => members.toSpliced(index, 1, given) });
}

function applyMove(operation: Operation): Resource {
  const { owner, key, length } = findList(operation);
  const [from, to] = [readNumberPart(operation, 'source'), readNumberPart(operation, 'destination')];
  if (from >= length || to >= length) throw buildOperationError(operation, 'source or destination is beyond the end of the list');
  return changeMembers(operation, owner, { [key]: (members) => members.toSpliced(from, 1).toSpliced(to, 0, members[from]!) });
}

const toRootLocation = ({ resource }: Operation): Location => ({ value: resource, sibling: undefined, type: resource.resourceType });

const parseOperationPath = ({ parts, resource }: Operation): PathSyntax =>
  parsePatchPath(String(readTextPart(parts, 'path')), resource.resourceType);

function findOnlyLocation(operation: Operation, path: PathSyntax): Location {
  const locations = findLocations(path, toRootLocation(operation), operation.countWork);
  if (locations.length !== 1)
    throw buildOperationError(operation, locations.length ? 'the path leads to more than one element' : 'the path leads to nothing');
  return locations[0]!;
}

/** The list at a path. Its last step must not select a member. */
function findList(operation: Operation): { owner: Location; key: string; length: number } {
  const path = parseOperationPath(operation);
  const last = path.steps.at(-1);
  if (!last || last.where.length || last.index !== undefined) throw buildOperationError(operation, 'the path must lead to a list');
  const owner = findOnlyLocation(operation, { ...path, steps: path.steps.slice(0, -1) });
  const facts = findElementInfo(owner.type, last.name) ?? findElementInfo(owner.type, `${last.name}[x]`);
  if (facts?.list === false) throw buildOperationError(operation, 'the path must lead to a list');
  const node = readContent(owner.type, owner);
  return { owner, key: last.name, length: isElementNode(node) ? countMembers(node, last.name) : 0 };
}

function readNumberPart(operation: Operation, name: string): number {
  const value = toPlainJson(operation.parts.get(name)?.valueInteger);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalidStructure(`${name} is a whole number, 0 or more`, `Parameters.parameter[${operation.index}]`);
  return value;
}

/** The name of an element in paths, where a choice has no type suffix. */
const toElementName = ({ type }: Location, key: string): string => findElementInfo(type, key)?.choice?.replace('[x]', '') ?? key;

function readValuePart(operation: Operation, { type }: Location, name: string): ElementValue {
  const part = operation.parts.get('value');
  if (!part) throw invalidStructure('the operation has a value', `Parameters.parameter[${operation.index}]`);
  return parseElementValue(part, type, name);
}

/** JSON name → the change of its members. */
type MemberChanges = Readonly<Record<string, (members: Member[]) => Member[]>>;

/** The resource with the members of an element changed. An element that becomes empty is removed. */
function changeMembers(operation: Operation, location: Location, changes: MemberChanges): Resource {
  const node = readContent(location.type, location);
  if (!isElementNode(node)) throw buildOperationError(operation, 'the path leads to nothing that has elements');
  const made = Object.entries(changes).reduce((left, [key, change]) => {
    const forms = readListForms(left, key);
    operation.countWork(countMembers(left, key) + PROPERTY_COST * Object.keys(left).length);
    const list = findElementInfo(location.type, key)?.list ?? forms[0] ?? false;
    if (forms.some((form) => form !== list))
      throw buildOperationError(
        operation,
        `in the resource, the element ${key} ${list ? 'repeats but is not a list' : 'is a list but does not repeat'}`,
      );
    return replaceMembers(left, key, { members: change(readMembers(left, key)), list });
  }, node);
  // the assertion: a place without `within` is the resource itself
  if (!location.position) return made as Resource;
  const { owner, key, index } = location.position;
  const left = replaceContent(location.type, location, Object.keys(made).length ? made : undefined);
  return changeMembers(operation, owner, { [key]: (members) => members.toSpliced(index, 1, ...[left].filter(hasMember)) });
}
