// An attempt that loses a race against another request is rolled back and repeated.
import { setTimeout as delay } from 'node:timers/promises';
import { writeContention } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import { WriteConflict } from '../interactions/transaction-entry.ts';
import type { VendorRequest } from './vendor-request.ts';

/** The result of an attempt that lost. */
export class LostRace {
  /** Resolves when the next attempt may begin. Absent: the next attempt begins at once, and the lost attempt counts. */
  readonly wait: ((context: Context, startedAt: number) => Promise<void>) | undefined;

  constructor(wait?: LostRace['wait']) {
    this.wait = wait;
  }
}

/** Runs the work in the caller's transaction or a new one. The transaction is rolled back if the result is a LostRace. */
export async function inTransaction<T>(
  request: VendorRequest,
  work: (inside: VendorRequest) => Promise<T | LostRace>,
): Promise<T | LostRace> {
  let lost: LostRace | undefined;
  try {
    return await request.context.store.transaction(async (store) => {
      const result = await work({ ...request, context: { ...request.context, store } });
      if (!(result instanceof LostRace)) return result;
      lost = result;
      // only an error rolls a transaction back
      throw new WriteConflict();
    });
  } catch (error) {
    if (error instanceof WriteConflict) return lost ?? new LostRace();
    throw error;
  }
}

interface RetryRule {
  attempts: number;
  /** The longest pause after the first lost attempt, in ms. It grows with each attempt. */
  pauseMs?: number;
  /** The error text (409) if all attempts lose. */
  message: string;
}

/** Repeats the attempt until it does not lose, and returns its result. */
export async function retryLostRaces<T>(
  { context }: VendorRequest,
  { attempts, pauseMs = 0, message }: RetryRule,
  attempt: () => Promise<T | LostRace>,
): Promise<T> {
  const startedAt = performance.now();
  for (let index = 1; index <= attempts; ) {
    const result = await attempt();
    if (!(result instanceof LostRace)) return result;
    if (result.wait) await result.wait(context, startedAt);
    else if (pauseMs) await delay(Math.random() * pauseMs * index++);
    else index++;
  }
  throw writeContention(message);
}
