// A store for a caller whose scopes cover only a part of the resources of some types. What they do not cover does not exist: it is not found by reads, searches,
// chains, includes and counts, and it is not changed. A method that cannot be restricted is refused (403).
// docs/decisions/0052-restricted-scopes.md
import type { Permission } from '../fhir/access-scope.ts';
import type { IndexRows } from '../fhir/indexing/rows.ts';
import { forbidden } from '../fhir/outcome.ts';
import { type Condition, combineWithOr, type Inclusion, type Query, type TypeQuery } from '../fhir/search/query.ts';
import { SERVED_TYPES, type ServedType } from '../fhir/types.ts';
import type { HistoryEntry, HistoryQuery } from './resources/history.ts';
import type { ResourceChange } from './resources/resource-change.ts';
import type { ResourceRow } from './resources/resource-row.ts';
import type { TenantStore } from './store.ts';

/** A version of a resource. `rows`: its index rows, if they are known. Null body: a deletion. */
interface Version {
  type: ServedType;
  id: string;
  body: string | null;
  rows?: IndexRows;
}

/** The resources that a caller may access. */
export interface RowAccess {
  /** The condition that resources of a type must meet. Undefined: all of them, or the interaction was already refused. */
  find(type: ServedType, permission: Permission): Condition | undefined;
  /** Whether the condition holds for a version. It never holds for a deletion. */
  covers(version: Version, permission: Permission): boolean;
}

/** Methods that read and write no resources of the caller's choice. A new method of the store must be named here, or below. */
type Unrestricted =
  | 'lockReferenced'
  | 'wasDeletedSince'
  | 'lockKeys'
  | 'pruneLocks'
  | 'idempotencyKeys'
  | 'outbox'
  | 'trackedOrders'
  | 'networkInsurances'
  | 'definitions'
  | 'reindexing'
  | 'subscriptions';

export function restrictStore(store: TenantStore, access: RowAccess): TenantStore {
  const isVisible = (version: Version): boolean => access.covers(version, 'r');
  const filterVisible = async <V extends Version>(versions: Promise<V[]>): Promise<V[]> => (await versions).filter(isVisible);
  const onlyVisible = async <V extends Version>(version: Promise<V | undefined>): Promise<V | undefined> => {
    const found = await version;
    return found && isVisible(found) ? found : undefined;
  };
  const restricted: Omit<TenantStore, Unrestricted> = {
    read: (...call) => onlyVisible(store.read(...call)),
    readMany: (...call) => filterVisible(store.readMany(...call)),
    readVersion: (...call) => onlyVisible(store.readVersion(...call)),
    readVersions: refuse,
    readForUpdate: (...call) => filterVisible(store.readForUpdate(...call)),
    readHistory: (tenant, query) => {
      if (query.id === undefined) requireAll(query.type, access);
      return query.id === undefined ? store.readHistory(tenant, query) : readVisibleHistory(store, tenant, { query, isVisible });
    },
    countHistory: async (tenant, span) => {
      requireAll(span.type, access);
      return store.countHistory(tenant, span);
    },
    searchVersions: (tenant, query, ...more) => store.searchVersions(tenant, restrictQuery(query, access), ...more),
    search: (tenant, query, ...more) => store.search(tenant, restrictQuery(query, access), ...more),
    searchBodies: (tenant, query, ...more) => store.searchBodies(tenant, restrictQuery(query, access), ...more),
    readLatest: (tenant, query, ...more) => store.readLatest(tenant, restrictQuery(query, access), ...more),
    explainSearch: refuse,
    findReferrers: refuse,
    findMentions: refuse,
    write: async (tenant, changes) => {
      await requireWritable(store, tenant, { changes, access });
      return store.write(tenant, changes);
    },
    transaction: (work, options) => store.transaction((inside) => work(restrictStore(inside, access)), options),
    rehearse: (work) => store.rehearse((inside) => work(restrictStore(inside, access))),
  };
  return Object.assign(Object.create(store) as TenantStore, restricted);
}

async function refuse(): Promise<never> {
  throw forbidden('this needs scopes without a patient and without a query, because it reads resources of all kinds');
}

/** The history of a type and its number of versions are for callers that may read all resources of the type. */
function requireAll(type: ServedType | undefined, access: RowAccess): void {
  const partial = (type ? [type] : SERVED_TYPES).find((each) => access.find(each, 'r'));
  if (partial !== undefined)
    throw forbidden(`the scopes of this credential cover only a part of the ${partial} resources: read the history of single resources`);
}

/** A page of the history of one resource. Versions outside of the scopes are passed over. */
async function readVisibleHistory(
  store: TenantStore,
  tenant: number,
  { query, isVisible }: { query: HistoryQuery; isVisible: (version: Version) => boolean },
): Promise<HistoryEntry[]> {
  const rows: HistoryEntry[] = [];
  for (let after = query.after; ; ) {
    const part = await store.readHistory(tenant, { ...query, ...(after && { after }) });
    // a version whose body does not fit on the page ends it: the next page begins with this version
    const full = part.findIndex(({ body, method }) => body === null && method !== 'DELETE');
    rows.push(...part.slice(0, full < 0 ? part.length : full).filter(isVisible));
    if (full > 0 && rows.length) return [...rows, part[full]!].slice(0, query.count);
    if (full < 0 && (part.length < query.count || rows.length >= query.count)) return rows.slice(0, query.count);
    after = part[full > 0 ? full - 1 : part.length - 1]!.position;
  }
}

function restrictQuery(query: Query, access: RowAccess): Query {
  const narrow = <S extends TypeQuery>(slice: S): S => ({
    ...slice,
    where: [...listConditions([slice.type], access), ...slice.where.map((condition) => restrictCondition(condition, access))],
  });
  return {
    ...narrow(query),
    ...(query.otherTypes && { otherTypes: query.otherTypes.map(narrow) }),
    include: query.include.flatMap((inclusion) => restrictInclusion(inclusion, access)),
  };
}

/** The condition on resources of one of these types; none if all resources of the types are covered. */
function listConditions(types: ServedType[], access: RowAccess): Condition[] {
  const each = types.map((type) => ({ type, condition: access.find(type, 's') }));
  if (each.every(({ condition }) => !condition)) return [];
  if (each.length === 1) return [each[0]!.condition!];
  return [
    combineWithOr(
      each.map(({ type, condition }) => ({ on: 'and', all: [{ on: 'type', types: [type] }, ...(condition ? [condition] : [])] })),
    ),
  ];
}

/** Chains and reverse chains lead over covered resources only. */
function restrictCondition(condition: Condition, access: RowAccess): Condition {
  const restrict = (inner: Condition): Condition => restrictCondition(inner, access);
  switch (condition.on) {
    case 'chain':
      return { ...condition, where: [...condition.where.map(restrict), ...listConditions(condition.types, access)] };
    case 'has':
      return { ...condition, where: [...condition.where.map(restrict), ...listConditions([condition.type], access)] };
    case 'hierarchy':
      if (listConditions(condition.types, access).length)
        throw forbidden(
          `the scopes of this credential cover only a part of the ${condition.types[0]} resources: search without :above and :below`,
        );
      return condition;
    case 'or':
      return { ...condition, any: condition.any.map(restrict) };
    case 'and':
      return { ...condition, all: condition.all.map(restrict) };
    case 'not':
      return { ...condition, condition: restrict(condition.condition) };
    default:
      return condition;
  }
}

/** An inclusion for each restricted type, and one for the other types. */
function restrictInclusion(inclusion: Inclusion, access: RowAccess): Inclusion[] {
  const restricted = inclusion.types.flatMap((type) => {
    const where = listConditions([type], access);
    return where.length ? [{ ...inclusion, types: [type], where }] : [];
  });
  const others = inclusion.types.filter((type) => !access.find(type, 's'));
  return others.length ? [...restricted, { ...inclusion, types: others }] : restricted;
}

const WRITE_PERMISSIONS = { POST: 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' } as const satisfies Record<ResourceChange['method'], Permission>;

/** A replaced version and the new version must both be covered. The write fails by itself if the replaced version is not the current one. */
async function requireWritable(
  store: TenantStore,
  tenant: number,
  { changes, access }: { changes: ResourceChange[]; access: RowAccess },
): Promise<void> {
  const concerned = changes.filter(({ type }) => (['c', 'r', 'u', 'd'] as const).some((permission) => access.find(type, permission)));
  const replaced = concerned.filter(({ previous }) => previous !== undefined);
  const current = replaced.length ? await store.readMany(tenant, replaced) : [];
  const stored = new Map(current.map((row) => [toName(row), row]));
  for (const change of concerned) requireCovered(change, stored.get(toName(change)), access);
}

const toName = ({ type, id }: Pick<ResourceRow, 'type' | 'id'>): string => `${type}/${id}`;

function requireCovered(change: ResourceChange, stored: ResourceRow | undefined, access: RowAccess): void {
  const { type, id, body, index, method, previous } = change;
  const permission = WRITE_PERMISSIONS[method];
  // a response that differs for an id in use would reveal resources outside of the scopes
  if (previous === undefined && method === 'PUT')
    throw forbidden(`the scopes of this credential cover only a part of the ${type} resources: create with POST, which chooses the id`);
  if (previous !== undefined && !(stored && access.covers(stored, permission))) throw outside(type);
  if (body !== null && !access.covers({ type, id, body, ...(index && { rows: index }) }, permission)) throw outside(type);
}

const outside = (type: ServedType) => forbidden(`the scopes of this credential do not cover this ${type}, or what it is to become`);
