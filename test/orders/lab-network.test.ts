// The door out as the server uses it: the worker that drains the outbox by itself, and the steps that a vendor's create waits for.
import { setTimeout as delay } from 'node:timers/promises';
import { v7 } from 'uuid';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Caller, Context } from '../../src/interactions/context.ts';
import { create } from '../../src/interactions/create.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { loadResultMappings } from '../../src/server/integrations.ts';
import { buildLabNetwork, type LabNetwork } from '../../src/server/lab-network.ts';
import type { ResourceRow } from '../../src/store/resources/resource-row.ts';
import { type SandboxWorld, sandboxWorld } from '../junction-sandbox/sandbox-fixture.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { until } from '../until.ts';
import { ADA, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from './order-world.ts';

let store: TestStore;
let here: SandboxWorld;
let out: LabNetwork;
let context: Context;
const log: string[] = [];

beforeAll(async () => {
  store = await openTestStore();
  here = await sandboxWorld();
  const profiles = loadProfiles('fhir-profiles');
  const registry = buildRegistry(profiles.searchParameters);
  const contextOf = (caller: Caller): Context => ({
    store: store.store,
    caller,
    clock: () => new Date(),
    newId: v7,
    writeHooks: new Map([['ServiceRequest', [out.writeHooks.ServiceRequest]]]),
    registry,
    profiles: NO_PROFILE_CHECKS,
    baseUrl: 'http://facet.test/fhir/R4',
  });
  out = buildLabNetwork(
    {
      account: () => ({ apiKey: here.sandbox.apiKey, baseUrl: here.sandbox.url, teamId: here.sandbox.teamId }),
      table: { system: PANEL_SYSTEM, panels: here.sandbox.panels, ...TEST_SYSTEMS },
      systems: SYSTEMS,
      defaults: { labAccount: undefined, longestNote: 120 },
      unorderable: 'reject',
      results: loadResultMappings(profiles),
      webhookSecrets: () => [here.sandbox.state.webhooks.secret],
    },
    {
      store: store.store,
      clock: () => new Date(),
      newId: v7,
      contextOf,
      log: (facts, text) => log.push(JSON.stringify([text, facts])),
      completeDeferred: async () => 'gone',
    },
  );
  context = contextOf({ tenant: 1, actor: 'test', surface: 'fhir', scopes: ['*'] });
  await create(context, { type: 'Patient', id: 'ada', draft: { resource: ADA, exact: ADA } });
});
afterAll(async () => {
  await here.sandbox.close();
  await store.close();
});

const ordered = async (more: object = {}) => {
  const request = { ...REQUEST, ...more } as Resource;
  return (await create(context, { type: 'ServiceRequest', draft: { resource: request, exact: request } })).row;
};

test('a running worker sends what is stored, retries what failed, and stops when asked', async () => {
  const stop = out.start();
  here.fail({ operation: 'createOrder', kind: 'cut', when: 'after' });
  const before = here.orders();
  const rows = await Promise.all([ordered(), ordered(), ordered()]);
  const accepted = async () => {
    const tasks = await store.store.search(1, { type: 'Task', where: [], sort: [], count: 50, total: 'none', include: [] });
    return tasks.rows.filter((row) => rows.some(({ id }) => row.body!.includes(id)) && row.body!.includes('"received"')).length === 3;
  };
  await until(accepted);
  expect(here.orders() - before).toBe(3);
  await stop();
  await ordered();
  await delay(700);
  expect(here.orders() - before).toBe(3);
});

test('two workers beside each other stop at once when there is nothing to do', async () => {
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    const stops = [out.start(), out.start()];
    await delay(50);
    const started = performance.now();
    await Promise.all(stops.map((stop) => stop()));
    took.push(performance.now() - started);
  }
  // they look every half second: none of them waits for its next look. The quickest counts, as a busy machine may be late
  expect(Math.min(...took)).toBeLessThan(250);
});

describe('the port of a lab order', () => {
  const port = () => out.ports['lab-order'];
  const item = (row: ResourceRow) => ({ row, id: row.id, key: '', own: () => REQUEST });

  test('answers when the order stands, and again without a second one', async () => {
    const row = await ordered();
    expect(await port().claim(context, item(row))).toEqual({ state: 'open' });
    const before = here.orders();
    expect(await port().finish(context, item(row))).toBeUndefined();
    expect(await port().finish(context, item(row))).toBeUndefined();
    expect(here.orders() - before).toBe(1);
  });

  test('is 502 when the network fails, and goes on when it is repeated', async () => {
    const row = await ordered();
    here.fail({ operation: 'createOrder', kind: 'error', when: 'after' });
    const before = here.orders();
    await expect(port().finish(context, item(row))).rejects.toMatchObject({
      kind: 'upstream',
      message: expect.stringContaining('idempotency key'),
    });
    await port().finish(context, item(row));
    expect(here.orders() - before).toBe(1);
  });

  test('is 502 for good when the network refuses, and no patient stands in the text or in the log', async () => {
    const row = await ordered();
    here.fail({ operation: 'createOrder', kind: 'error', status: 400 });
    for (let nth = 0; nth < 2; nth++)
      await expect(port().finish(context, item(row))).rejects.toMatchObject({
        kind: 'upstream',
        message: expect.stringContaining('refused'),
      });
    expect(log.join()).toContain('refused');
    for (const value of ['Lovelace', 'ada@example.com', '5184731122', '1985']) expect(log.join()).not.toContain(value);
  });

  test('ends in time when the network hangs', async () => {
    const row = await ordered();
    here.fail({ operation: 'createOrder', kind: 'slow', seconds: 120 });
    await expect(port().finish(context, item(row))).rejects.toMatchObject({ kind: 'upstream' });
  });

  test('a code that is nothing that can be ordered is refused where the order would be stored', async () => {
    const row = await ordered({ code: { coding: [{ system: 'http://loinc.org', code: '2093-3' }] } });
    await expect(port().claim(context, item(row))).rejects.toMatchObject({
      kind: 'rule',
      issues: [{ expression: ['ServiceRequest.code'] }],
    });
  });
});

test('the port of a physician answers what the vendor shows of it', async () => {
  const practitioner: Resource = {
    resourceType: 'Practitioner',
    name: [{ given: ['Ann'], family: 'Lee' }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1777777773' }],
  };
  const { row } = await create(context, { type: 'Practitioner', draft: { resource: practitioner, exact: practitioner } });
  const item = { row, id: row.id, key: 'NY', own: () => practitioner };
  const port = out.ports.physician;
  const held = { ...item, ...(await port.claim(context, item)) };
  expect(held.state).toBe('open');
  expect(await port.finish(context, held)).toEqual({ junction_physician_id: null, status: 'pending' });
  expect(await port.settle(context, held, undefined)).toBe(true);
  expect(await port.claim(context, item)).toEqual({ state: 'complete' });
});
