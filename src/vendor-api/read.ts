// Reads one item, or a list of them. Filters become a FHIR search; nothing is filtered here.
import { matchesEtag } from '../fhir/etag.ts';
import { invalidParameter, notFound, unresolvedReference } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { IdParameter, PageInfo, Shape, View } from '../mapping/shape.ts';
import type { BodyRow, ResourceRow } from '../store/resources/resource-row.ts';
import { buildListFacts, listPagingParameters, parsePaging } from './paging.ts';
import { buildEtag, buildWholeListFacts } from './response.ts';
import { findAllTexts, findRows, findTexts, parseStored, readItemRow, readPathId, readRow } from './stored-rows.ts';
import { parseParameters, type VendorRequest, type VendorResponse } from './vendor-request.ts';
import { buildEnv, buildView, buildViews, prefetchJoins } from './views.ts';

/** GET …/{id}: an item of another tenant, a deleted one and a malformed id are the same 404. */
export async function readItem(request: VendorRequest): Promise<VendorResponse> {
  const { shape, context, headers } = request;
  parseParameters(request, []);
  const item = await findItem(request);
  if (!item) throw notFound('there is nothing with this id');
  const etag = buildEtag(context.caller, shape, item.row, item.view);
  if (headers.ifNoneMatch !== undefined && matchesEtag(etag, headers.ifNoneMatch)) return { status: 304, headers: { ETag: etag } };
  return { status: 200, headers: { ETag: etag }, content: { shape, view: item.view } };
}

interface Item {
  row: ResourceRow;
  view: View;
}

async function findItem(request: VendorRequest): Promise<Item | undefined> {
  const { shape, context } = request;
  if (shape.rows) return findElementItem(request, shape.rows);
  const id = readPathId(request);
  if (id === undefined) return undefined;
  const prefetched = prefetchJoins(shape, context, id);
  const row = await readItemRow(request);
  const view = row && (await buildView(request, row, { prefetched }));
  return view && shape.isItem(view) ? { row, view } : undefined;
}

/** An item that is an element of a resource is found by the element's own id. */
async function findElementItem(request: VendorRequest, rows: NonNullable<Shape['rows']>): Promise<Item | undefined> {
  const id = request.shape.surface.decodeId(request.shape.resource, request.id ?? '');
  if (id === undefined) return undefined;
  const { rows: found } = await findRows(request.context, rows.search(id), { count: 1 });
  const row = found[0];
  if (!row) return undefined;
  for (const key of rows.readKeys(parseStored(row))) {
    const view = await buildView(request, row, { bindings: { [rows.name]: key } });
    if (view[request.shape.idName] === id) return { row, view };
  }
  return undefined;
}

/** GET the collection: one FHIR search. */
export async function listItems(request: VendorRequest): Promise<VendorResponse> {
  const { shape, context, pathParameters } = request;
  const allowed = [...shape.filters, ...listPagingParameters(shape)].filter((name) => !shape.pathParameters.includes(name));
  const parameters = parseParameters(request, allowed);
  const filters = Object.fromEntries(Object.entries({ ...parameters, ...pathParameters }).filter(([name]) => shape.filters.includes(name)));
  const env = buildEnv(context, { resolved: await resolveAliases(context, shape.readIdParameters(filters)) });
  const { rows, page } = await selectRows(request, shape.buildQuery(filters, env), parameters);
  // `only:` has conditions that no search parameter expresses
  const views = (await buildViews(request, rows, { bindings: shape.pickBoundParameters(filters) })).filter(shape.isItem);
  return { status: 200, content: { shape, views, page, filters } };
}

interface ListSelection {
  rows: BodyRow[];
  page: PageInfo;
}

/** The rows that the list shows: a page, all, or the first alone. */
async function selectRows(request: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const { shape, context } = request;
  if (shape.take === 'page') return findPage(request, query, parameters);
  const rows =
    shape.take === 'all' ? await findAllRows(request, query) : (await findTexts(context, query, { count: 1, isScoped: true })).rows;
  return { rows, page: buildWholeListFacts(rows.length) };
}

/** Too many rows are refused, because a list that is cut off looks like a whole one. */
async function findAllRows({ shape: { maxItems, filters, pathParameters }, context }: VendorRequest, query: string): Promise<BodyRow[]> {
  const rows = await findAllTexts(context, query, maxItems);
  const narrower = filters.filter((name) => !pathParameters.includes(name));
  if (!rows)
    throw invalidParameter(
      `more than ${maxItems} items match, the most that one response has${narrower.length ? `: filter by ${narrower.join(', ')}` : ''}`,
    );
  return rows;
}

async function findPage(request: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const paging = parsePaging(request, parameters);
  const page = await findTexts(request.context, query, {
    count: paging.limit,
    start: paging.start,
    isSizeLimited: true,
    isScoped: true,
    ...(request.shape.surface.page.total && { total: 'accurate' as const }),
  });
  const { size, offset, number } = request.shape.surface.page;
  // by offset or number, the next page would begin after the rows that are missing here; a cursor goes on from the last row
  const isCounted = offset !== undefined || number !== undefined;
  if (isCounted && page.next && page.rows.length < paging.limit)
    throw invalidParameter(`these items exceed the size limit of a response: request fewer at once with ${size}`, size);
  return { rows: page.rows, page: buildListFacts(request, { paging, page, parameters }) };
}

/** Alias → FHIR id, of the ids among the filters. An id that must exist, and does not, is refused. */
async function resolveAliases(context: Context, asked: IdParameter[]): Promise<Map<string, string>> {
  const resolved = new Map<string, string>();
  for (const { type, id, parameter, missing } of asked) {
    const row = await readRow(context, type, id);
    if (!row && missing) throw unresolvedReference(missing, type, parameter);
    if (row && row.id !== id) resolved.set(id, row.id);
  }
  return resolved;
}
