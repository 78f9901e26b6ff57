// What the store answers, in one type: the contract between SQL (this room) and the interactions (src/interactions). Every call names its tenant.
import type { Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { LocksToPrune } from './database/locks.ts';
import type { Definitions } from './definitions.ts';
import type { IdempotencyKeys } from './idempotency-keys.ts';
import type { IndexUpkeep } from './index-upkeep.ts';
import type { Inbox } from './queues/inbox.ts';
import type { Outbox } from './queues/outbox.ts';
import type { PlacedOrders } from './queues/placed-orders.ts';
import type { Subscriptions } from './queues/subscriptions.ts';
import type { Change } from './resources/change.ts';
import type { HistoryRow, Row } from './resources/row.ts';
import type { Span, TimelineRow } from './resources/timeline.ts';
import type { Explained } from './search/explain.ts';
import type { Page, Start, TextPage } from './search/page.ts';
import type { Settings } from './settings.ts';

/** The searchable store of one database, on the connection or inside one transaction. */
export interface Store {
  /** Whether looking for what is due, of any tenant, asks every shard: then it is looked for less often (Citus). */
  distributed(): boolean;
  read(tenant: number, type: ServedType, id: string): Promise<Row | undefined>;
  version(tenant: number, type: ServedType, id: string, version: number): Promise<HistoryRow | undefined>;
  /** The current versions of several, deletions among them, locked in one order until the transaction ends. What was never stored is left out. */
  hold(tenant: number, wanted: { type: ServedType; id: string }[]): Promise<Row[]>;
  /** Whether a resource was deleted after this version: what stands under its id now is another one. */
  deletedSince(tenant: number, type: ServedType, id: string, version: number): Promise<boolean>;
  /** All versions of one resource, newest first. */
  history(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }): Promise<HistoryRow[]>;
  /** Versions of one resource, a type or everything, newest first, each with its place in that order. */
  timeline(tenant: number, span: Span): Promise<TimelineRow[]>;
  search(tenant: number, query: Query, start?: Start): Promise<Page>;
  /** The same search of one type where only the resources themselves are wanted, and nothing beside them. */
  texts(tenant: number, query: Query, start?: Start): Promise<TextPage>;
  /** The same search, with its statements and their plans: for operators. */
  explain(tenant: number, query: Query, start?: Start): Promise<{ page: Page; statements: Explained[] }>;
  /** Writes all of it in one statement: row, history, index rows. Answers how many changes were applied (fewer than given: another writer was first). */
  write(tenant: number, changes: Change[]): Promise<number>;
  /** Takes the row locks of these match keys, in one order for everybody, until the transaction ends. */
  lock(tenant: number, keys: string[]): Promise<void>;
  /** Removes lock rows that nobody holds. Answers from where to go on; undefined at the end. */
  pruneLocks(tenant: number, which: LocksToPrune): Promise<string | undefined>;
  /** All of `work` in one transaction. Inside a transaction: joins it. Serialization failures and deadlocks are run again with fresh state, a few times. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  readonly idempotency: IdempotencyKeys;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly placedOrders: PlacedOrders;
  readonly settings: Settings;
  readonly definitions: Definitions;
  readonly upkeep: IndexUpkeep;
  readonly subscriptions: Subscriptions;
}
