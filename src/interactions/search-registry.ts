// The search parameters, with the value sets and code systems that a search names. These may be stored, or come from loaded packages.
// https://hl7.org/fhir/R4/search.html#subsumption
import type { SearchRegistry } from '../fhir/search/registry.ts';
import type { Context } from './context.ts';
import { loadTerminology } from './terminology.ts';

/** Parameters whose value may name a value set or a code system. */
const TERMINOLOGY_PARAMETER = /^_filter$|:(in|not-in|above|below)$/;

/** The registry for parsing a search with these parameters. Reads terminology only if a parameter names a value set or code system. */
export async function loadSearchRegistry(
  context: Pick<Context, 'registry' | 'profiles' | 'store' | 'caller' | 'baseUrl' | 'maxBodyBytes'>,
  parameters: readonly [name: string, value: string][],
): Promise<SearchRegistry> {
  const values = parameters.filter(([name]) => TERMINOLOGY_PARAMETER.test(name)).map(([, value]) => value);
  const urls = new Set(values.flatMap((value) => value.split(SEPARATORS)).filter((piece) => piece.includes(':')));
  return urls.size ? { ...context.registry, terminology: await loadTerminology(context, [...urls]) } : context.registry;
}

/** Separators of canonical URLs, versions and codes in a value or a `_filter`. */
const SEPARATORS = /[\s,|"()\\]+/;
