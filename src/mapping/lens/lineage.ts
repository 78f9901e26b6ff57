// Which elements of a resource each field of its view is read from. The fields are read as always, from a resource that records who looks at what (recording.ts), so
// there is no second description of a mapping that could differ from the lens.
import { isDeepStrictEqual } from 'node:util';
import { editValueAt, isContainer, readValueAt } from '../../fhir/json-tree.ts';
import { isObject, readMember } from '../../fhir/json-values.ts';
import { isResource, type Resource } from '../../fhir/types.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { ElementPlace, Env, TracedField } from '../shape.ts';
import { isForwardJoin, type JoinSpec, toJoinedType } from '../spec.ts';
import { type Field, listLeaves } from './field.ts';
import { type LensParts, readState } from './lens-read.ts';
import type { PathTree } from './path-tree.ts';
import { addPlace, followStep, type Located, type Places, readLocated, record } from './recording.ts';

/** The lineage of one field. */
export interface FieldLineage extends Omit<TracedField, 'declaredAt'> {
  field: Field;
}

/** Where a field is read: the resource or an element of a list, and the paths that begin there. */
interface Scope {
  parts: LensParts;
  root: Resource;
  node: Located;
  tree: PathTree;
  env: Env;
  /** The path of the list whose member is read. */
  above?: string;
}

/** The lineage of all fields of a view, with those that the view omits. `env`: as for the view. */
export function traceView(parts: LensParts, root: Resource, env: Env): FieldLineage[] {
  const bound = readState(parts, root, { env }).env;
  const scope: Scope = { parts, root, node: toRoot(root), tree: parts.tree, env: bound };
  const traced = parts.fields.filter(({ spec }) => !spec.writeOnly).flatMap((field) => traceField(scope, field, field.name));
  return traced.map(({ elements, conditions, ...rest }) => ({
    ...rest,
    ...toStored({ elements, conditions }, scope),
  }));
}

function traceField(scope: Scope, field: Field, name: string): FieldLineage[] {
  if (field.fields) return field.fields.flatMap((inner) => traceField(scope, inner, `${name}.${inner.name}`));
  const { shown, conditions } = readRecorded(scope, field);
  if (field.members) return traceMembers(scope, { list: field, name, shown, conditions: [...conditions.values()] });
  return [{ ...describeField(scope, field, name), elements: shown.flatMap(({ places }) => places), conditions: [...conditions.values()] }];
}

function describeField({ above }: Scope, field: Field, name: string): Pick<FieldLineage, 'name' | 'field' | 'paths'> {
  const texts = new Set([...field.paths, ...field.writtenPaths].map(({ text }) => text));
  return { name, field, paths: [...texts].map((text) => (above === undefined ? text : `${above}.${text}`)) };
}

/** The fields of each member, and the list itself with what decides about its members. */
function traceMembers(
  scope: Scope,
  { list, name, shown, conditions }: { list: Field; name: string; shown: ShownElement[]; conditions: ElementPlace[] },
): FieldLineage[] {
  const members = shown.flatMap(({ node, places }, at) =>
    list
      .members!.flatMap((member) =>
        traceField({ ...scope, node, tree: list.memberPaths!, above: findListPath(scope, list) }, member, `${name}[${at}].${member.name}`),
      )
      .map((field) => ({
        ...field,
        conditions: [...field.conditions, ...conditions.filter((place) => isInside(place, node.place)), ...findMembership(list, places)],
      })),
  );
  const seen = shown.flatMap(({ places }) => places);
  return [{ ...describeField(scope, list, name), elements: [], conditions: [...conditions, ...seen] }, ...members];
}

const findListPath = ({ above }: Scope, { paths: [main] }: Field): string => (above === undefined ? main!.text : `${above}.${main!.text}`);

/** What decides whether an element is a member of the list. */
const findMembership = ({ spec, members = [] }: Field, places: ElementPlace[]): ElementPlace[] =>
  spec.memberHas === undefined && members.flatMap(listLeaves).length > 1 ? [] : places;

const isInside = (place: ElementPlace, outer: ElementPlace): boolean =>
  place.owner === outer.owner && outer.keys.every((key, at) => place.keys[at] === key);

/** An element that a field shows, with the places of what it shows of it. */
interface ShownElement {
  node: Located;
  places: ElementPlace[];
}

/** An element of a slot that a field looks at. */
interface SeenElement {
  slot: number;
  index: number;
  node: Located;
  places: Places;
}

function readRecorded(scope: Scope, field: Field): { shown: ShownElement[]; conditions: Places } {
  const conditions: Places = new Map();
  const seen = new Map<string, SeenElement>();
  const env = recordEnv(scope, conditions);
  const slots = buildLazySlots((slot) => {
    const nodes = locateValues(scope, scope.tree.pathAt(slot), { env, conditions });
    return recordElements(nodes, (index) => {
      const key = `${slot} ${index}`;
      const element = seen.get(key) ?? { slot, index, node: nodes[index]!, places: new Map() };
      seen.set(key, element);
      return element;
    });
  });
  field.read({ slots, env });
  const shown: ShownElement[] = [];
  for (const element of seen.values()) {
    const { node, places } = element;
    const all = places.size ? [...places.values()] : [node.place];
    const own = findShownPlaces(scope, field, { ...element, all });
    if (own.length) shown.push({ node, places: own });
    for (const place of all) if (!own.includes(place)) addPlace(conditions, place);
  }
  return { shown, conditions };
}

/**
 * The places in an element that a field shows: it would show something else with another value there. What it looks at besides only decides. Where the same value is
 * stored twice, the first one is shown, although the second would take its place.
 */
function findShownPlaces(scope: Scope, field: Field, { slot, index, node, all }: SeenElement & { all: ElementPlace[] }): ElementPlace[] {
  const { env } = scope;
  const valuesAt = (at: number): unknown[] => scope.tree.pathAt(at).get(scope.node.value, env);
  const readWith = (find: (at: number) => unknown[]): unknown => field.read({ slots: buildLazySlots(find), env });
  const [whole, now] = [valuesAt(slot), readWith(valuesAt)];
  const differs = (values: unknown[]): boolean =>
    !isDeepStrictEqual(
      now,
      readWith((at) => (at === slot ? values : valuesAt(at))),
    );
  const isShown = ({ keys }: ElementPlace): boolean => {
    const inside = keys.slice(node.place.keys.length);
    const put = (other: unknown): unknown[] =>
      inside.length || other !== undefined
        ? whole.with(
            index,
            editValueAt(whole[index], inside, () => other),
          )
        : whole.toSpliced(index, 1);
    return differs(put(undefined)) || differs(put(toOtherValue(readValueAt(whole[index], inside))));
  };
  const shown = all.filter(isShown);
  if (shown.length || weighsElements(field)) return shown;
  return readWith((at) => (at === slot ? [whole[index]] : [])) === undefined ? [] : all;
}

const toOtherValue = (value: unknown): unknown => (typeof value === 'boolean' ? !value : `${value}x`);

/** Whether a field compares several elements with each other (a name with its parts): one of them may be without effect. */
const weighsElements = ({ spec }: Field): boolean =>
  [spec.derived, spec.own, spec.declined, spec.synonyms, spec.otherwise].some((rule) => rule !== undefined);

/** Slots whose values are found when they are read. */
function buildLazySlots(find: (slot: number) => unknown[]): unknown[][] {
  const found = new Map<string, unknown[]>();
  return new Proxy([], {
    get(target, key, receiver) {
      if (typeof key !== 'string' || !/^\d+$/.test(key)) return Reflect.get(target, key, receiver);
      const values = found.get(key) ?? find(Number(key));
      found.set(key, values);
      return values;
    },
  });
}

/** The values of a slot. `see` is called when one is looked at, and returns where to note what is read of it. */
const recordElements = (nodes: readonly Located[], see: (index: number) => SeenElement): unknown[] =>
  new Proxy(
    nodes.map(({ value }) => value),
    {
      get(target, key, receiver) {
        const isElement = typeof key === 'string' && /^\d+$/.test(key) && Object.hasOwn(target, key);
        return isElement ? record(nodes[Number(key)]!, see(Number(key)).places) : Reflect.get(target, key, receiver);
      },
    },
  );

interface PathReading {
  env: Env;
  conditions: Places;
}

/** The values of a path with their places. For a path that ends in exists(), one value with the place of the first element. */
function locateValues({ node }: Scope, path: WritablePath, reading: PathReading): Located[] {
  const { env, conditions } = reading;
  const starts = path.variable === undefined ? [node] : path.start(undefined, env).map(toLocated);
  const found = path.steps.reduce((nodes, step) => followStep(step, nodes, { env, conditions }), starts);
  if (!path.exists) return found;
  return [{ value: found.length > 0, place: found[0]?.place ?? node.place }];
}

/** A value of a variable. A text (a query parameter) has no place. */
const toLocated = (value: unknown): Located => readLocated(value) ?? { value, place: { owner: '', keys: [] } };

/** The variables: joined resources are recorded with the references that join them, and elements that `let:` chooses are chosen by a recorded reading. */
function recordEnv(scope: Scope, conditions: Places): Env {
  const { parts, root, env } = scope;
  const recorded: Env = { ...env };
  const define = (name: string, get: () => unknown): void => void Object.defineProperty(recorded, name, { enumerable: true, get });
  for (const [name, spec] of Object.entries(parts.mapping.with ?? {})) {
    const joined = listResources(env[name]).map(
      (resource): Located => ({ value: resource, place: { owner: toReference(resource), keys: [] } }),
    );
    define(name, () => {
      for (const place of findJoinPlaces({ ...scope, node: toRoot(root), env: recorded }, spec, joined)) addPlace(conditions, place);
      return joined.map((resource) => record(resource, conditions));
    });
  }
  for (const { name, first } of parts.names.boundElements) define(name, () => first(record(toRoot(root), conditions), recorded));
  return recorded;
}

/** The references that join resources: those of the resource, or those of the joined ones to it. */
function findJoinPlaces(scope: Scope, spec: JoinSpec, joined: Located[]): ElementPlace[] {
  const { names } = scope.parts;
  const reading = { env: scope.env, conditions: new Map() };
  const found = isForwardJoin(spec)
    ? [spec.to].flat().flatMap((text) => locateValues(scope, names.compile(text), reading))
    : joined.flatMap((node) => locateValues({ ...scope, node }, names.compile(spec.owner, toJoinedType(spec)), reading));
  return found.map(({ place }) => place);
}

const listResources = (value: unknown): Resource[] => (Array.isArray(value) ? value.filter(isResource) : []);

const toRoot = (resource: Resource): Located => ({ value: resource, place: { owner: '', keys: [] } });

const toReference = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

/** The places in the stored resources: parts that were derived from a text have its place. What a field shows does not also decide. */
function toStored(
  { elements, conditions }: Pick<FieldLineage, 'elements' | 'conditions'>,
  { root, env }: Scope,
): Pick<FieldLineage, 'elements' | 'conditions'> {
  const joined = Object.values(env).flatMap(listResources);
  const owners = new Map(joined.map((resource) => [toReference(resource), resource]));
  const toStoredPlace = (place: ElementPlace): ElementPlace => toTextPlace(place.owner === '' ? root : owners.get(place.owner), place);
  const shown: Places = new Map();
  for (const place of elements) if (place.keys.length) addPlace(shown, toStoredPlace(place));
  const deciding: Places = new Map();
  for (const place of conditions) if (place.keys.length) addPlace(deciding, toStoredPlace(place));
  for (const key of shown.keys()) deciding.delete(key);
  return { elements: [...shown.values()], conditions: [...deciding.values()] };
}

function toTextPlace(resource: unknown, place: ElementPlace): ElementPlace {
  if (readValueAt(resource, place.keys) !== undefined) return place;
  const above = place.keys.map((_, at) => place.keys.slice(0, -1 - at)).find((keys) => isObject(readValueAt(resource, keys)));
  const hasText = above && isContainer(readValueAt(resource, above)) && readMember(readValueAt(resource, above), 'text') !== undefined;
  return hasText ? { owner: place.owner, keys: [...above, 'text'] } : place;
}
