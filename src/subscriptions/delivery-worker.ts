// Looks at what was written and tells subscribers of it, as long as it runs. Several processes may do so at once. A subscriber that hangs takes one place of
// many and delays nobody else. It stops when what it has begun is finished.
import { backOffWhileIdle, startPollLoop } from '../messaging/poll-loop.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { deliverNotifications } from './deliver-notifications.ts';
import { createDeliveryLease, NOTIFICATION_TOPIC, type SubscriptionDelivery } from './delivery-context.ts';
import { matchChanges } from './match-changes.ts';
import { endExpiredSubscriptions } from './stop.ts';

/** How many subscribers are told at once, how often it is looked whether there is something to do, and whether an end has come, in ms. */
const MAX_CONCURRENT = 32;
const POLL_MS = 250;
const EXPIRY_POLL_MS = 10_000;

/** Starts it; call the answer to stop. */
export function startSubscriptionDelivery(notifying: SubscriptionDelivery): () => Promise<void> {
  const underWay = new Set<Promise<void>>();
  const pause = backOffWhileIdle(POLL_MS, () => notifying.store.isDistributed());
  let ends = Number.NEGATIVE_INFINITY;
  const round = async (): Promise<number> => {
    const now = notifying.clock().getTime();
    if (now - ends >= EXPIRY_POLL_MS) {
      ends = now;
      await endExpiredSubscriptions(notifying);
    }
    const looked = await matchChanges(notifying);
    const begun = await startDueDeliveries(notifying, MAX_CONCURRENT - underWay.size);
    for (const one of begun) {
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
    return looked + begun.length;
  };
  const stop = startPollLoop(async ({ rest }) => {
    const done = await round().catch((error: unknown) => {
      notifying.log({ error: redactError(error) }, 'subscribers cannot be told');
      return 0;
    });
    const poll = pause(done);
    // whoever is done may have more to tell
    if (done === 0) await Promise.race([rest(poll), ...underWay]);
  });
  return async () => {
    await stop();
    await Promise.all(underWay);
  };
}

/** Begins to tell those whose time has come. One that throws keeps its lease until that runs out, and is then tried again. */
export async function startDueDeliveries(notifying: SubscriptionDelivery, limit: number): Promise<Promise<void>[]> {
  if (limit <= 0) return [];
  const mine = createDeliveryLease(notifying);
  const claimed = await notifying.store.outbox.claim({ ...mine, limit, topics: [NOTIFICATION_TOPIC] });
  return claimed.map(async (entry) => {
    try {
      await deliverNotifications(notifying, { entry, by: mine.by });
    } catch (error) {
      notifying.log({ tenant: entry.tenant, subject: entry.subject, error: redactError(error) }, 'a subscriber could not be told');
    }
  });
}
