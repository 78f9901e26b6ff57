// What the sending of orders is made of, and the lease under which one entry is sent.
import type { Caller, Context } from '../../interactions/context.ts';
import type { JunctionClient } from '../../junction/client.ts';
import { createLease, type Lease } from '../../messaging/lease.ts';
import type { OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import type { Systems } from '../systems.ts';
import type { Gate } from './gate.ts';

/** All times come from `clock`, but for the end of an exchange. */
export interface OrderSender {
  client: JunctionClient;
  /** Of the account at the network. */
  gate: Gate;
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  createContext(caller: Caller): Context;
  systems: Systems;
  /** How long one attempt takes at most, in ms; by default ATTEMPT_MS. A lease outlives it. */
  attemptMs?: number | undefined;
  /** Told of every outcome: ids and reasons, nothing of the patient. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Told of every attempt and what it came to. */
  onAttempt?: ((topic: string, state: OutboxState) => void) | undefined;
}

/** How long one attempt takes at most, in ms, and for how long an entry is leased: a lease outlives its attempt, and a crash costs seconds. */
export const ATTEMPT_MS = 8000;
const LEASE_MS = 20_000;

/** A lease of the length all leases have, from now. */
export const createDeliveryLease = ({ clock, newId }: OrderSender): Lease => createLease(clock(), newId(), LEASE_MS);
