// search: https://hl7.org/fhir/R4/http.html#search

import { parseMultiTypeSearch } from '../fhir/search/multi-type.ts';
import type { Condition, Query, TypeQuery } from '../fhir/search/query.ts';
import type { ParsedSearch } from '../fhir/search/request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { FoundRow } from '../store/resources/resource-row.ts';
import type { ExplainedStatement } from '../store/search/explain.ts';
import type { BodyPage, PageStart, ResultPage } from '../store/search/page.ts';
import { type Context, toSizeLimit } from './context.ts';
import { redactFor } from './redaction.ts';
import { restrictToScopes } from './scope-filter.ts';
import { loadSearchRegistry } from './search-registry.ts';

export interface SearchRequest {
  type: ServedType;
  /** Further types of the same result. */
  also?: readonly ServedType[];
  /** A condition that all results of a type must meet (a compartment). */
  restriction?: (type: ServedType) => Condition;
  parameters: [name: string, value: string][];
  handling: 'strict' | 'lenient';
  start?: PageStart;
  /** `count` and `total` override the parameters, for APIs with their own paging. */
  count?: number;
  total?: 'none' | 'accurate';
  /** Applies the caller's scopes. Absent for searches by the server itself before a write (duplicates, reference targets). */
  isScoped?: boolean;
  /** Ends the page early at the size limit of a response. Absent: the page is complete, whatever its size. */
  isSizeLimited?: boolean;
  /** Without `_sort`, any order will do. Absent: the order of storing. */
  anyOrder?: boolean;
}

interface Found extends ResultPage<FoundRow> {
  parsed: ParsedSearch;
  statements?: ExplainedStatement[];
}

/** One page with only the bodies of resources. */
export async function searchBodies(context: Context, request: SearchRequest): Promise<BodyPage> {
  const { query } = await buildQuery(context, request);
  const page = await context.store.searchBodies(context.caller.tenant, query, request.start);
  return { ...page, rows: page.rows.map(redactFor(context.caller)) };
}

/** One page of matches, and the parsed parameters. `withPlans`: adds the statements and their plans. */
export async function search(context: Context, request: SearchRequest, { withPlans = false } = {}): Promise<Found> {
  const { query, parsed } = await buildQuery(context, request);
  const { store, caller } = context;
  const { page, ...more } = withPlans
    ? await store.explainSearch(caller.tenant, query, request.start)
    : { page: await store.search(caller.tenant, query, request.start) };
  return { ...redactPage(context, page), parsed, ...more };
}

/** One page of matches with the columns of their versions. */
export async function searchVersions(context: Context, request: SearchRequest): Promise<ResultPage> {
  const { query } = await buildQuery(context, request);
  const page = await context.store.searchVersions(context.caller.tenant, query, request.start);
  return redactPage(context, page);
}

function redactPage<Row extends FoundRow>({ caller }: Context, page: ResultPage<Row>): ResultPage<Row> {
  const redact = redactFor(caller);
  return { ...page, rows: page.rows.map(redact), included: page.included.map(redact) };
}

/** The query of a request, and its parsed parameters. */
async function buildQuery(context: Context, request: SearchRequest): Promise<{ query: Query; parsed: ParsedSearch }> {
  const { type, also = [], restriction, parameters, handling, count, total, isScoped, isSizeLimited, anyOrder } = request;
  const registry = await loadSearchRegistry(context, parameters);
  const parsed = parseMultiTypeSearch([type, ...also], parameters, { registry, baseUrl: context.baseUrl, handling });
  const narrowed = restriction ? restrictQuery(parsed.query, restriction) : parsed.query;
  const scopedQuery = isScoped ? restrictToScopes(narrowed, context.caller) : narrowed;
  return {
    query: {
      ...scopedQuery,
      ...(count !== undefined && { count }),
      ...(total && { total }),
      ...(isSizeLimited && toSizeLimit(context)),
      ...(anyOrder && { anyOrder }),
    },
    parsed,
  };
}

function restrictQuery(query: Query, buildRestriction: (type: ServedType) => Condition): Query {
  const narrow = <S extends TypeQuery>(slice: S): S => ({ ...slice, where: [buildRestriction(slice.type), ...slice.where] });
  return { ...narrow(query), ...(query.otherTypes && { otherTypes: query.otherTypes.map(narrow) }) };
}
