// The context of an interaction: the caller, the store, and the dependencies that the composition root injects (clock, ids, rules).
import type { Issue } from '../fhir/outcome.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { TenantStore } from '../store/store.ts';
import type { Profiles } from './profiles.ts';

/** The caller, as the credential identifies it. */
export interface Caller {
  tenant: number;
  /** The id of the API key, or the pseudonym of an access token's issuer, client and subject. It is recorded in the history and in the audit log. */
  actor: string;
  surface: string;
  scopes: string[];
  /** The id of the Patient to whose data the key is limited. Absent: the key is not limited to a patient. */
  patient?: string;
  /** The id of the Patient of the launch context, to whose compartment `patient/` scopes are limited. */
  launchPatient?: string;
  /** Whom an access token names. Absent: the credential is an API key. `subject` may be personal data: for the audit, never for logs. */
  token?: { issuer: string; client?: string; subject?: string };
  /** The user of an access token as a FHIR resource (`Practitioner/1`), for the audit. */
  fhirUser?: string;
  /** The default brand of the tenant, for resources without a brand. Absent if the caller does not use a vendor's API. */
  brand?: string;
}

/** How the actors of access tokens begin. No API key has such an id. */
export const TOKEN_ACTOR_PREFIX = 'token-';

/** The actor of changes at the command line. No API key has this id. */
export const OPERATOR = 'operator';

/** A resource before it is stored. `exact` keeps the digits of decimals and is stored; `resource` has plain numbers and is validated. */
export interface Draft {
  resource: Resource;
  exact: Resource;
}

/**
 * A hook that another part of the server adds to writes of a type, in the same transaction. `preserveServerElements` restores server-managed elements that the
 * client omitted. `check` runs before the write and may refuse it. `together`: the writes that are stored after the checks of all of them, this one included.
 * `warnings` returns warnings for the client about an accepted write. `after` runs after the row was stored; what it passes to `create` is stored in the same
 * transaction, together with what the hooks of other writes create.
 */
export interface WriteHook {
  /** Whether the hook applies to this write. It runs first and must not query the store. Absent: the hook applies to every write of the type. */
  isConcerned?(write: Pick<PendingWrite, 'resource' | 'previous'>): boolean;
  preserveServerElements?(context: Context, draft: Draft, previous: ResourceRow): Draft;
  check?(context: Context, write: PendingWrite, together: PendingWrite[]): Promise<void> | void;
  warnings?(context: Context, write: PendingWrite): Promise<Issue[]>;
  after?(context: Context, write: PendingWrite, create: CreateLater): Promise<void>;
}

/** A resource that a write hook creates. Its id was never used, and no write hook applies to it. */
export interface NewResource {
  type: ServedType;
  id: string;
  resource: Resource;
}

export type CreateLater = (creation: NewResource) => void;

/** A version about to be stored. */
export interface PendingWrite {
  type: ServedType;
  id: string;
  /** Absent for a deletion. */
  resource?: Resource;
  previous?: ResourceRow;
  /** The server replaces references to a merged resource (move-references.ts). This is not a user's edit of the resource. */
  movesReferences?: true;
  change: ResourceChange;
}

export interface Context {
  store: TenantStore;
  caller: Caller;
  clock: () => Date;
  newId: () => string;
  /** The active search parameters: those of FHIR and our own. */
  registry: SearchRegistry;
  /** The number of the index rules of a type (reindexing.ts). */
  findIndexRules?: (type: ServedType) => number;
  /** The size limit of a request, in bytes. A stored resource may not be larger either. Absent: no limit. */
  maxBodyBytes?: number;
  /** The FHIR base URL of links and absolute references, without a trailing slash. */
  baseUrl: string;
  /** Whether `baseUrl` is that of this request only. References below it are stored as relative references. */
  hasOwnBaseUrl?: boolean;
  /** The FHIR base URL at which the client of a vendor's API reached this server; absent: `baseUrl`. */
  clientBaseUrl?: string;
  /** Checks resources against the profiles in `meta.profile`. */
  profiles: Profiles;
  /** The write hooks of each type. */
  writeHooks: ReadonlyMap<ServedType, WriteHook[]>;
}

/** The most bytes that all resources of one response may have together: twice the size limit of a resource. */
export const toSizeLimit = ({ maxBodyBytes }: Context): { maxBytes?: number } =>
  maxBodyBytes === undefined ? {} : { maxBytes: 2 * maxBodyBytes };

/** The result of a write: the stored version, and whether this call created it. */
export interface WriteResult {
  row: ResourceRow;
  outcome: 'created' | 'updated' | 'unchanged';
  warnings?: Issue[];
}

/** The write hooks that apply to this write. */
export const findWriteHooks = (
  { writeHooks }: Context,
  type: ServedType,
  write: Pick<PendingWrite, 'resource' | 'previous'>,
): WriteHook[] => (writeHooks.get(type) ?? []).filter((hook) => hook.isConcerned?.(write) ?? true);
