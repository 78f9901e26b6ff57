// What the store answers, in types: the contract between SQL (this room) and the interactions (src/resource). Every call names its tenant.
import type { IndexRows } from '../fhir/index-rows.ts';
import type { Query } from '../fhir/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Span, TimelineRow } from './timeline.ts';

/** One version of a resource as stored. `body` is the JSON text that is sent (id and meta inside); null for a deletion. */
export interface Row {
  type: ServedType;
  id: string;
  version: number;
  /** When this version was stored, ISO 8601 with milliseconds, UTC. */
  lastUpdated: string;
  /** When the resource was first stored. */
  created: string;
  body: string | null;
}

export interface HistoryRow extends Row {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
}

/** One new version. `previous`: the version it replaces, absent for the first; when the store holds another by then, the change is not applied. */
export interface Change {
  type: ServedType;
  id: string;
  version: number;
  previous?: number;
  lastUpdated: string;
  method: HistoryRow['method'];
  /** Who did it: the API key's id. */
  actor: string;
  /** null: a deletion, which has no index rows either. */
  body: string | null;
  index?: IndexRows;
}

/** A position in an ordered result: the sort values of the last row seen and its storing number. */
export type Position = (string | null)[];

export interface Page {
  rows: Row[];
  included: Row[];
  /** Where the next page starts; absent on the last. */
  next?: Position;
  total?: number;
}

/** Where to start: after a position, or (vendor paging only) at an offset. */
export interface Start {
  after?: Position;
  offset?: number;
}

/** The searchable store of one database, on the connection or inside one transaction. */
export interface Store {
  read(tenant: number, type: ServedType, id: string): Promise<Row | undefined>;
  version(tenant: number, type: ServedType, id: string, version: number): Promise<HistoryRow | undefined>;
  /** The current versions of several, deletions among them, locked in one order until the transaction ends. What was never stored is left out. */
  hold(tenant: number, wanted: { type: ServedType; id: string }[]): Promise<Row[]>;
  /** All versions of one resource, newest first. */
  history(tenant: number, type: ServedType, id: string, page: { count: number; before?: number }): Promise<HistoryRow[]>;
  /** Versions of one resource, a type or everything, newest first, each with its place in that order. */
  timeline(tenant: number, span: Span): Promise<TimelineRow[]>;
  search(tenant: number, query: Query, start?: Start): Promise<Page>;
  /** Writes all of it in one statement: row, history, index rows. Answers how many changes were applied (fewer than given: another writer was first). */
  write(tenant: number, changes: Change[]): Promise<number>;
  /** Takes the row locks of these match keys, in one order for everybody, until the transaction ends. */
  lock(tenant: number, keys: string[]): Promise<void>;
  /** All of `work` in one transaction. Inside a transaction: joins it. Serialization failures and deadlocks are run again with fresh state, a few times. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  readonly idempotency: IdempotencyKeys;
  readonly outbox: Outbox;
  readonly settings: Settings;
}

/** A caller's promise that a request is one request. `hash`: SHA-256 (hex) of the canonical request. */
export interface IdempotencyKey {
  tenant: number;
  caller: string;
  route: string;
  key: string;
}

export interface IdempotencyRecord {
  hash: string;
  /** Absent while the request is still running. `response` is the stored answer (JSON text of { status, headers, body }). */
  response?: string;
  /** What the request made, so that a retry can go on with it (`ServiceRequest/…`). */
  subject?: string;
}

export interface IdempotencyKeys {
  find(key: IdempotencyKey): Promise<IdempotencyRecord | undefined>;
  /** Inserts the key; false when it stands already (waits for a concurrent transaction that is inserting it). `expires` null: lives for good. */
  claim(key: IdempotencyKey, record: { hash: string; subject?: string; at: string; expires: string | null }): Promise<boolean>;
  settle(key: IdempotencyKey, response: string): Promise<void>;
  release(key: IdempotencyKey): Promise<void>;
  /** Removes what expired before `at`; answers how many. */
  prune(at: string): Promise<number>;
}

export type OutboxState = 'queued' | 'sending' | 'unknown' | 'done' | 'refused' | 'parked' | 'cancelled';

/** One thing to tell the outside: exact bytes, key, and how far it got. Times are ISO 8601; no decision uses the database's clock. */
export interface OutboxEntry {
  tenant: number;
  id: string;
  topic: string;
  /** `Type/id` of what it is about. */
  subject: string;
  /** The idempotency key the other side sees: minted at accept. */
  key: string;
  payload: string;
  state: OutboxState;
  attempts: number;
  firstSentAt: string | null;
  nextAt: string;
  leaseBy: string | null;
  leaseUntil: string | null;
  lastError: string | null;
  createdAt: string;
}

export interface Outbox {
  add(entry: Pick<OutboxEntry, 'tenant' | 'topic' | 'subject' | 'key' | 'payload'> & { at: string }): Promise<OutboxEntry>;
  find(tenant: number, topic: string, subject: string): Promise<OutboxEntry | undefined>;
  /**
   * Leases up to `limit` due entries of any tenant (state queued, unknown, or sending with its lease run out) and marks them sending; committed before
   * it answers. `topics`: only these.
   */
  claim(lease: { by: string; at: string; until: string; limit: number; topics?: string[] }): Promise<OutboxEntry[]>;
  /** Leases this one now, due or not, unless somebody holds it or it is finished. */
  claimOne(tenant: number, id: string, lease: { by: string; at: string; until: string }): Promise<OutboxEntry | undefined>;
  /** Records an outcome, only while `by` still holds the lease (fencing); answers whether it did. */
  settle(
    entry: OutboxEntry,
    by: string,
    outcome: { state: OutboxState; at: string; nextAt?: string; error?: string; payload?: string; firstSentAt?: string },
  ): Promise<boolean>;
}

/** Named values all processes share (the key that seals page links). */
export interface Settings {
  /** The value of `name`, made by `make` when nobody has yet; all processes get the same. */
  get(name: string, make: () => string): Promise<string>;
}
