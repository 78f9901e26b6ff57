// $everything of a patient: one page of the record, the resources it refers to, and its attached documents.
// https://hl7.org/fhir/R4/operation-patient-everything.html, docs/decisions/0006-search-semantics.md
import { findAttachedBinaryIds } from '../fhir/links.ts';
import { tooLong } from '../fhir/outcome.ts';
import { buildRecordConditions, buildRecordInclusions, type CareSpan } from '../fhir/search/everything.ts';
import type { Query, TypeQuery } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import { parseBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { PageStart, ResultPage } from '../store/search/page.ts';
import { type Context, toSizeLimit } from './context.ts';
import { read } from './read.ts';
import { redactFor } from './redaction.ts';
import { restrictToScopes } from './scope-filter.ts';

interface EverythingRequest {
  patient: string;
  span: CareSpan;
  /** The types of the record; at least one. */
  types: readonly ServedType[];
  /** The types that may be included in addition to the record. */
  besides: readonly ServedType[];
  count: number;
  start?: PageStart;
}

/** One page, oldest change first. A resource that changes while a client reads the pages appears again on a later page, so that no change is missed. */
export async function readEverything(context: Context, { start, ...request }: EverythingRequest): Promise<ResultPage> {
  await read(context, { type: 'Patient', id: request.patient });
  const query = { ...restrictToScopes(buildQuery(context, request), context.caller), ...toSizeLimit(context) };
  const page = await context.store.search(context.caller.tenant, query, start);
  const attached = request.besides.includes('Binary') ? await findAttachedBinaries(context, page.rows) : [];
  const besides = [...page.included, ...attached].map(redactFor(context.caller));
  const included = besides.filter(({ lastUpdated }) => !request.span.since || lastUpdated >= request.span.since);
  return { ...page, included };
}

function buildQuery({ registry, baseUrl, clock }: Context, { patient, span, types, besides, count }: EverythingRequest): Query {
  const context = { registry, baseUrl, now: clock() };
  const record = buildRecordConditions(patient, span, context);
  const slices = types.map((type): TypeQuery => ({ type, where: [record(type)], sort: [{ by: 'lastUpdated', descending: false }] }));
  const [first, ...otherTypes] = slices;
  const include = buildRecordInclusions(context, types).flatMap((inclusion) => {
    const includedTypes = inclusion.types.filter((type) => besides.includes(type));
    return includedTypes.length ? [{ ...inclusion, types: includedTypes }] : [];
  });
  return { ...first!, otherTypes, count, total: 'known', include };
}

/** An attachment refers to its Binary by a URL, which is not indexed by a search parameter. */
async function findAttachedBinaries(context: Context, rows: ResourceRow[]): Promise<ResourceRow[]> {
  const { store, caller, baseUrl } = context;
  const any = [...new Set(rows.flatMap(({ body }) => findAttachedBinaryIds(parseBody(body!), baseUrl)))];
  if (!any.length) return [];
  const query: Query = { type: 'Binary', where: [{ on: 'id', any }], sort: [], count: any.length, total: 'none', include: [] };
  const { rows: found, next } = await store.search(caller.tenant, { ...restrictToScopes(query, caller), ...toSizeLimit(context) });
  if (next)
    throw tooLong('the documents attached to these resources exceed the size limit of a response: request fewer per page with _count');
  return found;
}
