// An account at the lab network, as orders use it: its connection, and what the orders of its tenants may contain.
import type { JunctionAccount } from '../../junction/account.ts';
import type { AccountIdentity } from './account-identity.ts';

export interface LabAccount extends AccountIdentity {
  /** Undefined: nothing can be sent or read, because the secrets cannot be decrypted or the sandbox has not started. */
  junction: JunctionAccount | undefined;
  webhookSecrets: string[];
  /** An operator has stopped the sending. Results are still read. */
  isPaused: boolean;
  /** The maximum number of concurrent requests that send something, of all processes together. */
  concurrency: number;
  /** The path that physicians are sent to; undefined: the team's roster is read. */
  physicianPath: string | undefined;
  /** Panel → the lab network's test ids. */
  panels: Record<string, string[]>;
  /** The account at the laboratory for orders whose request names none; undefined: the lab network selects one. */
  defaultLabAccount: string | undefined;
  /** The accounts at laboratories that a request may name; undefined: any. */
  allowedLabAccounts: string[] | undefined;
  /** The patient's state (USPS code) → the id of the Practitioner who signs orders that no requester signs. */
  defaultPhysicians: Record<string, string>;
  /** `required`: every order names a physician. `optional`: an order without one is signed by the lab network's own physicians. */
  physicians: 'required' | 'optional';
  /** The maximum number of characters in the notes of an order. */
  noteLimit: number;
}

/** The number of concurrent requests of an account for which none is configured. */
export const DEFAULT_CONCURRENCY = 16;
