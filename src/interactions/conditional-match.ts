// Finds the resource that matches the criteria of a conditional write. The criteria are locked, so that two conditional writes with the same criteria run one
// after the other.
// https://hl7.org/fhir/R4/http.html#cond-update
import { invalidStructure, multipleMatches } from '../fhir/outcome.ts';
import type { Query } from '../fhir/search/query.ts';
import { parseSearch } from '../fhir/search/request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Position } from '../store/search/page.ts';
import type { Context } from './context.ts';
import { restrictToScopes } from './scope-filter.ts';
import { loadSearchRegistry } from './search-registry.ts';

/** The match, or undefined. If several resources match: 412. Call it inside a transaction, because the lock lasts until the transaction ends. */
export async function lockAndFindMatch(context: Context, type: ServedType, criteria: string): Promise<ResourceRow | undefined> {
  await context.store.lockKeys(context.caller.tenant, [toCriteriaKey(type, criteria)]);
  return findMatch(context, type, criteria);
}

/** The lock key of criteria. The order of the parameters does not matter. */
export function toCriteriaKey(type: ServedType, criteria: string): string {
  return `${type}?${[...new URLSearchParams(criteria)].map(String).sort().join('&')}`;
}

/** The match, or undefined. If several resources match: 412. For criteria that are already locked, or that need no lock. */
export async function findMatch(context: Context, type: ServedType, criteria: string): Promise<ResourceRow | undefined> {
  const rows = await findMatches(context, type, { criteria, count: 2 });
  if (rows.length > 1) throw multipleMatches(`more than one ${type} meets the criteria`);
  return rows[0];
}

/**
 * Up to `count` matches. Empty criteria and unknown parameters are refused (400); they never match all or no resources. `firstIsRare`: the first criterion, a
 * token, has few matches, so the search is prepared once for all values (docs/decisions/0004-search-query-plans.md).
 */
export async function findMatches(
  context: Context,
  type: ServedType,
  { criteria, count, firstIsRare = false }: { criteria: string; count: number; firstIsRare?: boolean },
): Promise<ResourceRow[]> {
  const query = await parseCriteria(context, type, { criteria, count });
  const [first, ...others] = query.where;
  const where = firstIsRare && first?.on === 'token' ? [{ ...first, rare: true as const }, ...others] : query.where;
  return (await context.store.searchVersions(context.caller.tenant, { ...query, where })).rows;
}

const PAGE_SIZE = 500;

/** The ids of all matches. They are read page by page, because the resources of all of them may be large. */
export async function findMatchIds(context: Context, type: ServedType, criteria: string): Promise<string[]> {
  const query = await parseCriteria(context, type, { criteria, count: PAGE_SIZE });
  const ids: string[] = [];
  for (let after: Position | undefined; ; ) {
    const { rows, next } = await context.store.search(context.caller.tenant, query, after && { after });
    ids.push(...rows.map(({ id }) => id));
    if (!next) return ids;
    after = next;
  }
}

async function parseCriteria(context: Context, type: ServedType, { criteria, count }: { criteria: string; count: number }): Promise<Query> {
  const parameters = [...new URLSearchParams(criteria)];
  const registry = await loadSearchRegistry(context, parameters);
  const { query } = parseSearch(type, parameters, { registry, baseUrl: context.baseUrl, handling: 'strict' });
  if (!query.where.length) throw invalidStructure('conditional criteria need at least one search parameter');
  return { ...restrictToScopes(query, context.caller), count, total: 'none', include: [] };
}
