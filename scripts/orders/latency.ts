// Faults of a sandbox that responds to every order, or to every look-up of a user, only after some time.
import type { Fault } from '../../src/junction-sandbox/faults.ts';

/** Orders are accepted after `ms`; 0: at once. */
export const buildLatency = (ms: number): Fault[] =>
  ms ? [{ operation: 'createOrder', kind: 'slow', seconds: ms / 1000, times: Number.MAX_SAFE_INTEGER }] : [];

/** Every request that begins an order gets 429 after `ms`. */
export const buildThrottling = (ms: number): Fault[] => [
  { kind: 'slow', seconds: ms / 1000, when: 'before', status: 429, times: Number.MAX_SAFE_INTEGER },
];
