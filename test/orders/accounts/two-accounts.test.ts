// Two tenants with an account each, at two networks: nothing of one reaches the other, and the failures of one do not delay the other.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { v7 } from 'uuid';
import { loadProfiles } from '../../../src/fhir/profiles.ts';
import { buildRegistry } from '../../../src/fhir/search/registry.ts';
import { type Resource, type ServedType, TYPE_NUMBERS } from '../../../src/fhir/types.ts';
import { buildErrorHandler } from '../../../src/http/middleware/error-handler.ts';
import { beginRequest } from '../../../src/http/middleware/request-context.ts';
import { buildWebhookRouter } from '../../../src/http/webhooks/endpoint.ts';
import type { Caller, Context } from '../../../src/interactions/context.ts';
import { NO_PROFILE_CHECKS } from '../../../src/interactions/profiles.ts';
import { update } from '../../../src/interactions/update.ts';
import { advanceOrder } from '../../../src/junction-sandbox/lifecycle.ts';
import { type Sandbox, startSandbox } from '../../../src/junction-sandbox/server.ts';
import { sendDueWebhooks } from '../../../src/junction-sandbox/webhook-sender.ts';
import type { LabAccount } from '../../../src/orders/accounts/lab-account.ts';
import { type DeliveryAccount, drainOutbox } from '../../../src/orders/deliver/delivery-worker.ts';
import { findOrderEntry } from '../../../src/orders/place/order-entry.ts';
import type { OrderTracker } from '../../../src/orders/track/order-tracker.ts';
import { runSweep } from '../../../src/orders/track/reconciliation-sweep.ts';
import { runTrackingRound } from '../../../src/orders/tracking-worker.ts';
import { listOrderWork, startBackgroundWork } from '../../../src/server/background/background-work.ts';
import { loadResultMappings } from '../../../src/server/integrations.ts';
import { buildLabNetwork, type LabNetwork } from '../../../src/server/lab-network.ts';
import { openTestStore, type TestStore } from '../../store/open.ts';
import { until } from '../../until.ts';
import { ADA, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from '../order-fixture.ts';
import { COMPLETED } from '../tracking-fixture.ts';
import { buildLabAccount, createFixedDirectory } from './fixed-accounts.ts';

const [A, B] = [1, 2];
const PROFILES = loadProfiles('fhir-profiles');
const RESULTS = loadResultMappings(PROFILES);
const NAMES = { [A]: 'springfield', [B]: 'shelbyville' };

let store: TestStore;
let now: number;
let networks: Record<number, Sandbox>;
let accounts: LabAccount[];
let network: LabNetwork;
let log: string[];
let hookUrl: string;
let closeHook: () => void;
const clock = () => new Date(now);

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.database.script(
    'delete from outbox; delete from placed_order; delete from webhook_inbox; delete from resource; delete from setting',
  );
  now = Date.parse('2026-11-21T12:00:00.000Z');
  [log, networks] = [[], { [A]: await startSandbox({ clock }), [B]: await startSandbox({ clock }) }];
  // the sandboxes have one key and one team each, by chance different ones
  accounts = [A, B].map((tenant) => buildLabAccount(networks[tenant]!, { id: tenant + 10, tenant, name: NAMES[tenant]! }));
  const parts = { store: store.store, clock, newId: v7, contextOf, mappings: () => ({ shapes: [] }) };
  network = buildLabNetwork(
    {
      accounts: createFixedDirectory(accounts),
      tables: { system: PANEL_SYSTEM, ...TEST_SYSTEMS },
      systems: SYSTEMS,
      unorderable: 'reject',
      catalogue: { catalogue: '', labTest: '', provider: '', biomarker: '', collectionMethod: '', loinc: '' },
      results: RESULTS,
    },
    { ...parts, log: (facts, text) => log.push(JSON.stringify([text, facts])) },
  );
  await listen();
  for (const tenant of [A, B]) {
    networks[tenant]!.state.webhooks = { ...networks[tenant]!.state.webhooks, url: pathOf(tenant), automatic: false };
    await put(tenant, ADA);
  }
});
afterEach(async () => {
  closeHook();
  for (const sandbox of Object.values(networks)) await sandbox.close();
});

async function listen(): Promise<void> {
  const app = express();
  app.use(beginRequest);
  app.use(buildWebhookRouter([network.hook]));
  app.use(buildErrorHandler(() => {}));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  hookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/junction`;
  closeHook = () => void server.close();
}
const pathOf = (tenant: number) => `${hookUrl}/${NAMES[tenant]}`;

const registry = buildRegistry(PROFILES.searchParameters);
const contextOf = (caller: Caller): Context => ({
  store: store.store,
  caller,
  clock,
  newId: v7,
  writeHooks: new Map(network.writeHooks.map(([type, hook]) => [type, [hook]])),
  registry,
  profiles: NO_PROFILE_CHECKS,
  baseUrl: 'http://facet.test/fhir/R4',
});
const put = async (tenant: number, resource: Resource): Promise<void> => {
  const context = contextOf({ tenant, actor: 'test', surface: 'fhir', scopes: ['*'] });
  await update(context, { type: resource.resourceType as ServedType, id: resource.id!, draft: { resource, exact: resource } });
};
const order = async (tenant: number, count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, (_, index) => `o${index}`);
  for (const id of ids) await put(tenant, { ...REQUEST, id } as Resource);
  return ids;
};
const entry = async (tenant: number, id: string) => (await findOrderEntry(store.store, tenant, id))!;
const states = (tenant: number, ids: string[]) => Promise.all(ids.map(async (id) => (await entry(tenant, id)).state));
const account = async (tenant: number): Promise<DeliveryAccount & { tracker: OrderTracker }> =>
  (await network.work.runtimes.find(tenant + 10))!;
const drain = async (tenant: number) => drainOutbox(await account(tenant));
const track = async (tenant: number): Promise<void> => {
  const { tracker } = await account(tenant);
  for (let round = 0; round < 50; round++) if ((await runTrackingRound(tracker)) === 0) return;
  throw new Error('tracking does not finish');
};
const ordersAt = (tenant: number) => [...networks[tenant]!.state.orders.values()];
const reports = async (tenant: number): Promise<number> => {
  const found = 'select 1 from resource where tenant_id = $1 and rtype = $2 and body is not null';
  return (await store.database.query(found, [tenant, TYPE_NUMBERS.DiagnosticReport])).length;
};
const wakes = async (tenant: number) =>
  (await store.database.query<{ wakes: number }>('select wakes from placed_order where tenant_id = $1', [tenant])).map((row) => row.wakes);

test('each account has its own physicians: who signs by default, and whether an order needs one', async () => {
  for (const [tenant, npi] of [
    [A, '1999999984'],
    [B, '1999999976'],
  ] as const)
    await put(tenant, buildPhysician(npi));
  accounts[A - 1] = { ...accounts[A - 1]!, physicians: 'required' };
  await expect(order(A, 1)).rejects.toThrow('an order needs a physician who is licensed in NY');
  await order(B, 1);
  accounts[A - 1] = { ...accounts[A - 1]!, defaultPhysicians: { NY: 'ann' } };
  await order(A, 1);
  for (const tenant of [A, B]) await drain(tenant);
  const npis = [A, B].map((tenant) => ordersAt(tenant).map(({ sent }) => (sent.physician as { npi: string } | undefined)?.npi));
  expect(npis).toEqual([['1999999984'], [undefined]]);
});

/** Licensed in NY, and not registered with the network. */
const buildPhysician = (npi: string): Resource => ({
  resourceType: 'Practitioner',
  id: 'ann',
  name: [{ given: ['Ann'], family: 'Lee' }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npi }],
  qualification: [
    {
      code: { coding: [{ system: SYSTEMS.qualifications, code: 'state-license' }] },
      extension: [
        {
          url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification',
          extension: [{ url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: 'NY' }] } }],
        },
      ],
    },
  ],
});

test('orders, users, webhooks and results of each tenant are at its own network alone', async () => {
  const ids = await order(A, 3);
  await order(B, 2);
  for (const tenant of [A, B]) {
    await drain(tenant);
    expect(await states(tenant, ids.slice(0, tenant === A ? 3 : 2))).toEqual(tenant === A ? ['done', 'done', 'done'] : ['done', 'done']);
  }
  expect([ordersAt(A).length, ordersAt(B).length]).toEqual([3, 2]);
  const users = [A, B].map((tenant) => [...networks[tenant]!.state.users.values()].map(({ client_user_id }) => client_user_id));
  expect(users.map(({ length }) => length)).toEqual([1, 1]);
  expect(users[0]).not.toEqual(users[1]);
  advanceOrder(networks[A]!.state, ordersAt(A)[0]!, COMPLETED, {});
  await sendDueWebhooks(networks[A]!.state);
  await sendDueWebhooks(networks[B]!.state);
  await track(A);
  await track(B);
  expect([await reports(A), await reports(B)]).toEqual([1, 0]);
  expect(await store.database.query('select distinct tenant_id as tenant, account_id as account from placed_order order by 1')).toEqual([
    { tenant: A, account: A + 10 },
    { tenant: B, account: B + 10 },
  ]);
  expect(log.filter((line) => line.includes('"account":"springfield"') && line.includes(`"tenant":${B}`))).toEqual([]);
});

describe('a webhook', () => {
  /** Sends the message of A's network about an order, to this path. */
  const send = async (url: string, orderId: string): Promise<{ status: number; text: string }> => {
    const { state } = networks[A]!;
    const message = { id: `msg_${v7()}`, type: 'labtest.order.updated', orderId, body: '', due: [now], fault: undefined, answers: [] };
    const body = JSON.stringify({ event_type: message.type, data: { id: orderId } });
    const { buildSignedHeaders } = await import('../../../src/junction-sandbox/webhook-sender.ts');
    const signed = buildSignedHeaders({ ...state, webhooks: { ...state.webhooks, clock: 'team' } }, { ...message, body });
    const response = await fetch(url, { method: 'POST', headers: signed, body });
    return { status: response.status, text: await response.text() };
  };

  test('46: of one account about the order of another does not touch that order', async () => {
    await order(B, 1);
    await drain(B);
    const [own] = ordersAt(B);
    const before = await wakes(B);
    expect((await send(pathOf(A), own!.id)).status).toBe(204);
    await track(A);
    await track(B);
    expect([await wakes(B), await wakes(A)]).toEqual([before, []]);
    expect(await store.database.query('select tenant_id as tenant, state, subject from webhook_inbox')).toEqual([
      { tenant: A, state: 'retry', subject: own!.id },
    ]);
  });

  test('46: with the secret of another account is refused, like one to an unknown name', async () => {
    const [other, unknown] = [await send(pathOf(B), 'x'), await send(`${hookUrl}/nowhere`, 'x')];
    const withoutId = ({ text }: { text: string }) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');
    expect([other.status, unknown.status]).toEqual([401, 401]);
    expect(withoutId(unknown)).toBe(withoutId(other));
    expect((await send(hookUrl, 'x')).status).toBe(503);
    expect(await store.database.query('select event_id from webhook_inbox')).toEqual([]);
  });
});

test('27: a sweep of one network adopts no order of another account, neither by its id nor by its key nor by its transaction', async () => {
  await order(B, 2);
  networks[B]!.state.faults = [{ operation: 'createOrder', kind: 'error', when: 'after', times: 1 }];
  await drain(B);
  const waiting = await states(B, ['o0', 'o1']);
  expect(waiting.sort()).toEqual(['done', 'unknown']);
  // A's network claims to have all of B's orders
  for (const found of ordersAt(B)) networks[A]!.state.orders.set(found.id, { ...found });
  const before = [await wakes(B), await store.database.query('select state, attempts from outbox order by id')];
  await runSweep((await account(A)).tracker);
  now += 16 * 60_000;
  await runSweep((await account(A)).tracker);
  expect([await wakes(B), await store.database.query('select state, attempts from outbox order by id')]).toEqual(before);
  expect(await wakes(A)).toEqual([]);
});

test('each account has its own roster', async () => {
  networks[A]!.state.physicians = [{ first_name: 'Maria', last_name: 'Cruz', npi: '1999999984' }];
  const practitioner = {
    resourceType: 'Practitioner',
    name: [{ given: ['Maria'], family: 'Cruz' }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1999999984' }],
  };
  const register = async (tenant: number) => {
    const context = contextOf({ tenant, actor: 'test', surface: 'fhir', scopes: ['*'] });
    const step = await network.externalSteps.physician.claim(context, {
      resourceId: 'p',
      id: 'p',
      key: 'NY',
      toResource: () => practitioner,
    });
    return step.state === 'claimed' ? step.run(context) : step.state;
  };
  expect(await register(A)).toMatchObject({ status: 'active' });
  expect(await register(B)).toMatchObject({ status: 'pending' });
});

describe('the failures of one account do not delay another', () => {
  const ORDERS = 40;
  /** The requests besides those of the sweep. */
  const countSent = (tenant: number) => networks[tenant]!.state.requests.filter(({ operation }) => operation !== 'orders').length;
  /** Runs the background work until this is true. */
  const runUntil = async (isReached: () => boolean | Promise<boolean>): Promise<void> => {
    const stop = startBackgroundWork(listOrderWork(network.work));
    await until(isReached).finally(() => {
      for (const { state } of Object.values(networks)) state.faults = [];
    });
    await stop();
  };

  test('9: 429 with Retry-After: the other account sends all its orders, and this one sends no further request', async () => {
    await order(A, ORDERS);
    await order(B, ORDERS);
    networks[A]!.state.faults = [{ kind: 'error', status: 429, retryAfter: 600, times: 1000 }];
    await runUntil(() => ordersAt(B).length === ORDERS);
    expect(ordersAt(A)).toHaveLength(0);
    expect(countSent(A)).toBeLessThanOrEqual(4);
    expect(network.listCircuits()).toEqual([
      { account: 'springfield', isOpen: true },
      { account: 'shelbyville', isOpen: false },
    ]);
  });

  test('49: a network that hangs occupies the slots of its own account alone', async () => {
    await order(A, ORDERS);
    await order(B, ORDERS);
    networks[A]!.state.faults = [{ kind: 'hang', times: 1000 }];
    await runUntil(() => ordersAt(B).length === ORDERS);
    expect(countSent(A)).toBe(4);
    expect(ordersAt(A)).toHaveLength(0);
  });

  test('a paused account sends nothing and reads its results; resumed, it sends', async () => {
    await order(A, 1);
    await drain(A);
    await put(A, { ...REQUEST, id: 'later' } as Resource);
    accounts[0]!.isPaused = true;
    await order(B, 3);
    advanceOrder(networks[A]!.state, ordersAt(A)[0]!, COMPLETED, {});
    await sendDueWebhooks(networks[A]!.state);
    await runUntil(async () => ordersAt(B).length === 3 && (await reports(A)) === 1);
    expect([ordersAt(A).length, await states(A, ['later'])]).toEqual([1, ['queued']]);
    accounts[0]!.isPaused = false;
    await runUntil(() => ordersAt(A).length === 2);
  });
});

test('an order stays with the account that it was accepted for', async () => {
  await order(A, 1);
  // the tenant gets another account
  const [first] = accounts;
  accounts.push(buildLabAccount(networks[B]!, { id: 99, tenant: A, name: 'new' }));
  first!.tenant = -1;
  await put(A, { ...REQUEST, id: 'next' } as Resource);
  expect([(await entry(A, 'o0')).account, (await entry(A, 'next')).account]).toEqual([A + 10, 99]);
  await drain(A);
  await drainOutbox((await network.work.runtimes.find(99))!);
  expect([ordersAt(A).length, ordersAt(B).length]).toEqual([1, 1]);
});
