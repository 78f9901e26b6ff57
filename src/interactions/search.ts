// search: https://hl7.org/fhir/R4/http.html#search. The page comes in one statement, what it includes in one more.

import type { Condition, Query, Slice } from '../fhir/search/query.ts';
import type { ParsedSearch } from '../fhir/search/request.ts';
import { parseSearchOf } from '../fhir/search/types.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Explained } from '../store/search/explain.ts';
import type { Page, Start, TextPage } from '../store/search/page.ts';
import { type Context, roomOf } from './context.ts';
import { restrictToScopes } from './scope-filter.ts';
import { shownTo } from './security-context.ts';
import { registryFor } from './terminology.ts';

export interface SearchRequest {
  type: ServedType;
  /** Further types: one result of all of them. */
  also?: readonly ServedType[];
  /** What is true of all resources of a type that may be found at all (a compartment). */
  within?: (type: ServedType) => Condition;
  parameters: [name: string, value: string][];
  handling: 'strict' | 'lenient';
  start?: Start;
  /** Overrides of what the parameters say, for doors that page in their own way. */
  count?: number;
  total?: 'none' | 'accurate';
  /** Conditions and inclusions are held to the caller's scopes. Absent for what the server itself looks up in order to write (duplicates, targets). */
  scoped?: boolean;
  /** The page may end before its count, where an answer has no room for more. Else it is whole, however long. */
  mayEnd?: boolean;
  /** Also how it was done. */
  explained?: boolean;
}

interface Found extends Page {
  parsed: ParsedSearch;
  statements?: Explained[];
}

/** One page of resources, and nothing of how they were understood to be asked for. */
export async function searchTexts(context: Context, request: SearchRequest): Promise<TextPage> {
  const { query } = await understood(context, request);
  const page = await context.store.texts(context.caller.tenant, query, request.start);
  return { ...page, rows: page.rows.map(shownTo(context.caller)) };
}

/** One page of matches, and what the parameters were understood as. */
export async function search(context: Context, request: SearchRequest): Promise<Found> {
  const { query, parsed } = await understood(context, request);
  const { store, caller } = context;
  const { page, ...more } = request.explained
    ? await store.explain(caller.tenant, query, request.start)
    : { page: await store.search(caller.tenant, query, request.start) };
  const shown = shownTo(caller);
  return { ...page, rows: page.rows.map(shown), included: page.included.map(shown), parsed, ...more };
}

/** The query of a request, and what its parameters were understood as. */
async function understood(context: Context, request: SearchRequest): Promise<{ query: Query; parsed: ParsedSearch }> {
  const { type, also = [], within, parameters, handling, count, total, scoped, mayEnd } = request;
  const registry = await registryFor(context, parameters);
  const parsed = parseSearchOf([type, ...also], parameters, { registry, baseUrl: context.baseUrl, handling });
  const narrowed = within ? narrowedTo(parsed.query, within) : parsed.query;
  const asked = scoped ? restrictToScopes(narrowed, context.caller) : narrowed;
  return { query: { ...asked, ...(count !== undefined && { count }), ...(total && { total }), ...(mayEnd && roomOf(context)) }, parsed };
}

function narrowedTo(query: Query, within: (type: ServedType) => Condition): Query {
  const narrow = <S extends Slice>(slice: S): S => ({ ...slice, where: [within(slice.type), ...slice.where] });
  return { ...narrow(query), ...(query.also && { also: query.also.map(narrow) }) };
}
