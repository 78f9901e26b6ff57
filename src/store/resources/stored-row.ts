// A version of a resource as statements answer it, and as the rest of the store hands it on.
import { findTypeByNumber, type ServedType } from '../../fhir/types.ts';
import type { ResourceRow } from './resource-row.ts';

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

/** Columns of `resource r`, with this for its body. */
export type ColumnList = (body: string) => string;

/** The columns of a StoredRow. */
export const buildRowColumns: ColumnList = (body) => `r.rtype, r.id, r.ver, r.lu, r.created, ${body} as body, r.rules`;
export const ROW = buildRowColumns('r.body');

/** Of those, what the resource itself is. */
export const buildBodyColumns: ColumnList = (body) => `r.created, ${body} as body`;

/** A body that is short enough for so many of them to have room together; else nothing. `most` stands in the statement. */
export const buildShortBody = (room: number, most: number | string): string =>
  `case when octet_length(r.body) <= ${room} / ${most} then r.body end`;

/** A body as long as there is room for it and for all before it in this order; then nothing. `room` in bytes, or what stands for it in the statement. */
export const buildLimitedBody = (room: number | string | undefined, order: string, body = 'r.body'): string =>
  room === undefined ? body : `case when sum(octet_length(${body})) ${buildWindow(order)} <= ${room} then ${body} end`;

/** The same of a page, which has its first body however long that is: the next page goes on from it. */
export const buildPageBody = (room: number | undefined, order: string, body = 'r.body'): string =>
  room === undefined
    ? body
    : `case when row_number() ${buildWindow(order)} = 1 or sum(octet_length(${body})) ${buildWindow(order)} <= ${room} then ${body} end`;

const buildWindow = (order: string): string => `over (order by ${order} rows unbounded preceding)`;

/** A version of a resource whose type and id are known. */
export const toRow = (type: ServedType, id: string, { ver, lu, created, body, rules }: StoredVersion): ResourceRow => ({
  type,
  id,
  version: ver,
  lastUpdated: lu,
  created,
  body,
  ...(rules !== undefined && { rules }),
});

export const toResourceRow = (stored: StoredRow): ResourceRow => toRow(findTypeByNumber(stored.rtype), stored.id, stored);
