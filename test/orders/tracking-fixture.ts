// The order fixture (order-fixture.ts) with tracking: creates an order at the sandbox, advances it, and polls it.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { type Resource, type ServedType, TYPE_NUMBERS } from '../../src/fhir/types.ts';
import { buildErrorHandler } from '../../src/http/middleware/error-handler.ts';
import { beginRequest } from '../../src/http/middleware/request-context.ts';
import { buildWebhookRouter } from '../../src/http/webhooks/endpoint.ts';
import { createJunctionReader } from '../../src/junction/reader.ts';
import { advanceOrder, type StepOptions } from '../../src/junction-sandbox/lifecycle.ts';
import type { SandboxOrder } from '../../src/junction-sandbox/sandbox-state.ts';
import { sendDueWebhooks } from '../../src/junction-sandbox/webhook-sender.ts';
import { createCircuitBreaker } from '../../src/messaging/circuit-breaker.ts';
import type { AccountDirectory } from '../../src/orders/accounts/account-directory.ts';
import type { LabAccount } from '../../src/orders/accounts/lab-account.ts';
import type { OrderTracker } from '../../src/orders/track/order-tracker.ts';
import { runTrackingRound } from '../../src/orders/tracking-worker.ts';
import { createWebhookReceiver, WEBHOOK_BODY_LIMIT, WEBHOOK_PATHS, type WebhookEndpoint } from '../../src/orders/webhooks/receive.ts';
import { loadResultMappings } from '../../src/server/integrations.ts';
import type { TrackedOrder } from '../../src/store/queues/tracked-orders.ts';
import type { TestStore } from '../store/open.ts';
import { buildLabAccount, createFixedDirectory } from './accounts/fixed-accounts.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from './order-fixture.ts';

/** Statuses of an order with results, and of one that needs a redraw. */
export const PARTIAL = 'sample_with_lab.walk_in_test.partial_results';
export const COMPLETED = 'completed.walk_in_test.completed';
export const CORRECTED = 'completed.walk_in_test.corrected';
export const REDRAW = 'collecting_sample.walk_in_test.redraw_available';

const RESULTS = loadResultMappings(loadProfiles('fhir-profiles'));

export interface TrackingFixture extends OrderFixture {
  tracker: OrderTracker;
  /** The tracker of another process. */
  createTracker(): OrderTracker;
  /** Writes a request, sends it, and returns the order at the network. */
  placeOrder(id?: string, more?: object): Promise<SandboxOrder>;
  /** The order at the network. */
  networkOrder(id: string): SandboxOrder;
  /** Moves the order at the network to this status, by default the next one. */
  advanceOrder(id: string, status?: string, wishes?: StepOptions): SandboxOrder;
  /** Polls this order now, as after an event. */
  pollOrder(id: string): Promise<void>;
  /** Runs tracking rounds until nothing is due. */
  track(tracker?: OrderTracker): Promise<void>;
  trackedOrder(id: string): Promise<TrackedOrder | undefined>;
  /** The stored resources of a type, in the order of their creation. */
  listResources(type: ServedType): Promise<Resource[]>;
  /** Sends the due webhooks, and runs tracking rounds. */
  deliverWebhooks(): Promise<void>;
  /** The endpoint of webhooks, over HTTP. */
  webhookEndpoint: WebhookEndpoint;
  /** The account of the endpoint; a test may change it. */
  labAccount: LabAccount;
  accounts: AccountDirectory;
  hookUrl: string;
  /** The logged lines. */
  log: string[];
}

/** Serves the webhook endpoint alone. */
async function listen(endpoint: WebhookEndpoint): Promise<{ url: string; close(): void }> {
  const app = express();
  app.use(beginRequest);
  app.use(buildWebhookRouter([{ paths: WEBHOOK_PATHS, limit: WEBHOOK_BODY_LIMIT, receive: createWebhookReceiver(endpoint) }]));
  app.use(buildErrorHandler(() => {}));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${WEBHOOK_PATHS[1]}`;
  return { url, close: () => void server.close() };
}

export async function openTrackingFixture(store: TestStore): Promise<TrackingFixture> {
  const fixture = await openOrderFixture(store);
  await store.database.script("delete from placed_order; delete from webhook_inbox; delete from setting where name like 'order%'");
  const log: string[] = [];
  const createTracker = (): OrderTracker => ({
    ...fixture.createSender(),
    reads: createJunctionReader(() => ({ apiKey: fixture.sandbox.apiKey, baseUrl: fixture.sandbox.url })),
    breaker: createCircuitBreaker(),
    results: RESULTS,
    log: (facts, text) => log.push(JSON.stringify([text, facts])),
  });
  const firstTracker = createTracker();
  const { state } = fixture.sandbox;
  const networkOrder = (id: string): SandboxOrder => state.orders.get(id)!;
  const track = async (tracker = firstTracker): Promise<void> => {
    for (let n = 0; n < 50; n++) if ((await runTrackingRound(tracker)) === 0) return;
    throw new Error('tracking does not finish');
  };
  const trackedOrder = async (id: string) =>
    (await store.store.trackedOrders.find({ account: firstTracker.account.id, orderIds: [id] }))[0];
  const listResources = async (type: ServedType): Promise<Resource[]> => {
    const stands = 'select body from resource where tenant_id = $1 and rtype = $2 and body is not null order by pid';
    const rows = await store.database.query<{ body: string }>(stands, [fixture.tenant, TYPE_NUMBERS[type]]);
    return rows.map(({ body }) => JSON.parse(body) as Resource);
  };
  await fixture.put(ADA);
  const labAccount = buildLabAccount(fixture.sandbox);
  const accounts = createFixedDirectory([labAccount]);
  const webhookEndpoint: WebhookEndpoint = { store: store.store, clock: firstTracker.clock, accounts, log: firstTracker.log };
  const hook = await listen(webhookEndpoint);
  state.webhooks = { ...state.webhooks, url: hook.url, automatic: false };
  return {
    ...fixture,
    webhookEndpoint,
    labAccount,
    accounts,
    hookUrl: hook.url,
    async deliverWebhooks() {
      await sendDueWebhooks(state);
      await track();
    },
    async close() {
      hook.close();
      await fixture.close();
    },
    tracker: firstTracker,
    createTracker,
    log,
    networkOrder,
    track,
    trackedOrder,
    listResources,
    async placeOrder(id = 'one', more = {}) {
      await fixture.put({ ...REQUEST, id, ...more } as typeof REQUEST);
      await fixture.drain();
      return networkOrder(JSON.parse((await fixture.entry(id))!.payload).orderId);
    },
    advanceOrder(id, status, wishes = {}) {
      advanceOrder(state, networkOrder(id), status, wishes);
      return networkOrder(id);
    },
    async pollOrder(id) {
      await store.store.trackedOrders.wake([(await trackedOrder(id))!], firstTracker.clock().toISOString());
      await track();
    },
  };
}
