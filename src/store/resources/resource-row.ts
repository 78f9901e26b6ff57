// A version of a resource as the store hands it on.
import type { ServedType } from '../../fhir/types.ts';

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
