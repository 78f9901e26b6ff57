// Finds stored rows for a vendor's request: by an id of the surface, or by a FHIR search from a mapping.
import { aliasHash } from '../fhir/hash.ts';
import { isUuid } from '../fhir/indexing/uuid-alias.ts';
import { parseExactJson } from '../fhir/json.ts';
import { parseSearchUrl } from '../fhir/search/request.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { type SearchRequest, searchBodies, searchVersions } from '../interactions/search.ts';
import type { BodyRow, ResourceRow } from '../store/resources/resource-row.ts';
import type { BodyPage, PageStart, ResultPage } from '../store/search/page.ts';
import type { VendorRequest } from './vendor-request.ts';

interface FindOptions {
  count: number;
  start?: PageStart;
  total?: 'accurate' | 'none';
  isSizeLimited?: boolean;
  /** Checks the conditions against the caller's scopes. 403 if they could reveal data of a type that the caller may not search. */
  isScoped?: boolean;
}

const toSearchRequest = (text: string, options: FindOptions): SearchRequest => ({
  ...parseSearchUrl(text),
  handling: 'strict',
  ...options,
});

/** One page of a FHIR search: `Type?name=value&…`. */
export const findRows = (context: Context, text: string, options: FindOptions): Promise<ResultPage> =>
  searchVersions(context, toSearchRequest(text, options));

/** The same with the bodies of the resources only. */
export const findTexts = (context: Context, text: string, options: FindOptions): Promise<BodyPage> =>
  searchBodies(context, toSearchRequest(text, options));

/** All matches of a search within the caller's scopes. Undefined: there are more than `limit`. */
export async function findAllTexts(context: Context, query: string, limit: number): Promise<BodyRow[] | undefined> {
  const { rows, next } = await findTexts(context, query, { count: limit, isScoped: true });
  return next ? undefined : rows;
}

/** The current row for an id of a surface, which is a FHIR id or its UUID alias. */
export async function readRow(context: Context, type: ServedType, id: string): Promise<ResourceRow | undefined> {
  const row = await context.store.read(context.caller.tenant, type, id);
  if (row || !isUuid(id)) return row?.body === null ? undefined : row;
  const where = [{ on: 'token' as const, any: [aliasHash(id)] }];
  const { rows } = await context.store.searchVersions(context.caller.tenant, {
    type,
    where,
    sort: [],
    count: 1,
    total: 'none',
    include: [],
  });
  return rows[0];
}

/** The row of the Patient of the caller's patient key. Undefined: the Patient was deleted, or the key is not a patient key. */
export async function readPatientRow({ store, caller: { tenant, patient } }: Context): Promise<ResourceRow | undefined> {
  const row = patient === undefined ? undefined : await store.read(tenant, 'Patient', patient);
  return row?.body === null ? undefined : row;
}

/** The error text (404) if the patient of a patient key was deleted. */
export const PATIENT_GONE = 'the patient of this API key was deleted';

/** The FHIR id of the item in the path. Undefined: the path has no valid id. */
export const readPathId = ({ shape, context, id = '' }: VendorRequest): string | undefined =>
  shape.itemIsCaller ? context.caller.patient : shape.surface.decodeId(shape.resource, id);

/** The row of the item in the path, without the check of `only:`. Undefined: no such row. */
export async function readItemRow(request: VendorRequest): Promise<ResourceRow | undefined> {
  const { shape, context } = request;
  if (shape.itemIsCaller) return readPatientRow(context);
  const id = readPathId(request);
  return id === undefined ? undefined : readRow(context, shape.resource, id);
}

/** The resource of a row that does not record a deletion. The assertion: every stored body was validated when it was written. */
export const parseStored = ({ body }: Pick<BodyRow, 'body'>, { exact = false } = {}): Resource =>
  (exact ? parseExactJson(body!) : JSON.parse(body!)) as Resource;
