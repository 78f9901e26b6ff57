// Holds what was written against the criteria of who watches it, each version as it was written. A change is done in the transaction that writes down whom to
// tell of it, so none is lost and each leads to one notification. https://hl7.org/fhir/R4/subscription.html ("applied to the new value of the resource")

import { indexRows } from '../../fhir/indexing/resource.ts';
import { FhirError } from '../../fhir/outcome.ts';
import type { Query } from '../../fhir/search/query.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import type { HistoryRow, Row } from '../../store/store.ts';
import type { WatchedChange } from '../../store/subscriptions.ts';
import { criteriaOf } from './criteria.ts';
import { leaseOf, NOTIFICATION, type Notifying, subjectOf, subscriberOf } from './notifying.ts';
import { fail } from './stop.ts';

const AT_ONCE = 100;

/** Works through what was written; answers how many changes that were. */
export async function watch(notifying: Notifying): Promise<number> {
  const { store } = notifying;
  const changes = await store.subscriptions.claimChanges({ ...leaseOf(notifying), limit: AT_ONCE });
  for (const [, some] of Map.groupBy(changes, ({ tenant, type }) => `${tenant}/${type}`)) {
    const watchers = await watchersOf(notifying, some[0]!);
    for (const change of some) await lookAt(notifying, change, watchers);
  }
  return changes.length;
}

interface Watcher {
  id: string;
  /** With the eyes of whoever asked for it. */
  context: Context;
  query: Query;
}

/** Who is in force and looks at this type. Criteria that are no longer understood put their subscription into error. */
async function watchersOf(notifying: Notifying, { tenant, type }: WatchedChange): Promise<Watcher[]> {
  const watchers: Watcher[] = [];
  for (const registration of await notifying.store.subscriptions.watching(tenant, type)) {
    const row = await notifying.store.read(tenant, 'Subscription', registration.id);
    if (!row?.body) continue;
    const context = notifying.contextOf(subscriberOf(registration));
    const { criteria } = JSON.parse(row.body) as Resource;
    try {
      const query = criteriaOf(context, criteria as string);
      if (query.type === type) watchers.push({ id: registration.id, context, query });
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      await fail(notifying, { ...registration, why: `its criteria cannot be searched: ${error.message}` });
    }
  }
  return watchers;
}

async function lookAt({ store, clock, newId }: Notifying, change: WatchedChange, watchers: Watcher[]): Promise<void> {
  const concerned: Watcher[] = [];
  for (const watcher of watchers) if (await meets(watcher, change)) concerned.push(watcher);
  await store.transaction(async ({ subscriptions }) => {
    if (!(await subscriptions.settleChange(change))) return;
    const at = clock().toISOString();
    for (const { id } of concerned) {
      await subscriptions.add({ ...change, subscription: id, key: newId(), at });
      await subscriptions.wake({ tenant: change.tenant, id, topic: NOTIFICATION, subject: subjectOf(id) }, at);
    }
  });
}

/** Whether the criteria find this version. */
async function meets({ context, query }: Watcher, change: WatchedChange): Promise<boolean> {
  const { tenant, type, id, version } = change;
  const only: Query = { ...query, where: [{ on: 'id', any: [id] }, ...query.where] };
  const [found] = (await context.store.search(tenant, only)).rows;
  if (found?.version === version) return true;
  const current = await context.store.read(tenant, type, id);
  if (!current?.body || current.version === version) return false;
  return metThen(context, only, change);
}

/** What is written and looked at is taken back. */
class TakenBack extends Error {}

/**
 * Whether the criteria find a version that another has replaced since: it is stored once more beside the resource, under an id of its own but with the name
 * that others refer to, searched for, and taken back, in a transaction that nobody else sees.
 */
async function metThen(context: Context, query: Query, { tenant, type, id, version }: WatchedChange): Promise<boolean> {
  const then = await context.store.version(tenant, type, id, version);
  if (!then?.body) return false;
  const beside = context.newId();
  let found: Row[] = [];
  const look = context.store.transaction(async (store) => {
    await store.write(tenant, [standIn(context, then, beside)]);
    found = (await store.search(tenant, query)).rows;
    throw new TakenBack();
  });
  await look.catch((error: unknown) => {
    if (!(error instanceof TakenBack)) throw error;
  });
  return found.some((row) => row.id === beside);
}

function standIn(context: Context, { type, body, lastUpdated }: HistoryRow, id: string) {
  const index = indexRows(JSON.parse(body!) as Resource, context.registry, [], context.baseUrl);
  return { type, id, version: 1, lastUpdated, method: 'POST' as const, actor: context.caller.actor, body, index };
}
