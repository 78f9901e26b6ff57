// Drains the outbox, as long as it runs: several processes may do so at once, each entry is leased by one. It stops when what it has begun is finished.
import { looped } from '../../resource/looped.ts';
import type { Leased, OutboxState } from '../../store/outbox-entry.ts';
import { thrownReason } from '../thrown.ts';
import { attempt } from './attempt.ts';
import { BY_HAND } from './operate.ts';
import { lease, type Sending } from './sending.ts';

/** How entries of a topic are sent. */
export type Senders = Record<string, (sending: Sending, leased: Leased) => Promise<OutboxState>>;

/** How many are on their way at once, and how often the outbox is looked at when it is empty, in ms. */
const AT_ONCE = 4;
const POLL_MS = 500;

/** Starts it; call the answer to stop. One that takes long holds up no other: whenever one is done, the next is begun. */
export function startWorker(sending: Sending, senders: Senders): () => Promise<void> {
  const underway = new Set<Promise<void>>();
  const begin = async (): Promise<number> => {
    const begun = await begunNow(sending, senders, underway.size);
    for (const one of begun) {
      underway.add(one);
      void one.finally(() => underway.delete(one));
    }
    return begun.length;
  };
  const stop = looped(async ({ rest }) => {
    const begun = await begin().catch((error: unknown) => {
      sending.log({ error: thrownReason(error) }, 'the outbox cannot be read');
      return 0;
    });
    if (underway.size >= AT_ONCE) await Promise.race(underway);
    // there is nothing, or another process was quicker, which is no reason to rest for long in the middle of a queue
    else if (begun === 0) await Promise.race([...underway, rest(POLL_MS)]);
  });
  return async () => {
    await stop();
    await Promise.all(underway);
  };
}

/** Sends what is due, as far as the breaker lets it, and waits for all of it; answers how many were tried. */
export async function drain(sending: Sending, senders: Senders): Promise<number> {
  const begun = await begunNow(sending, senders, 0);
  await Promise.all(begun);
  return begun.length;
}

/** Begins with what is due, as far as the breaker lets it while so many are under way; what it holds back goes when an operator asks for it. */
async function begunNow(sending: Sending, senders: Senders, underway: number): Promise<Promise<void>[]> {
  const free = AT_ONCE - underway;
  if (free <= 0) return [];
  const [mine, topics] = [lease(sending), Object.keys(senders)];
  const allowed = Math.min(sending.breaker.allows(sending.clock()) - underway, free);
  const due = allowed > 0 ? { ...mine, limit: allowed, topics } : { ...mine, at: BY_HAND, limit: free, topics };
  const claimed = await sending.store.outbox.claim(due);
  return claimed.map((entry) => sent(sending, senders, { entry, by: mine.by }));
}

async function sent(sending: Sending, senders: Senders, leased: Leased): Promise<void> {
  const { topic } = leased.entry;
  const state = await attempt(sending, leased, () => senders[topic]!(sending, leased));
  sending.attempted?.(topic, state);
}
