// Stores references and URLs of attachments below a base URL that only the current request has as relative ones, so that they stay local for all other requests.
// https://hl7.org/fhir/R4/references.html#literal, https://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.url ("interpreted relative to the service url,
// like a resource reference")
import { type LinkRewriter, rewriteLinks } from '../fhir/links.ts';
import { isRelativeReference } from '../fhir/reference.ts';
import type { Context, Draft } from './context.ts';

/** The draft with relative references and URLs. The same object if the base URL is that of all requests. */
export function localizeReferences({ baseUrl, hasOwnBaseUrl }: Context, draft: Draft): Draft {
  if (!hasOwnBaseUrl) return draft;
  const toRelative: LinkRewriter = (link, place) => {
    if (!link.startsWith(`${baseUrl}/`)) return undefined;
    const path = link.slice(baseUrl.length + 1);
    return place === 'reference' || (place === 'attachment' && isRelativeReference(path)) ? path : undefined;
  };
  const exact = rewriteLinks(draft.exact, toRelative);
  return exact === draft.exact ? draft : { exact, resource: rewriteLinks(draft.resource, toRelative) };
}
