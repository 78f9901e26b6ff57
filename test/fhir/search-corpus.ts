// A few resources in memory that tests of search semantics query.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry, type SearchRegistry } from '../../src/fhir/search/registry.ts';
import { type ParsedSearch, parseSearch } from '../../src/fhir/search/request.ts';
import { isServed, type Resource } from '../../src/fhir/types.ts';
import { found, included, type Stored } from './matches.ts';

export const BASE_URL = 'https://fhir.example.org/fhir/R4';
export const REGISTRY = buildRegistry([]);
/** When the tests take place, for `ap` on dates. */
export const NOW = new Date('2026-01-01T00:00:00.000Z');

/** Resources as stored, in this order, a second apart unless they say when. */
export const corpusOf = (resources: Resource[], registry: SearchRegistry = REGISTRY): Stored[] =>
  resources.map((resource, at) => ({
    type: resource.resourceType as Stored['type'],
    id: resource.id!,
    lastUpdated: resource.meta?.lastUpdated ?? new Date(Date.UTC(2025, 0, 1, 0, 0, at)).toISOString(),
    rows: buildIndexRows(resource, registry, [], BASE_URL),
  }));

/** A search as it stands in a URL (`Patient?name=x`), read strictly. */
export function parsed(search: string, registry: SearchRegistry = REGISTRY, handling: 'strict' | 'lenient' = 'strict'): ParsedSearch {
  const [type = '', query = ''] = search.split(/\?(.*)/s);
  if (!isServed(type)) throw new Error(`${type} is not served`);
  return parseSearch(type, [...new URLSearchParams(query)], { registry, baseUrl: BASE_URL, handling, now: NOW });
}

/** The ids of what a search finds, in its order; in the order of the corpus when it asks for none. */
export function idsOf(search: string, corpus: readonly Stored[], registry: SearchRegistry = REGISTRY): string[] {
  const { query } = parsed(search, registry);
  const matching = found(query, corpus);
  return (query.sort.length ? matching : corpus.filter((stored) => matching.includes(stored))).map(({ id }) => id);
}

/** The ids of what comes in beside the matches. */
export function includedIdsOf(search: string, corpus: readonly Stored[]): string[] {
  const { query } = parsed(search);
  return included(query.include, found(query, corpus), corpus).map(({ type, id }) => `${type}/${id}`);
}
