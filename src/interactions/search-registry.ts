// The search parameters with the value sets and code systems that a search names, those of loaded packages too.
// https://hl7.org/fhir/R4/search.html#subsumption
import type { SearchRegistry } from '../fhir/search/registry.ts';
import type { Context } from './context.ts';

/** Parameters whose value may name a value set or a code system. */
const TERMINOLOGY_PARAMETER = /^_filter$|:(in|not-in|above|below)$/;

/** What a search with these parameters is read with. Nothing is looked up for one that names none. */
export async function loadSearchRegistry(
  { registry, profiles, store }: Pick<Context, 'registry' | 'profiles' | 'store'>,
  parameters: readonly [name: string, value: string][],
): Promise<SearchRegistry> {
  const values = parameters.filter(([name]) => TERMINOLOGY_PARAMETER.test(name)).map(([, value]) => value);
  const urls = new Set(values.flatMap((value) => value.split(SEPARATORS)).filter((piece) => piece.includes(':')));
  const terminology = urls.size ? await profiles.findTerminology(store, [...urls]) : undefined;
  return terminology ? { ...registry, terminology } : registry;
}

/** What stands between canonical URLs, their versions and codes, in a value or a filter. */
const SEPARATORS = /[\s,|"()\\]+/;
