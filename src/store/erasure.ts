// Removes resources for good, with everything that the database has about them: versions, index rows, queues, stored responses. docs/decisions/0054-erasure.md
// Rare work of operators. Each statement names one tenant and a bounded list, so that it works alike on every engine and within the time limit of statements.
import type { Hash, ParameterNumber } from '../fhir/indexing/rows.ts';
import { findTypeByNumber, type ServedType, TYPE_NUMBERS } from '../fhir/types.ts';
import type { Database } from './database/database.ts';
import { INDEX_TABLES } from './resources/index-tables.ts';
import { JOIN_VERSIONS } from './resources/resource-row.ts';

/** A stored resource, deleted or not. */
export interface StoredResource {
  pid: string;
  type: ServedType;
  id: string;
}

/** A resource some of whose versions match. `body`: of its last version that is not a deletion. */
export interface MatchedResource extends StoredResource {
  body: string;
  /** Whether the current version matches. */
  isCurrent: boolean;
  versions: number[];
}

/** Rows of a table that were deleted or emptied. */
export type RowCounts = Record<string, number>;

/** The most resources that one statement reads or deletes. */
const BATCH = 1000;

const PART = `select max(pid) as last, count(*)::int as read
  from (select pid from resource where tenant_id = $1 and pid > $2::bigint order by pid limit ${BATCH}) part`;
const MATCHES = `select r.pid, r.rtype, r.id, array_agg(h.ver order by h.ver) as versions, bool_or(h.ver = r.ver) as "isCurrent",
    coalesce(r.body, (select l.body from past_version l where l.tenant_id = $1 and l.pid = r.pid and l.body is not null order by l.ver desc limit 1)) as body
  from resource r ${JOIN_VERSIONS}
  where r.tenant_id = $1 and r.pid > $2::bigint and r.pid <= $3::bigint and position($4 in h.body) > 0 and h.body ~ $5
  group by r.tenant_id, r.pid, r.rtype, r.id, r.ver, r.body order by r.pid`;

interface FoundMatch {
  pid: string;
  rtype: number;
  id: string;
  versions: number[];
  isCurrent: boolean;
  body: string;
}

/** Resources of which a version, also a past one or one of a deleted resource, contains `text` and matches `pattern` (PostgreSQL). Reads the whole tenant. */
export async function* findVersionsWith(
  database: Database,
  tenant: number,
  { text, pattern }: { text: string; pattern: string },
): AsyncGenerator<MatchedResource[]> {
  for await (const [after, last] of listParts(database, tenant)) {
    const found = await database.query<FoundMatch>(MATCHES, [tenant, after, last, text, pattern]);
    yield found.map(({ rtype, ...match }) => ({ ...match, type: findTypeByNumber(rtype) }));
  }
}

/** The parts of a tenant's resources: after the first number, up to the second one. */
async function* listParts(database: Database, tenant: number): AsyncGenerator<[after: string, last: string]> {
  let after = '0';
  for (;;) {
    const [part] = await database.query<{ last: string | null; read: number }>(PART, [tenant, after]);
    if (part!.last === null) return;
    yield [after, part!.last];
    if (part!.read < BATCH) return;
    after = part!.last;
  }
}

/** Locks a resource against other writers and against references that are being stored. It need not exist. */
export async function lockResource(database: Database, tenant: number, { type, id }: { type: ServedType; id: string }): Promise<void> {
  await database.query('select 1 from resource where tenant_id = $1 and rtype = $2 and id = $3 for update', [
    tenant,
    TYPE_NUMBERS[type],
    id,
  ]);
}

/** Locks resources in the order of `readForUpdate`. */
export const lockResources = (database: Database, tenant: number, pids: readonly string[]): Promise<void> =>
  inBatches(pids, async (batch) => {
    await database.query('select 1 from resource where tenant_id = $1 and pid = any($2::bigint[]) order by rtype, id for update', [
      tenant,
      batch,
    ]);
  });

/** All versions of these resources that contain a text. */
export async function readBodiesWith(database: Database, tenant: number, pids: readonly string[], text: string): Promise<string[]> {
  const sql = `select h.body from resource r ${JOIN_VERSIONS} where r.tenant_id = $1 and r.pid = any($2::bigint[]) and position($3 in h.body) > 0`;
  return (await database.query<{ body: string }>(sql, [tenant, pids, text])).map(({ body }) => body);
}

/** Resources by type and id, deleted ones included. */
export const findStored = (database: Database, tenant: number, type: ServedType, ids: readonly string[]): Promise<StoredResource[]> =>
  database
    .query<{ pid: string; id: string }>('select pid, id from resource where tenant_id = $1 and rtype = $2 and id = any($3::text[])', [
      tenant,
      TYPE_NUMBERS[type],
      ids,
    ])
    .then((rows) => rows.map((row) => ({ ...row, type })));

/** Current resources that refer to one of these by a parameter. */
export async function findReferring(
  database: Database,
  tenant: number,
  { parameter, targets }: { parameter: ParameterNumber; targets: readonly Hash[] },
): Promise<(StoredResource & { body: string })[]> {
  const sql = `select r.pid, r.rtype, r.id, r.body from resource r where r.tenant_id = $1 and r.body is not null and r.pid = any(array(
    select f.pid from sx_ref f where f.tenant_id = $1 and f.param = $2 and f.target_h = any($3::bigint[])))`;
  const rows = await database.query<{ pid: string; rtype: number; id: string; body: string }>(sql, [tenant, parameter, targets]);
  return rows.map(({ rtype, ...row }) => ({ ...row, type: findTypeByNumber(rtype) }));
}

const MENTIONED = `select distinct m.id from resource r join unnest($4::text[], $5::text[]) as m(id, pattern) on r.body ~ m.pattern
  where r.tenant_id = $1 and r.pid > $2::bigint and r.pid <= $3::bigint and position($6 in r.body) > 0 and r.pid <> all($7::bigint[])`;

/** The resources of a type that a current resource other than `except` names. Reads the whole tenant. */
export async function findMentionedElsewhere(
  database: Database,
  tenant: number,
  { type, ids, except }: { type: ServedType; ids: readonly string[]; except: readonly string[] },
): Promise<Set<string>> {
  const mentioned = new Set<string>();
  if (ids.length === 0) return mentioned;
  const patterns = ids.map((id) => `${type}/${id.replaceAll('.', '\\.')}($|[^A-Za-z0-9.-])`);
  for await (const [after, last] of listParts(database, tenant)) {
    const rows = await database.query<{ id: string }>(MENTIONED, [tenant, after, last, ids, patterns, `${type}/`, except]);
    for (const { id } of rows) mentioned.add(id);
  }
  return mentioned;
}

const OPEN_ENTRIES = `select o.subject from outbox o where o.tenant_id = $1 and o.subject = any($2::text[])
  and o.state in ('queued', 'sending', 'unknown', 'parked') for update`;
/** An order that is polled after its request has ended brings only corrections. */
const TRACKED = `select 'ServiceRequest/' || p.request_id as subject from placed_order p
  join resource r on r.tenant_id = p.tenant_id and r.rtype = $3 and r.id = p.request_id
  where p.tenant_id = $1 and p.request_id = any($2::text[]) and p.next_at is not null and r.body::json ->> 'status' in ('draft', 'active', 'on-hold')
  for update of p`;

/** The subjects with an entry that is still to be delivered, or whose order has not ended at the lab network. Their rows are locked. */
export async function findOpenOrders(database: Database, tenant: number, names: readonly string[]): Promise<string[]> {
  const requests = names.filter((name) => name.startsWith('ServiceRequest/')).map((name) => name.slice('ServiceRequest/'.length));
  if (requests.length === 0) return [];
  const entries = await database.query<{ subject: string }>(OPEN_ENTRIES, [tenant, names]);
  const tracked = await database.query<{ subject: string }>(TRACKED, [tenant, requests, TYPE_NUMBERS.ServiceRequest]);
  return [...new Set([...entries, ...tracked].map(({ subject }) => subject))].sort();
}

/** Deletes past versions of resources that stay. */
export const deleteVersions = (
  database: Database,
  tenant: number,
  versions: readonly { pid: string; version: number }[],
): Promise<RowCounts> =>
  deleteInBatches(versions, {}, async (batch) => ({
    past_version: await countDeleted(
      database,
      `delete from past_version h using unnest($2::bigint[], $3::int[]) as v(pid, ver) where h.tenant_id = $1 and h.pid = v.pid and h.ver = v.ver`,
      [tenant, batch.map(({ pid }) => pid), batch.map(({ version }) => version)],
    ),
  }));

/** Deletes resources with their versions and index rows. */
export const deleteResources = (database: Database, tenant: number, resources: readonly StoredResource[]): Promise<RowCounts> =>
  deleteInBatches(resources, {}, async (batch) => {
    const counts: RowCounts = {};
    for (const table of [...INDEX_TABLES, 'sx', 'past_version', 'resource'])
      counts[table] = await countDeleted(database, `delete from ${table} t where t.tenant_id = $1 and t.pid = any($2::bigint[])`, [
        tenant,
        batch.map(({ pid }) => pid),
      ]);
    return counts;
  });

/** `$2`: `Type/id`, `$3`: ids of ServiceRequests among them. The order matters: later statements delete what earlier ones read. */
const QUEUES: readonly [table: string, sql: string][] = [
  ['placed_order', 'delete from placed_order t where t.tenant_id = $1 and t.request_id = any($3::text[]) and $2::text[] is not null'],
  [
    'network_insurance',
    `delete from network_insurance t using outbox o where t.tenant_id = $1 and o.tenant_id = $1 and o.account_id = t.account_id
      and o.subject = any($2::text[]) and position('"' || t.user_id || '"' in o.payload) > 0 and $3::text[] is not null`,
  ],
  [
    'outbox_event',
    `delete from outbox_event t using outbox o where t.tenant_id = $1 and o.tenant_id = $1 and o.id = t.entry_id and o.subject = any($2::text[])
      and $3::text[] is not null`,
  ],
  ['outbox', 'delete from outbox t where t.tenant_id = $1 and t.subject = any($2::text[]) and $3::text[] is not null'],
];

/** The events of orders. Those that the account of the environment received are stored under the tenant 0. */
async function deleteEvents(database: Database, tenant: number, requests: readonly string[]): Promise<number> {
  const sql = 'select order_id as id from placed_order where tenant_id = $1 and request_id = any($2::text[])';
  const orders = (await database.query<{ id: string }>(sql, [tenant, requests])).map(({ id }) => id);
  let deleted = 0;
  for (const owner of orders.length ? [tenant, 0] : [])
    deleted += await countDeleted(database, 'delete from webhook_inbox t where t.tenant_id = $1 and t.subject = any($2::text[])', [
      owner,
      orders,
    ]);
  return deleted;
}

/** `$2`, `$3`: types and ids, in pairs. */
const buildNotificationDelete = (table: string): string =>
  `delete from ${table} t using unnest($2::int[], $3::text[]) as e(rtype, id) where t.tenant_id = $1 and t.rtype = e.rtype and t.id = e.id`;

/** `$2`: `Type/id`, `$3`: ids. An id is found in a response between quotation marks, or at the end of a reference. */
const RESPONSES = `delete from idempotency_key t where t.tenant_id = $1 and (t.subject = any($2::text[]) or exists (
    select from unnest($3::text[]) as e(id) where position('"' || e.id || '"' in t.response) > 0 or position('/' || e.id || '"' in t.response) > 0))`;

/** Deletes what queues, notifications and stored responses have about these resources. */
export const deleteTraces = (database: Database, tenant: number, resources: readonly StoredResource[]): Promise<RowCounts> =>
  deleteInBatches(resources, {}, async (batch) => {
    const counts: RowCounts = {};
    const names = batch.map(({ type, id }) => `${type}/${id}`);
    const requests = batch.filter(({ type }) => type === 'ServiceRequest').map(({ id }) => id);
    counts.webhook_inbox = await deleteEvents(database, tenant, requests);
    for (const [table, sql] of QUEUES) counts[table] = await countDeleted(database, sql, [tenant, names, requests]);
    const pairs = [tenant, batch.map(({ type }) => TYPE_NUMBERS[type]), batch.map(({ id }) => id)];
    for (const table of ['subscription_change', 'notification'])
      counts[table] = await countDeleted(database, buildNotificationDelete(table), pairs);
    counts.idempotency_key = await countDeleted(database, RESPONSES, [tenant, names, batch.map(({ id }) => id)]);
    return counts;
  });

/** Revokes the keys that are limited to a patient and removes their names; deletes the users of access tokens who are this patient. */
export async function deletePatientAccess(database: Database, tenant: number, { id, at }: { id: string; at: string }): Promise<RowCounts> {
  const keys = `update api_key set revoked_at = coalesce(revoked_at, $3), name = null where tenant_id = $1 and patient = $2 and (revoked_at is null or name is not null)`;
  const users = `delete from token_actor where tenant_id = $1 and (fhir_user = 'Patient/' || $2 or right(fhir_user, length($2) + 9) = '/Patient/' || $2)`;
  const responses = `delete from idempotency_key where tenant_id = $1 and right(caller, length($2) + 1) = '/' || $2`;
  return {
    api_key: await countDeleted(database, keys, [tenant, id, at]),
    token_actor: await countDeleted(database, users, [tenant, id]),
    idempotency_key: await countDeleted(database, responses, [tenant, id]),
  };
}

async function countDeleted(database: Database, sql: string, parameters: unknown[]): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `with gone as (${sql} returning 1) select count(*)::int as count from gone`,
    parameters,
  );
  return row!.count;
}

async function inBatches<T>(items: readonly T[], work: (batch: T[]) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) await work(items.slice(start, start + BATCH));
}

async function deleteInBatches<T>(items: readonly T[], start: RowCounts, work: (batch: T[]) => Promise<RowCounts>): Promise<RowCounts> {
  let counts = start;
  await inBatches(items, async (batch) => {
    counts = addCounts(counts, await work(batch));
  });
  return counts;
}

export const addCounts = (one: RowCounts, other: RowCounts): RowCounts =>
  Object.fromEntries(
    [...new Set([...Object.keys(one), ...Object.keys(other)])].map((table) => [table, (one[table] ?? 0) + (other[table] ?? 0)]),
  );
