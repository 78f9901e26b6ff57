// The contract between SQL (this folder) and the interactions (src/interactions). Every call names its tenant.
import type { ParameterNumber } from '../fhir/indexing/rows.ts';
import type { Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { LockBatch } from './database/locks.ts';
import type { Definitions } from './definitions.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';
import type { Inbox } from './queues/inbox.ts';
import type { NetworkInsurances } from './queues/network-insurances.ts';
import type { Outbox } from './queues/outbox.ts';
import type { Subscriptions } from './queues/subscriptions.ts';
import type { TrackedOrders } from './queues/tracked-orders.ts';
import type { Reindexing } from './reindexing.ts';
import type { HistoryEntry, HistoryQuery, HistorySpan } from './resources/history.ts';
import type { LockedRows } from './resources/read.ts';
import type { ResourceChange } from './resources/resource-change.ts';
import type { FoundRow, HistoryRow, LockedResource, ResourceRow } from './resources/resource-row.ts';
import type { ExplainedStatement } from './search/explain.ts';
import type { LatestRanking, LatestRow } from './search/latest.ts';
import type { BodyPage, PageStart, ResultPage } from './search/page.ts';
import type { ResourceName, TextSearch } from './search/referrers.ts';
import type { Settings } from './settings.ts';

/**
 * Checks the writes of a transaction at its end, inside the transaction. It throws to refuse all of them. Deleted resources were locked before they were
 * changed. `changes`: the last change of each resource, in the order of writing.
 */
export type WriteGuard = (store: Store, tenant: number, changes: readonly ResourceChange[]) => Promise<void>;

/** The store of one database, on the connection pool or inside one transaction. */
export interface Store {
  /** Whether a query for due work of all tenants runs on every shard (Citus): such queries are then sent less often. */
  isDistributed(): boolean;
  read(tenant: number, type: ServedType, id: string): Promise<ResourceRow | undefined>;
  /** Current versions in one statement, deletions included. Omits ids that were never stored. Refuses (413) bodies of more than `maxBytes` together. */
  readMany(tenant: number, targets: readonly ResourceName[], maxBytes?: number): Promise<ResourceRow[]>;
  readVersion(tenant: number, type: ServedType, id: string, version: number): Promise<HistoryRow | undefined>;
  /**
   * SELECT … FOR UPDATE: the current versions, deletions included, locked in one order until the transaction ends. Omits ids that were never stored. `skip`: also omits
   * rows that another transaction has locked.
   */
  readForUpdate(tenant: number, targets: { type: ServedType; id: string }[], lockedRows?: LockedRows): Promise<ResourceRow[]>;
  /**
   * SELECT … FOR KEY SHARE: locks resources against a `readForUpdate` of other transactions, but not against their updates. Omits ids that were never stored.
   */
  lockReferenced(tenant: number, targets: { type: ServedType; id: string }[]): Promise<LockedResource[]>;
  /** Whether a resource was deleted after this version. If its id is in use again, it belongs to another resource. */
  wasDeletedSince(tenant: number, type: ServedType, id: string, version: number): Promise<boolean>;
  /** All versions of one resource, newest first. */
  readVersions(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }): Promise<HistoryRow[]>;
  /** Versions of one resource, of a type or of all types, newest first, each with its position in that order. */
  readHistory(tenant: number, page: HistoryQuery): Promise<HistoryEntry[]>;
  /** The number of versions of one resource, of a type or of all types. */
  countHistory(tenant: number, span: HistorySpan): Promise<number>;
  search(tenant: number, query: Query, start?: PageStart): Promise<ResultPage<FoundRow>>;
  /** The same, with the columns of the versions. */
  searchVersions(tenant: number, query: Query, start?: PageStart): Promise<ResultPage>;
  /** A search of one type that reads only the bodies of resources. */
  searchBodies(tenant: number, query: Query, start?: PageStart): Promise<BodyPage>;
  /** As `search`, with its statements and their plans: for operators. */
  explainSearch(tenant: number, query: Query, start?: PageStart): Promise<{ page: ResultPage<FoundRow>; statements: ExplainedStatement[] }>;
  /** The most recent resources of each group that a search of one type finds. */
  readLatest(tenant: number, query: Query, ranking: LatestRanking): Promise<LatestRow[]>;
  /** At most `limit` resources that refer to the target by one of these parameters, to its current version or to a past one. */
  findReferrers(tenant: number, which: { target: ResourceName; parameters: ParameterNumber[]; limit: number }): Promise<ResourceName[]>;
  /** The resources in a part of the tenant's whose JSON contains a text. `next`: where the next part begins. */
  findMentions(tenant: number, search: TextSearch): Promise<{ names: ResourceName[]; next?: string }>;
  /** Writes rows, the versions that they replace, and index rows in one statement. Returns the number of applied changes: fewer than given if another writer was first. */
  write(tenant: number, changes: ResourceChange[]): Promise<number>;
  /** Locks these keys until the transaction ends, in the same order in every transaction. */
  lockKeys(tenant: number, keys: string[]): Promise<void>;
  /** Deletes a batch of lock rows that no transaction has locked. Returns where the next batch starts; undefined after the last batch. */
  pruneLocks(tenant: number, which: LockBatch): Promise<string | undefined>;
  /** Deletes at most `limit` ids of single-use access tokens that have expired at `at`. Returns the number of deleted rows. */
  deleteExpiredTokens(at: string, limit: number): Promise<number>;
  /**
   * Runs `work` in one transaction; inside a transaction, joins it. Retries serialization failures and deadlocks a few times, from the start. `guardWaitMs`: the
   * longest wait of the write guard for a lock; after it, the transaction is rolled back (503). Absent: the time limit of statements.
   */
  transaction<T>(work: (store: Store) => Promise<T>, options?: { guardWaitMs?: number }): Promise<T>;
  /** Runs `work` and the write guard in a transaction of its own, and rolls it back. */
  rehearse<T>(work: (store: Store) => Promise<T>): Promise<T>;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly trackedOrders: TrackedOrders;
  readonly networkInsurances: NetworkInsurances;
  readonly settings: Settings;
  readonly definitions: Definitions;
  readonly reindexing: Reindexing;
  readonly subscriptions: Subscriptions;
}

/** The store of a request. What it leaves out chooses rows by something else than a tenant: due work, an account at the lab network, expired rows. */
export interface TenantStore
  extends Omit<
    Store,
    | 'isDistributed'
    | 'deleteExpiredTokens'
    | 'transaction'
    | 'rehearse'
    | 'outbox'
    | 'inbox'
    | 'trackedOrders'
    | 'idempotencyKeys'
    | 'settings'
    | 'reindexing'
    | 'subscriptions'
  > {
  transaction<T>(work: (store: TenantStore) => Promise<T>, options?: { guardWaitMs?: number }): Promise<T>;
  rehearse<T>(work: (store: TenantStore) => Promise<T>): Promise<T>;
  readonly outbox: Omit<Outbox, 'hasDoneSince' | 'findByKeys' | 'findDueAccounts' | 'claim' | 'countLeased'>;
  readonly trackedOrders: Omit<TrackedOrders, 'find' | 'findDueAccounts' | 'claim'>;
  readonly idempotencyKeys: Omit<IdempotencyKeys, 'deleteExpired'>;
  readonly reindexing: Pick<Reindexing, 'markUnregistered'>;
  readonly subscriptions: Omit<Subscriptions, 'listExpired' | 'claimChanges'>;
}
