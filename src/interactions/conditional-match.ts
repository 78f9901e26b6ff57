// Finds the one resource that criteria mean, under a lock on the criteria: two conditional writes of the same thing wait for each other.
// https://hl7.org/fhir/R4/http.html#cond-update
import { invalidStructure, multipleMatches } from '../fhir/outcome.ts';
import { parseSearch } from '../fhir/search/request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';
import { restrictToScopes } from './scope-filter.ts';
import { loadSearchRegistry } from './search-registry.ts';

/** The match, or undefined; several are refused (412). Call it inside a transaction: the lock lasts as long as that. */
export async function lockAndFindMatch(context: Context, type: ServedType, criteria: string): Promise<ResourceRow | undefined> {
  await context.store.lockKeys(context.caller.tenant, [toCriteriaKey(type, criteria)]);
  return findMatch(context, type, criteria);
}

/** The lock of criteria: parameters in another order are the same criteria. */
export function toCriteriaKey(type: ServedType, criteria: string): string {
  return `${type}?${[...new URLSearchParams(criteria)].map(String).sort().join('&')}`;
}

/** The match, or undefined; several are refused (412). For criteria whose lock is held, or that need none. */
export async function findMatch(context: Context, type: ServedType, criteria: string): Promise<ResourceRow | undefined> {
  const rows = await findMatches(context, type, { criteria, count: 2 });
  if (rows.length > 1) throw multipleMatches(`more than one ${type} meets the criteria`);
  return rows[0];
}

/** Up to so many matches. Criteria that are empty or not understood are refused (400), never taken for "all" or for "none". */
export async function findMatches(
  context: Context,
  type: ServedType,
  { criteria, count }: { criteria: string; count: number },
): Promise<ResourceRow[]> {
  const parameters = [...new URLSearchParams(criteria)];
  const registry = await loadSearchRegistry(context, parameters);
  const { query } = parseSearch(type, parameters, { registry, baseUrl: context.baseUrl, handling: 'strict' });
  if (!query.where.length) throw invalidStructure('conditional criteria need at least one search parameter');
  const asked = { ...restrictToScopes(query, context.caller), count, total: 'none' as const, include: [] };
  return (await context.store.search(context.caller.tenant, asked)).rows;
}
