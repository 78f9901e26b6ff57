// The lab network as the server uses it: the worker that drains the outbox, and the external steps of a vendor's create.
import { setTimeout as delay } from 'node:timers/promises';
import { v7 } from 'uuid';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Caller, Context } from '../../src/interactions/context.ts';
import { create } from '../../src/interactions/create.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { listOrderWork, startBackgroundWork } from '../../src/server/background/background-work.ts';
import { loadResultMappings } from '../../src/server/integrations.ts';
import { buildLabNetwork, type LabNetwork } from '../../src/server/lab-network.ts';
import type { ResourceRow } from '../../src/store/resources/resource-row.ts';
import type { ExternalStep, StepClaim } from '../../src/vendor-api/external-step.ts';
import { openSandboxFixture, type SandboxFixture } from '../junction-sandbox/sandbox-fixture.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { until } from '../until.ts';
import { buildLabAccount, createFixedDirectory } from './accounts/fixed-accounts.ts';
import { ADA, PANEL_SYSTEM, REQUEST, SYSTEMS, TEST_SYSTEMS } from './order-fixture.ts';

let store: TestStore;
let fixture: SandboxFixture;
let out: LabNetwork;
let context: Context;
const log: string[] = [];
/** The reading of changed accounts. */
let refresh = async (): Promise<void> => {};

beforeAll(async () => {
  store = await openTestStore();
  fixture = await openSandboxFixture();
  const profiles = loadProfiles('fhir-profiles');
  const registry = buildRegistry(profiles.searchParameters);
  const contextOf = (caller: Caller): Context => ({
    store: store.store,
    caller,
    clock: () => new Date(),
    newId: v7,
    writeHooks: new Map(out.writeHooks.filter(([type]) => type === 'ServiceRequest').map(([type, hook]) => [type, [hook]])),
    registry,
    profiles: NO_PROFILE_CHECKS,
    baseUrl: 'http://facet.test/fhir/R4',
  });
  out = buildLabNetwork(
    {
      accounts: { ...createFixedDirectory([buildLabAccount(fixture.sandbox)]), refresh: () => refresh() },
      tables: { system: PANEL_SYSTEM, ...TEST_SYSTEMS },
      systems: SYSTEMS,
      unorderable: 'reject',
      results: loadResultMappings(profiles),
      catalogue: { catalogue: '', labTest: '', provider: '', biomarker: '', collectionMethod: '', loinc: '' },
    },
    {
      store: store.store,
      clock: () => new Date(),
      newId: v7,
      contextOf,
      log: (facts, text) => log.push(JSON.stringify([text, facts])),
      mappings: () => ({ shapes: [] }),
    },
  );
  context = contextOf({ tenant: 1, actor: 'test', surface: 'fhir', scopes: ['*'] });
  await create(context, { type: 'Patient', id: 'ada', draft: { resource: ADA, exact: ADA } });
});
afterAll(async () => {
  await fixture.sandbox.close();
  await store.close();
});

const ordered = async (more: object = {}) => {
  const request = { ...REQUEST, ...more } as Resource;
  return (await create(context, { type: 'ServiceRequest', draft: { resource: request, exact: request } })).row;
};

test('a running worker sends stored orders, retries failed orders, and stops on request', async () => {
  const stop = startBackgroundWork(listOrderWork(out.work));
  fixture.addFaults({ operation: 'createOrder', kind: 'cut', when: 'after' });
  const before = fixture.countOrders();
  const rows = await Promise.all([ordered(), ordered(), ordered()]);
  const accepted = async () => {
    const tasks = await store.store.search(1, { type: 'Task', where: [], sort: [], count: 50, total: 'none', include: [] });
    return tasks.rows.filter((row) => rows.some(({ id }) => row.body!.includes(id)) && row.body!.includes('"received"')).length === 3;
  };
  await until(accepted);
  expect(fixture.countOrders() - before).toBe(3);
  await stop();
  await ordered();
  await delay(700);
  expect(fixture.countOrders() - before).toBe(3);
});

test('two idle workers stop at once', async () => {
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    const stops = [startBackgroundWork(listOrderWork(out.work)), startBackgroundWork(listOrderWork(out.work))];
    await delay(50);
    const started = performance.now();
    await Promise.all(stops.map((stop) => stop()));
    took.push(performance.now() - started);
  }
  // they look every half second: none of them waits for its next look. The quickest counts, as a busy machine may be late
  expect(Math.min(...took)).toBeLessThan(250);
});

/** The claim of a step, which must be this request's. */
function claimed(claim: Awaited<ReturnType<ExternalStep['claim']>>): StepClaim {
  if (claim.state !== 'claimed') throw new Error(`the claim is ${claim.state}`);
  return claim;
}

describe('the external step of a lab order', () => {
  const claim = ({ id }: ResourceRow) =>
    out.externalSteps['lab-order'].claim(context, { resourceId: id, id, key: '', toResource: () => REQUEST });
  const run = async (row: ResourceRow) => claimed(await claim(row)).run(context);

  test('completes when the network has the order, and a repetition creates no second order', async () => {
    const row = await ordered();
    const step = claimed(await claim(row));
    const before = fixture.countOrders();
    expect(await step.run(context)).toBeUndefined();
    expect(await step.run(context)).toBeUndefined();
    expect(fixture.countOrders() - before).toBe(1);
  });

  test('is 502 when the network fails, and is resumed by a repetition', async () => {
    const row = await ordered();
    fixture.addFaults({ operation: 'createOrder', kind: 'error', when: 'after' });
    const before = fixture.countOrders();
    await expect(run(row)).rejects.toMatchObject({
      kind: 'upstream',
      message: expect.stringContaining('idempotency key'),
    });
    await run(row);
    expect(fixture.countOrders() - before).toBe(1);
  });

  test('is 502 permanently when the network refuses, without patient data in the text and the log', async () => {
    const row = await ordered();
    fixture.addFaults({ operation: 'createOrder', kind: 'error', status: 400 });
    for (let n = 0; n < 2; n++)
      await expect(run(row)).rejects.toMatchObject({
        kind: 'upstream',
        message: expect.stringContaining('refused'),
      });
    expect(log.join()).toContain('refused');
    // an id may contain the digits of a year
    const text = log.join().replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '');
    for (const value of ['Lovelace', 'ada@example.com', '5184731122', '1985']) expect(text).not.toContain(value);
  });

  test('ends in time when the network hangs', async () => {
    const row = await ordered();
    fixture.addFaults({ operation: 'createOrder', kind: 'slow', seconds: 120 });
    await expect(run(row)).rejects.toMatchObject({ kind: 'upstream' });
  });

  test('refuses a code that cannot be ordered before the order is stored', async () => {
    const row = await ordered({ code: { coding: [{ system: 'http://loinc.org', code: '2093-3' }] } });
    await expect(claim(row)).rejects.toMatchObject({
      kind: 'rule',
      issues: [{ expression: ['ServiceRequest.code'] }],
    });
  });
});

test('the external step of a physician returns the fields of the vendor', async () => {
  const practitioner: Resource = {
    resourceType: 'Practitioner',
    name: [{ given: ['Ann'], family: 'Lee' }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1777777773' }],
  };
  const { row } = await create(context, { type: 'Practitioner', draft: { resource: practitioner, exact: practitioner } });
  const claim = () =>
    out.externalSteps.physician.claim(context, { resourceId: row.id, id: row.id, key: 'NY', toResource: () => practitioner });
  const step = claimed(await claim());
  expect(await step.run(context)).toEqual({ junction_physician_id: null, status: 'pending' });
  expect(await step.complete!(context, undefined)).toBe(true);
  expect(await claim()).toEqual({ state: 'complete' });
});

test('what runs inside a transaction does not wait for the reading of accounts: the embedded engine has one connection', async () => {
  refresh = () => new Promise(() => {});
  const row = await ordered();
  const claims = await store.store.transaction(async (inside) => {
    const within = { ...context, store: inside };
    const of = (id: string) => ({ resourceId: id, id, key: 'CA', toResource: () => REQUEST });
    return [await out.externalSteps['lab-order'].claim(within, of(row.id)), await out.externalSteps.physician.claim(within, of('p'))];
  });
  expect(claims.map(({ state }) => state)).toEqual(['claimed', 'claimed']);
  refresh = async () => {};
});
