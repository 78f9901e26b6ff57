// Matches stored changes against the criteria of subscriptions, each version as it was written. The transaction that adds the notifications also removes the
// change, so that each change leads to exactly one notification. https://hl7.org/fhir/R4/subscription.html ("applied to the new value of the resource")
// docs/decisions/0027-subscriptions.md

import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import { FhirError } from '../fhir/outcome.ts';
import type { Query } from '../fhir/search/query.ts';
import { parseStored } from '../fhir/typed-resource.ts';
import type { Context } from '../interactions/context.ts';
import { redactError } from '../messaging/redacted-error.ts';
import type { WatchedChange } from '../store/queues/subscriptions.ts';
import type { FoundRow, HistoryRow } from '../store/resources/resource-row.ts';
import { parseCriteria } from './criteria.ts';
import {
  createDeliveryLease,
  NOTIFICATION_TOPIC,
  type SubscriptionDelivery,
  toOutboxSubject,
  toSubscriberCaller,
} from './delivery-context.ts';
import { failSubscription } from './status.ts';

const MAX_CHANGES = 100;

/** Matches pending changes and returns their number. Changes that fail are matched again when their leases have run out. */
export async function matchChanges(delivery: SubscriptionDelivery): Promise<number> {
  const { store } = delivery;
  const changes = await store.subscriptions.claimChanges({ ...createDeliveryLease(delivery), limit: MAX_CHANGES });
  for (const [, group] of Map.groupBy(changes, ({ tenant, type }) => `${tenant}/${type}`)) {
    await matchChangesOfType(delivery, group).catch((error: unknown) => {
      const { tenant, type } = group[0]!;
      delivery.log({ tenant, type, error: redactError(error) }, 'changes cannot be matched against criteria');
    });
  }
  return changes.length;
}

interface Watcher {
  id: string;
  /** The context of the caller that registered the subscription. */
  context: Context;
  query: Query;
}

/**
 * The active subscriptions to this type. Criteria that have become invalid set their subscription to error. While the index that the criteria search is being
 * rebuilt, this function throws, and the changes wait.
 */
async function findWatchers(delivery: SubscriptionDelivery, { tenant, type }: WatchedChange): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  for (const registration of await delivery.store.subscriptions.listActive(tenant, type)) {
    const subscription = parseStored('Subscription', await delivery.store.read(tenant, 'Subscription', registration.id));
    if (!subscription) continue;
    const context = delivery.contextOf(toSubscriberCaller(registration));
    try {
      const query = parseCriteria(context, subscription.criteria);
      if (query.type === type) watchers.push({ id: registration.id, context, query });
    } catch (error) {
      if (!(error instanceof FhirError) || error.kind === 'unavailable') throw error;
      await failSubscription(delivery, { ...registration, why: `the criteria cannot be searched: ${error.message}` });
    }
  }
  return watchers;
}

/** All changes are of one tenant and type. */
async function matchChangesOfType(delivery: SubscriptionDelivery, changes: WatchedChange[]): Promise<void> {
  const { store, clock, newId } = delivery;
  const { tenant, type } = changes[0]!;
  const matches: [Watcher, WatchedChange[]][] = [];
  for (const watcher of await findWatchers(delivery, changes[0]!)) matches.push([watcher, await filterMatching(watcher, changes)]);
  await store.transaction(async ({ subscriptions }) => {
    const own = new Set(await subscriptions.deleteChanges(tenant, changes));
    const at = clock().toISOString();
    for (const [{ id }, matching] of matches) {
      const notifications = matching.filter((change) => own.has(change)).map((change) => ({ ...change, key: newId() }));
      if (!notifications.length) continue;
      await subscriptions.addNotifications({ tenant, id, type }, notifications, at);
      await subscriptions.wakeDelivery({ tenant, id, topic: NOTIFICATION_TOPIC, subject: toOutboxSubject(id) }, at);
    }
  });
}

/** The changes whose version meets the criteria. */
async function filterMatching({ context, query }: Watcher, changes: WatchedChange[]): Promise<WatchedChange[]> {
  const found = await findVersions(context, query, changes);
  // read after the search: a version that is current now was current during the search, so if the search did not find it, it does not match
  const current = await findVersions(context, { ...query, where: [] }, changes);
  const matching: WatchedChange[] = [];
  for (const change of changes) {
    const version = current.get(change.id);
    const isSuperseded = version !== undefined && version !== change.version;
    if (found.get(change.id) === change.version || (isSuperseded && (await matchesAtVersion(context, query, change))))
      matching.push(change);
  }
  return matching;
}

/** Id → version of the changed resources that the search finds. */
async function findVersions({ store }: Context, query: Query, changes: WatchedChange[]): Promise<Map<string, number>> {
  const ids = [...new Set(changes.map(({ id }) => id))];
  const { rows } = await store.searchVersions(changes[0]!.tenant, restrictToIds(query, ids));
  return new Map(rows.map(({ id, version }) => [id, version]));
}

const restrictToIds = (query: Query, ids: string[]): Query => ({
  ...query,
  where: [{ on: 'id', any: ids }, ...query.where],
  count: ids.length,
});

class Rollback extends Error {}

/**
 * Whether the criteria match a version that was replaced meanwhile. A transaction stores that version under a temporary id, searches for it, and rolls back. The
 * body keeps the original id, so that references still match.
 */
async function matchesAtVersion(context: Context, query: Query, { tenant, type, id, version }: WatchedChange): Promise<boolean> {
  const row = await context.store.readVersion(tenant, type, id, version);
  if (!row?.body) return false;
  const temporaryId = context.newId();
  let found: FoundRow[] = [];
  const search = context.store.transaction(async (store) => {
    await store.write(tenant, [buildTemporaryCopy(context, row, temporaryId)]);
    found = (await store.search(tenant, { ...restrictToIds(query, [id]), count: 2 })).rows;
    throw new Rollback();
  });
  await search.catch((error: unknown) => {
    if (!(error instanceof Rollback)) throw error;
  });
  return found.some(({ id: foundId }) => foundId === temporaryId);
}

function buildTemporaryCopy(context: Context, { type, body, lastUpdated }: HistoryRow, id: string) {
  const index = buildIndexRows(parseStored(type, { body })!, context.registry, [], context.baseUrl);
  return { type, id, version: 1, lastUpdated, method: 'POST' as const, actor: context.caller.actor, body, index };
}
