// Reads one item or a list of items. Filters become parameters of a FHIR search.
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

/** GET …/{id}. An item of another tenant, a deleted item and a malformed id get the same 404. */
export async function readItem(request: VendorRequest): Promise<VendorResponse> {
  const { shape, context, headers } = request;
  const { ignoredParameters } = shape;
  parseParameters({ ...request, query: request.query.filter(([name]) => !ignoredParameters.includes(name)) }, []);
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

/** Finds an item that is an element of a resource by the element's own id. */
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

/** GET of the collection: one FHIR search. */
export async function listItems(request: VendorRequest): Promise<VendorResponse> {
  const { shape, context, pathParameters } = request;
  const allowed = [...shape.filters, ...listPagingParameters(shape)].filter((name) => !shape.pathParameters.includes(name));
  const parameters = parseParameters(request, allowed);
  const filters = Object.fromEntries(Object.entries({ ...parameters, ...pathParameters }).filter(([name]) => shape.filters.includes(name)));
  const env = buildEnv(context, { resolved: await resolveAliases(context, shape.readIdParameters(filters)) });
  const { rows, page } = await selectRows(request, shape.buildQuery(filters, env), parameters);
  // `only:` may have conditions that no search parameter can express
  const views = (await buildViews(request, rows, { bindings: shape.pickBoundParameters(filters) })).filter(shape.isItem);
  return { status: 200, content: { shape, views, page, filters } };
}

interface ListSelection {
  rows: BodyRow[];
  page: PageInfo;
}

/** The rows of the list: one page, all rows, or only the first. */
async function selectRows(request: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const { shape, context } = request;
  if (shape.take === 'page') return findPage(request, query, parameters);
  const rows =
    shape.take === 'all' ? await findAllRows(request, query) : (await findTexts(context, query, { count: 1, isScoped: true })).rows;
  return { rows, page: buildWholeListFacts(rows.length) };
}

/** Refuses (400) a list with too many rows: clients could take a truncated list for a complete one. */
async function findAllRows({ shape: { maxItems, filters, pathParameters }, context }: VendorRequest, query: string): Promise<BodyRow[]> {
  const rows = await findAllTexts(context, query, maxItems);
  const narrower = filters.filter((name) => !pathParameters.includes(name));
  if (!rows)
    throw invalidParameter(
      `more than ${maxItems} items match, the limit of one response${narrower.length ? `: filter by ${narrower.join(', ')}` : ''}`,
    );
  return rows;
}

async function findPage(request: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const paging = parsePaging(request, query, parameters);
  const page = await findTexts(request.context, query, {
    count: paging.limit,
    start: paging.start,
    isSizeLimited: true,
    isScoped: true,
    ...(request.shape.surface.page.total && { total: 'accurate' as const }),
  });
  const { size, offset, number } = request.shape.surface.page;
  // by offset or number, the next page would skip the rows that are missing on this page; a cursor continues after the last row
  const isCounted = offset !== undefined || number !== undefined;
  if (isCounted && page.next && page.rows.length < paging.limit)
    throw invalidParameter(`these items exceed the size limit of a response: request fewer at once with ${size}`, size);
  return { rows: page.rows, page: buildListFacts(request, { query, paging, page, parameters }) };
}

/** Maps the aliases among the filters to FHIR ids. Refuses an id that does not exist if its filter requires that. */
async function resolveAliases(context: Context, parameters: IdParameter[]): Promise<Map<string, string>> {
  const resolved = new Map<string, string>();
  for (const { type, id, parameter, missing } of parameters) {
    const row = await readRow(context, type, id);
    if (!row && missing) throw unresolvedReference(missing, type, parameter);
    if (row && row.id !== id) resolved.set(id, row.id);
  }
  return resolved;
}
