// The links of a resource: all texts that refer to other resources. https://hl7.org/fhir/R4/http.html#trules
// ("resource references, elements of type uri, url, oid, uuid, and <a href="" & <img src="" in the narrative"; canonical ones are left alone.)
import { findElement } from './elements.ts';
import { normalizeReference } from './reference.ts';
import type { Resource } from './types.ts';

/**
 * Returns the new text of a link, or undefined to keep it. `place`: the link is in a Reference, is the URL of an attachment, or is in another URI element or in
 * the narrative.
 */
export type LinkRewriter = (link: string, place: 'reference' | 'attachment' | 'uri' | 'narrative') => string | undefined;

const URIS = new Set(['uri', 'url', 'oid', 'uuid']);
const ATTRIBUTE = /(\s(?:href|src)\s*=\s*)("[^"]*"|'[^']*')/g;

/** The resource with its links replaced. The same object if no link changes. Numbers keep their digits. */
export const rewriteLinks = (resource: Resource, relink: LinkRewriter): Resource => rewriteNode(resource.resourceType, resource, relink);

/** The texts of all References of a resource. */
export function listReferences(resource: Resource): string[] {
  const found: string[] = [];
  rewriteLinks(resource, (link, place) => {
    if (place === 'reference') found.push(link);
    return undefined;
  });
  return found;
}

/**
 * The same without the references in the resources of a Bundle, which lead to its entries first. https://hl7.org/fhir/R4/bundle.html#references
 */
export const listOwnReferences = (resource: Resource): string[] => (resource.resourceType === 'Bundle' ? [] : listReferences(resource));

/** Rewrites an object of a FHIR type. If the type is unknown, a member `reference` counts as that of a Reference. The assertions: a copy keeps the type of the object. */
function rewriteNode<T extends object>(type: string | undefined, value: T, relink: LinkRewriter): T {
  let changed: Record<string, unknown> | undefined;
  for (const [name, old] of Object.entries(value)) {
    const next = rewriteElement(type, name, old, relink);
    if (next === old) continue;
    changed ??= { ...value } as Record<string, unknown>;
    changed[name] = next;
  }
  return (changed as T | undefined) ?? value;
}

function rewriteElement(owner: string | undefined, name: string, value: unknown, relink: LinkRewriter): unknown {
  const type = owner === undefined ? undefined : findElement(owner, name)?.types[0];
  if (typeof value === 'string') return rewriteText({ owner, name, type }, value, relink);
  if (Array.isArray(value)) return rewriteList(value, (item) => rewriteElement(owner, name, item, relink));
  if (value === null || typeof value !== 'object' || JSON.isRawJSON(value)) return value;
  // the assertion: validation has checked that a contained resource has a resourceType
  return rewriteNode(type === 'Resource' ? (value as Resource).resourceType : type, value, relink);
}

interface ElementPosition {
  owner: string | undefined;
  name: string;
  type: string | undefined;
}

function rewriteText({ owner, name, type }: ElementPosition, value: string, relink: LinkRewriter): string {
  if (name === 'reference' && (owner === 'Reference' || owner === undefined)) return relink(value, 'reference') ?? value;
  if (type === undefined) return value;
  if (URIS.has(type)) return relink(value, owner === 'Attachment' ? 'attachment' : 'uri') ?? value;
  return type === 'xhtml' ? rewriteNarrative(value, relink) : value;
}

const rewriteNarrative = (div: string, relink: LinkRewriter): string =>
  div.replace(ATTRIBUTE, (whole, before: string, quoted: string) => {
    const link = relink(quoted.slice(1, -1), 'narrative');
    return link === undefined ? whole : `${before}${quoted[0]}${link}${quoted[0]}`;
  });

function rewriteList(items: unknown[], rewriteItem: (item: unknown) => unknown): unknown[] {
  const rewritten = items.map(rewriteItem);
  return rewritten.some((item, at) => item !== items[at]) ? rewritten : items;
}

/** The ids of this server's Binaries in the URLs of attachments. `baseUrl`: this server's FHIR base, without a trailing slash. https://hl7.org/fhir/R4/datatypes.html#Attachment */
export function findAttachedBinaryIds(resource: Resource, baseUrl: string): string[] {
  const ids: string[] = [];
  rewriteLinks(resource, (link, place) => {
    const [type, id] = place === 'attachment' || place === 'uri' ? (normalizeReference(link, baseUrl)?.split('/') ?? []) : [];
    if (type === 'Binary' && id !== undefined) ids.push(id);
    return undefined;
  });
  return ids;
}
