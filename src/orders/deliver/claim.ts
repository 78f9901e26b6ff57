// Leases entries of an account's outbox, so that all processes together have at most as many in flight as the account allows. The leases are counted in the
// database, under a lock of the account. docs/decisions/0043-lab-accounts.md
import type { Lease } from '../../messaging/lease.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import { CANCELLATION_TOPIC } from '../place/cancellation.ts';
import { ORDER_TOPIC } from '../place/order-entry.ts';
import type { OrderSender } from './order-sender.ts';

/**
 * Registrations of physicians, and checks whether a registered physician is listed (src/physicians), send requests through the account's gate, too. A registration is
 * sent by the request that registers, never in the background.
 */
export const PHYSICIAN_TOPIC = 'physician';
export const ROSTER_CHECK_TOPIC = 'physician-listing';
const ACCOUNT_TOPICS = [ORDER_TOPIC, CANCELLATION_TOPIC, PHYSICIAN_TOPIC, ROSTER_CHECK_TOPIC];

/** Lock keys of accounts belong to no tenant. */
const NO_TENANT = 0;

/**
 * Runs `claim` with the number of entries that may still be leased, under the lock of the account. An entry of this process whose request has ended does not count,
 * although it is leased until its outcome is stored.
 */
const withFreeSlots = <T>(
  { store, account, gate }: OrderSender,
  { at }: Lease,
  claim: (store: Store, free: number) => Promise<T>,
): Promise<T> =>
  store.transaction(async (inside) => {
    await inside.lockKeys(NO_TENANT, [`lab account ${account.id}`]);
    const leased = await inside.outbox.countLeased(account.id, ACCOUNT_TOPICS, at, gate.listEnded());
    return claim(inside, gate.limit() - leased);
  });

/** `isLimited`: as many entries were leased as were allowed, so that more may be due. */
interface Claimed {
  entries: OutboxEntry[];
  isLimited: boolean;
}

/** Leases up to `limit` due entries of the account. `dueAt`: see Outbox.claim. */
export const claimDueEntries = (
  sender: OrderSender,
  lease: Lease,
  due: { limit: number; topics: string[]; dueAt?: string },
): Promise<Claimed> =>
  withFreeSlots(sender, lease, async (store, free) => {
    const limit = Math.min(due.limit, Math.max(free, 0));
    const entries = limit > 0 ? await store.outbox.claim({ ...lease, ...due, account: sender.account.id, limit }) : [];
    return { entries, isLimited: entries.length === limit };
  });

/** Leases one entry. `full`: the account has no free slot. Undefined: another worker has the lease, or the entry is finished. */
export const claimEntry = (sender: OrderSender, lease: Lease, { tenant, id }: OutboxEntry): Promise<OutboxEntry | 'full' | undefined> =>
  withFreeSlots(sender, lease, async (store, free) => (free > 0 ? store.outbox.claimOne(tenant, id, lease) : 'full'));
