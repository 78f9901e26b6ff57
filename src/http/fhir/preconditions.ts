// Reads the preconditions of a request: If-Match, If-None-Match, If-Modified-Since. https://hl7.org/fhir/R4/http.html#concurrency, #cread

import { matchesEtag } from '../../fhir/etag.ts';
import { invalid } from '../../fhir/outcome.ts';
import { ANY_VERSION } from '../../interactions/if-match.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { FhirCall } from './fhir-call.ts';

/** `W/"3"` or `"3"` → `3`. */
const parseVersionTag = (tag: string): string | undefined => /^\s*(?:W\/)?"([^"]+)"\s*$/.exec(tag)?.[1];

/** The version in If-Match, or `*` for any current version (RFC 9110 §13.1.1). Any value but one ETag or `*` is refused (400). */
export function parseIfMatch(call: Pick<FhirCall, 'header'>): { ifMatch?: string } {
  const tag = call.header('if-match');
  if (tag === undefined) return {};
  const version = tag.trim() === ANY_VERSION ? ANY_VERSION : parseVersionTag(tag);
  if (version === undefined) throw invalid('If-Match must be one ETag of this server, such as W/"3", or *');
  return { ifMatch: version };
}

/** `If-None-Match: *` allows the write only if the resource has no current version (RFC 9110 §13.1.2). */
export function parseIfNoneMatch(call: FhirCall): { onlyNew?: true } {
  const tag = call.header('if-none-match');
  if (tag === undefined) return {};
  if (tag.trim() !== '*') throw invalid('If-None-Match must be * on a write');
  return { onlyNew: true };
}

/** Whether the client has this version already. If-None-Match has precedence over If-Modified-Since (RFC 9110 §13.2.2). */
export function isNotModified(call: FhirCall, row: ResourceRow): boolean {
  const tags = call.header('if-none-match');
  if (tags !== undefined) return matchesEtag(`W/"${row.version}"`, tags);
  const since = call.header('if-modified-since');
  return since !== undefined && Math.floor(Date.parse(row.lastUpdated) / 1000) * 1000 <= Date.parse(since);
}
