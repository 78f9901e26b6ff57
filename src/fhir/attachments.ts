// The Binaries of this server that a resource's attachments name by URL. https://hl7.org/fhir/R4/datatypes.html#Attachment
import { rewriteLinks } from './links.ts';
import { normalizeReference } from './reference.ts';
import type { Resource } from './types.ts';

/** Their ids. `baseUrl`: this server's FHIR base, without a trailing slash. */
export function findAttachedBinaryIds(resource: Resource, baseUrl: string): string[] {
  const ids: string[] = [];
  rewriteLinks(resource, (link, place) => {
    const [type, id] = place === 'uri' ? (normalizeReference(link, baseUrl)?.split('/') ?? []) : [];
    if (type === 'Binary' && id !== undefined) ids.push(id);
    return undefined;
  });
  return ids;
}
