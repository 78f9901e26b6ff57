// What a caller's scopes leave of a search, and of the answer to a write. Of a search: conditions on types it may not search are refused, inclusions of such types are left out.
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html ("a search must not return resources outside the scopes")

import { isAllowed, toSmallestScope } from '../fhir/access-scope.ts';
import { forbidden } from '../fhir/outcome.ts';
import type { Patch } from '../fhir/patch/patch.ts';
import { type Condition, type Inclusion, listSlices, type Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Caller } from './context.ts';

/** The query as this caller may ask it; 403 where it, a chain or `_has` would tell something of a type the scopes do not cover. */
export function restrictToScopes(query: Query, caller: Caller): Query {
  const may = (type: ServedType): boolean => canSearch(caller, type);
  for (const type of listSlices(query).flatMap(({ type: own, where }) => [own, ...where.flatMap(collectTypes)])) {
    if (!may(type)) throw forbidden(`the scopes of this API key do not cover a search of ${type}: it needs ${toSmallestScope(type, 's')}`);
  }
  return { ...query, include: query.include.flatMap((inclusion) => filterInclusion(inclusion, may)) };
}

/** Whether the caller may be shown what a search finds of this type. */
export const canSearch = ({ scopes }: Caller, type: string): boolean => isAllowed(scopes, type, 's');

/** Whether the caller may be shown the resources of this type that it writes. */
export const canRead = ({ scopes }: Caller, type: string): boolean => isAllowed(scopes, type, 'r');

/** Refuses (403) a patch whose outcome would tell a caller without the read scope what stands in the resource. */
export function requireReadScopeForTests(caller: Caller, type: ServedType, { comparesValues }: Pick<Patch, 'comparesValues'>): void {
  if (comparesValues && !canRead(caller, type))
    throw forbidden(`this patch asks what stands in the resource: it needs ${toSmallestScope(type, 'r')}`);
}

function filterInclusion(inclusion: Inclusion, may: (type: ServedType) => boolean): Inclusion[] {
  const types = inclusion.types.filter(may);
  return types.length ? [{ ...inclusion, types }] : [];
}

/** The types behind chains, reverse chains and hierarchies. */
function collectTypes(condition: Condition): ServedType[] {
  if (condition.on === 'chain') return [...condition.types, ...condition.where.flatMap(collectTypes)];
  if (condition.on === 'has') return [condition.type, ...condition.where.flatMap(collectTypes)];
  if (condition.on === 'hierarchy') return condition.types;
  if (condition.on === 'not') return collectTypes(condition.condition);
  if (condition.on === 'or') return condition.any.flatMap(collectTypes);
  return condition.on === 'and' ? condition.all.flatMap(collectTypes) : [];
}
