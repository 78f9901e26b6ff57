// A version of a resource as statements answer it, and as the rest of the store hands it on.
import { type ServedType, typeOfNumber } from '../fhir/types.ts';
import type { Row } from './store.ts';

/** What tells one version from another. */
export interface StoredVersion {
  ver: number;
  lu: string;
  created: string;
  body: string | null;
  /** Of the current version alone. */
  rules?: number;
}

/** With what tells its resource from others. */
export interface StoredRow extends StoredVersion {
  rtype: number;
  id: string;
}

/** The columns of a StoredRow, of `resource r`. */
export const ROW = 'r.rtype, r.id, r.ver, r.lu, r.created, r.body, r.rules';

/** Of those, what the resource itself is. */
export const TEXT = 'r.created, r.body';

/** A version of a resource whose type and id are known. */
export const versionOf = (type: ServedType, id: string, { ver, lu, created, body, rules }: StoredVersion): Row => ({
  type,
  id,
  version: ver,
  lastUpdated: lu,
  created,
  body,
  ...(rules !== undefined && { rules }),
});

export const rowOf = (stored: StoredRow): Row => versionOf(typeOfNumber(stored.rtype), stored.id, stored);
