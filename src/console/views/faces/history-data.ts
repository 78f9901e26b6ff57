// The versions of a resource, newest first, and the audit of what changed it.

import { isJsonObject, type Json, type JsonObject, parseExact } from '../../api/exact-json.ts';
import { type Bundle, search, toFhirPath } from '../../api/fhir.ts';
import { type ReadOptions, request } from '../../api/request.ts';
import type { Version, WriteEvent } from './authors.ts';

/** A version with the digits of its numbers. */
export interface ExactVersion extends Version {
  content: JsonObject | undefined;
}

export interface HistoryPage {
  versions: ExactVersion[];
  /** The path of the next page. */
  next: string | undefined;
}

const COUNT = '50';

/** `page`: of an earlier page; absent: the first one. */
export async function readHistory(type: string, id: string, page: string | undefined, options?: ReadOptions): Promise<HistoryPage> {
  const { body, text } = await request<Bundle>(page ?? `${toFhirPath(type, id, '_history')}?_count=${COUNT}`, options);
  const exact = parseExact(text).value;
  const entries = isJsonObject(exact) && Array.isArray(exact.entry) ? exact.entry : [];
  const next = body.link?.find(({ relation }) => relation === 'next')?.url;
  return { versions: (body.entry ?? []).map((entry, at) => toVersion(entry, entries[at])), next: next && toPath(next) };
}

/** The server may name itself otherwise than the browser reaches it. */
function toPath(url: string): string {
  const { pathname, search: query } = new URL(url);
  return pathname + query;
}

const API_NAME = 'urn:facet:door';
const ACTOR = 'urn:facet:actor';

function toVersion({ resource, request: made, response }: NonNullable<Bundle['entry']>[number], exact: Json | undefined): ExactVersion {
  const content = isJsonObject(exact) && isJsonObject(exact.resource) ? exact.resource : undefined;
  const { extension = [] } = (made ?? {}) as { extension?: { url: string; valueCode?: string; valueString?: string }[] };
  const actor = extension.find(({ url }) => url === ACTOR)?.valueString;
  return {
    version: /\d+/.exec(response?.etag ?? '')?.[0] ?? '',
    ...(resource && { resource }),
    content,
    method: made?.method ?? '',
    api: extension.find(({ url }) => url === API_NAME)?.valueCode ?? '',
    ...(actor !== undefined && { actor }),
    at: response?.lastModified ?? '',
  };
}

/** The audited writes of a resource. Needs a scope that names AuditEvent. */
export async function readWriteEvents(type: string, id: string, options?: ReadOptions): Promise<WriteEvent[]> {
  const params = [
    ['entity', `${type}/${id}`],
    ['action', 'C,U,D'],
    ['_count', '200'],
  ] as const;
  const { body } = await search('AuditEvent', params, options);
  return (body.entry ?? []).flatMap(({ resource }) => (resource ? [resource as WriteEvent] : []));
}

/** The content without what every version has of its own. */
export function withoutStamps({ content }: ExactVersion): JsonObject | undefined {
  if (!content) return undefined;
  const { meta, ...elements } = content;
  const { versionId: _version, lastUpdated: _updated, ...rest } = isJsonObject(meta) ? meta : {};
  return Object.keys(rest).length > 0 ? { ...elements, meta: rest } : elements;
}
