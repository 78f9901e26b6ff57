// $everything of a patient: one page of the record, the resources it refers to, and its attached documents.
// https://hl7.org/fhir/R4/operation-patient-everything.html, docs/decisions/0006-search-semantics.md
import { findAttachedBinaryIds } from '../fhir/links.ts';
import { tooLong } from '../fhir/outcome.ts';
import type { SearchContext } from '../fhir/search/condition.ts';
import { buildRecordConditions, buildRecordInclusions, type CareSpan } from '../fhir/search/everything.ts';
import type { Condition, Inclusion, Query, TypeQuery } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import { parseBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { PageStart, Position, ResultPage } from '../store/search/page.ts';
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

/**
 * One page: the patient first, then the record, oldest change first. A resource of the record that changes while a client reads the pages appears again on a
 * later page, so that no change is missed.
 */
export async function readEverything(context: Context, { start, ...request }: EverythingRequest): Promise<ResultPage> {
  await read(context, { type: 'Patient', id: request.patient });
  const page = start ? await findPage(context, buildRecordQuery(context, request), start) : await findFirstPage(context, request);
  const attached = request.besides.includes('Binary') ? await findAttachedBinaries(context, page.rows) : [];
  const besides = [...page.included, ...attached].map(redactFor(context.caller));
  const included = besides.filter(({ lastUpdated }) => !request.span.since || lastUpdated >= request.span.since);
  return { ...page, included };
}

const findPage = ({ store, caller }: Context, query: Query, start?: PageStart): Promise<ResultPage> =>
  store.searchVersions(caller.tenant, restrictToScopes(query, caller), start);

/** The position before the whole record, which is sorted by `lastUpdated`. */
const BEGINNING: Position = ['0001-01-01T00:00:00Z', '0'];

/** The patient, unless the request excludes it, and the beginning of the record. */
async function findFirstPage(context: Context, request: EverythingRequest): Promise<ResultPage> {
  const patient = request.types.includes('Patient') ? await findPage(context, buildPatientQuery(context, request)) : NO_RESOURCES;
  const count = request.count - patient.rows.length;
  const query = buildRecordQuery(context, { ...request, count: Math.max(count, 1) });
  const patientBytes = Buffer.byteLength(patient.rows[0]?.body ?? '');
  const record = await findPage(context, { ...query, ...(query.maxBytes && { maxBytes: query.maxBytes - patientBytes }) });
  if (count === 0 && record.rows.length > 0) return { rows: patient.rows, included: patient.included, next: BEGINNING };
  const included = new Map([...patient.included, ...record.included].map((row) => [`${row.type}/${row.id}`, row]));
  const total = record.total === undefined ? undefined : record.total + patient.rows.length;
  return {
    ...record,
    rows: [...patient.rows, ...record.rows],
    included: [...included.values()],
    ...(total !== undefined && { total }),
  };
}

const NO_RESOURCES: ResultPage = { rows: [], included: [] };

const SORT: TypeQuery['sort'] = [{ by: 'lastUpdated', descending: false }];

function buildPatientQuery(context: Context, { patient, span, besides }: EverythingRequest): Query {
  const where: Condition[] = [{ on: 'id', any: [patient] }, buildRecordConditions(patient, span, toSearchContext(context))('Patient')];
  return { type: 'Patient', where, sort: SORT, count: 1, total: 'none', include: buildInclusions(context, ['Patient'], besides) };
}

/** The record without the patient. */
function buildRecordQuery(context: Context, { patient, span, types, besides, count }: EverythingRequest): Query {
  const record = buildRecordConditions(patient, span, toSearchContext(context));
  const others: Condition = { on: 'not', condition: { on: 'id', any: [patient] } };
  const slices = types.map(
    (type): TypeQuery => ({ type, where: type === 'Patient' ? [record(type), others] : [record(type)], sort: SORT }),
  );
  const [first, ...otherTypes] = slices;
  return {
    ...first!,
    otherTypes,
    count,
    total: 'known',
    include: buildInclusions(context, types, besides),
    ...toSizeLimit(context),
  };
}

const toSearchContext = ({ registry, baseUrl, clock }: Context): SearchContext => ({ registry, baseUrl, now: clock() });

const buildInclusions = (context: Context, types: readonly ServedType[], besides: readonly ServedType[]): Inclusion[] =>
  buildRecordInclusions(toSearchContext(context), types).flatMap((inclusion) => {
    const includedTypes = inclusion.types.filter((type) => besides.includes(type));
    return includedTypes.length ? [{ ...inclusion, types: includedTypes }] : [];
  });

/** An attachment refers to its Binary by a URL, which is not indexed by a search parameter. */
async function findAttachedBinaries(context: Context, rows: ResourceRow[]): Promise<ResourceRow[]> {
  const { store, caller, baseUrl } = context;
  const any = [...new Set(rows.flatMap(({ body }) => findAttachedBinaryIds(parseBody(body!), baseUrl)))];
  if (!any.length) return [];
  const query: Query = { type: 'Binary', where: [{ on: 'id', any }], sort: [], count: any.length, total: 'none', include: [] };
  const { rows: found, next } = await store.searchVersions(caller.tenant, { ...restrictToScopes(query, caller), ...toSizeLimit(context) });
  if (next)
    throw tooLong('the documents attached to these resources exceed the size limit of a response: request fewer per page with _count');
  return found;
}
