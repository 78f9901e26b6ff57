// A version of a resource as the store returns it, and the parsing of its body.
import { parseExactJson } from '../../fhir/json.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';

/** One version of a resource as stored. `body`: the JSON text of the resource, with id and meta; null for a deletion. */
export interface ResourceRow {
  type: ServedType;
  id: string;
  version: number;
  /** When this version was stored, ISO 8601 with milliseconds, UTC. */
  lastUpdated: string;
  /** When the resource was first stored. */
  created: string;
  body: string | null;
  /** The number of the index rules by which the version is indexed (reindexing.ts). The next write expects the same number. Present for current versions. */
  rules?: number;
}

/** A resource without the columns of its version. */
export type BodyRow = Pick<ResourceRow, 'type' | 'created' | 'body'>;

export interface HistoryRow extends ResourceRow {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/** Parses the body of a row. The assertion is safe, because each resource was validated before it was stored. */
export const parseBody = <R extends Resource = Resource>(body: string): R => JSON.parse(body) as R;

/** The same, but keeps the digits of decimals as they were sent. */
export const parseExactBody = <R extends Resource = Resource>(body: string): R => parseExactJson(body) as R;
