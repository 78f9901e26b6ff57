// A store, a subscriber and the delivery worker under one manual clock.
import { v7 } from 'uuid';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { Caller, Context } from '../../src/interactions/context.ts';
import { remove } from '../../src/interactions/delete.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { update } from '../../src/interactions/update.ts';
import { isCredentialEnded } from '../../src/store/api-keys.ts';
import type { OutboxEntry } from '../../src/store/queues/outbox-entry.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { NOTIFICATION_TOPIC, type SubscriptionDelivery, toOutboxSubject } from '../../src/subscriptions/delivery-context.ts';
import { startDueDeliveries } from '../../src/subscriptions/delivery-worker.ts';
import { matchChanges } from '../../src/subscriptions/match-changes.ts';
import { createSubscriptionWriteHook } from '../../src/subscriptions/write-hook.ts';
import type { TestStore } from '../store/open.ts';
import { type Received, type Receiver, startReceiver } from './receiver.ts';

export interface SubscriptionFixture {
  tenant: number;
  receiver: Receiver;
  delivery: SubscriptionDelivery;
  clock: () => Date;
  /** The logged lines. */
  logged: string[];
  advance(seconds: number): void;
  /** The context of a caller of this tenant, or of another one. */
  contextOf(caller: Partial<Caller>): Context;
  put(resource: Resource, context?: Context): Promise<void>;
  remove(type: ServedType, id: string): Promise<void>;
  read(type: ServedType, id: string): Promise<Resource>;
  /** Requests a subscription with this id, by default for all Observations. */
  subscribe(id: string, more?: { criteria?: string; channel?: object; [element: string]: unknown }, context?: Context): Promise<void>;
  entry(id: string): Promise<OutboxEntry>;
  secret(id: string): Promise<string>;
  /** Runs delivery rounds until nothing is due. Returns the requests that the subscriber received meanwhile. */
  notify(delivery?: SubscriptionDelivery): Promise<Received[]>;
  close(): Promise<void>;
}

let tenants = 0;
export const OTHER = 'other';

/** Opens a fixture in a store that other tests used before: with empty queues and a new tenant. */
export async function openSubscriptionFixture({ store, database }: TestStore): Promise<SubscriptionFixture> {
  await database.script('delete from outbox; delete from subscription; delete from subscription_change; delete from notification');
  const receiver = await startReceiver();
  let now = Date.parse('2026-11-21T12:00:00.000Z');
  const clock = () => new Date(now);
  const created = await createTenant(database, { slug: `t${++tenants}`, name: 'x', at: clock().toISOString() });
  const tenant = created!.id;
  const reach = { production: false, privateHosts: new Set<string>() };
  const writeHooks = new Map([['Subscription' as ServedType, [createSubscriptionWriteHook(reach)]]]);
  const registry = buildRegistry([]);
  const base = { store, clock, newId: v7, writeHooks, registry, profiles: NO_PROFILE_CHECKS, baseUrl: 'http://facet.test/fhir/R4' };
  const contextOf = (caller: Caller): Context => ({ ...base, caller });
  const as = (caller: Partial<Caller>) => contextOf({ tenant, actor: 'key-test', surface: 'fhir', scopes: ['*'], ...caller });
  const logged: string[] = [];
  const firstDelivery: SubscriptionDelivery = {
    store,
    clock,
    newId: v7,
    random: () => 1,
    contextOf,
    addressPolicy: reach,
    callMs: 60_000,
    isRevoked: (of, id) => isCredentialEnded(database, { tenant: of, id, at: clock().toISOString() }),
    log: (facts, text) => logged.push(JSON.stringify([facts, text])),
  };
  const put: SubscriptionFixture['put'] = async (resource, context = as({})) => {
    await update(context, { type: resource.resourceType as ServedType, id: resource.id!, draft: { resource, exact: resource } });
  };
  return {
    tenant,
    receiver,
    delivery: firstDelivery,
    clock,
    logged,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    contextOf: as,
    put,
    remove: async (type, id) => void (await remove(as({}), { type, id })),
    read: async (type, id) => JSON.parse((await store.read(tenant, type, id))!.body!) as Resource,
    subscribe: (id, { channel, ...more } = {}, context = as({})) =>
      put(
        {
          resourceType: 'Subscription',
          id,
          status: 'requested',
          reason: 'results',
          criteria: 'Observation',
          channel: { type: 'rest-hook', endpoint: `${receiver.url}/${id}`, payload: 'application/fhir+json', ...channel },
          ...more,
        },
        context,
      ),
    entry: async (id) => (await store.outbox.findNewest(tenant, NOTIFICATION_TOPIC, toOutboxSubject(id)))!,
    secret: async (id) => (await store.subscriptions.find(tenant, id))!.secret,
    async notify(delivery = firstDelivery) {
      const before = receiver.got.length;
      for (let round = 0; round < 100; round++) {
        const looked = await matchChanges(delivery);
        const begun = await startDueDeliveries(delivery, 32);
        await Promise.all(begun);
        if (looked + begun.length === 0) return receiver.got.slice(before);
      }
      throw new Error('it does not come to rest');
    },
    close: () => receiver.close(),
  };
}

/** A result. */
export const observation = (id: string, status = 'final', more: object = {}): Resource => ({
  resourceType: 'Observation',
  id,
  status,
  code: { text: 'TSH' },
  ...more,
});
