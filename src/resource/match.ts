// Finds the one resource that criteria mean, under a lock on the criteria: two conditional writes of the same thing wait for each other.
import { multipleMatches, structure } from '../fhir/outcome.ts';
import { parseSearch } from '../fhir/search-request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/store.ts';
import type { Context } from './context.ts';

/** The match, or undefined; several are refused (412). Call it inside a transaction: the lock lasts as long as that. */
export async function matchOne(context: Context, type: ServedType, criteria: string): Promise<Row | undefined> {
  const parameters = [...new URLSearchParams(criteria)];
  if (!parameters.length) throw structure('conditional criteria need at least one search parameter');
  const { query } = parseSearch(type, parameters, { registry: context.registry, baseUrl: context.baseUrl, handling: 'strict' });
  await context.store.lock(context.caller.tenant, [`${type}?${parameters.map(String).sort().join('&')}`]);
  const { rows } = await context.store.search(context.caller.tenant, { ...query, count: 2, total: 'none', include: [] });
  if (rows.length > 1) throw multipleMatches(`more than one ${type} meets the criteria`);
  return rows[0];
}
