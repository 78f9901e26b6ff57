// The FHIR API as the console uses it. Searches go by POST, so that no URL contains patient data.
import { type ReadOptions, type Reply, request } from './request.ts';

export const FHIR = '/fhir/R4';

export interface Resource {
  resourceType: string;
  id?: string;
  meta?: { versionId?: string; lastUpdated?: string };
  [element: string]: unknown;
}

export interface Bundle<T = Resource> {
  resourceType: 'Bundle';
  total?: number;
  link?: { relation: string; url: string }[];
  entry?: {
    resource?: T;
    fullUrl?: string;
    request?: { method: string; url: string };
    response?: { status: string; lastModified?: string; etag?: string };
  }[];
}

/** The path of a resource or of an operation: each part is encoded. */
export const toFhirPath = (...parts: string[]): string => [FHIR, ...parts.map(encodeURIComponent)].join('/');

/** A text as part of a search value: the separators in it are escaped. https://hl7.org/fhir/R4/search.html#escaping */
export const escapeValue = (text: string): string => text.replace(/[\\,$|]/g, '\\$&');

/** `params`: the parameters in order. `type` '': the system. */
export const search = <T extends Resource = Resource>(
  type: string,
  params: readonly (readonly [string, string])[],
  options?: ReadOptions,
): Promise<Reply<Bundle<T>>> =>
  request<Bundle<T>>(type === '' ? `${FHIR}/_search` : toFhirPath(type, '_search'), {
    method: 'POST',
    body: new URLSearchParams(params.map(([name, value]) => [name, value])),
    kind: 'read',
    ...options,
  });

/** The numbers of resources by type, in one batch. A type that the key must not search, or that is not served, has none. */
export async function countTypes(types: readonly string[], options?: ReadOptions): Promise<Map<string, number>> {
  const entry = types.map((type) => ({ request: { method: 'GET', url: `${type}?_summary=count` } }));
  const { body } = await request<Bundle<Bundle>>(FHIR, {
    method: 'POST',
    body: { resourceType: 'Bundle', type: 'batch', entry },
    kind: 'read',
    ...options,
  });
  return new Map(
    types.flatMap((type, at): [string, number][] => {
      const total = body.entry?.[at]?.resource?.total;
      return total === undefined ? [] : [[type, total]];
    }),
  );
}

/** A version in the history: no content, because a list of changes needs none. */
export interface VersionEntry {
  type: string;
  id: string;
  version: string;
  at: string;
  change: 'created' | 'updated' | 'deleted';
}

const CHANGES: Readonly<Record<string, VersionEntry['change']>> = { POST: 'created', PUT: 'updated', PATCH: 'updated', DELETE: 'deleted' };

/** The newest versions of all types, newest first. Needs the read scope of every type. */
export async function readRecentVersions(count: number, options?: ReadOptions): Promise<VersionEntry[]> {
  const { body } = await request<Bundle>(`${FHIR}/_history?_count=${count}`, options);
  return (body.entry ?? []).map(({ request: sent, response, resource, fullUrl = '' }) => {
    const [type = '', id = ''] = fullUrl.split('/').slice(-2);
    const version = resource?.meta?.versionId ?? /"(.+)"/.exec(response?.etag ?? '')?.[1] ?? '';
    const isFirst = version === '1' && sent?.method !== 'DELETE';
    return {
      type,
      id,
      version,
      at: response?.lastModified ?? '',
      change: isFirst ? 'created' : (CHANGES[sent?.method ?? ''] ?? 'updated'),
    };
  });
}

/** The names of the resource types that this server serves. */
export async function listServedTypes(options?: ReadOptions): Promise<string[]> {
  const { body } = await request<{ rest: { resource: { type: string }[] }[] }>(`${FHIR}/metadata`, { ...options, isPublic: true });
  return (body.rest[0]?.resource ?? []).map(({ type }) => type);
}
