// The background work of subscriptions: matches stored changes against criteria and delivers the notifications. Several processes may run it. Subscriptions are
// delivered concurrently, so that a subscriber that does not respond does not delay the others.
import { backOffWhileIdle, type PollLoop } from '../messaging/poll-loop.ts';
import { redactError } from '../messaging/redacted-error.ts';
import type { OutboxEntry } from '../store/queues/outbox-entry.ts';
import { inSpan, type SpanStart } from '../tracing/span.ts';
import { deliverNotifications } from './deliver-notifications.ts';
import { createDeliveryLease, NO_ACCOUNT, NOTIFICATION_TOPIC, type SubscriptionDelivery } from './delivery-context.ts';
import { matchChanges } from './match-changes.ts';
import { endExpiredSubscriptions } from './status.ts';

/** The number of concurrently delivered subscriptions; the intervals between rounds and between searches for expired subscriptions, in ms. */
const MAX_CONCURRENT = 32;
const POLL_MS = 250;
const EXPIRY_POLL_MS = 10_000;

interface DeliveryWork {
  /** One round and the pause after it. */
  work(loop: PollLoop): Promise<void>;
  /** Resolves when the deliveries under way have ended. */
  finish(): Promise<unknown>;
}

export function createDeliveryWork(delivery: SubscriptionDelivery): DeliveryWork {
  const running = new Set<Promise<void>>();
  const toRest = backOffWhileIdle(POLL_MS, () => delivery.store.isDistributed());
  let expiryCheckedAt = Number.NEGATIVE_INFINITY;
  const runRound = async (): Promise<number> => {
    const now = delivery.clock().getTime();
    if (now - expiryCheckedAt >= EXPIRY_POLL_MS) {
      expiryCheckedAt = now;
      await endExpiredSubscriptions(delivery);
    }
    const matched = await matchChanges(delivery);
    const started = await startDueDeliveries(delivery, MAX_CONCURRENT - running.size);
    for (const delivery of started) {
      running.add(delivery);
      void delivery.finally(() => running.delete(delivery));
    }
    return matched + started.length;
  };
  return {
    async work({ rest }) {
      const done = await runRound().catch((error: unknown) => {
        delivery.log({ error: redactError(error) }, 'notifications cannot be matched or delivered');
        return 0;
      });
      const restMs = toRest(done);
      // a subscription whose delivery has ended may have more pending notifications
      if (done === 0) await Promise.race([rest(restMs), ...running]);
    },
    finish: () => Promise.all(running),
  };
}

const toSpanStart = ({ tenant, topic }: OutboxEntry): SpanStart => ({
  name: `deliver ${topic}`,
  kind: 'background',
  attributes: { 'facet.tenant.id': tenant, 'facet.topic': topic },
});

/** Starts the due deliveries. A delivery that throws keeps its lease until the lease expires, and is then repeated. */
export async function startDueDeliveries(delivery: SubscriptionDelivery, limit: number): Promise<Promise<void>[]> {
  if (limit <= 0) return [];
  const lease = createDeliveryLease(delivery);
  const claimed = await delivery.store.outbox.claim({ ...lease, account: NO_ACCOUNT, limit, topics: [NOTIFICATION_TOPIC] });
  return claimed.map(async (entry) => {
    try {
      await inSpan(toSpanStart(entry), () => deliverNotifications(delivery, { entry, by: lease.by }));
    } catch (error) {
      delivery.log({ tenant: entry.tenant, subject: entry.subject, error: redactError(error) }, 'a delivery of notifications failed');
    }
  });
}
