// What the sending of orders is made of, and the lease under which one entry is sent.
import type { Caller, Context } from '../../resource/context.ts';
import type { OutboxEntry, OutboxState, Store } from '../../store/store.ts';
import type { JunctionClient } from '../network/client.ts';
import type { Breaker } from './breaker.ts';
import type { Systems } from './record.ts';

/** All times come from `clock`, but for the end of an exchange. */
export interface Sending {
  client: JunctionClient;
  breaker: Breaker;
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  contextOf(caller: Caller): Context;
  systems: Systems;
  /** How long one attempt takes at most, in ms; by default ATTEMPT_MS. A lease outlives it. */
  attemptMs?: number | undefined;
  /** Told of every outcome: ids and reasons, nothing of the patient. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Told of every attempt and what it came to. */
  attempted?: ((topic: string, state: OutboxState) => void) | undefined;
}

/** An entry under a lease of `by`. */
export interface Leased {
  entry: OutboxEntry;
  by: string;
}

/** How long one attempt takes at most, in ms, and for how long an entry is leased: a lease outlives its attempt, and a crash costs seconds. */
export const ATTEMPT_MS = 8000;
export const LEASE_MS = 20_000;

/** Who history says wrote an outcome. */
export const SENDER = 'outbound';

/** It may write whatever follows from an order: a corrected document, too, takes the place of one that is seen only by who may see its report. */
const senderOf = (tenant: number): Caller => ({ tenant, actor: SENDER, surface: 'fhir', scopes: ['*'] });

/** The context in which an outcome is written. */
export const senderContext = ({ contextOf }: Sending, tenant: number, store: Store): Context => ({ ...contextOf(senderOf(tenant)), store });

/** Inside somebody's write: what follows from it is written by the sender. */
export const asSender = (context: Context): Context => ({ ...context, caller: senderOf(context.caller.tenant) });

/** A lease of the length all leases have, from now. */
export function lease({ clock, newId }: Sending): { by: string; at: string; until: string } {
  const now = clock().getTime();
  return { by: newId(), at: new Date(now).toISOString(), until: new Date(now + LEASE_MS).toISOString() };
}
