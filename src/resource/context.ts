// What every interaction is given: who is calling, where things are stored, and what the roof puts in (clock, ids, rules).
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Change, Row, Store } from '../store/store.ts';

/** Who is calling, from the credential alone. */
export interface Caller {
  tenant: number;
  /** The API key's id: what history and audit name. */
  actor: string;
  surface: string;
  scopes: string[];
}

/** A resource as it is about to be stored: `exact` keeps the digits, `plain` is what is checked. */
export interface Draft {
  plain: Resource;
  exact: Resource;
}

/** What a write brings with it, in the same transaction: further changes are drafts of other resources; `after` runs on the transaction's store. */
export interface Effect {
  check?(write: PendingWrite): Promise<void> | void;
  after?(context: Context, write: PendingWrite): Promise<void>;
}

export interface PendingWrite {
  type: ServedType;
  id: string;
  /** Absent for a deletion. */
  resource?: Resource;
  previous?: Row;
  change: Change;
}

export interface Context {
  store: Store;
  caller: Caller;
  clock: () => Date;
  newId: () => string;
  /** Rules and consequences that other rooms add to writes of a type (an order to send); looked up by type. */
  effects: ReadonlyMap<ServedType, Effect[]>;
}

/** What an interaction answers: the stored version, and whether this call made it. */
export interface Saved {
  row: Row;
  outcome: 'created' | 'updated' | 'unchanged';
}
