// Active subscriptions, the changes that wait to be matched against their criteria, and the notifications that wait for delivery. Times come from the caller.
// The statement that writes a version also records the change (../resources/write.ts), so that no change is lost. It records changes only of types with
// an active subscription.
import { findTypeByNumber, type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';
import type { Lease } from '../../messaging/lease.ts';
import type { Database } from '../database/database.ts';
import type { OutboxEntry } from './outbox-entry.ts';

/** The data of a Subscription that delivery needs. Its criteria and its endpoint are in the resource. */
export interface SubscriptionRegistration {
  tenant: number;
  id: string;
  /** The resource type of its criteria. */
  type: ServedType;
  /** Whether changes are recorded for it. */
  active: boolean;
  /** The API key that created it, and the scopes of that key. Resources outside these scopes cause no notifications. */
  actor: string;
  scopes: string[];
  /** The secret that signs its messages (`whsec_…`). Until `formerUntil`, `formerSecret` also signs them. */
  secret: string;
  formerSecret: string | null;
  formerUntil: string | null;
  endsAt: string | null;
}

/** A version that was written and still has to be matched against criteria. */
export interface WatchedChange {
  tenant: number;
  seq: string;
  type: ServedType;
  id: string;
  version: number;
}

/** A version of which the subscriber still has to be notified. */
export interface Notification extends WatchedChange {
  subscription: string;
  /** The id of the message. It is the same in every attempt. */
  key: string;
  createdAt: string;
  nextAt: string;
  /** When the first attempt failed; null if no attempt has failed. */
  failingSince: string | null;
}

/** The notifications that wait for a subscription. `oldest`: when the oldest was created. `failingSince`: when the first failed attempt was made. */
interface NotificationBacklog {
  count: number;
  oldest: string | null;
  failingSince: string | null;
}

type SubscriptionId = Pick<SubscriptionRegistration, 'tenant' | 'id'>;

export interface Subscriptions {
  find(tenant: number, id: string): Promise<SubscriptionRegistration | undefined>;
  /** Creates or updates an active subscription; an existing secret is not changed. */
  register(registration: Omit<SubscriptionRegistration, 'active' | 'formerSecret' | 'formerUntil'>): Promise<void>;
  /** No more changes are recorded for it. */
  deactivate(subscription: SubscriptionId): Promise<void>;
  remove(subscription: SubscriptionId): Promise<void>;
  /** Sets a new secret. The previous secret also signs messages until `formerUntil`. */
  rotateSecret(subscription: SubscriptionId, change: { secret: string; formerUntil: string }): Promise<void>;
  /** Active subscriptions to this type. */
  listActive(tenant: number, type: ServedType): Promise<SubscriptionRegistration[]>;
  /** Active subscriptions of any tenant whose end time has passed. */
  listExpired(at: string): Promise<SubscriptionId[]>;
  /** Leases changes that have not been matched, oldest first. */
  claimChanges(lease: Omit<Lease, 'by'> & { limit: number }): Promise<WatchedChange[]>;
  /** Deletes matched changes. Returns those that no other worker had deleted before. */
  deleteChanges(tenant: number, changes: WatchedChange[]): Promise<WatchedChange[]>;
  /** Adds notifications about versions of one type. Adds none if the subscription is no longer active. */
  addNotifications(
    subscription: Pick<SubscriptionRegistration, 'tenant' | 'id' | 'type'>,
    notices: Pick<Notification, 'id' | 'version' | 'key'>[],
    at: string,
  ): Promise<void>;
  /** Due notifications. Of each resource, only the earliest waiting version is due, and none while an earlier version has not been matched. */
  listDue(subscription: SubscriptionId, upTo: { at: string; limit: number }): Promise<Notification[]>;
  /** When the next notification is due; undefined if none waits. */
  findNextDue(subscription: SubscriptionId): Promise<string | undefined>;
  deleteDelivered(tenant: number, notices: Notification[]): Promise<void>;
  recordFailure(notice: Notification, next: { at: string; nextAt: string }): Promise<void>;
  readBacklog(subscription: SubscriptionId): Promise<NotificationBacklog>;
  /** Makes all waiting notifications due now, and resets their failures. */
  makeAllDue(subscription: SubscriptionId, at: string): Promise<void>;
  /** Deletes all waiting notifications. */
  deleteNotifications(subscription: SubscriptionId): Promise<void>;
  /** Makes the delivery due because there are new notifications. A delivery that waits for a retry keeps its time. */
  wakeDelivery(subscription: SubscriptionId & { topic: string; subject: string }, at: string): Promise<void>;
  /** Until the transaction ends, `wakeDelivery` waits for this entry. */
  lockDelivery(entry: OutboxEntry): Promise<void>;
}

const COLUMNS = `s.tenant_id as tenant, s.id, s.rtype, s.active, s.actor, s.scopes, s.secret, s.former_secret as "formerSecret",
  s.former_until as "formerUntil", s.ends_at as "endsAt"`;
const FIND = `select ${COLUMNS} from subscription s where tenant_id = $1 and id = $2`;
const WATCHING = `select ${COLUMNS} from subscription s where tenant_id = $1 and rtype = $2 and active order by id`;
const ENDED = 'select tenant_id as tenant, id from subscription where active and ends_at <= $1 order by ends_at limit 100';
const REGISTER = `insert into subscription (tenant_id, id, rtype, active, actor, scopes, secret, ends_at) values ($1, $2, $3, true, $4, $5, $6, $7)
  on conflict (tenant_id, id) do update set rtype = excluded.rtype, active = true, actor = excluded.actor, scopes = excluded.scopes, ends_at = excluded.ends_at`;
const REST = 'update subscription set active = false where tenant_id = $1 and id = $2';
const REMOVE = 'delete from subscription where tenant_id = $1 and id = $2';
const RENEW = 'update subscription set former_secret = secret, former_until = $4, secret = $3 where tenant_id = $1 and id = $2';

const FREE = '(c.lease_until is null or c.lease_until <= $1)';
/** As in the outbox: if two workers select the same row, the second finds the lease of the first when PostgreSQL tests `FREE` again. */
const CLAIM = `with claimed as (update subscription_change c set lease_until = $2 from (
    select c.tenant_id, c.seq from subscription_change c where ${FREE} order by c.seq limit $3
  ) free where c.tenant_id = free.tenant_id and c.seq = free.seq and ${FREE} returning c.tenant_id, c.seq, c.rtype, c.id, c.ver)
  select tenant_id as tenant, seq, rtype, id, ver as version from claimed order by seq`;
const SETTLE = 'delete from subscription_change where tenant_id = $1 and seq = any($2::bigint[]) returning seq';

const NOTICE = `n.tenant_id as tenant, n.seq, n.subscription, n.rtype, n.id, n.ver as version, n.key, n.created_at as "createdAt", n.next_at as "nextAt",
  n.failing_since as "failingSince"`;
/** `for share`: a concurrent deactivation waits, so that it also deletes these notifications. */
const ADD = `insert into notification (tenant_id, subscription, rtype, id, ver, key, created_at, next_at)
  select $1, s.id, $3, g.id, g.ver, g.key, $7, $7
  from (select id from subscription where tenant_id = $1 and id = $2 and active for share) s, unnest($4::text[], $5::int[], $6::text[]) as g(id, ver, key)`;
const OWN = 'n.tenant_id = $1 and n.subscription = $2';
const SAME = 'e.tenant_id = n.tenant_id and e.rtype = n.rtype and e.id = n.id and e.ver < n.ver';
const FIRST = `not exists (select 1 from notification e where ${SAME} and e.subscription = n.subscription)`;
const LOOKED_AT = `not exists (select 1 from subscription_change e where ${SAME})`;
const DUE = `select ${NOTICE} from notification n where ${OWN} and n.next_at <= $3 and ${FIRST} and ${LOOKED_AT} order by n.next_at, n.seq limit $4`;
const NEXT_DUE = `select n.next_at as "nextAt" from notification n where ${OWN} and ${FIRST} order by n.next_at, n.seq limit 1`;
const TOLD = 'delete from notification where tenant_id = $1 and seq = any($2::bigint[])';
const FAILED = 'update notification set next_at = $4, failing_since = coalesce(failing_since, $3) where tenant_id = $1 and seq = $2';
const BACKLOG = `select count(*)::int as count, min(n.created_at) as oldest, min(n.failing_since) as "failingSince" from notification n where ${OWN}`;
const HURRY = 'update notification set next_at = $3, failing_since = null where tenant_id = $1 and subscription = $2';
const DROP = 'delete from notification where tenant_id = $1 and subscription = $2';
const WAKE = `update outbox set next_at = least(next_at, $4::timestamptz)
  where tenant_id = $1 and topic = $2 and subject = $3 and state in ('queued', 'sending')`;
const HOLD = 'select id from outbox where tenant_id = $1 and id = $2 for update';

type Stored<T extends { type: ServedType }> = Omit<T, 'type'> & { rtype: number };
const withType = <S extends { rtype: number }>({ rtype, ...rest }: S) => ({ ...rest, type: findTypeByNumber(rtype) });

/** An array literal: both drivers send it the same way. */
const toBigintArray = (rows: { seq: string }[]): string => `{${rows.map(({ seq }) => seq).join()}}`;

export function createSubscriptions(database: Database): Subscriptions {
  const rows = async <S extends { rtype: number }>(sql: string, parameters: unknown[]) =>
    (await database.query<S>(sql, parameters)).map(withType);
  const run = async (sql: string, parameters: unknown[]): Promise<void> => void (await database.query(sql, parameters));
  return {
    find: async (tenant, id) => (await rows<Stored<SubscriptionRegistration>>(FIND, [tenant, id]))[0],
    register: ({ tenant, id, type, actor, scopes, secret, endsAt }) =>
      run(REGISTER, [tenant, id, TYPE_NUMBERS[type], actor, scopes, secret, endsAt]),
    deactivate: ({ tenant, id }) => run(REST, [tenant, id]),
    remove: ({ tenant, id }) => run(REMOVE, [tenant, id]),
    rotateSecret: ({ tenant, id }, { secret, formerUntil }) => run(RENEW, [tenant, id, secret, formerUntil]),
    listActive: (tenant, type) => rows<Stored<SubscriptionRegistration>>(WATCHING, [tenant, TYPE_NUMBERS[type]]),
    listExpired: (at) => database.query<SubscriptionId>(ENDED, [at]),
    claimChanges: ({ at, until, limit }) => rows<Stored<WatchedChange>>(CLAIM, [at, until, limit]),
    deleteChanges: async (tenant, changes) => {
      const removed = await database.query<{ seq: string }>(SETTLE, [tenant, toBigintArray(changes)]);
      const own = new Set(removed.map(({ seq }) => seq));
      return changes.filter(({ seq }) => own.has(seq));
    },
    addNotifications: ({ tenant, id, type }, notices, at) => {
      const arrays = [notices.map((notice) => notice.id), notices.map(({ version }) => version), notices.map(({ key }) => key)];
      return run(ADD, [tenant, id, TYPE_NUMBERS[type], ...arrays, at]);
    },
    listDue: ({ tenant, id }, { at, limit }) => rows<Stored<Notification>>(DUE, [tenant, id, at, limit]),
    findNextDue: async ({ tenant, id }) => (await database.query<{ nextAt: string }>(NEXT_DUE, [tenant, id]))[0]?.nextAt,
    deleteDelivered: async (tenant, notices) => (notices.length ? run(TOLD, [tenant, toBigintArray(notices)]) : undefined),
    recordFailure: ({ tenant, seq }, { at, nextAt }) => run(FAILED, [tenant, seq, at, nextAt]),
    readBacklog: async ({ tenant, id }) => (await database.query<NotificationBacklog>(BACKLOG, [tenant, id]))[0]!,
    makeAllDue: ({ tenant, id }, at) => run(HURRY, [tenant, id, at]),
    deleteNotifications: ({ tenant, id }) => run(DROP, [tenant, id]),
    wakeDelivery: ({ tenant, topic, subject }, at) => run(WAKE, [tenant, topic, subject, at]),
    lockDelivery: ({ tenant, id }) => run(HOLD, [tenant, id]),
  };
}
