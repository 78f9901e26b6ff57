// A store, a sandbox and a sender under one manual clock, for tests of orders from the write to the outcome.
import { v7 } from 'uuid';
import type { SearchParameterResource } from '../../src/fhir/search/definitions.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { Caller, Context, WriteHook } from '../../src/interactions/context.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { update } from '../../src/interactions/update.ts';
import { rememberUsers } from '../../src/junction/remembered-users.ts';
import { createCircuitBreaker } from '../../src/messaging/circuit-breaker.ts';
import { ENVIRONMENT_ACCOUNT } from '../../src/orders/accounts/account-identity.ts';
import { type DeliveryHandlers, drainOutbox } from '../../src/orders/deliver/delivery-worker.ts';
import { createGate } from '../../src/orders/deliver/gate.ts';
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { sendCancellation } from '../../src/orders/deliver/send-cancellation.ts';
import { sendOrder } from '../../src/orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../../src/orders/place/cancellation.ts';
import type { OrderRules } from '../../src/orders/place/order-content.ts';
import { findOrderEntry, ORDER_TOPIC } from '../../src/orders/place/order-entry.ts';
import { buildTaskWriteHook } from '../../src/orders/place/order-task.ts';
import { buildServiceRequestWriteHook } from '../../src/orders/place/service-request-write-hook.ts';
import type { OutboxEntry } from '../../src/store/queues/outbox-entry.ts';
import { openSandboxFixture, type SandboxFixture } from '../junction-sandbox/sandbox-fixture.ts';
import type { TestStore } from '../store/open.ts';

export const PANEL_SYSTEM = 'http://example.org/CodeSystem/panels';
export const SYSTEMS = {
  order: 'http://example.org/order-id',
  transaction: 'http://example.org/transaction-id',
  sample: 'http://example.org/sample-id',
  status: 'http://example.org/order-status',
  completedAt: 'http://example.org/completed-at',
  qualifications: 'http://example.org/qualification',
  registrationStatus: 'http://example.org/StructureDefinition/registration-status',
  collectionMethod: 'http://example.org/StructureDefinition/collection-method',
  collectionMethods: 'http://example.org/collection-method',
  consents: 'http://example.org/consent',
  labAccount: 'http://example.org/lab-account',
  payor: 'http://example.org/payor',
  taskInput: 'http://example.org/task-input',
};
/** The systems of tests besides the panels. */
export const TEST_SYSTEMS = { labTests: 'http://example.org/lab-test', laboratories: 'http://example.org/laboratory/' };
export const ADA: Resource = {
  resourceType: 'Patient',
  id: 'ada',
  name: [{ given: ['Ada'], family: 'Lovelace' }],
  birthDate: '1985-12-10',
  gender: 'female',
  telecom: [
    { system: 'phone', value: '+15184731122' },
    { system: 'email', value: 'ada@example.com' },
  ],
  address: [{ line: ['1 Main St'], city: 'Albany', state: 'NY', postalCode: '12207', country: 'US' }],
};

/** The maximum number of concurrent requests of the account. */
export const CONCURRENCY = 4;

/** A request that becomes an order. */
export const REQUEST: Resource = {
  resourceType: 'ServiceRequest',
  status: 'active',
  intent: 'order',
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
  code: { coding: [{ system: PANEL_SYSTEM, code: 'pcos' }] },
  subject: { reference: 'Patient/ada' },
};

/** Finds catalogue entries by code. */
const CATALOGUE_CODE: SearchParameterResource = {
  url: 'http://example.org/SearchParameter/activity-definition-code',
  code: 'code',
  base: ['ActivityDefinition'],
  type: 'token',
  expression: 'ActivityDefinition.code',
};

/** Finds the physicians who are registered in a state. */
const REGISTERED_STATE: SearchParameterResource = {
  url: 'http://example.org/SearchParameter/practitioner-registered-state',
  code: 'registered-state',
  base: ['Practitioner'],
  type: 'token',
  expression: `Practitioner.qualification.where(extension('${SYSTEMS.registrationStatus}').where(value = 'active').exists()).extension('http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification').extension('whereValid').value.ofType(CodeableConcept)`,
};

export interface OrderFixture extends SandboxFixture {
  tenant: number;
  context: Context;
  /** The panels that can be ordered; a test may change them, as a deployment would. */
  panels: Record<string, string[]>;
  /** The rules for orders. */
  rules: OrderRules;
  sender: OrderSender;
  /** The sender of another process. */
  createSender(): OrderSender;
  advance(seconds: number): void;
  put(resource: Resource): Promise<void>;
  read(type: ServedType, id: string): Promise<Resource>;
  entry(id: string): Promise<OutboxEntry | undefined>;
  /** The Tasks of a request. */
  tasks(id: string): Promise<Resource[]>;
  /** Sends what is due, once. `budgetMs`: the time limit of each attempt. */
  drain(sender?: OrderSender, budgetMs?: number): Promise<number>;
  /** Sends what is due in rounds, a minute apart, until nothing is left. */
  drainAll(): Promise<void>;
  close(): Promise<void>;
}

/** The time limit for attempts that are not meant to be late, also on a busy machine. */
const PATIENCE_MS = 60_000;
/** The longest pause of sending after an outage, in minutes. */
const LONGEST_PAUSE = 5;
let tenants = 0;

/** Opens a fixture in a store that other tests used before: with an empty outbox and a new tenant. `budgetMs`: the time limit of an attempt. `unorderable`: see OrderRules. */
export async function openOrderFixture(
  { store, database }: TestStore,
  budgetMs = PATIENCE_MS,
  unorderable: OrderRules['unorderable'] = 'reject',
): Promise<OrderFixture> {
  await database.script('delete from outbox; delete from outbox_event');
  const tenant = ++tenants;
  let now = Date.parse('2026-11-21T12:00:00.000Z');
  const clock = () => new Date(now);
  const fixture = await openSandboxFixture(clock);
  const panels = { ...fixture.sandbox.panels };
  const table = { system: PANEL_SYSTEM, panels, ...TEST_SYSTEMS };
  const account: OrderRules['account'] = {
    ...ENVIRONMENT_ACCOUNT,
    defaultLabAccount: undefined,
    allowedLabAccounts: undefined,
    defaultPhysicians: {},
    physicians: 'optional',
    noteLimit: 120,
  };
  const rules: OrderRules = { table, systems: SYSTEMS, account, unorderable };
  const registry = buildRegistry([CATALOGUE_CODE, REGISTERED_STATE]);
  const writeHooks = new Map<ServedType, WriteHook[]>([
    ['ServiceRequest', [buildServiceRequestWriteHook(SYSTEMS, () => rules)]],
    ['Task', [buildTaskWriteHook(SYSTEMS)]],
  ]);
  const contextOf = (caller: Caller): Context => ({
    store,
    caller,
    clock,
    newId: v7,
    writeHooks,
    registry,
    profiles: NO_PROFILE_CHECKS,
    baseUrl: 'http://facet.test/fhir/R4',
  });
  const context = contextOf({ tenant, actor: 'test', surface: 'fhir', scopes: ['*'] });
  const createSender = (): OrderSender => ({
    account: ENVIRONMENT_ACCOUNT,
    client: rememberUsers(fixture.client, () => ({ apiKey: fixture.sandbox.apiKey, baseUrl: fixture.sandbox.url })),
    gate: createGate(createCircuitBreaker(), clock, () => CONCURRENCY),
    store,
    clock,
    newId: v7,
    random: Math.random,
    createContext: contextOf,
    systems: SYSTEMS,
    log: () => {},
  });
  const sendersWithin = (ms: number): DeliveryHandlers => ({
    [ORDER_TOPIC]: (sender, leased) => sendOrder(sender, leased, ms),
    [CANCELLATION_TOPIC]: sendCancellation,
  });
  /** Without faults, attempts get enough time on a busy machine. */
  const patient = sendersWithin(PATIENCE_MS);
  const firstSender = createSender();
  const read = async (type: ServedType, id: string) => JSON.parse((await store.read(tenant, type, id))!.body!) as Resource;
  const drainOnce = (sender = firstSender, ms = budgetMs) => drainOutbox({ sender, handlers: sendersWithin(ms) });
  const task = async (id: string) => {
    const entry = await findOrderEntry(store, tenant, id);
    return entry ? [await read('Task', JSON.parse(entry.payload).task)] : [];
  };
  return {
    ...fixture,
    tenant,
    context,
    panels,
    rules,
    sender: firstSender,
    createSender,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    put: async (resource) => {
      await update(context, {
        type: resource.resourceType as ServedType,
        id: resource.id!,
        draft: { resource, exact: resource },
      });
    },
    read,
    entry: (id) => findOrderEntry(store, tenant, id),
    tasks: task,
    drain: drainOnce,
    drainAll: async () => {
      for (let round = 0; round < 60; round++) {
        if ((await drainOutbox({ sender: firstSender, handlers: patient })) === 0 && round > LONGEST_PAUSE) return;
        now += 61_000;
      }
      throw new Error('the outbox does not become empty');
    },
    close: () => fixture.sandbox.close(),
  };
}
