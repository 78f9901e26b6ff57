// Builds a vendor's views from stored rows. Each join is one search for a whole page. Joins that depend on other joins are searched after them.
import { toUuidAlias } from '../fhir/indexing/uuid-alias.ts';
import { invalidParameter } from '../fhir/outcome.ts';
import { parseSearchUrl } from '../fhir/search/request.ts';
import type { Resource } from '../fhir/types.ts';
import type { PathVariables } from '../fhir/writable-path/path.ts';
import type { Context } from '../interactions/context.ts';
import { canSearch } from '../interactions/scope-filter.ts';
import { groupJoinRounds } from '../mapping/query/joins.ts';
import { type Env, type Join, MAX_LIST_ITEMS, type Shape, type View } from '../mapping/shape.ts';
import type { BodyRow, ResourceRow } from '../store/resources/resource-row.ts';
import { findAllTexts, parseStored } from './stored-rows.ts';
import type { VendorRequest } from './vendor-request.ts';

/** The values that every lens gets from the server. */
export function buildEnv(context: Context, more: Record<string, unknown> = {}): Env {
  const now = context.clock().toISOString();
  const { baseUrl, clientBaseUrl = baseUrl } = context;
  const { tenant, brand } = context.caller;
  return { alias: (type, id) => toUuidAlias(tenant, type, id), baseUrl, clientBaseUrl, now, defaultBrand: brand, ...more };
}

/** Search → the joined resources that it finds. */
type JoinedResources = ReadonlyMap<string, Promise<Resource[]>>;

interface ViewOptions {
  /** Variables of the lens in addition to the joins. */
  bindings?: Record<string, unknown> | undefined;
  /** Searches of joins that are already running. */
  prefetched?: JoinedResources | undefined;
}

/** The views of these rows, in their order. */
export async function buildViews(
  { shape, context }: Pick<VendorRequest, 'shape' | 'context'>,
  rows: BodyRow[],
  { bindings, prefetched }: ViewOptions = {},
): Promise<View[]> {
  const sources = await loadSources({ shape, context }, rows, { bindings, prefetched });
  return sources.map(({ resource, env }) => shape.read(resource, env));
}

/** What a view is read from: the resource, and the values of the server with the joined resources. */
interface ViewSource {
  resource: Resource;
  env: Env;
}

/** The sources of the views of these rows. */
export async function loadSources(
  { shape, context }: Pick<VendorRequest, 'shape' | 'context'>,
  rows: BodyRow[],
  { bindings, prefetched }: ViewOptions = {},
): Promise<ViewSource[]> {
  const resources = rows.map((row) => parseStored(row, { exact: shape.hasNumbers }));
  const joins = shape.joins.length ? await loadJoins(resources, shape.joins, { context, prefetched }) : [];
  return resources.map((resource, at) => ({
    resource,
    env: buildEnv(context, { created: rows[at]!.created, ...joins[at], ...bindings }),
  }));
}

/** The view of one row. */
export async function buildView(request: Pick<VendorRequest, 'shape' | 'context'>, row: ResourceRow, options?: ViewOptions): Promise<View> {
  return (await buildViews(request, [row], options))[0]!;
}

/** Starts the joins that need only the id of an item, so that they run while the item is read. */
export function prefetchJoins({ joins }: Shape, context: Context, id: string): JoinedResources {
  const queries = joins.filter(({ usesOwnerId }) => usesOwnerId).map(({ buildSearch }) => buildSearch([id]));
  return new Map(queries.map((query) => [query, ignoreRejection(findJoined(context, query))]));
}

/** Prevents an unhandled rejection if the item does not exist and nobody awaits the promise. A caller that awaits it still gets the error. */
function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/**
 * Resources of types that the caller may not search are left out, as for _include (scope-filter.ts). A search with too many matches is refused, because
 * clients could take a truncated list for a complete one.
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

/** For each resource: name of a join → joined resources. */
async function loadJoins(resources: Resource[], joins: Join[], { context, prefetched }: Loader): Promise<PathVariables[]> {
  const { baseUrl } = context;
  let known: PathVariables[] = resources.map(() => ({}));
  for (const round of groupJoinRounds(joins)) {
    const shares = await Promise.all(
      round.map(async ({ name, readIds, buildSearch, distribute }) => {
        const ids = [...new Set(resources.flatMap((resource, at) => readIds(resource, known[at]!, baseUrl)))];
        const query = ids.length ? buildSearch(ids) : undefined;
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
