// Assembles the connection to the lab network: write hooks of orders, external steps of vendors' requests, the webhook endpoint, and background work.
import type { ServedType } from '../fhir/types.ts';
import type { Caller, Context, WriteHook } from '../interactions/context.ts';
import type { JunctionAccount } from '../junction/account.ts';
import { createJunctionCatalogueReader } from '../junction/catalogue-reader.ts';
import { createJunctionClient } from '../junction/client.ts';
import { createJunctionReader } from '../junction/reader.ts';
import type { Mappings } from '../mapping/shape.ts';
import { createCircuitBreaker } from '../messaging/circuit-breaker.ts';
import type { CatalogueSystems } from '../orders/catalogue/catalogue-entry.ts';
import { type SyncOptions, syncCatalogue } from '../orders/catalogue/sync-catalogue.ts';
import type { DeliveryHandlers } from '../orders/deliver/delivery-worker.ts';
import { createGate } from '../orders/deliver/gate.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { sendCancellation } from '../orders/deliver/send-cancellation.ts';
import { sendOrder } from '../orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import type { OrderRules } from '../orders/place/order-content.ts';
import { buildOrderDocumentation } from '../orders/place/order-documentation.ts';
import { ORDER_TOPIC } from '../orders/place/order-entry.ts';
import { buildTaskWriteHook } from '../orders/place/order-task.ts';
import { buildServiceRequestWriteHook } from '../orders/place/service-request-write-hook.ts';
import type { OrderTracker, ResultMappings } from '../orders/track/order-tracker.ts';
import {
  createWebhookReceiver,
  WEBHOOK_BODY_LIMIT,
  WEBHOOK_PATHS,
  type WebhookEndpoint,
  type WebhookMessage,
} from '../orders/webhooks/receive.ts';
import { createPushDirectory, createRosterDirectory, guardDirectory } from '../physicians/registration.ts';
import { createRosterChecker, ROSTER_CHECK_TOPIC } from '../physicians/roster-check.ts';
import type { OrderWork } from './background/background-work.ts';
import { buildActivateRegistration, buildExternalSteps, type ExternalSteps } from './external-steps.ts';

interface LabNetworkOptions extends OrderRules {
  /** Returns the accepted webhook secrets; called for each message. */
  webhookSecrets: () => string[];
  /** Returns the account; called for each request, because the address of a sandbox is known only after its start. Undefined: no account, so requests that need one fail with 502. */
  account: () => JunctionAccount | undefined;
  /** The path of Junction's API that physicians are sent to (`{team_id}` is replaced). Absent: the team's roster is read. */
  physicianPath?: string | undefined;
  /** The mappings that turn results into resources. */
  results: ResultMappings;
  catalogue: CatalogueSystems;
}

/** What the composition root provides. `log` receives ids and reasons, never patient data. */
export interface LabNetworkParts
  extends Pick<OrderSender, 'store' | 'clock' | 'newId' | 'log' | 'attemptMs'>,
    Pick<OrderTracker, 'webhook'> {
  contextOf(caller: Caller): Context;
  random?: () => number;
  /** Called after every attempt with its outcome. */
  attempted?: OrderSender['onAttempt'];
  /** The mappings in force. */
  mappings(): Pick<Mappings, 'shapes'>;
}

export type SyncCatalogue = (context: Context, options: Pick<SyncOptions, 'isDryRun' | 'progress'>) => ReturnType<typeof syncCatalogue>;

/** The timeout of one request for a page of the catalogue, in ms. */
const CATALOGUE_READ_MS = 30_000;

export interface LabNetwork {
  /** The write hooks by type. */
  writeHooks: [ServedType, WriteHook][];
  /** The documentation of these types in the CapabilityStatement. */
  documentation: Record<'ServiceRequest', string>;
  externalSteps: ExternalSteps;
  /** The webhook endpoint. */
  hook: { paths: string[]; limit: number; receive(message: WebhookMessage): Promise<void> };
  /** Whether the circuit breaker stops sending orders because the lab network does not respond. */
  isCircuitOpen(): boolean;
  /** Fills the caller's catalogue from the lab network. */
  syncCatalogue: SyncCatalogue;
  /** For the background work. */
  work: OrderWork;
}

export function buildLabNetwork(options: LabNetworkOptions, parts: LabNetworkParts): LabNetwork {
  const { account, systems, physicianPath, catalogue } = options;
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
  const tracker: OrderTracker = {
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
  const senders: DeliveryHandlers = {
    [ORDER_TOPIC]: sendOrder,
    [CANCELLATION_TOPIC]: sendCancellation,
    [ROSTER_CHECK_TOPIC]: createRosterChecker(client, buildActivateRegistration(parts.mappings)),
  };
  const reader = createJunctionCatalogueReader(account, () => AbortSignal.timeout(CATALOGUE_READ_MS));
  const webhookEndpoint: WebhookEndpoint = { ...parts, secrets: options.webhookSecrets, teamId: () => account()?.teamId };
  return {
    writeHooks: [
      ['ServiceRequest', buildServiceRequestWriteHook(options)],
      ['Task', buildTaskWriteHook(systems)],
    ],
    documentation: { ServiceRequest: buildOrderDocumentation(options.unorderable) },
    externalSteps: buildExternalSteps(sending, directory),
    hook: { paths: WEBHOOK_PATHS, limit: WEBHOOK_BODY_LIMIT, receive: createWebhookReceiver(webhookEndpoint) },
    isCircuitOpen: () => Number.isFinite(sending.gate.breaker.allows(sending.clock())),
    syncCatalogue: (context, request) => syncCatalogue(context, { reader, systems: catalogue, ...request }),
    work: { sender: sending, handlers: senders, tracker },
  };
}
