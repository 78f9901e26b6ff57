// Finds this server's Binaries in the URLs of a resource's attachments. https://hl7.org/fhir/R4/datatypes.html#Attachment
import { rewriteLinks } from './links.ts';
import { normalizeReference } from './reference.ts';
import type { Resource } from './types.ts';

/** The ids of the Binaries. `baseUrl`: this server's FHIR base, without a trailing slash. */
export function findAttachedBinaryIds(resource: Resource, baseUrl: string): string[] {
  const ids: string[] = [];
  rewriteLinks(resource, (link, place) => {
    const [type, id] = place === 'uri' ? (normalizeReference(link, baseUrl)?.split('/') ?? []) : [];
    if (type === 'Binary' && id !== undefined) ids.push(id);
    return undefined;
  });
  return ids;
}
