// Canonical URLs of profiles: which a resource claims to conform to, and which are R4's own types. https://hl7.org/fhir/R4/resource.html#Meta

import { isElement, items } from './element.ts';
import { isResourceType } from './json-schema.ts';
import { isResource, type Resource } from './types.ts';

const BASE = 'http://hl7.org/fhir/StructureDefinition/';
const ABSTRACT = new Set(['Resource', 'DomainResource']);

/** A canonical URL and the version it asks for. https://hl7.org/fhir/R4/references.html#canonical */
export function parseCanonical(text: string): { url: string; version?: string } {
  const bar = text.indexOf('|');
  return bar < 0 ? { url: text } : { url: text.slice(0, bar), version: text.slice(bar + 1) };
}

/** Whether a URL is that of a resource type of R4; `type`: of this one, or one that it is a kind of. Base validation checks these. */
export function isBaseProfile(canonical: string, type?: string): boolean {
  const { url } = parseCanonical(canonical);
  const name = url.startsWith(BASE) ? url.slice(BASE.length) : '';
  if (ABSTRACT.has(name)) return true;
  return type === undefined ? isResourceType(name) : name === type;
}

/** What `meta.profile` says; whatever is no text is left to base validation. */
function readMetaProfiles(resource: unknown): string[] {
  if (!isElement(resource) || !isElement(resource.meta) || !Array.isArray(resource.meta.profile)) return [];
  return [...new Set(resource.meta.profile.filter((one) => typeof one === 'string'))];
}

/** A profile that a resource claims to be as. `one`: the resource that claims it: the whole one, or one that it contains. */
export interface ProfileClaim {
  claim: string;
  resource: Resource;
  one: Resource;
}

/** All claims of a resource and of what it contains, but those of R4's own types, which base validation sees to. */
export function listProfileClaims(resource: Resource): ProfileClaim[] {
  const inner = resource.contained === undefined ? NONE : items(resource.contained).filter(isResource);
  if (resource.meta?.profile === undefined && inner.every(({ meta }) => meta?.profile === undefined)) return NONE;
  return [resource, ...inner].flatMap((one) =>
    readMetaProfiles(one).flatMap((claim) => (isBaseProfile(claim, one.resourceType) ? NONE : [{ claim, resource, one }])),
  );
}

const NONE: never[] = [];
