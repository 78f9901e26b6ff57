// The door out, put together: what the writes of a ServiceRequest bring with them, the ports that the vendors' doors wait for, and the worker.
import { businessRule, upstream } from '../fhir/outcome.ts';
import type { Caller, Context, WriteHook } from '../interactions/context.ts';
import type { ExternalStep, ExternalStepItem } from '../interactions/external-step.ts';
import type { JunctionAccount } from '../junction/account.ts';
import { createJunctionClient } from '../junction/client.ts';
import { createJunctionReader } from '../junction/reader.ts';
import { createCircuitBreaker } from '../messaging/circuit-breaker.ts';
import { type DeliveryHandlers, startDeliveryWorker } from '../orders/deliver/delivery-worker.ts';
import { createGate } from '../orders/deliver/gate.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { sendCancellation } from '../orders/deliver/send-cancellation.ts';
import { secondsUntilNextAttempt, sendNow } from '../orders/deliver/send-now.ts';
import { sendOrder } from '../orders/deliver/send-order.ts';
import type { EXTERNAL_STEPS } from '../orders/external-step-names.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import type { OrderRules } from '../orders/place/order-content.ts';
import { buildOrderDocumentation } from '../orders/place/order-documentation.ts';
import { findOrderEntry, ORDER_TOPIC } from '../orders/place/order-entry.ts';
import { buildServiceRequestWriteHook } from '../orders/place/service-request-write-hook.ts';
import { readNpi } from '../orders/place/signer.ts';
import { buildTaskWriteHook } from '../orders/place/task-write-hook.ts';
import type { OrderTracker, ResultMappings } from '../orders/track/order-tracker.ts';
import { startTrackingWorker } from '../orders/tracking-worker.ts';
import {
  createWebhookReceiver,
  WEBHOOK_BODY_LIMIT,
  WEBHOOK_PATHS,
  type WebhookEndpoint,
  type WebhookMessage,
} from '../orders/webhooks/receive.ts';
import {
  claimRegistration,
  completeRegistration,
  createPushDirectory,
  createRosterDirectory,
  guardDirectory,
  type PhysicianDirectory,
  type RegistrationResult,
  registerPhysician,
  releaseRegistration,
  waitForRegistration,
} from '../physicians/registration.ts';
import { type ActivateRegistration, createRosterChecker, queueRosterCheck, ROSTER_CHECK_TOPIC } from '../physicians/roster-check.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';

interface LabNetworkOptions extends OrderRules {
  /** The secrets webhooks may be signed with; asked for at each message. */
  webhookSecrets: () => string[];
  /** Asked for at each call: a sandbox's address is known only after it has started. Undefined: there is none, and what needs it is 502. */
  account: () => JunctionAccount | undefined;
  /** Where physicians are pushed (`{team_id}` is filled in); without it the team's roster is read. */
  physicianPath?: string | undefined;
  /** How results become resources. */
  results: ResultMappings;
}

/** What the roof has to give. `log` is told ids and reasons, nothing of a patient. */
export interface LabNetworkParts
  extends Pick<OrderSender, 'store' | 'clock' | 'newId' | 'log' | 'attemptMs'>,
    Pick<OrderTracker, 'webhook'> {
  contextOf(caller: Caller): Context;
  random?: () => number;
  /** Called after every attempt with its outcome. */
  attempted?: OrderSender['onAttempt'];
  /** Writes these fields of a registration that was answered before, where it says what it `said` then. */
  completeDeferred(
    context: Context,
    item: { port: string; id: string; key: string },
    what: { said: Record<string, unknown>; fields: Record<string, unknown> },
  ): Promise<'written' | 'changed' | 'gone'>;
}

export interface LabNetwork {
  /** What writes of these types bring with them. */
  writeHooks: Record<'ServiceRequest' | 'Task', WriteHook>;
  /** What the CapabilityStatement says of these types. */
  documentation: Record<'ServiceRequest', string>;
  /** By the names that mappings give them (`port:`). */
  ports: Record<(typeof EXTERNAL_STEPS)[number], ExternalStep>;
  /** Where the network tells us what happened. */
  hook: { paths: string[]; limit: number; receive(message: WebhookMessage): Promise<void> };
  /** Whether orders are held back because the network does not answer. */
  isCircuitOpen(): boolean;
  /** Starts to drain the outbox and to follow what was sent; call the answer to stop. */
  start(): () => Promise<void>;
}

export function buildLabNetwork(options: LabNetworkOptions, parts: LabNetworkParts): LabNetwork {
  const { account, systems, physicianPath } = options;
  const client = createJunctionClient(account);
  const sending: OrderSender = {
    random: Math.random,
    ...parts,
    createContext: parts.contextOf,
    onAttempt: parts.attempted,
    client,
    gate: createGate(createCircuitBreaker(), parts.clock),
    systems,
  };
  const following: OrderTracker = {
    ...sending,
    webhook: parts.webhook,
    reads: createJunctionReader(account),
    breaker: createCircuitBreaker(),
    results: options.results,
  };
  const directory = guardDirectory(
    sending,
    physicianPath === undefined ? createRosterDirectory(client) : createPushDirectory(client, physicianPath),
  );
  const listed: ActivateRegistration = (context, { id, key }, physicianId) =>
    parts.completeDeferred(
      context,
      { port: 'physician', id, key },
      { said: { status: 'pending' }, fields: toVendorFields({ id: physicianId, status: 'active' }) },
    );
  const senders: DeliveryHandlers = {
    [ORDER_TOPIC]: sendOrder,
    [CANCELLATION_TOPIC]: sendCancellation,
    [ROSTER_CHECK_TOPIC]: createRosterChecker(client, listed),
  };
  const door: WebhookEndpoint = { ...parts, secrets: options.webhookSecrets, teamId: () => account()?.teamId };
  return {
    writeHooks: { ServiceRequest: buildServiceRequestWriteHook(options), Task: buildTaskWriteHook(systems) },
    documentation: { ServiceRequest: buildOrderDocumentation(options.unorderable) },
    ports: { 'lab-order': orderStep(sending), physician: physicianStep(directory) },
    hook: { paths: WEBHOOK_PATHS, limit: WEBHOOK_BODY_LIMIT, receive: createWebhookReceiver(door) },
    isCircuitOpen: () => Number.isFinite(sending.gate.breaker.allows(sending.clock())),
    start: () => {
      const stops = [startDeliveryWorker(sending, senders), startTrackingWorker(following)];
      return async () => void (await Promise.all(stops.map((stop) => stop())));
    },
  };
}

/** Who sends an order is told by its entry in the outbox: nobody is kept out here. */
const orderStep = (sending: OrderSender): ExternalStep => ({
  claim: claimOrder,
  wait: async () => {},
  finish: (context, { row }) => finishOrder(sending, context, row),
  settle: async () => true,
  release: async () => {},
});

const physicianStep = (directory: PhysicianDirectory): ExternalStep => ({
  claim: claimRegistration,
  wait: waitForRegistration,
  async finish(context, item) {
    return toVendorFields(await registerPhysician(context, item, directory));
  },
  async settle(context, item, fields) {
    if (!(await completeRegistration(context, item))) return false;
    if (fields?.status === 'pending')
      await queueRosterCheck(context, { id: item.id, key: item.key, npi: readNpi(item.own(), context.clock().toISOString()) ?? '' });
    return true;
  },
  release: releaseRegistration,
});

/** What the vendor shows of a registration. */
const toVendorFields = ({ id, status }: RegistrationResult): Record<string, unknown> => ({ junction_physician_id: id, status });

/** The write hook has put it into the outbox; what it does not send cannot be answered with an order id. */
async function claimOrder({ store, caller }: Context, { row }: ExternalStepItem): Promise<{ state: 'open' }> {
  if (!(await findOrderEntry(store, caller.tenant, row.id)))
    throw businessRule('this code is not in the table of panels that can be ordered', 'ServiceRequest.code');
  return { state: 'open' };
}

async function finishOrder(sending: OrderSender, context: Context, row: ResourceRow): Promise<undefined> {
  const sent = await sendNow(sending, context, row.id);
  if (sent.result === 'accepted') return;
  if (sent.final) throw upstream(['the laboratory network refused the order', sent.why].filter(Boolean).join(': '));
  throw upstream(
    'the laboratory network has not confirmed the order yet: repeat the request with the same idempotency key',
    await secondsUntilNextAttempt(sending, context, row.id),
  );
}
