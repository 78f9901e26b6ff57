// What the store answers, in types: the contract between SQL (this room) and the interactions (src/resource). Every call names its tenant.
import type { IndexRows } from '../fhir/indexing/rows.ts';
import type { TypeRules } from '../fhir/indexing/rules.ts';
import type { Query } from '../fhir/search/query.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Inbox } from './inbox.ts';
import type { PlacedOrders } from './placed-orders.ts';
import type { Subscriptions } from './subscriptions.ts';
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
  /** By which rules its index rows were made (index-upkeep.ts): what the next write expects to find. Only of current versions. */
  rules?: number;
}

/** A resource that was found, without what tells its version from others. */
export type Text = Pick<Row, 'type' | 'created' | 'body'>;

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
  /** The number of the rules that made `index`, and of those the previous version stands by. 0: rules that nobody counted. */
  rules?: number;
  previousRules?: number;
}

/** A position in an ordered result: the sort values of the last row seen and its storing number. */
export type Position = (string | null)[];

export interface Page {
  rows: Row[];
  included: Row[];
  /** `:iterate` was followed as far as it goes, and there would be more. */
  deeper?: true;
  /** Where the next page starts; absent on the last. */
  next?: Position;
  total?: number;
}

/** The page of a search that only the resources themselves are wanted of. */
export interface TextPage extends Pick<Page, 'next' | 'total'> {
  rows: Text[];
}

/** One statement of a search: how long it took, how many rows it answered, and its plan, line by line. Neither text holds a value. */
export interface Explained {
  sql: string;
  milliseconds: number;
  rows: number;
  plan: string[];
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

/** Rules that resources may stand by. `newest`: the ones to reach, of their type. */
export interface KnownRules {
  type: ServedType;
  rules: number;
  parameters: Record<string, string>;
  newest: boolean;
}

/** Who does something until when; times are ISO 8601. */
export interface Lease {
  by: string;
  at: string;
  until: string;
}

/** How far a walk through all resources has come: up to `pid` of `tenant`. */
export interface Walk {
  /** Which rules it leads to, as one text. */
  target: string;
  tenant: number;
  pid: string;
  /** How many resources it has looked at, how many of them stood by other rules, and of how many of these the index rows were made again. */
  seen: number;
  stale: number;
  renewed: number;
  /** How many there were when it began. */
  total: number;
}

/** A resource whose index rows were made by other rules. */
export interface StaleRow {
  pid: string;
  type: ServedType;
  id: string;
  version: number;
  rules: number;
  body: string;
}

/** Its new index rows, and the rules they were made by. */
export interface Renewal {
  row: StaleRow;
  index: IndexRows;
  rules: number;
}

/** Target of a walk: type → the number of the rules its resources are to stand by. */
export type RulesTarget = ReadonlyMap<ServedType, number>;

/** Making index rows again by newer rules. `save` and `again` answer whether the lease still stands. */
export interface IndexUpkeep {
  /** Makes the rules of a program known; answers their numbers. `renewed`: they are to be the newest, also where newer ones are known. */
  register(rules: TypeRules[], renewed?: boolean): Promise<Map<ServedType, number>>;
  known(): Promise<KnownRules[]>;
  /** Takes the walk to this target, from where it stands; undefined while somebody else has it. Another target begins anew. */
  claim(target: string, lease: Lease): Promise<Walk | undefined>;
  save(walk: Walk, lease: Lease): Promise<boolean>;
  /** Begins the walk anew. */
  again(walk: Walk, lease: Lease): Promise<boolean>;
  /** The walk found nothing stale: no resource of these types stands by other rules. */
  finish(target: RulesTarget, lease: Lease): Promise<void>;
  release(lease: Lease): Promise<void>;
  nextTenant(after: number): Promise<number | undefined>;
  /** The next so many resources of a tenant, in the order of storing: where they end, and which of them are stale; undefined at the end. */
  window(
    tenant: number,
    after: string,
    size: number,
    target: RulesTarget,
  ): Promise<{ last: string; seen: number; stale: string[] } | undefined>;
  /** The first of these, as many as may be in memory at once; deletions are left out. */
  bodies(tenant: number, pids: string[]): Promise<StaleRow[]>;
  /** Puts new index rows in place, in one statement; what was changed meanwhile is left alone. Answers how many. */
  replace(tenant: number, renewals: Renewal[]): Promise<number>;
  progress(): Promise<(Walk & { leaseUntil: string | null; updatedAt: string }) | undefined>;
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

/** Something that happened to an entry, once or `times` over. `what`: `attempt`, or what somebody did. `state`: what it was in afterwards. */
export interface OutboxEvent {
  what: string;
  state: OutboxState;
  reason: string | null;
  at: string;
  lastAt: string;
  times: number;
}

export interface Outbox {
  /** `nextAt`: due then, and not at once. */
  add(entry: Pick<OutboxEntry, 'tenant' | 'topic' | 'subject' | 'key' | 'payload'> & { at: string; nextAt?: string }): Promise<OutboxEntry>;
  /** The newest one about it. */
  find(tenant: number, topic: string, subject: string): Promise<OutboxEntry | undefined>;
  /** All about it, the newest first. */
  all(tenant: number, topic: string, subject: string): Promise<OutboxEntry[]>;
  /** Whether an entry of the topic that was added since then, of any tenant, is done. */
  hasDone(topic: string, since: string): Promise<boolean>;
  /** The entries with these keys, of any tenant: what comes back from the outside names a key, not a tenant. */
  withKeys(keys: string[]): Promise<OutboxEntry[]>;
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
  /** Moves an entry that nobody holds from one of these states to another; false when it has gone on since it was read. `what`: who asks for it. */
  move(
    entry: OutboxEntry,
    change: { from: OutboxState[]; to: OutboxState; at: string; what: string; nextAt?: string; reason?: string; payload?: string },
  ): Promise<boolean>;
  /** What happened to an entry, oldest first, as far as it is kept. */
  events(entry: OutboxEntry): Promise<OutboxEvent[]>;
}

/** Named values all processes share (the key that seals page links). */
export interface Settings {
  /** The value of `name`, made by `make` when nobody has yet; all processes get the same. */
  get(name: string, make: () => string): Promise<string>;
  /** Changes it, if it is still `from`; answers whether it was. */
  swap(name: string, from: string, to: string): Promise<boolean>;
}

/** A profile (or extension) of a loaded package; `type`: what it is a profile of. */
export interface KnownProfile {
  /** `name#version`. */
  package: string;
  url: string;
  version: string | null;
  type: string;
}

export interface DefinitionRow {
  package: string;
  /** The kept definition, as JSON text. */
  body: string;
}

/** The definitions an operator has loaded, for all tenants. */
export interface Definitions {
  /** Another text whenever a package was added, replaced or removed. */
  state(): Promise<string>;
  profiles(): Promise<KnownProfile[]>;
  /** The definitions of these URLs, of all kinds, versions and packages. */
  find(urls: string[]): Promise<DefinitionRow[]>;
}
