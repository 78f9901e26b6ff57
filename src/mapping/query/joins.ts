// Joins (`with:`): related resources, loaded by one search for a whole page. A back join finds resources that refer to the page's; a forward join finds
// resources that the page's, or earlier joined ones, refer to.

import { toRecords } from '../../fhir/json-values.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { isServed, type Resource, type ServedType } from '../../fhir/types.ts';
import { explainUnservedType } from '../../fhir/unserved-type.ts';
import { compilePath, type PathVariables, type WritablePath } from '../../fhir/writable-path/path.ts';
import type { NameScope } from '../lens/name-scope.ts';
import type { Join, TouchRule } from '../shape.ts';
import {
  type BackJoinSpec,
  type ForwardJoinSpec,
  isForwardJoin,
  type JoinSpec,
  type MappingSpec,
  toJoinedType,
  toJoinSearch,
} from '../spec.ts';

/** The joins of a mapping; mistakes are reported. */
export function buildJoins({ with: joined = {} }: MappingSpec, names: NameScope, fault: (keys: string[], error: unknown) => void): Join[] {
  const before: string[] = [];
  return Object.entries(joined).flatMap(([name, spec]) => {
    try {
      return [isForwardJoin(spec) ? buildForwardJoin(name, spec, { names, before: [...before] }) : buildBackJoin(name, spec)];
    } catch (error) {
      fault(['with', name], error);
      return [];
    } finally {
      before.push(name);
    }
  });
}

const buildJoinSearch =
  (spec: JoinSpec) =>
  (ids: string[]): string =>
    toJoinSearch(spec).replace(/=([^&=]*\{id\}[^&]*)/, (_, value: string) => `=${ids.map((id) => value.replace('{id}', id)).join(',')}`);

function buildBackJoin(name: string, spec: BackJoinSpec): Join {
  const type = toJoinedType(spec);
  if (!isServed(type)) throw new Error(explainUnservedType(type));
  const path = compilePath(spec.owner, { type });
  return {
    name,
    type,
    dependsOn: [],
    usesOwnerId: true,
    buildSearch: buildJoinSearch(spec),
    readIds: ({ id }) => [id!],
    distribute(found, baseUrl) {
      const ownersOf = (resource: Resource): Set<unknown> =>
        new Set(path.get(resource).map((reference) => normalizeReference(String(reference), baseUrl)));
      const byOwner = Map.groupBy(
        found.flatMap((resource) => [...ownersOf(resource)].map((owner) => ({ owner, one: resource }))),
        ({ owner }) => owner,
      );
      return ({ resourceType, id }) => (byOwner.get(`${resourceType}/${id}`) ?? []).map(({ one: resource }) => resource);
    },
  };
}

function buildForwardJoin(name: string, spec: ForwardJoinSpec, { names, before }: { names: NameScope; before: string[] }): Join {
  const paths = [spec.to].flat().map((text) => names.compile(text));
  const after = paths.flatMap(({ variable }) => variable ?? []);
  const late = after.find((name) => !before.includes(name));
  if (!isServed(spec.resource)) throw new Error(explainUnservedType(spec.resource));
  if (late !== undefined) throw new Error(`to: %${late} is not a join above this one: write that join first`);
  const invalidPath = paths.find(({ steps }) => steps.at(-1)?.name !== 'reference');
  if (invalidPath) throw new Error(`the path ${invalidPath.text} of "to" must end in .reference`);
  const ids = (owner: Resource, known: PathVariables, baseUrl: string): string[] =>
    paths.flatMap((path) => readReferredIds(path, owner, { known, baseUrl, type: spec.resource }));
  return {
    name,
    type: spec.resource,
    dependsOn: after,
    usesOwnerId: false,
    buildSearch: buildJoinSearch(spec),
    readIds: ids,
    distribute(found, baseUrl) {
      const byId = new Map(found.map((resource) => [resource.id, resource]));
      return (owner, known) => [...new Set(ids(owner, known, baseUrl))].flatMap((id) => byId.get(id) ?? []);
    },
  };
}

/** The ids of this type in the references at a path. */
function readReferredIds(
  path: WritablePath,
  owner: Resource,
  { known, baseUrl, type }: { known: PathVariables; baseUrl: string; type: string },
): string[] {
  return path.get(owner, known).flatMap((reference) => {
    const [target, id] = normalizeReference(String(reference), baseUrl)?.split('/') ?? [];
    return target === type && id !== undefined ? [id] : [];
  });
}

/** Groups joins by dependency: first those that depend on the page only, then those that depend on these. */
export function groupJoinRounds(joins: Join[]): Join[][] {
  const rounds: Join[][] = [];
  for (const join of joins) {
    const index = Math.max(-1, ...join.dependsOn.map((name) => rounds.findIndex((round) => round.some((join) => join.name === name)))) + 1;
    rounds[index] = [...(rounds[index] ?? []), join];
  }
  return rounds;
}

/** The joined resources of one owner, by the names of the joins. */
export function distributeJoins(owner: Resource, joins: Join[], variables: PathVariables): Record<string, Resource[]> {
  const known: Record<string, Resource[]> = {};
  for (const { name, distribute } of joins) known[name] = distribute(toRecords(variables[name]).filter(isResource), '')(owner, known);
  return known;
}

/** The rules of joins with `leaving: touches`. */
export function buildTouchRules({ resource, with: joined = {} }: MappingSpec): TouchRule[] {
  return Object.values(joined).flatMap((spec) => {
    const type = toJoinedType(spec);
    return !isForwardJoin(spec) && spec.leaving === 'touches' && isServed(type) && isServed(resource)
      ? [buildTouchRule(type, spec.owner, resource)]
      : [];
  });
}

function buildTouchRule(type: ServedType, on: string, resource: ServedType): TouchRule {
  const path = compilePath(on, { type });
  const owners = (target: Resource | undefined, baseUrl: string): string[] =>
    target ? readReferredIds(path, target, { known: {}, baseUrl, type: resource }) : [];
  return {
    joinedType: type,
    findAbandonedOwners(previous, next, baseUrl) {
      const remaining = owners(next, baseUrl);
      return owners(previous, baseUrl)
        .filter((id) => !remaining.includes(id))
        .map((id) => ({ type: resource, id }));
    },
  };
}

const isResource = (value: Record<string, unknown>): value is Resource => typeof value.resourceType === 'string';
