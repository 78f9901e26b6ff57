// The dependencies of sending orders, and the lease of an outbox entry.
import type { Caller, Context } from '../../interactions/context.ts';
import type { JunctionClient } from '../../junction/client.ts';
import { createLease, type Lease } from '../../messaging/lease.ts';
import type { OutboxState } from '../../store/queues/outbox-entry.ts';
import type { Store } from '../../store/store.ts';
import type { Systems } from '../systems.ts';
import type { Gate } from './gate.ts';

/** All times come from `clock`, except the timeout of a request. */
export interface OrderSender {
  client: JunctionClient;
  /** The gate of the account at the lab network. */
  gate: Gate;
  store: Store;
  clock: () => Date;
  newId: () => string;
  /** 0 to 1. */
  random: () => number;
  createContext(caller: Caller): Context;
  systems: Systems;
  /** The timeout of an attempt, in ms; ATTEMPT_MS by default. */
  attemptMs?: number | undefined;
  /** Receives every outcome: ids and reasons, no patient data. */
  log(facts: Record<string, unknown>, text: string): void;
  /** Called after every attempt with the new state of the entry. */
  onAttempt?: ((topic: string, state: OutboxState) => void) | undefined;
}

/** The timeout of an attempt and the length of a lease, in ms. A lease is longer than an attempt; after a crash another process continues within seconds. */
export const ATTEMPT_MS = 8000;
const LEASE_MS = 20_000;

export const createDeliveryLease = ({ clock, newId }: OrderSender): Lease => createLease(clock(), newId(), LEASE_MS);
