// Stored rows → a vendor's views, with one search per join for a whole page; joins that lead on from others are searched after them.
import { toUuidAlias } from '../fhir/indexing/uuid-alias.ts';
import { invalidParameter } from '../fhir/outcome.ts';
import { parseSearchUrl } from '../fhir/query-string.ts';
import type { Resource } from '../fhir/types.ts';
import type { PathVariables } from '../fhir/writable-path/path.ts';
import type { Context } from '../interactions/context.ts';
import { canSearch } from '../interactions/scope-filter.ts';
import { groupJoinRounds } from '../mapping/query/joins.ts';
import type { Env, Join, Shape, View } from '../mapping/shape.ts';
import { MAX_LIST_ITEMS } from '../mapping/shape.ts';
import type { BodyRow, ResourceRow } from '../store/resources/resource-row.ts';
import { findAllTexts, parseStored } from './stored-rows.ts';
import type { VendorRequest } from './vendor-request.ts';

/** What a lens is given from the server. */
export function buildEnv(context: Context, more: Record<string, unknown> = {}): Env {
  const now = context.clock().toISOString();
  const { tenant, brand } = context.caller;
  return { alias: (type, id) => toUuidAlias(tenant, type, id), baseUrl: context.baseUrl, now, defaultBrand: brand, ...more };
}

/** Joined resources by the search that finds them. */
type JoinedResources = ReadonlyMap<string, Promise<Resource[]>>;

interface ViewOptions {
  /** Variables of the lens beside the joins. */
  bindings?: Record<string, unknown> | undefined;
  /** Searches of joins that have been started already. */
  prefetched?: JoinedResources;
}

/** The views of these rows, in their order. */
export async function buildViews(
  { shape, context }: Pick<VendorRequest, 'shape' | 'context'>,
  rows: BodyRow[],
  { bindings, prefetched }: ViewOptions = {},
): Promise<View[]> {
  const resources = rows.map((row) => parseStored(row, { exact: shape.hasNumbers }));
  const joins = shape.joins.length ? await loadJoins(resources, shape.joins, { context, prefetched }) : [];
  return rows.map((row, at) => shape.read(resources[at]!, buildEnv(context, { created: row.created, ...joins[at], ...bindings })));
}

/** The view of one row. */
export async function buildView(request: Pick<VendorRequest, 'shape' | 'context'>, row: ResourceRow, options?: ViewOptions): Promise<View> {
  return (await buildViews(request, [row], options))[0]!;
}

/** Starts the joins that need the id of an item alone, while the item itself is read. */
export function prefetchJoins({ joins }: Shape, context: Context, id: string): JoinedResources {
  const queries = joins.filter(({ usesOwnerId }) => usesOwnerId).map(({ buildSearch }) => buildSearch([id]));
  return new Map(queries.map((query) => [query, ignoreRejection(findJoined(context, query))]));
}

/** Prefetch: a rejection is ignored if the item does not exist. Whoever awaits the promise still gets it. */
function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Types that the caller may not search are left out, as _include leaves them out (scope-filter.ts). A search that finds too many is refused: a list without some
 * of its resources would look complete.
 */
async function findJoined(context: Context, query: string): Promise<Resource[]> {
  if (!canSearch(context.caller, parseSearchUrl(query).type)) return [];
  const rows = await findAllTexts(context, query, MAX_LIST_ITEMS);
  if (!rows) throw invalidParameter(`more than ${MAX_LIST_ITEMS} related resources are needed: request fewer items at once`);
  return rows.map((row) => parseStored(row));
}

interface Loader {
  context: Context;
  prefetched: JoinedResources | undefined;
}

/** For each resource the joined resources by the names of the joins. */
async function loadJoins(resources: Resource[], joins: Join[], { context, prefetched }: Loader): Promise<PathVariables[]> {
  const { baseUrl } = context;
  let known: PathVariables[] = resources.map(() => ({}));
  for (const round of groupJoinRounds(joins)) {
    const shares = await Promise.all(
      round.map(async ({ name, readIds, buildSearch, distribute }) => {
        const wanted = [...new Set(resources.flatMap((one, at) => readIds(one, known[at]!, baseUrl)))];
        const query = wanted.length ? buildSearch(wanted) : undefined;
        const found = query === undefined ? [] : await (prefetched?.get(query) ?? findJoined(context, query));
        return { name, shareOf: distribute(found, baseUrl) };
      }),
    );
    known = known.map((bindings, at) => ({
      ...bindings,
      ...Object.fromEntries(shares.map(({ name, shareOf }) => [name, shareOf(resources[at]!, bindings)])),
    }));
  }
  return known;
}
