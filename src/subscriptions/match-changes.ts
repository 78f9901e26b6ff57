// Holds what was written against the criteria of who watches it, each version as it was written. A change is done in the transaction that writes down whom to
// tell of it, so none is lost and each leads to one notification. https://hl7.org/fhir/R4/subscription.html ("applied to the new value of the resource")
// docs/decisions/0027-subscriptions.md

import { indexRows } from '../fhir/indexing/resource.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Query } from '../fhir/search/query.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { redactError } from '../messaging/redacted-error.ts';
import type { WatchedChange } from '../store/queues/subscriptions.ts';
import type { HistoryRow, ResourceRow } from '../store/resources/resource-row.ts';
import { parseCriteria } from './criteria.ts';
import {
  createDeliveryLease,
  NOTIFICATION_TOPIC,
  type SubscriptionDelivery,
  toOutboxSubject,
  toSubscriberCaller,
} from './delivery-context.ts';
import { failSubscription } from './stop.ts';

const MAX_CHANGES = 100;

/** Works through what was written; answers how many changes that were. Those that cannot be looked at are looked at again when their leases have run out. */
export async function matchChanges(notifying: SubscriptionDelivery): Promise<number> {
  const { store } = notifying;
  const changes = await store.subscriptions.claimChanges({ ...createDeliveryLease(notifying), limit: MAX_CHANGES });
  for (const [, some] of Map.groupBy(changes, ({ tenant, type }) => `${tenant}/${type}`)) {
    await matchChangesOfType(notifying, some).catch((error: unknown) => {
      const { tenant, type } = some[0]!;
      notifying.log({ tenant, type, error: redactError(error) }, 'changes cannot be held against criteria');
    });
  }
  return changes.length;
}

interface Watcher {
  id: string;
  /** With the eyes of whoever asked for it. */
  context: Context;
  query: Query;
}

/**
 * Who is in force and looks at this type. Criteria that are no longer understood put their subscription into error; while the index that they ask is being
 * made, the changes wait for it.
 */
async function findWatchers(notifying: SubscriptionDelivery, { tenant, type }: WatchedChange): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  for (const registration of await notifying.store.subscriptions.listActive(tenant, type)) {
    const row = await notifying.store.read(tenant, 'Subscription', registration.id);
    if (!row?.body) continue;
    const context = notifying.contextOf(toSubscriberCaller(registration));
    const { criteria } = JSON.parse(row.body) as Resource;
    try {
      const query = parseCriteria(context, criteria as string);
      if (query.type === type) watchers.push({ id: registration.id, context, query });
    } catch (error) {
      if (!(error instanceof FhirError) || error.kind === 'unavailable') throw error;
      await failSubscription(notifying, { ...registration, why: `its criteria cannot be searched: ${error.message}` });
    }
  }
  return watchers;
}

/** Changes of one tenant and type, together. */
async function matchChangesOfType(notifying: SubscriptionDelivery, changes: WatchedChange[]): Promise<void> {
  const { store, clock, newId } = notifying;
  const { tenant, type } = changes[0]!;
  const met: [Watcher, WatchedChange[]][] = [];
  for (const watcher of await findWatchers(notifying, changes[0]!)) met.push([watcher, await filterMatching(watcher, changes)]);
  await store.transaction(async ({ subscriptions }) => {
    const own = new Set(await subscriptions.deleteChanges(tenant, changes));
    const at = clock().toISOString();
    for (const [{ id }, some] of met) {
      const notices = some.filter((change) => own.has(change)).map((change) => ({ ...change, key: newId() }));
      if (!notices.length) continue;
      await subscriptions.addNotifications({ tenant, id, type }, notices, at);
      await subscriptions.wakeDelivery({ tenant, id, topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id) }, at);
    }
  });
}

/** Those of the changes that the criteria find. */
async function filterMatching({ context, query }: Watcher, changes: WatchedChange[]): Promise<WatchedChange[]> {
  const found = await findVersions(context, query, changes);
  // asked after the search: what stands now as it was written stood so then, and was not found
  const standing = await findVersions(context, { ...query, where: [] }, changes);
  const met: WatchedChange[] = [];
  for (const change of changes) {
    const now = standing.get(change.id);
    const overtaken = now !== undefined && now !== change.version;
    if (found.get(change.id) === change.version || (overtaken && (await matchesAtVersion(context, query, change)))) met.push(change);
  }
  return met;
}

/** Id → version of those resources among the changed ones that the search finds. */
async function findVersions({ store }: Context, query: Query, changes: WatchedChange[]): Promise<Map<string, number>> {
  const ids = [...new Set(changes.map(({ id }) => id))];
  const { rows } = await store.search(changes[0]!.tenant, restrictToIds(query, ids));
  return new Map(rows.map(({ id, version }) => [id, version]));
}

const restrictToIds = (query: Query, ids: string[]): Query => ({
  ...query,
  where: [{ on: 'id', any: ids }, ...query.where],
  count: ids.length,
});

/** What is written and looked at is taken back. */
class Rollback extends Error {}

/**
 * Whether the criteria find a version that another has replaced since: it is stored once more beside the resource, under an id of its own but with the name
 * that others refer to, searched for, and taken back, in a transaction that nobody else sees.
 */
async function matchesAtVersion(context: Context, query: Query, { tenant, type, id, version }: WatchedChange): Promise<boolean> {
  const then = await context.store.readVersion(tenant, type, id, version);
  if (!then?.body) return false;
  const beside = context.newId();
  let found: ResourceRow[] = [];
  const look = context.store.transaction(async (store) => {
    await store.write(tenant, [buildTemporaryCopy(context, then, beside)]);
    found = (await store.search(tenant, { ...restrictToIds(query, [id]), count: 2 })).rows;
    throw new Rollback();
  });
  await look.catch((error: unknown) => {
    if (!(error instanceof Rollback)) throw error;
  });
  return found.some((row) => row.id === beside);
}

function buildTemporaryCopy(context: Context, { type, body, lastUpdated }: HistoryRow, id: string) {
  const index = indexRows(JSON.parse(body!) as Resource, context.registry, [], context.baseUrl);
  return { type, id, version: 1, lastUpdated, method: 'POST' as const, actor: context.caller.actor, body, index };
}
