// A version of a resource as the store returns it, and its body as a resource.
import { parseExactJson } from '../../fhir/json.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';

/** One version of a resource as stored. `body` is the JSON text that is sent (id and meta inside); null for a deletion. */
export interface ResourceRow {
  type: ServedType;
  id: string;
  version: number;
  /** When this version was stored, ISO 8601 with milliseconds, UTC. */
  lastUpdated: string;
  /** When the resource was first stored. */
  created: string;
  body: string | null;
  /** By which rules its index rows were made (reindexing.ts): what the next write expects to find. Only of current versions. */
  rules?: number;
}

/** A resource that was found, without what tells its version from others. */
export type BodyRow = Pick<ResourceRow, 'type' | 'created' | 'body'>;

export interface HistoryRow extends ResourceRow {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/** The resource in the body of a row: it was validated before it was stored. */
export const parseBody = <R extends Resource = Resource>(body: string): R => JSON.parse(body) as R;

/** The same with the digits of decimals as they were written. */
export const parseExactBody = <R extends Resource = Resource>(body: string): R => parseExactJson(body) as R;
