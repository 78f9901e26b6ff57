// What the store answers, in one type: the contract between SQL (this room) and the interactions (src/interactions). Every call names its tenant.
import type { Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { LockBatch } from './database/locks.ts';
import type { Definitions } from './definitions.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';
import type { Inbox } from './queues/inbox.ts';
import type { Outbox } from './queues/outbox.ts';
import type { Subscriptions } from './queues/subscriptions.ts';
import type { TrackedOrders } from './queues/tracked-orders.ts';
import type { Reindexing } from './reindexing.ts';
import type { HistoryEntry, HistoryQuery } from './resources/history.ts';
import type { ResourceChange } from './resources/resource-change.ts';
import type { HistoryRow, ResourceRow } from './resources/resource-row.ts';
import type { ExplainedStatement } from './search/explain.ts';
import type { BodyPage, PageStart, ResultPage } from './search/page.ts';
import type { Settings } from './settings.ts';

/** The searchable store of one database, on the connection or inside one transaction. */
export interface Store {
  /** Whether looking for what is due, of any tenant, asks every shard: then it is looked for less often (Citus). */
  isDistributed(): boolean;
  read(tenant: number, type: ServedType, id: string): Promise<ResourceRow | undefined>;
  readVersion(tenant: number, type: ServedType, id: string, version: number): Promise<HistoryRow | undefined>;
  /** The current versions of several, deletions among them, locked in one order until the transaction ends. What was never stored is left out. */
  readForUpdate(tenant: number, wanted: { type: ServedType; id: string }[]): Promise<ResourceRow[]>;
  /** Whether a resource was deleted after this version: what stands under its id now is another one. */
  wasDeletedSince(tenant: number, type: ServedType, id: string, version: number): Promise<boolean>;
  /** All versions of one resource, newest first. */
  readVersions(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }): Promise<HistoryRow[]>;
  /** Versions of one resource, a type or everything, newest first, each with its place in that order. */
  readHistory(tenant: number, span: HistoryQuery): Promise<HistoryEntry[]>;
  search(tenant: number, query: Query, start?: PageStart): Promise<ResultPage>;
  /** The same search of one type where only the resources themselves are wanted, and nothing beside them. */
  searchBodies(tenant: number, query: Query, start?: PageStart): Promise<BodyPage>;
  /** The same search, with its statements and their plans: for operators. */
  explainSearch(tenant: number, query: Query, start?: PageStart): Promise<{ page: ResultPage; statements: ExplainedStatement[] }>;
  /** Writes all of it in one statement: row, history, index rows. Answers how many changes were applied (fewer than given: another writer was first). */
  write(tenant: number, changes: ResourceChange[]): Promise<number>;
  /** Takes the row locks of these match keys, in one order for everybody, until the transaction ends. */
  lockKeys(tenant: number, keys: string[]): Promise<void>;
  /** Removes lock rows that nobody holds. Answers from where to go on; undefined at the end. */
  pruneLocks(tenant: number, which: LockBatch): Promise<string | undefined>;
  /** All of `work` in one transaction. Inside a transaction: joins it. Serialization failures and deadlocks are run again with fresh state, a few times. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly trackedOrders: TrackedOrders;
  readonly settings: Settings;
  readonly definitions: Definitions;
  readonly reindexing: Reindexing;
  readonly subscriptions: Subscriptions;
}
