// One request to a vendor's door, and the ways from stored rows to that vendor's JSON that all its interactions share.
import type { Request } from 'express';
import { aliasHash } from '../../fhir/hash.ts';
import { isUuid, toUuidAlias } from '../../fhir/indexing/uuid-alias.ts';
import { parseExactJson } from '../../fhir/json.ts';
import { FhirError, type Issue, invalidParameter } from '../../fhir/outcome.ts';
import { parseSearchUrl } from '../../fhir/query-string.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { ExternalStep } from '../../interactions/external-step.ts';
import type { PageTokens } from '../../interactions/page-token.ts';
import { canSearch } from '../../interactions/scope-filter.ts';
import { type SearchRequest, search, searchBodies } from '../../interactions/search.ts';
import type { Env, Shape, View } from '../../mapping/shape.ts';
import { MAX_LIST_ITEMS } from '../../mapping/shape.ts';
import type { BodyRow, ResourceRow } from '../../store/resources/resource-row.ts';
import type { BodyPage, PageStart, ResultPage } from '../../store/search/page.ts';
import type { RateLimitState } from '../middleware/request-context.ts';
import { loadJoins } from './batch-loader.ts';

export interface VendorRequest {
  req: Request;
  shape: Shape;
  context: Context;
  /** The body as it came, its numbers with their digits; undefined where the request has none. */
  body: unknown;
  /** The id in the path as the surface shows it; undefined for the collection. */
  id?: string | undefined;
  /** What the other names of the route stand for, as the caller wrote it (`patient_id`). */
  pathParameters: Record<string, string>;
  /** The URL of the collection as the caller reached it, absolute. */
  collectionUrl: string;
  requestId: string;
  rate?: RateLimitState | undefined;
  externalStep?: ExternalStep | undefined;
  /** What joins ask for, by the text of the search, where it has been asked already. */
  prefetched?: ReadonlyMap<string, Promise<Resource[]>>;
  /** Another shape of the same surface. */
  findShape(name: string): Shape;
  pageTokens: PageTokens;
}

/** What the server knows when a lens runs. */
export function buildEnv(context: Context, more: Record<string, unknown> = {}): Env {
  const now = context.clock().toISOString();
  const { tenant, brand } = context.caller;
  return { alias: (type, id) => toUuidAlias(tenant, type, id), baseUrl: context.baseUrl, now, defaultBrand: brand, ...more };
}

/** Rows → views, with one search per join for the whole page. */
export async function buildViews(
  { shape, context, prefetched }: VendorRequest,
  rows: BodyRow[],
  more: Record<string, unknown> = {},
): Promise<View[]> {
  const resources = rows.map((row) => (shape.hasNumbers ? parseExactJson(row.body!) : JSON.parse(row.body!)) as Resource);
  const { baseUrl } = context;
  const beside = await loadJoins(resources, shape.joins, {
    find: (query) => prefetched?.get(query) ?? findJoined(context, query),
    baseUrl,
  });
  return rows.map((row, at) => shape.read(resources[at]!, buildEnv(context, { created: row.created, ...beside[at], ...more })));
}

/** The view of one row. */
export async function buildView(call: VendorRequest, row: ResourceRow, more?: Record<string, unknown>): Promise<View> {
  return (await buildViews(call, [row], more))[0]!;
}

/** Asks for what stands beside an item while the item itself is looked up: all that its id leads to. */
export function prefetch({ shape, context }: VendorRequest, id: string): NonNullable<VendorRequest['prefetched']> {
  const searches = shape.joins.filter(({ usesOwnerId }) => usesOwnerId).map(({ buildSearch }) => buildSearch([id]));
  return new Map(searches.map((query) => [query, ignoreRejection(findJoined(context, query))]));
}

/** An answer that nobody may wait for: where there is no such item, its failure is no matter. */
function ignoreRejection<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}

/**
 * Of types that the caller may not search nothing is shown, as _include leaves them out (scope-filter.ts). All others are there: a role that is missing would look
 * like one that is not there.
 */
async function findJoined(context: Context, query: string): Promise<Resource[]> {
  if (!canSearch(context.caller, parseSearchUrl(query).type)) return [];
  const rows = await findAll(context, query, MAX_LIST_ITEMS);
  if (!rows) throw invalidParameter(`more than ${MAX_LIST_ITEMS} resources stand beside what is asked for: ask for less at once`);
  return rows.map(({ body }) => JSON.parse(body!) as Resource);
}

/** All that a search within the caller's scopes finds; undefined: that is more than so many. */
export async function findAll(context: Context, query: string, most: number): Promise<BodyRow[] | undefined> {
  const { rows, next } = await findTexts(context, query, { count: most, isScoped: true });
  return next ? undefined : rows;
}

interface FindOptions {
  count: number;
  start?: PageStart;
  total?: 'accurate' | 'none';
  isSizeLimited?: boolean;
  /** The conditions are held to the caller's scopes: 403 where they would tell something of another type. */
  isScoped?: boolean;
}

const strictSearch = (text: string, options: FindOptions): SearchRequest => ({ ...parseSearchUrl(text), handling: 'strict', ...options });

/** A FHIR search as the mappings write them: `Type?name=value&…`. */
export const find = (context: Context, text: string, options: FindOptions): Promise<ResultPage> =>
  search(context, strictSearch(text, options));

/** The same where only the resources themselves are wanted. */
export const findTexts = (context: Context, text: string, options: FindOptions): Promise<BodyPage> =>
  searchBodies(context, strictSearch(text, options));

/** The row behind an id as a surface shows it: the FHIR id itself, or the one whose alias this is. */
export async function readRow(context: Context, type: ServedType, id: string): Promise<ResourceRow | undefined> {
  const row = await context.store.read(context.caller.tenant, type, id);
  if (row || !isUuid(id)) return row?.body === null ? undefined : row;
  const where = [{ on: 'token' as const, any: [aliasHash(id)] }];
  const { rows } = await context.store.search(context.caller.tenant, { type, where, sort: [], count: 1, total: 'none', include: [] });
  return rows[0];
}

/** Does the work in a transaction, joined when there is one. */
export const inTransaction = <T>(call: VendorRequest, work: (inside: VendorRequest) => Promise<T>): Promise<T> =>
  call.context.store.transaction((store) => work({ ...call, context: { ...call.context, store } }));

/** What is said where the person of a key is not there any more. */
export const PATIENT_GONE = 'the person this API key stands for is not there any more';

/** How long an idempotency-key is kept that nothing made lasts as long as. */
export const expiresInADay = (context: Context): string => new Date(context.clock().getTime() + 86_400_000).toISOString();

/** The row of the Patient that the caller's key stands for; undefined: it was deleted. */
export async function readPatientRow({ store, caller: { tenant, patient } }: Context): Promise<ResourceRow | undefined> {
  const row = patient === undefined ? undefined : await store.read(tenant, 'Patient', patient);
  return row?.body === null ? undefined : row;
}

/** The id of the item that the path names, as FHIR has it; undefined: it is none. */
export const readPathId = ({ shape, context, id = '' }: VendorRequest): string | undefined =>
  shape.itemIsCaller ? context.caller.patient : shape.surface.decodeId(shape.resource, id);

/** The row of the item that the path names, whatever it shows; undefined: there is none. */
export async function readItemRow(call: VendorRequest): Promise<ResourceRow | undefined> {
  const { shape, context } = call;
  if (shape.itemIsCaller) return readPatientRow(context);
  const id = readPathId(call);
  return id === undefined ? undefined : readRow(context, shape.resource, id);
}

/** Runs a write; what FHIR refuses is told in the vendor's own field names. `place`: where a request says a field, if not by its name. */
export async function translateErrors<T>(shape: Shape, work: () => Promise<T>, place = toOwnFieldName): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const issues = error.issues.map((issue) => (issue.expression?.some(isFhirPath) ? toVendorIssue(issue, shape, place) : issue));
    throw new FhirError(error.kind, issues, error.headers);
  }
}

const toOwnFieldName = (field: string): string => field;

/** A vendor's fields begin with a small letter, the paths of FHIR with a type. */
const isFhirPath = (where: string): boolean => /^[A-Z]/.test(where);

/** The last place is the nearest (`patient_id`, and then which element of that patient); one that no field leads to is left out. */
function toVendorIssue({ expression = [], ...issue }: Issue, shape: Shape, place: (field: string) => string): Issue {
  const named = expression.flatMap((where) => shape.findField(where) ?? []).at(-1);
  if (named === undefined) return issue;
  const field = place(named);
  return { ...issue, text: `${field}: ${issue.text}`, expression: [field] };
}
