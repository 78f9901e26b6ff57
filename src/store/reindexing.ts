// Reindexing after the index rules of a type have changed. Stores the registered rules and the progress of the pass through all resources, and replaces index
// rows. One process at a time has the lease of the pass. After a stop, the next process continues from the stored progress.

import type { TypeIndexRules } from '../fhir/indexing/index-rules.ts';
import type { IndexRows } from '../fhir/indexing/rows.ts';
import { findTypeByNumber, isServed, type ServedType, TYPE_NUMBERS } from '../fhir/types.ts';
import type { Lease } from '../messaging/lease.ts';
import type { Database } from './database/database.ts';
import { INDEX_TABLES, TABLE_ROWS } from './resources/index-tables.ts';
import { toSortCodes } from './resources/resource-change.ts';
import { buildTableReplacement } from './resources/write.ts';
import { toBigintArray } from './search/tokens.ts';

/**
 * Index rules by which stored resources may be indexed. `isNewest`: the newest rules of their type, to which resources are reindexed. `hasReplaced`: the newest
 * rules have replaced others. `checkAt`: when the next check for resources of the type with older rules is due.
 */
export interface RegisteredRules {
  type: ServedType;
  rules: number;
  fingerprint: string;
  parameters: Record<string, string>;
  isNewest: boolean;
  hasReplaced: boolean;
  checkAt: string | null;
}

/** The number that stands for index rules that were not registered. */
export const UNREGISTERED_RULES = 0;

/** The progress of a pass through all resources: it has read them up to `pid` of `tenant`. */
export interface ReindexProgress {
  /** The target rules as one text. */
  target: string;
  tenant: number;
  pid: string;
  /** Resources read so far. */
  scanned: number;
  /** Read resources that were indexed by older rules than the target. */
  stale: number;
  /** Stale resources whose index rows were replaced. */
  reindexed: number;
  /** Resources in the store when the pass began. */
  total: number;
}

/** A resource that was indexed by older rules than the target. */
export interface StaleRow {
  pid: string;
  type: ServedType;
  id: string;
  version: number;
  rules: number;
  body: string;
}

/** A stale resource with its new index rows, and the number of the rules that built them. */
export interface ReindexedRow {
  row: StaleRow;
  index: IndexRows;
  rules: number;
}

/** The target of a pass: type → the number of the rules by which its resources are to be indexed. */
export type TargetRules = ReadonlyMap<ServedType, number>;

/** `saveProgress` and `restart` return whether the caller still has the lease. */
export interface Reindexing {
  /**
   * Registers the rules of a program that starts at this time (ISO 8601), and returns their numbers. The checks of all types start. `renewed`: they become the
   * newest rules even if newer ones are registered.
   */
  register(rules: TypeIndexRules[], at: string, renewed?: boolean): Promise<Map<ServedType, number>>;
  /** Records that a resource of this type was indexed by unregistered rules. It will be reindexed; until then, its type's search parameters stay available. */
  markUnregistered(type: ServedType): Promise<void>;
  /** Lists the rules of served types. Other processes, or an earlier start, may have registered further types. */
  listRules(): Promise<RegisteredRules[]>;
  /** Leases the pass and returns its stored progress; undefined while another process has the lease. With another target, the pass starts again. */
  claim(target: string, lease: Lease): Promise<ReindexProgress | undefined>;
  saveProgress(walk: ReindexProgress, lease: Lease): Promise<boolean>;
  /** Starts the pass again. */
  restart(walk: ReindexProgress, lease: Lease): Promise<boolean>;
  /**
   * Ends a pass that found no stale resource: the checks that were due when it began are done. For the target types, unregisters the older rules that were
   * registered when the pass began (`startRules`). If there were any, the checks of all types start again.
   */
  finish(target: TargetRules, startRules: RegisteredRules[], lease: Lease): Promise<void>;
  release(lease: Lease): Promise<void>;
  findNextTenant(after: number): Promise<number | undefined>;
  /** Reads up to `size` resources of a tenant in the order of their creation. Returns the last pid and the stale pids; undefined after the last resource. */
  readBatch(
    tenant: number,
    after: string,
    size: number,
    target: TargetRules,
  ): Promise<{ last: string; seen: number; stale: string[] } | undefined>;
  /**
   * Reads the first of these resources, in the order of their pids, as many as fit in memory. Omits deleted resources and those that are no longer stale.
   * Empty: none is left.
   */
  readStaleRows(tenant: number, pids: string[], target: TargetRules): Promise<StaleRow[]>;
  /** Replaces index rows of older rules. Skips resources that were changed meanwhile. Returns the number of reindexed resources. */
  replaceIndexRows(tenant: number, renewals: ReindexedRow[]): Promise<number>;
  readProgress(): Promise<(ReindexProgress & { leaseUntil: string | null; updatedAt: string }) | undefined>;
}

const REGISTER = `insert into index_rules (rtype, fingerprint, parameters, present)
  select g.rtype, g.fingerprint, g.parameters::jsonb, true from unnest($1::smallint[], $2::text[], $3::text[]) as g(rtype, fingerprint, parameters)
  on conflict (rtype, fingerprint) do update set present = true
  returning rtype, rules`;
const NEWEST = '(select max(n.rules) from index_rules n where n.rtype = r.rtype)';
const OUTDATED = `select distinct r.rtype from index_rules r where r.present and r.rules <> ${NEWEST}`;
const STORED = `select t.rtype from unnest($2::smallint[]) as t(rtype) where exists (select from sx where sx.tenant_id = $1 and sx.rtype = t.rtype)`;
const FORGET = `update index_rules r set present = false where r.present and r.rules <> ${NEWEST} and r.rtype = any($1::smallint[])`;
const KNOWN = `select r.rtype, r.rules, r.fingerprint, r.parameters, r.rules = ${NEWEST} as "isNewest", r.checks[1] as "checkAt",
  r.rules = ${NEWEST} and exists (select from index_rules o where o.rtype = r.rtype and o.rules <> r.rules) as "hasReplaced"
  from index_rules r where r.present order by r.rtype, r.rules`;
/**
 * The unregistered rules are stored with the parameters of the newest rules, so that searches by these parameters stay available. If unregistered rules are
 * already stored, their parameters are not changed.
 */
const LEAVE = `insert into index_rules as r (rtype, rules, fingerprint, parameters, present)
  select $1, ${UNREGISTERED_RULES}, '', coalesce((select n.parameters from index_rules n where n.rtype = $1 order by n.rules desc limit 1), '{}'), true
  on conflict (rtype, rules) do update set parameters = excluded.parameters, present = true where not r.present`;
/** When these rules are registered after this, they get a new number and are the newest. */
const RENEW = `delete from index_rules r using unnest($1::smallint[], $2::text[]) as g(rtype, fingerprint)
  where r.rtype = g.rtype and r.fingerprint = g.fingerprint and r.rules <> ${NEWEST}`;

/** A statement of its own, because Citus passes the parameters of a statement only to the parts that use them. */
const TOTAL = 'select count(*) as total from sx';
const FRESH = 'tenant_id = 0, pid = 0, seen = 0, stale = 0, renewed = 0';
const CLAIM = `insert into index_walk as w (id, target, tenant_id, pid, seen, stale, renewed, total, lease_by, lease_until, updated_at, began_at)
  values (1, $1, 0, 0, 0, 0, 0, $5, $2, $4::timestamptz, $3::timestamptz, $3::timestamptz)
  on conflict (id) do update set lease_by = excluded.lease_by, lease_until = excluded.lease_until, updated_at = excluded.updated_at,
    target = excluded.target, began_at = case when w.target = excluded.target and w.tenant_id > 0 then w.began_at else excluded.began_at end,
    tenant_id = case when w.target = excluded.target then w.tenant_id else 0 end,
    pid = case when w.target = excluded.target then w.pid else 0 end,
    seen = case when w.target = excluded.target then w.seen else 0 end,
    stale = case when w.target = excluded.target then w.stale else 0 end,
    renewed = case when w.target = excluded.target then w.renewed else 0 end,
    total = case when w.target = excluded.target then w.total else excluded.total end
  where w.lease_until is null or w.lease_until <= $3::timestamptz or w.lease_by = $2
  returning target, tenant_id, pid, seen, stale, renewed, total`;
const SAVE = `update index_walk set tenant_id = $3, pid = $4, seen = $5, stale = $6, renewed = $7, updated_at = $8::timestamptz, lease_until = $9::timestamptz
  where id = 1 and lease_by = $1 and target = $2 returning id`;
const AGAIN = `update index_walk set ${FRESH}, total = $3, began_at = $4::timestamptz where id = 1 and lease_by = $1 and target = $2 returning id`;
const RELEASE = `update index_walk set ${FRESH}, total = $2, lease_by = null, lease_until = null where id = 1 and lease_by = $1`;
/**
 * A check is done by a pass that began after its time: an earlier pass may have missed resources that were written behind it. A pass that an earlier version
 * began has no time, and does no check.
 */
const CHECKED = `update index_rules r set checks = array(select due from unnest(r.checks) as due where due > coalesce(w.began_at, '-infinity') order by due)
  from index_walk w, unnest($1::smallint[], $2::int[]) as t(rtype, rules)
  where w.id = 1 and w.lease_by = $3 and r.rtype = t.rtype and r.rules = t.rules`;
const DONE = `update index_rules r set present = false
  from unnest($1::smallint[], $2::int[]) as t(rtype, rules) where r.rtype = t.rtype and r.rules = t.rules and r.present returning r.rtype`;
/** A check that is due before the first new one replaces it, so that frequent starts do not postpone it. */
const START_CHECKS = `update index_rules r set checks = array[least(r.checks[1], $1::timestamptz), $2::timestamptz, $3::timestamptz] where r.rules = ${NEWEST}`;
/** After the start of a process and after a reindex, processes with older rules may still write. The resources that they write are searched for after these times, in ms. */
const CHECK_DELAYS_MS = [60_000, 600_000, 3_600_000];
const TAKEN = 'select 1 from index_walk where id = 1 and lease_by <> $1 and lease_until > $2::timestamptz';
const PROGRESS = 'select target, tenant_id, pid, seen, stale, renewed, total, lease_until, updated_at from index_walk';

const NEXT_TENANT = 'select min(tenant_id) as tenant from tenant where tenant_id > $1';
const WINDOW = `with w as (select s.pid, s.rtype, s.rules from sx s where s.tenant_id = $1 and s.pid > $2 order by s.pid limit $3)
  select max(w.pid) as last, count(*)::int as seen, string_agg(w.pid::text, ',' order by w.pid) filter (where exists (
    select 1 from unnest($4::smallint[], $5::int[]) as t(rtype, rules) where t.rtype = w.rtype and t.rules > w.rules)) as stale from w`;
/** The first row is always read; a further row only while the bodies before it have fewer bytes than $5. */
const BODIES = `select pid, rtype, id, ver, rules, body from (
    select r.pid, r.rtype, r.id, r.ver, r.rules, r.body, sum(octet_length(r.body)) over (order by r.pid) - octet_length(r.body) as before from resource r
    where r.tenant_id = $1 and r.pid = any($2::bigint[]) and r.body is not null
      and exists (select from unnest($3::smallint[], $4::int[]) as t(rtype, rules) where t.rtype = r.rtype and t.rules > r.rules)) as s
  where before < $5 order by pid`;
/** In bytes. */
const MAX_BODIES = 8 * 1024 * 1024;
/** Skips resources that another transaction is writing: that writer also writes their index rows. */
const FREE = `select r.pid from resource r join unnest($2::bigint[], $3::int[], $4::int[]) as g(pid, ver, before) on g.pid = r.pid
  where r.tenant_id = $1 and r.ver = g.ver and r.rules = g.before for no key update of r skip locked`;
/**
 * Also changes the row of the resource: a writer that has waited for this statement then finds that the row has changed, and retries (resources/write.ts).
 * Therefore the number must change, and must never return to a former value in the same version: rules are only replaced by newer rules.
 * The search row is written with `insert … on conflict`, because Citus cannot cast a text to an array in an UPDATE.
 */
const REPLACE = `with given as (
  select * from unnest($2::bigint[], $3::int[], $4::int[], $5::int[], $6::text[], $7::jsonb[], ${INDEX_TABLES.map((_table, at) => `$${at + 8}::text[]`).join(', ')})
    as g(pid, ver, before, rules, tok, ord, ${INDEX_TABLES.join(', ')})),
changed as (
  update resource r set rules = g.rules from given g
  where r.tenant_id = $1 and r.pid = g.pid and r.ver = g.ver and r.rules = g.before and g.before < g.rules returning g.*),
done as (select * from changed),
searched as (
  insert into sx (tenant_id, pid, rtype, self_h, lu, tok, ord, rules)
  select s.tenant_id, s.pid, s.rtype, s.self_h, s.lu, g.tok::bigint[], g.ord, g.rules from done g join sx s on s.tenant_id = $1 and s.pid = g.pid
  on conflict (tenant_id, pid) do update set tok = excluded.tok, ord = excluded.ord, rules = excluded.rules),
${INDEX_TABLES.map(buildTableReplacement).join(',\n')}
select count(*)::int as applied from done`;

type StoredProgress = Record<'target' | 'pid' | 'seen' | 'stale' | 'renewed' | 'total', string> & { tenant_id: number };

const toProgress = ({ target, tenant_id, pid, seen, stale, renewed, total }: StoredProgress): ReindexProgress => ({
  target,
  tenant: tenant_id,
  pid,
  scanned: Number(seen),
  stale: Number(stale),
  reindexed: Number(renewed),
  total: Number(total),
});

const toColumns = (entries: Iterable<[ServedType, number]>): [number[], number[]] => {
  const each = [...entries];
  return [each.map(([type]) => TYPE_NUMBERS[type]), each.map(([, rules]) => rules)];
};

export function createReindexing(database: Database): Reindexing {
  const total = async (): Promise<string> => (await database.query<{ total: string }>(TOTAL))[0]!.total;
  const hasRows = async (sql: string, parameters: unknown[]): Promise<boolean> => (await database.query(sql, parameters)).length > 0;
  return {
    register: (rules, at, renewed) => database.transaction((inside) => register(inside, rules, at, renewed)),
    markUnregistered: async (type) => void (await database.query(LEAVE, [TYPE_NUMBERS[type]])),
    listRules: () => listRules(database),
    async claim(target, { by, at, until }) {
      // before the resources are counted, which takes long
      if (await hasRows(TAKEN, [by, at])) return undefined;
      const [walk] = await database.query<StoredProgress>(CLAIM, [target, by, at, until, await total()]);
      return walk && toProgress(walk);
    },
    saveProgress: ({ target, tenant, pid, scanned, stale, reindexed }, { by, at, until }) =>
      hasRows(SAVE, [by, target, tenant, pid, scanned, stale, reindexed, at, until]),
    restart: async ({ target }, { by, at }) => hasRows(AGAIN, [by, target, await total(), at]),
    async finish(target, startRules, { by, at }: Lease) {
      const outdated = startRules.filter(({ type, rules }) => rules < (target.get(type) ?? UNREGISTERED_RULES));
      const stored = await total();
      await database.transaction(async (inside) => {
        await inside.query(CHECKED, [...toColumns(target), by]);
        const done = await inside.query(DONE, toColumns(outdated.map(({ type, rules }) => [type, rules])));
        if (done.length) await startChecks(inside, at);
        await inside.query(RELEASE, [by, stored]);
      });
    },
    release: async ({ by }) =>
      void (await database.query('update index_walk set lease_until = null, lease_by = null where lease_by = $1', [by])),
    findNextTenant: (after) => findNextTenant(database, after),
    async readBatch(tenant, after, size, target) {
      const parameters = [tenant, after, size, ...toColumns(target)];
      const [found] = await database.query<{ last: string | null; seen: number; stale: string | null }>(WINDOW, parameters);
      const { last, seen, stale } = found!;
      return last === null ? undefined : { last, seen, stale: stale?.split(',') ?? [] };
    },
    readStaleRows: (tenant, pids, target) => readStaleRows(database, tenant, pids, target),
    replaceIndexRows: (tenant, renewals) => replaceIndexRows(database, tenant, renewals),
    async readProgress() {
      const [walk] = await database.query<StoredProgress & { lease_until: string | null; updated_at: string }>(PROGRESS);
      return walk && { ...toProgress(walk), leaseUntil: walk.lease_until, updatedAt: walk.updated_at };
    },
  };
}

async function register(database: Database, rules: TypeIndexRules[], at: string, renewed = false): Promise<Map<ServedType, number>> {
  const types = rules.map(({ type }) => TYPE_NUMBERS[type]);
  const prints = rules.map(({ fingerprint }) => fingerprint);
  const values = [types, prints, rules.map(({ parameters }) => JSON.stringify(parameters))];
  if (renewed) await database.query(RENEW, [types, prints]);
  const numbers = await database.query<{ rtype: number; rules: number }>(REGISTER, values);
  await startChecks(database, at);
  await database.query(FORGET, [await findEmptyTypes(database)]);
  return new Map(numbers.map(({ rtype, rules: number }) => [findTypeByNumber(rtype), number]));
}

const startChecks = (database: Database, at: string): Promise<unknown> =>
  database.query(
    START_CHECKS,
    CHECK_DELAYS_MS.map((ms) => new Date(Date.parse(at) + ms).toISOString()),
  );

/** Types that have older rules but no resource in any tenant: they need no reindexing. Each statement reads one tenant. */
async function findEmptyTypes(database: Database): Promise<number[]> {
  const outdated = await database.query<{ rtype: number }>(OUTDATED);
  let empty = outdated.map(({ rtype }) => rtype);
  let tenant = await findNextTenant(database, 0);
  while (empty.length > 0 && tenant !== undefined) {
    const stored = await database.query<{ rtype: number }>(STORED, [tenant, empty]);
    empty = empty.filter((type) => !stored.some(({ rtype }) => rtype === type));
    tenant = await findNextTenant(database, tenant);
  }
  return empty;
}

const findNextTenant = async (database: Database, after: number): Promise<number | undefined> =>
  (await database.query<{ tenant: number | null }>(NEXT_TENANT, [after]))[0]?.tenant ?? undefined;

async function listRules(database: Database): Promise<RegisteredRules[]> {
  const rows = await database.query<Omit<RegisteredRules, 'type'> & { rtype: number }>(KNOWN);
  return rows.map(({ rtype, ...rest }) => ({ type: findTypeByNumber(rtype), ...rest })).filter(({ type }) => isServed(type));
}

async function readStaleRows(database: Database, tenant: number, pids: string[], target: TargetRules): Promise<StaleRow[]> {
  type Stored = { pid: string; rtype: number; id: string; ver: number; rules: number; body: string };
  const rows = await database.query<Stored>(BODIES, [tenant, toBigintArray(pids), ...toColumns(target), MAX_BODIES]);
  return rows.map(({ pid, rtype, id, ver, rules, body }) => ({ pid, type: findTypeByNumber(rtype), id, version: ver, rules, body }));
}

/** Uses two statements, because Citus cannot lock rows inside a statement that writes other rows. */
const replaceIndexRows = (database: Database, tenant: number, renewals: ReindexedRow[]): Promise<number> =>
  database.transaction(async (transaction) => {
    const free = await transaction.query<{ pid: string }>(FREE, [tenant, ...toVersionColumns(renewals)]);
    const pids = new Set(free.map(({ pid }) => pid));
    const own = renewals.filter(({ row }) => pids.has(row.pid));
    return own.length === 0 ? 0 : writeIndexRows(transaction, tenant, own);
  });

/** The columns that identify each resource, its version and its current index rules. */
const toVersionColumns = (renewals: ReindexedRow[]): unknown[] => [
  renewals.map(({ row }) => row.pid),
  renewals.map(({ row }) => row.version),
  renewals.map(({ row }) => row.rules),
];

async function writeIndexRows(database: Database, tenant: number, renewals: ReindexedRow[]): Promise<number> {
  // all tables: without full-text search, its rows of an earlier setting are removed
  const sides = INDEX_TABLES.map((table) => renewals.map(({ index }) => JSON.stringify(TABLE_ROWS[table](index))));
  const [count] = await database.query<{ applied: number }>(REPLACE, [
    tenant,
    ...toVersionColumns(renewals),
    renewals.map(({ rules }) => rules),
    renewals.map(({ index }) => `{${index.tokens.join(',')}}`),
    renewals.map(({ index }) => toSortCodes(index.codes)),
    ...sides,
  ]);
  return count!.applied;
}
