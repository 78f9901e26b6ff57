// Paging of lists. A surface pages by offset, by page number or by cursor (`page:` in surface.yaml). This module reads these parameters, and builds the facts
// about this page, the next and the previous one. docs/decisions/0017-vendor-lists.md
import { isObject } from '../fhir/json-values.ts';
import { invalidParameter } from '../fhir/outcome.ts';
import type { PageInfo, PageSpec, Shape } from '../mapping/shape.ts';
import type { BodyPage, PageStart, Position } from '../store/search/page.ts';
import type { VendorRequest } from './vendor-request.ts';

/** The paging parameters of a list. */
export const listPagingParameters = ({ surface: { page }, take }: Shape): string[] =>
  take === 'page' ? [page.size, page.offset ?? [], page.number ?? [], page.cursor ?? []].flat() : [];

/** `limit`: the number of items of a page. `offset`: the number of items before the page, 0 with a cursor. */
interface Paging {
  limit: number;
  offset: number;
  start: PageStart;
}

/** `query`: the FHIR search of the list. */
export function parsePaging(request: VendorRequest, query: string, parameters: Record<string, string>): Paging {
  const { page } = request.shape.surface;
  const limit = parseWholeNumber(parameters, { name: page.size, least: 1, max: page.max, standard: page.default, clamp: page.clamp });
  const cursor = page.cursor === undefined ? undefined : parameters[page.cursor];
  if (cursor) return { limit, offset: 0, start: openCursor(request, query, cursor) };
  const offset = readOffset(page, parameters, limit);
  return { limit, offset, start: offset ? { offset } : {} };
}

function readOffset({ offset, number, maxOffset, clamp }: PageSpec, parameters: Record<string, string>, limit: number): number {
  if (number !== undefined) {
    const maxPage = Math.floor(maxOffset / limit) + 1;
    return (parseWholeNumber(parameters, { name: number, least: 1, max: maxPage, standard: 1, clamp }) - 1) * limit;
  }
  return offset === undefined ? 0 : parseWholeNumber(parameters, { name: offset, least: 0, max: maxOffset, standard: 0, clamp });
}

/** The content of a cursor. A cursor is valid only for the list, and the order, for which it was created: the values of its position are those of the sort keys. */
interface Cursor {
  list: string;
  after: Position;
}

const toListName = ({ shape }: VendorRequest, query: string): string =>
  `${shape.name} ${new URLSearchParams(query.slice(query.indexOf('?') + 1)).get('_sort') ?? ''}`;

/** Any other cursor is refused (400), or means the first page where the vendor documents this (`clamp`). */
function openCursor(request: VendorRequest, query: string, cursor: string): PageStart {
  const { cursor: name, clamp } = request.shape.surface.page;
  const opened = unseal(request, cursor);
  if (isCursor(opened, toListName(request, query))) return { after: opened.after };
  if (clamp) return {};
  throw invalidParameter(`${name} is not a cursor of this list: start the list again`, name);
}

/** Undefined: the text was not created by this server for this tenant. */
function unseal({ context, pageTokens }: VendorRequest, cursor: string): unknown {
  try {
    return pageTokens.open(context.caller.tenant, cursor);
  } catch {
    return undefined;
  }
}

const isCursor = (opened: unknown, list: string): opened is Cursor =>
  isObject(opened) &&
  opened.list === list &&
  Array.isArray(opened.after) &&
  opened.after.every((value) => value === null || typeof value === 'string');

interface NumberRule {
  name: string;
  least: number;
  max: number;
  standard: number;
  clamp: boolean;
}

function parseWholeNumber(parameters: Record<string, string>, { name, least, max, standard, clamp }: NumberRule): number {
  const text = parameters[name];
  if (text === undefined) return standard;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= max) return value;
  if (!clamp) throw invalidParameter(`${name} must be a whole number from ${least} to ${max}`, name);
  return value > max ? max : standard;
}

interface ListedPage {
  query: string;
  paging: Paging;
  page: BodyPage;
  parameters: Record<string, string>;
}

export function buildListFacts(request: VendorRequest, { query, paging: { limit, offset }, page, parameters }: ListedPage): PageInfo {
  const { context, pageTokens, shape } = request;
  const names = shape.surface.page;
  const hasMore = page.next !== undefined;
  const cursor =
    page.next && names.cursor !== undefined
      ? pageTokens.seal(context.caller.tenant, { list: toListName(request, query), after: page.next })
      : null;
  const buildUrl = (more: Record<string, string>): string => `${request.collectionUrl}?${new URLSearchParams({ ...parameters, ...more })}`;
  const buildPageUrl = (next: number): string | null => {
    const own = next > names.maxOffset ? undefined : buildPageParameter(names, next, limit);
    return own ? buildUrl(own) : null;
  };
  const next = offset + limit;
  const after = (): string | null => (names.cursor === undefined ? buildPageUrl(next) : buildUrl({ [names.cursor]: cursor! }));
  return {
    limit,
    offset,
    hasMore,
    nextOffset: hasMore && next <= names.maxOffset ? next : null,
    cursor,
    nextUrl: hasMore ? after() : null,
    previousUrl: offset > 0 ? buildPageUrl(Math.max(0, offset - limit)) : null,
    ...(page.total !== undefined && { total: page.total }),
  };
}

/** The parameter of a page that begins at this offset. Undefined: the surface pages by cursor only. */
function buildPageParameter({ offset, number }: PageSpec, at: number, limit: number): Record<string, string> | undefined {
  if (number !== undefined) return { [number]: String(at / limit + 1) };
  return offset === undefined ? undefined : { [offset]: String(at) };
}
