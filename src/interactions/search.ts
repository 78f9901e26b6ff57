// search: https://hl7.org/fhir/R4/http.html#search. The page comes in one statement, what it includes in one more.

import { parseMultiTypeSearch } from '../fhir/search/multi-type.ts';
import type { Condition, Query, TypeQuery } from '../fhir/search/query.ts';
import type { ParsedSearch } from '../fhir/search/request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ExplainedStatement } from '../store/search/explain.ts';
import type { BodyPage, PageStart, ResultPage } from '../store/search/page.ts';
import { type Context, toSizeLimit } from './context.ts';
import { redactFor } from './redaction.ts';
import { restrictToScopes } from './scope-filter.ts';
import { loadSearchRegistry } from './search-registry.ts';

export interface SearchRequest {
  type: ServedType;
  /** Further types: one result of all of them. */
  also?: readonly ServedType[];
  /** What is true of all resources of a type that may be found at all (a compartment). */
  restriction?: (type: ServedType) => Condition;
  parameters: [name: string, value: string][];
  handling: 'strict' | 'lenient';
  start?: PageStart;
  /** Overrides of what the parameters say, for doors that page in their own way. */
  count?: number;
  total?: 'none' | 'accurate';
  /** Conditions and inclusions are held to the caller's scopes. Absent for what the server itself looks up in order to write (duplicates, targets). */
  isScoped?: boolean;
  /** The page may end before its count, where an answer has no room for more. Else it is whole, however long. */
  isSizeLimited?: boolean;
  /** Also how it was done. */
  withPlans?: boolean;
}

interface Found extends ResultPage {
  parsed: ParsedSearch;
  statements?: ExplainedStatement[];
}

/** One page of resources, and nothing of how they were understood to be asked for. */
export async function searchBodies(context: Context, request: SearchRequest): Promise<BodyPage> {
  const { query } = await buildQuery(context, request);
  const page = await context.store.searchBodies(context.caller.tenant, query, request.start);
  return { ...page, rows: page.rows.map(redactFor(context.caller)) };
}

/** One page of matches, and what the parameters were understood as. */
export async function search(context: Context, request: SearchRequest): Promise<Found> {
  const { query, parsed } = await buildQuery(context, request);
  const { store, caller } = context;
  const { page, ...more } = request.withPlans
    ? await store.explainSearch(caller.tenant, query, request.start)
    : { page: await store.search(caller.tenant, query, request.start) };
  const shown = redactFor(caller);
  return { ...page, rows: page.rows.map(shown), included: page.included.map(shown), parsed, ...more };
}

/** The query of a request, and what its parameters were understood as. */
async function buildQuery(context: Context, request: SearchRequest): Promise<{ query: Query; parsed: ParsedSearch }> {
  const { type, also = [], restriction, parameters, handling, count, total, isScoped, isSizeLimited } = request;
  const registry = await loadSearchRegistry(context, parameters);
  const parsed = parseMultiTypeSearch([type, ...also], parameters, { registry, baseUrl: context.baseUrl, handling });
  const narrowed = restriction ? restrictQuery(parsed.query, restriction) : parsed.query;
  const asked = isScoped ? restrictToScopes(narrowed, context.caller) : narrowed;
  return {
    query: { ...asked, ...(count !== undefined && { count }), ...(total && { total }), ...(isSizeLimited && toSizeLimit(context)) },
    parsed,
  };
}

function restrictQuery(query: Query, within: (type: ServedType) => Condition): Query {
  const narrow = <S extends TypeQuery>(slice: S): S => ({ ...slice, where: [within(slice.type), ...slice.where] });
  return { ...narrow(query), ...(query.otherTypes && { otherTypes: query.otherTypes.map(narrow) }) };
}
