// Applies a caller's scopes to searches and to the responses of writes. A search with a condition on a type outside the scopes is refused. Inclusions of such
// types are removed.
// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html ("a search must not return resources outside the scopes")

import { isAllowed, toSmallestScope } from '../fhir/access-scope.ts';
import { InsufficientScope } from '../fhir/outcome.ts';
import type { Patch } from '../fhir/patch/patch.ts';
import { type Condition, type Inclusion, listSlices, type Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Caller } from './context.ts';

/** The query without inclusions outside the scopes. Refuses (403) a query, chain or `_has` that would reveal data of a type outside the scopes. */
export function restrictToScopes(query: Query, caller: Caller): Query {
  const may = (type: ServedType): boolean => canSearch(caller, type);
  for (const type of listSlices(query).flatMap(({ type: own, where }) => [own, ...where.flatMap(collectTypes)])) {
    if (!may(type))
      throw new InsufficientScope(`the scopes of this credential do not cover a search of ${type}`, toSmallestScope(type, 's'));
  }
  return { ...query, include: query.include.flatMap((inclusion) => filterInclusion(inclusion, may)) };
}

/** Whether the caller may search this type. */
export const canSearch = ({ scopes }: Caller, type: string): boolean => isAllowed(scopes, type, 's');

/** Refuses (403) to read resources of this type if the caller's scopes do not cover it. */
export function requireReadScope(caller: Caller, type: string): void {
  if (!canRead(caller, type))
    throw new InsufficientScope(`the scopes of this credential do not cover this use of ${type}`, toSmallestScope(type, 'r'));
}

/** Whether responses to the caller's writes may contain resources of this type. */
export const canRead = ({ scopes }: Caller, type: string): boolean => isAllowed(scopes, type, 'r');

/** Refuses (403) a patch with a test operation if the caller has no read scope: its outcome would reveal stored values. */
export function requireReadScopeForTests(caller: Caller, type: ServedType, { comparesValues }: Pick<Patch, 'comparesValues'>): void {
  if (comparesValues && !canRead(caller, type)) throw new InsufficientScope('this patch tests stored values', toSmallestScope(type, 'r'));
}

function filterInclusion(inclusion: Inclusion, may: (type: ServedType) => boolean): Inclusion[] {
  const types = inclusion.types.filter(may);
  return types.length ? [{ ...inclusion, types }] : [];
}

/** The types that chains, reverse chains and hierarchies read. */
function collectTypes(condition: Condition): ServedType[] {
  if (condition.on === 'chain') return [...condition.types, ...condition.where.flatMap(collectTypes)];
  if (condition.on === 'has') return [condition.type, ...condition.where.flatMap(collectTypes)];
  if (condition.on === 'hierarchy') return condition.types;
  if (condition.on === 'not') return collectTypes(condition.condition);
  if (condition.on === 'or') return condition.any.flatMap(collectTypes);
  return condition.on === 'and' ? condition.all.flatMap(collectTypes) : [];
}
