// The links of a resource: what refers to other resources, wherever it stands. https://hl7.org/fhir/R4/http.html#trules
// ("resource references, elements of type uri, url, oid, uuid, and <a href="" & <img src="" in the narrative"; canonical ones are left alone.)
import { findElement } from './elements.ts';
import type { Resource } from './types.ts';

/** Another text for a link, or undefined to leave it. `place`: a Reference, an element that is a URI, or the narrative. */
export type LinkRewriter = (link: string, place: 'reference' | 'uri' | 'narrative') => string | undefined;

const URIS = new Set(['uri', 'url', 'oid', 'uuid']);
const ATTRIBUTE = /(\s(?:href|src)\s*=\s*)("[^"]*"|'[^']*')/g;

/** The resource with its links replaced; itself when none is. Numbers keep their digits. */
export const rewriteLinks = (resource: Resource, relink: LinkRewriter): Resource => rewriteNode(resource.resourceType, resource, relink);

/** All links of a resource that stand in References. */
export function listReferences(resource: Resource): string[] {
  const found: string[] = [];
  rewriteLinks(resource, (link, place) => {
    if (place === 'reference') found.push(link);
    return undefined;
  });
  return found;
}

/** An object of a FHIR type. Of types that are not served little is known: there, `reference` is a Reference's. */
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
  if (URIS.has(type)) return relink(value, 'uri') ?? value;
  return type === 'xhtml' ? rewriteNarrative(value, relink) : value;
}

const rewriteNarrative = (div: string, relink: LinkRewriter): string =>
  div.replace(ATTRIBUTE, (whole, before: string, quoted: string) => {
    const link = relink(quoted.slice(1, -1), 'narrative');
    return link === undefined ? whole : `${before}${quoted[0]}${link}${quoted[0]}`;
  });

function rewriteList(items: unknown[], of: (item: unknown) => unknown): unknown[] {
  const made = items.map(of);
  return made.some((item, at) => item !== items[at]) ? made : items;
}
