// The profiles that a resource claims in `meta.profile`, and canonical URLs of R4's own types. https://hl7.org/fhir/R4/resource.html#Meta

import { isResourceType } from './json-schema.ts';
import { isElement, listObjects } from './json-values.ts';
import { isResource, type Resource } from './types.ts';

const BASE = 'http://hl7.org/fhir/StructureDefinition/';
const ABSTRACT = new Set(['Resource', 'DomainResource']);

/** A canonical URL and the version it asks for. https://hl7.org/fhir/R4/references.html#canonical */
export function parseCanonical(text: string): { url: string; version?: string } {
  const bar = text.indexOf('|');
  return bar < 0 ? { url: text } : { url: text.slice(0, bar), version: text.slice(bar + 1) };
}

/** `4.0` matches all 4.0.x, because published profiles use it so. */
export const matchesVersion = (version: string | undefined, requested: string): boolean =>
  version === requested || (version?.startsWith(`${requested}.`) ?? false);

/** Whether a URL is that of an R4 resource type, with `type` only that type or a supertype. Base validation checks these. */
export function isBaseProfile(canonical: string, type?: string): boolean {
  const { url } = parseCanonical(canonical);
  const name = url.startsWith(BASE) ? url.slice(BASE.length) : '';
  if (ABSTRACT.has(name)) return true;
  return type === undefined ? isResourceType(name) : name === type;
}

/** The texts in `meta.profile`, each once, with its first index. Base validation refuses other values. */
function readMetaProfiles(resource: unknown): Pick<ProfileClaim, 'canonical' | 'index'>[] {
  if (!isElement(resource) || !isElement(resource.meta) || !Array.isArray(resource.meta.profile)) return [];
  const all: unknown[] = resource.meta.profile;
  return all.flatMap((canonical, index) =>
    typeof canonical === 'string' && all.indexOf(canonical) === index ? [{ canonical, index }] : [],
  );
}

/** A profile that a resource claims. `index`: in `meta.profile`. `resource`: the claiming resource, which is `root` or contained in it. */
export interface ProfileClaim {
  canonical: string;
  index: number;
  root: Resource;
  resource: Resource;
}

/** All claims of a resource and its contained resources, except R4's own types, which base validation checks. */
export function listProfileClaims(root: Resource): ProfileClaim[] {
  const inner = root.contained === undefined ? NONE : listObjects(root.contained).filter(isResource);
  if (root.meta?.profile === undefined && inner.every(({ meta }) => meta?.profile === undefined)) return NONE;
  return [root, ...inner].flatMap((resource) =>
    readMetaProfiles(resource).flatMap((claim) =>
      isBaseProfile(claim.canonical, resource.resourceType) ? NONE : [{ ...claim, root, resource }],
    ),
  );
}

const NONE: never[] = [];
