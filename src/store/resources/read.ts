// Reads by id: the current version, one version, all versions of a resource, and current versions with a lock until the transaction ends. Each read is one
// statement on an index. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
import { tooLong } from '../../fhir/outcome.ts';
import { findTypeByNumber, type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import type { Reader } from '../database/shared-statements.ts';
import {
  buildLimitedBody,
  buildRowColumns,
  type HistoryRow,
  JOIN_VERSIONS,
  type LockedResource,
  type ResourceRow,
  ROW,
  type StoredRow,
  type StoredVersion,
  toResourceRow,
  toRow,
} from './resource-row.ts';

const READ = 'select ver, lu, created, body, rules from resource where tenant_id = $1 and rtype = $2::smallint and id = $3::text';
const READ_VERSIONS = `select h.ver, h.lu, r.created, h.body, h.method
  from resource r ${JOIN_VERSIONS}
  where r.tenant_id = $1 and r.rtype = $2::smallint and r.id = $3::text`;
const VERSION = `${READ_VERSIONS} and h.ver = $4::int`;
const HISTORY = `${READ_VERSIONS} and h.ver < $4::int order by h.ver desc limit $5::bigint`;
const DELETED_SINCE = `select 1 from resource r ${JOIN_VERSIONS}
  where r.tenant_id = $1 and r.rtype = $2 and r.id = $3 and h.ver > $4 and h.body is null limit 1`;
const STORED_TYPES = `select distinct t.rtype from tenant cross join unnest($1::smallint[]) t(rtype)
  where exists (select 1 from resource r where r.tenant_id = tenant.tenant_id and r.rtype = t.rtype)`;
const LAST_VERSION = 2_147_483_647;

type Stored = StoredVersion & { method: HistoryRow['method'] };
const toHistoryRow = (type: ServedType, id: string, stored: Stored): HistoryRow => ({ ...toRow(type, id, stored), method: stored.method });

/** Those of the types that have resources, deleted ones included, in any tenant. */
export async function findStoredTypes(database: Database, types: readonly ServedType[]): Promise<ServedType[]> {
  const rows = await database.query<{ rtype: number }>(STORED_TYPES, [`{${types.map((type) => TYPE_NUMBERS[type]).join(',')}}`]);
  return rows.map(({ rtype }) => findTypeByNumber(rtype));
}

export async function readCurrent(reader: Reader, tenant: number, type: ServedType, id: string): Promise<ResourceRow | undefined> {
  const [stored] = await reader.query<StoredVersion>(READ, [tenant, TYPE_NUMBERS[type], id], 'resource-read');
  return stored && toRow(type, id, stored);
}

const READ_MANY = `select ${buildRowColumns(buildLimitedBody('$4::bigint', 'r.rtype, r.id'))}, r.body is not null as current from resource r
  where r.tenant_id = $1 and (r.rtype, r.id) in (select * from unnest($2::smallint[], $3::text[]))
  order by r.rtype, r.id`;

/** Current versions, deletions included, without ids that were never stored. Refuses (413) more than `maxBytes` of them together. */
export async function readMany(
  database: Database,
  tenant: number,
  targets: readonly { type: ServedType; id: string }[],
  maxBytes = Number.MAX_SAFE_INTEGER,
): Promise<ResourceRow[]> {
  const parameters = [tenant, targets.map(({ type }) => TYPE_NUMBERS[type]), targets.map(({ id }) => id), maxBytes];
  const rows = await database.query<StoredRow & { current: boolean }>(READ_MANY, parameters, 'resource-read-many');
  if (rows.some(({ body, current }) => body === null && current))
    throw tooLong('the resources that are read together exceed the size limit of a response: ask for fewer at once');
  return rows.map(toResourceRow);
}

export async function readVersion(
  reader: Reader,
  tenant: number,
  type: ServedType,
  id: string,
  version: number,
): Promise<HistoryRow | undefined> {
  const [stored] = await reader.query<Stored>(VERSION, [tenant, TYPE_NUMBERS[type], id, version], 'resource-version');
  return stored && toHistoryRow(type, id, stored);
}

export const wasDeletedSince = async (
  database: Database,
  tenant: number,
  type: ServedType,
  id: string,
  version: number,
): Promise<boolean> => (await database.query(DELETED_SINCE, [tenant, TYPE_NUMBERS[type], id, version])).length > 0;

export async function readVersions(
  reader: Reader,
  tenant: number,
  type: ServedType,
  id: string,
  { count, before = LAST_VERSION }: { count: number; before?: number },
): Promise<HistoryRow[]> {
  const stored = await reader.query<Stored>(HISTORY, [tenant, TYPE_NUMBERS[type], id, before, count], 'resource-history');
  return stored.map((version) => toHistoryRow(type, id, version));
}

/** Every transaction locks in the order of type and id, so that two transactions on the same resources cannot deadlock. */
const HOLD = `select ${ROW} from resource r
  where r.tenant_id = $1 and (r.rtype, r.id) in (select * from unnest($2::smallint[], $3::text[]))
  order by r.rtype, r.id for update`;
const HOLD_FREE = `${HOLD} skip locked`;

/** What happens to rows that another transaction has locked. */
export type LockedRows = 'wait' | 'skip';

/** A lock that conflicts only with `for update`, in the order of HOLD. */
const LOCK_REFERENCED = `select r.rtype, r.id, r.ver, r.body is not null as current from resource r
  where r.tenant_id = $1 and (r.rtype, r.id) in (select * from unnest($2::smallint[], $3::text[]))
  order by r.rtype, r.id for key share`;

export async function lockReferenced(
  database: Database,
  tenant: number,
  targets: { type: ServedType; id: string }[],
): Promise<LockedResource[]> {
  if (targets.length === 0) return [];
  const parameters = [tenant, targets.map(({ type }) => TYPE_NUMBERS[type]), targets.map(({ id }) => id)];
  const rows = await database.query<StoredIdentity & { ver: number; current: boolean }>(LOCK_REFERENCED, parameters, 'resource-referenced');
  return rows.map(({ rtype, id, ver, current }) => ({ type: findTypeByNumber(rtype), id, version: ver, isCurrent: current }));
}

interface StoredIdentity {
  rtype: number;
  id: string;
}

/** Returns the current versions, deletions included, without ids that were never stored. No other transaction can write them until this one ends. */
export async function readForUpdate(
  database: Database,
  tenant: number,
  targets: { type: ServedType; id: string }[],
  lockedRows: LockedRows = 'wait',
): Promise<ResourceRow[]> {
  if (targets.length === 0) return [];
  const types = targets.map(({ type }) => TYPE_NUMBERS[type]);
  const ids = targets.map(({ id }) => id);
  const [sql, name] = lockedRows === 'skip' ? [HOLD_FREE, 'resource-hold-free'] : [HOLD, 'resource-hold'];
  return (await database.query<StoredRow>(sql, [tenant, types, ids], name)).map(toResourceRow);
}
