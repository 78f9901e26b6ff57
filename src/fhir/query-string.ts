// A FHIR search written as text (`Patient?name=x&_count=5`), as mappings and bundles carry them.
import { notSupported } from './outcome.ts';
import { isServed, type ServedType } from './types.ts';

/** Type and decoded parameters of `Type?…`; a type that is not served is refused (400). */
export function parseSearchUrl(text: string): { type: ServedType; parameters: [name: string, value: string][] } {
  const at = text.indexOf('?');
  const type = at < 0 ? text : text.slice(0, at);
  if (!isServed(type)) throw notSupported('the search names a resource type that is not served');
  return { type, parameters: at < 0 ? [] : [...new URLSearchParams(text.slice(at + 1))] };
}
