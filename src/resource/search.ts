// search: https://hl7.org/fhir/R4/http.html#search. The page comes in one statement, what it includes in one more.
import { type ParsedSearch, parseSearch } from '../fhir/search-request.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Page, Start } from '../store/store.ts';
import type { Context } from './context.ts';
import { permitted } from './permitted.ts';

export interface SearchRequest {
  type: ServedType;
  parameters: [name: string, value: string][];
  handling: 'strict' | 'lenient';
  start?: Start;
  /** Overrides of what the parameters say, for doors that page in their own way. */
  count?: number;
  total?: 'none' | 'accurate';
  /** The caller's own words: chains and inclusions are held to its scopes. (A mapping's searches are the server's words.) */
  scoped?: boolean;
}

/** One page of matches, and what the parameters were understood as. */
export async function search(context: Context, request: SearchRequest): Promise<Page & { parsed: ParsedSearch }> {
  const { type, parameters, handling, start, count, total, scoped } = request;
  const parsed = parseSearch(type, parameters, { registry: context.registry, baseUrl: context.baseUrl, handling });
  const asked = scoped ? permitted(parsed.query, context.caller) : parsed.query;
  const query = { ...asked, ...(count !== undefined && { count }), ...(total && { total }) };
  return { ...(await context.store.search(context.caller.tenant, query, start)), parsed };
}
