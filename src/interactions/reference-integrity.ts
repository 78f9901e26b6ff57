// Enforces references (FACET_REFERENCES=strict), at the end of every transaction that writes: each reference to this server leads to a current resource, and
// nothing refers to a deleted resource. Locks make this true for concurrent transactions: a writer locks the targets of its references (FOR KEY SHARE), and
// a deletion locks the resource (FOR UPDATE) before it is deleted and the references to it are looked for. Whichever comes second sees what the first has committed.
// https://hl7.org/fhir/R4/http.html#delete, docs/decisions/0036-referential-integrity.md
import { isAllowedOnAll } from '../fhir/access-scope.ts';
import { ALL_REFERENCES } from '../fhir/indexing/all-references.ts';
import { findReferencePaths, type LiteralReference, listLiteralReferences } from '../fhir/literal-references.ts';
import { ERROR_KINDS, type ErrorKind, FhirError, type Issue, issue, unavailable } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import { type LockedResource, parseBody } from '../store/resources/resource-row.ts';
import type { Store, WriteGuard } from '../store/store.ts';
import type { Caller } from './context.ts';

interface GuardOptions {
  baseUrl: string;
  /** Whether all references of a type are indexed. */
  isIndexed(type: ServedType): boolean;
  types: readonly ServedType[];
}

/** A write that would break the integrity of references. `type` and `id`: the resource that was written or deleted. */
export class IntegrityError extends FhirError {
  readonly type: ServedType;
  readonly id: string;

  constructor(kind: ErrorKind, { type, id }: Pick<ResourceChange, 'type' | 'id'>, issues: Issue[]) {
    super(kind, issues);
    this.type = type;
    this.id = id;
  }
}

/** Refuses dangling references (422) and the deletion of resources that are referred to (409). */
export const buildReferenceGuard =
  ({ baseUrl, isIndexed, types }: GuardOptions, caller: Caller): WriteGuard =>
  async (store, tenant, changes) => {
    const deleted = changes.filter(({ body }) => body === null);
    await refuseDangling(store, tenant, listReferring(changes, baseUrl));
    if (deleted.length && !types.every(isIndexed))
      throw unavailable('the index of references is being built, which a deletion needs: try again later', RETRY_AFTER);
    for (const change of deleted) await refuseReferred(store, change, caller);
  };

/**
 * Locks the targets of the server's own writes without refusing any, because a reference that was dangling before references were enforced must not cause the
 * loss of a laboratory result.
 */
export const buildLockingGuard =
  ({ baseUrl }: Pick<GuardOptions, 'baseUrl'>): WriteGuard =>
  async (store, tenant, changes) =>
    void (await store.lockReferenced(tenant, listTargets(listReferring(changes, baseUrl))));

/** The value of Retry-After, in seconds. */
const RETRY_AFTER = 30;

/** A written resource and its references. */
interface Referring {
  change: ResourceChange;
  resource: Resource;
  references: LiteralReference[];
}

const listReferring = (changes: readonly ResourceChange[], baseUrl: string): Referring[] =>
  changes.flatMap((change) => {
    if (change.body === null) return [];
    const resource = parseBody(change.body);
    return [{ change, resource, references: listLiteralReferences(resource, baseUrl) }];
  });

const listTargets = (referring: Referring[]): LiteralReference[] => [
  ...new Map(
    referring.flatMap(({ references }) => references).map((reference) => [`${reference.type}/${reference.id}`, reference]),
  ).values(),
];

/** A current target, and a version that it has had, resolve. */
async function refuseDangling(store: Store, tenant: number, referring: Referring[]): Promise<void> {
  const targets = await store.lockReferenced(tenant, listTargets(referring));
  const found = new Map(targets.map((target) => [`${target.type}/${target.id}`, target]));
  for (const { change, resource, references } of referring) {
    const dangling = references.filter((reference) => !resolves(reference, found.get(`${reference.type}/${reference.id}`)));
    if (dangling.length)
      throw new IntegrityError(
        'rule',
        change,
        dangling.slice(0, MAX_ISSUES).map((reference) => toIssue(resource, reference)),
      );
  }
}

const MAX_ISSUES = 20;

const resolves = ({ version }: LiteralReference, target: LockedResource | undefined): boolean =>
  target?.isCurrent === true && (version === undefined || (/^[1-9]\d{0,8}$/.test(version) && Number(version) <= target.version));

const toIssue = (resource: Resource, { type, text, version }: LiteralReference): Issue =>
  issue(
    'not-found',
    `this reference leads to no ${type} of this server${version === undefined ? '' : ' with this version'}: create the ${type} first, or in the same transaction`,
    findReferencePaths(resource, text),
  );

const MAX_LISTED = 5;

/** The error names the resources that refer to the deleted one, of types that the caller may search completely. */
async function refuseReferred(store: Store, change: ResourceChange, caller: Caller): Promise<void> {
  const which = { target: change, parameters: [ALL_REFERENCES.number], limit: MAX_LISTED + 1 };
  const referring = await store.findReferrers(caller.tenant, which);
  if (!referring.length) return;
  const listed = referring.filter(({ type }) => isAllowedOnAll(caller.scopes, type, 's')).slice(0, MAX_LISTED);
  const others = listed.length < referring.length ? ['other resources'] : [];
  const names = [...listed.map(({ type, id }) => `${type}/${id}`), ...others].join(', ');
  const text = `${names} ${referring.length === 1 && listed.length ? 'refers' : 'refer'} to this ${change.type}: delete or change the references first`;
  throw new IntegrityError('conflict', change, [issue(ERROR_KINDS.conflict.code, text)]);
}
