// The FHIR API as the console uses it. Searches go by POST, so that no URL contains patient data.
import { type Reply, request } from './request.ts';

const FHIR = '/fhir/R4';

export interface Resource {
  resourceType: string;
  id?: string;
  meta?: { versionId?: string; lastUpdated?: string };
  [element: string]: unknown;
}

interface Bundle<T extends Resource = Resource> {
  resourceType: 'Bundle';
  total?: number;
  link?: { relation: string; url: string }[];
  entry?: {
    resource?: T;
    fullUrl?: string;
    request?: { method: string; url: string };
    response?: { status: string; lastModified?: string };
  }[];
}

/** The path of a resource or of an operation: each part is encoded. */
const toFhirPath = (...parts: string[]): string => [FHIR, ...parts.map(encodeURIComponent)].join('/');

/** `params`: the parameters in order. `type` '': the system. */
export const search = <T extends Resource = Resource>(
  type: string,
  params: readonly (readonly [string, string])[],
  signal?: AbortSignal,
): Promise<Reply<Bundle<T>>> =>
  request<Bundle<T>>(type === '' ? `${FHIR}/_search` : toFhirPath(type, '_search'), {
    method: 'POST',
    body: new URLSearchParams(params.map(([name, value]) => [name, value])),
    signal,
  });
