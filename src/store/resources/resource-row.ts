// A version of a resource: as the store returns it, as statements return it, and the parsing of its body.

import { parseExactJson } from '../../fhir/json.ts';
import { findTypeByNumber, type Resource, type ServedType } from '../../fhir/types.ts';
import { TENANT } from '../database/parameter-binder.ts';

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
export type FoundRow = Pick<ResourceRow, 'type' | 'id' | 'body'>;

/** A resource without its id and the columns of its version. */
export type BodyRow = Pick<ResourceRow, 'type' | 'created' | 'body'>;

export interface HistoryRow extends ResourceRow {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/** A resource in a list of locked ones. `isCurrent`: not deleted. */
export interface LockedResource {
  type: ServedType;
  id: string;
  version: number;
  isCurrent: boolean;
}

/** The versions of `resource r`, as a table `h`: the current one is in `r` itself. */
export const JOIN_VERSIONS = `cross join lateral (
  select r.ver, r.lu, r.method, r.body
  union all select p.ver, p.lu, p.method, p.body from past_version p where p.tenant_id = ${TENANT} and p.pid = r.pid) h`;

/** Parses the body of a row. The assertion is safe, because each resource was validated before it was stored. */
export const parseBody = <R extends Resource = Resource>(body: string): R => JSON.parse(body) as R;

/** The same, but keeps the digits of decimals as they were sent. */
export const parseExactBody = <R extends Resource = Resource>(body: string): R => parseExactJson(body) as R;

/** The columns of a version. */
export interface StoredVersion {
  ver: number;
  lu: string;
  created: string;
  body: string | null;
  /** Present only for the current version. */
  rules?: number;
}

/** A version with the type and id of its resource. */
export interface StoredRow extends StoredVersion {
  rtype: number;
  id: string;
}

/** Builds a select list of `resource r`, with the given SQL expression for the body. */
export type ColumnList = (body: string) => string;

export const buildRowColumns: ColumnList = (body) => `r.rtype, r.id, r.ver, r.lu, r.created, ${body} as body, r.rules`;
export const ROW = buildRowColumns('r.body');

/** Only the columns that a FoundRow needs. */
export const buildFoundColumns: ColumnList = (body) => `r.rtype, r.id, ${body} as body`;

/** Only the columns that a BodyRow needs. */
export const buildBodyColumns: ColumnList = (body) => `r.created, ${body} as body`;

/** Returns a body if `most` bodies of its length fit into `room` bytes, else null. `most`: a number or an SQL expression. */
export const buildShortBody = (room: number, maxLength: number | string): string =>
  `case when octet_length(r.body) <= ${room} / ${maxLength} then r.body end`;

/** Returns bodies in this order while their total length is at most `room`; after that, null. `room`: bytes or an SQL expression. */
export const buildLimitedBody = (room: number | string | undefined, order: string, body = 'r.body'): string =>
  room === undefined ? body : `case when sum(octet_length(${body})) ${buildWindow(order)} <= ${room} then ${body} end`;

/** The same for a page. A page always has its first body, whatever its length, because the next page starts after it. */
export const buildPageBody = (room: number | undefined, order: string, body = 'r.body'): string =>
  room === undefined
    ? body
    : `case when row_number() ${buildWindow(order)} = 1 or sum(octet_length(${body})) ${buildWindow(order)} <= ${room} then ${body} end`;

const buildWindow = (order: string): string => `over (order by ${order} rows unbounded preceding)`;

export const toRow = (type: ServedType, id: string, { ver, lu, created, body, rules }: StoredVersion): ResourceRow => ({
  type,
  id,
  version: ver,
  lastUpdated: lu,
  created,
  body,
  ...(rules !== undefined && { rules }),
});

export const toFoundRow = ({ rtype, id, body }: Pick<StoredRow, 'rtype' | 'id' | 'body'>): FoundRow => ({
  type: findTypeByNumber(rtype),
  id,
  body,
});

export const toResourceRow = (stored: StoredRow): ResourceRow => toRow(findTypeByNumber(stored.rtype), stored.id, stored);
