// What every interaction is given: who is calling, where things are stored, and what the roof puts in (clock, ids, rules).
import type { Issue } from '../fhir/outcome.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Store } from '../store/store.ts';
import type { Profiles } from './profiles.ts';

/** Who is calling, from the credential alone. */
export interface Caller {
  tenant: number;
  /** The API key's id: what history and audit name. */
  actor: string;
  surface: string;
  scopes: string[];
  /** The id of the Patient the key stands for: it opens what is about that person, and nothing else. Absent: it stands for nobody. */
  patient?: string;
  /** The brand of what says none, in the caller's tenant; absent where no vendor's API is called. */
  brand?: string;
}

/** The actor when an operator changes something at the command line: no key has this id. */
export const OPERATOR = 'operator';

/** A resource as it is about to be stored: `exact` keeps the digits, `plain` is what is checked. */
export interface Draft {
  resource: Resource;
  exact: Resource;
}

/**
 * What another room adds to the writes of a type, in the same transaction. `preserveServerElements` restores server-managed elements that the client omitted.
 * `check` runs before anything is written and may refuse; `warnings` tells the client about a write that is accepted; `after` runs when the row is stored.
 */
export interface WriteHook {
  /** Whether it has to do with a write like this; asked first, without looking anything up. Absent: with each of the type. */
  isConcerned?(write: Pick<PendingWrite, 'resource' | 'previous'>): boolean;
  preserveServerElements?(context: Context, draft: Draft, previous: ResourceRow): Draft;
  check?(context: Context, write: PendingWrite): Promise<void> | void;
  warnings?(context: Context, write: PendingWrite): Promise<Issue[]>;
  after?(context: Context, write: PendingWrite): Promise<void>;
}

/** A version about to be stored. */
export interface PendingWrite {
  type: ServedType;
  id: string;
  /** Absent for a deletion. */
  resource?: Resource;
  previous?: ResourceRow;
  change: ResourceChange;
}

export interface Context {
  store: Store;
  caller: Caller;
  clock: () => Date;
  newId: () => string;
  /** The search parameters in force, base and own. */
  registry: SearchRegistry;
  /** The number of the rules by which resources of a type are indexed (reindexing.ts). */
  findIndexRules?: (type: ServedType) => number;
  /** So large the text of a resource may become, in bytes: what a request may carry. Absent: any size. */
  maxBodyBytes?: number;
  /** The FHIR base URL that links and absolute references carry, without a trailing slash. */
  baseUrl: string;
  /** The profiles that claims are held to. */
  profiles: Profiles;
  /** Rules and consequences that other rooms add to writes of a type (an order to send); looked up by type. */
  writeHooks: ReadonlyMap<ServedType, WriteHook[]>;
}

/** How long the texts of one answer may be together, in bytes: two of the largest resources. */
export const toSizeLimit = ({ maxBodyBytes }: Context): { maxBytes?: number } =>
  maxBodyBytes === undefined ? {} : { maxBytes: 2 * maxBodyBytes };

/** What an interaction answers: the stored version, and whether this call made it. */
export interface WriteResult {
  row: ResourceRow;
  outcome: 'created' | 'updated' | 'unchanged';
  /** Absent: none. */
  warnings?: Issue[];
}

/** The write hooks that have to do with a write of this type. */
export const findWriteHooks = (
  { writeHooks }: Context,
  type: ServedType,
  write: Pick<PendingWrite, 'resource' | 'previous'>,
): WriteHook[] => (writeHooks.get(type) ?? []).filter((hook) => hook.isConcerned?.(write) ?? true);
