// $lastn: the most recent observations of each code. https://hl7.org/fhir/R4/observation-operation-lastn.html
import { groupCodes } from '../fhir/observation-groups.ts';
import { tooLong } from '../fhir/outcome.ts';
import { parseSearch } from '../fhir/search/request.ts';
import { parseBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { LatestRow } from '../store/search/latest.ts';
import { type Context, toSizeLimit } from './context.ts';
import { restrictToScopes } from './scope-filter.ts';
import { loadSearchRegistry } from './search-registry.ts';

/** `parameters`: search parameters of Observation. `max`: the number of observations of each code; more if several have the same time. */
interface LastObservationsRequest {
  parameters: [name: string, value: string][];
  max: number;
}

/** The most observations of a response. */
const MAX_OBSERVATIONS = 1000;

/** The most recent first. More than a response may have are refused (413). */
export async function readLastObservations(context: Context, { parameters, max }: LastObservationsRequest): Promise<ResourceRow[]> {
  const registry = await loadSearchRegistry(context, parameters);
  const options = { registry, baseUrl: context.baseUrl, handling: 'strict', now: context.clock() } as const;
  const { query } = parseSearch('Observation', parameters, options);
  const ranking = { element: 'code', date: registry.lookup('Observation', 'date')!.number, max, limit: MAX_OBSERVATIONS + 1 };
  const scoped = { ...restrictToScopes(query, context.caller), ...toSizeLimit(context) };
  const found = await context.store.readLatest(context.caller.tenant, scoped, ranking);
  if (found.length > MAX_OBSERVATIONS || found.some(({ row }) => row.body === null))
    throw tooLong(
      `more than ${MAX_OBSERVATIONS} observations, or more text than a response may have: name fewer codes or categories, or a lower max`,
    );
  return selectLast(found, max);
}

/** The database has grouped equal codes. Codes that share only some codings become one group here. */
function selectLast(found: LatestRow[], max: number): ResourceRow[] {
  const groups = groupCodes(found.map(({ row }) => parseBody(row.body!).code));
  const members = new Map<number, { count: number; last: string | null }>();
  return found.flatMap(({ row, at }, index) => {
    const group = members.get(groups[index]!) ?? { count: 0, last: null };
    // "In case of a tie both will be returned." Observations without a time are not tied.
    if (group.count >= max && (at === null || at !== group.last)) return [];
    members.set(groups[index]!, { count: group.count + 1, last: at });
    return row;
  });
}
