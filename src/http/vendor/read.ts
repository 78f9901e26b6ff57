// Reading through a vendor's door: one item, or a page of them. Filters are pushed down as a FHIR search; nothing is filtered here.
import { invalidParameter, notFound, unresolvedReference } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { IdParameter, PageInfo, Shape, View } from '../../mapping/shape.ts';
import type { BodyRow, ResourceRow } from '../../store/resources/resource-row.ts';
import { isNotModified } from '../middleware/etag.ts';
import type { Answer } from '../middleware/request-context.ts';
import { buildResponseFacts } from '../middleware/response-facts.ts';
import { parseKnownParameters } from '../middleware/url-query.ts';
import { buildListFacts, listPagingParameters, parsePaging } from './paging.ts';
import { buildEtag } from './preconditions.ts';
import {
  buildEnv,
  buildView,
  buildViews,
  find,
  findAll,
  findTexts,
  prefetch,
  readItemRow,
  readPathId,
  readRow,
  type VendorRequest,
} from './vendor-call.ts';

/** GET …/{id}: another tenant's, a deleted or a malformed id is a 404 like any other that is not there. */
export async function readItem(call: VendorRequest): Promise<Answer> {
  const { shape, req, requestId, rate } = call;
  parseKnownParameters(req.url, []);
  const item = await findItem(call);
  if (!item) throw notFound('there is nothing with this id');
  const headers = { ETag: buildEtag(call.context.caller, shape, item.row, item.view) };
  if (isNotModified(req, headers.ETag)) return { status: 304, headers };
  return { status: 200, headers, body: JSON.stringify(shape.wrapItem(item.view, buildResponseFacts(requestId, 200, rate))) };
}

interface Item {
  row: ResourceRow;
  view: View;
}

async function findItem(call: VendorRequest): Promise<Item | undefined> {
  const { shape } = call;
  if (shape.rows) return findElementItem(call, shape.rows);
  const id = readPathId(call);
  if (id === undefined) return undefined;
  const prefetched = prefetch(call, id);
  const row = await readItemRow(call);
  const view = row && (await buildView({ ...call, prefetched }, row));
  return view && shape.isItem(view) ? { row, view } : undefined;
}

/** An item that is an element of a resource: found by the element's own id. */
async function findElementItem(call: VendorRequest, rows: NonNullable<Shape['rows']>): Promise<Item | undefined> {
  const id = call.shape.surface.decodeId(call.shape.resource, call.id ?? '');
  if (id === undefined) return undefined;
  const { rows: found } = await find(call.context, rows.search(id), { count: 1 });
  const row = found[0];
  if (!row) return undefined;
  for (const key of rows.readKeys(JSON.parse(row.body!) as Resource)) {
    const view = await buildView(call, row, { [rows.name]: key });
    if (view[call.shape.idName] === id) return { row, view };
  }
  return undefined;
}

/** GET the collection: one FHIR search, and of it what the list takes. */
export async function listItems(call: VendorRequest): Promise<Answer> {
  const { shape, context } = call;
  const parameters = parseKnownParameters(
    call.req.url,
    [...shape.filters, ...listPagingParameters(shape)].filter((name) => !shape.pathParameters.includes(name)),
  );
  const filters = Object.fromEntries(
    Object.entries({ ...parameters, ...call.pathParameters }).filter(([name]) => shape.filters.includes(name)),
  );
  const env = buildEnv(context, {
    resolved: await resolveAliases(context, shape.readIdParameters(filters)),
    now: context.clock().toISOString(),
  });
  const { rows, page } = await selectRows(call, shape.buildQuery(filters, env), parameters);
  // what `only:` could not leave out, having no search for it, is no item all the same
  const views = (await buildViews(call, rows, shape.pickBoundParameters(filters))).filter(shape.isItem);
  return { status: 200, body: JSON.stringify(shape.wrapList(views, page, buildResponseFacts(call.requestId, 200, call.rate), filters)) };
}

interface ListSelection {
  rows: BodyRow[];
  page: PageInfo;
}

/** What the list takes of all that is found. */
async function selectRows(call: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const { shape, context } = call;
  if (shape.take === 'page') return findPage(call, query, parameters);
  const rows = shape.take === 'all' ? await findAllRows(call, query) : (await findTexts(context, query, { count: 1, isScoped: true })).rows;
  const { length } = rows;
  return { rows, page: { limit: length, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: length } };
}

/** All at once; too many for that are refused, since a list that is cut off looks like a whole one. */
async function findAllRows({ shape: { maxItems, filters, pathParameters }, context }: VendorRequest, query: string): Promise<BodyRow[]> {
  const rows = await findAll(context, query, maxItems);
  const narrower = filters.filter((name) => !pathParameters.includes(name));
  if (!rows)
    throw invalidParameter(
      `more than ${maxItems} are found, and one answer holds no more${narrower.length ? `: ask for less by ${narrower.join(', ')}` : ''}`,
    );
  return rows;
}

async function findPage(call: VendorRequest, query: string, parameters: Record<string, string>): Promise<ListSelection> {
  const paging = parsePaging(call, parameters);
  const page = await findTexts(call.context, query, {
    count: paging.limit,
    start: paging.start,
    isSizeLimited: true,
    isScoped: true,
    ...(call.shape.surface.page.total && { total: 'accurate' as const }),
  });
  const { size, offset, number } = call.shape.surface.page;
  // by offset or number, the next page would begin behind what is missing here; a cursor goes on from the last item
  const isCounted = offset !== undefined || number !== undefined;
  if (isCounted && page.next && page.rows.length < paging.limit)
    throw invalidParameter(`these items are longer than an answer may be: ask for fewer at once with ${size}`, size);
  return { rows: page.rows, page: buildListFacts(call, { paging, page, parameters }) };
}

/** The FHIR ids behind those asked-for ids that are aliases; one that must be there, and is not, is refused. */
async function resolveAliases(context: Context, asked: IdParameter[]): Promise<Map<string, string>> {
  const resolved = new Map<string, string>();
  for (const { type, id, parameter, missing } of asked) {
    const row = await readRow(context, type, id);
    if (!row && missing) throw unresolvedReference(missing, type, parameter);
    if (row && row.id !== id) resolved.set(id, row.id);
  }
  return resolved;
}
