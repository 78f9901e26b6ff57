// Stores references below a base URL that only the current request has as relative references, so that they stay local for all other requests.
// https://hl7.org/fhir/R4/references.html#literal
import { rewriteLinks } from '../fhir/links.ts';
import type { Context, Draft } from './context.ts';

/** The draft with relative references. The same object if the base URL is that of all requests. */
export function localizeReferences({ baseUrl, hasOwnBaseUrl }: Context, draft: Draft): Draft {
  if (!hasOwnBaseUrl) return draft;
  const toRelative = (link: string, place: string): string | undefined =>
    place === 'reference' && link.startsWith(`${baseUrl}/`) ? link.slice(baseUrl.length + 1) : undefined;
  const exact = rewriteLinks(draft.exact, toRelative);
  return exact === draft.exact ? draft : { exact, resource: rewriteLinks(draft.resource, toRelative) };
}
