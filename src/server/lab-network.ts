// Assembles the connection to the lab network: write hooks of orders, external steps of vendors' requests, the webhook endpoint, and background work.
import { unavailable } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Caller, Context, WriteHook } from '../interactions/context.ts';
import { createJunctionCatalogueReader } from '../junction/catalogue-reader.ts';
import type { Mappings } from '../mapping/shape.ts';
import type { AccountDirectory } from '../orders/accounts/account-directory.ts';
import type { CatalogueSystems } from '../orders/catalogue/catalogue-entry.ts';
import { type SyncOptions, syncCatalogue } from '../orders/catalogue/sync-catalogue.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { withTenantNames } from '../orders/log-fields.ts';
import type { OrderRules } from '../orders/place/order-content.ts';
import { buildOrderDocumentation } from '../orders/place/order-documentation.ts';
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
import { type AccountRuntimes, createAccountRuntimes } from './account-runtimes.ts';
import type { OrderWork } from './background/background-work.ts';
import { buildActivateRegistration, buildExternalSteps, type ExternalSteps } from './external-steps.ts';

interface LabNetworkOptions extends Pick<OrderRules, 'systems'> {
  accounts: AccountDirectory;
  /** The code systems of tests. */
  tables: Omit<OrderRules['table'], 'panels'>;
  /** How active laboratory requests that cannot be ordered are treated where orders can be sent. */
  unorderable: Exclude<OrderRules['unorderable'], 'store'>;
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
  /** Called after every attempt with its outcome and the name of the account. */
  attempted?: ((topic: string, state: string, account: string) => void) | undefined;
  /** The mappings in force. */
  mappings(): Pick<Mappings, 'shapes'>;
}

export type SyncCatalogue = (context: Context, options: Pick<SyncOptions, 'isDryRun' | 'progress'>) => ReturnType<typeof syncCatalogue>;

/** The timeout of one request for a page of the catalogue, in ms. */
const CATALOGUE_READ_MS = 30_000;

export interface LabNetwork extends Pick<AccountRuntimes, 'listCircuits'> {
  /** The write hooks by type. */
  writeHooks: [ServedType, WriteHook][];
  /** The documentation of these types in the CapabilityStatement. */
  documentation: Record<'ServiceRequest', string>;
  externalSteps: ExternalSteps;
  /** The webhook endpoint. */
  hook: { paths: string[]; limit: number; receive(message: WebhookMessage): Promise<void> };
  /** Fills the caller's catalogue from the lab network of the tenant's account. */
  syncCatalogue: SyncCatalogue;
  /** For the background work. */
  work: OrderWork;
}

export function buildLabNetwork(options: LabNetworkOptions, given: LabNetworkParts): LabNetwork {
  const { accounts, systems, results } = options;
  const parts = { ...given, log: withTenantNames(accounts.findTenantName, given.log) };
  const runtimes = createAccountRuntimes({
    random: Math.random,
    ...parts,
    accounts,
    createContext: parts.contextOf,
    systems,
    results,
    activateRegistration: buildActivateRegistration(parts.mappings),
  });
  const endpoint: WebhookEndpoint = { ...parts, accounts };
  return {
    writeHooks: [
      ['ServiceRequest', buildServiceRequestWriteHook(systems, (tenant) => findOrderRules(options, tenant))],
      ['Task', buildTaskWriteHook(systems)],
    ],
    documentation: { ServiceRequest: buildOrderDocumentation(accounts.list().length ? options.unorderable : 'store') },
    externalSteps: buildExternalSteps(accounts, runtimes),
    hook: { paths: WEBHOOK_PATHS, limit: WEBHOOK_BODY_LIMIT, receive: createWebhookReceiver(endpoint) },
    listCircuits: runtimes.listCircuits,
    syncCatalogue: (context, request) => syncCatalogueOf(options, context, request),
    work: { ...parts, accounts, runtimes },
  };
}

const syncCatalogueOf = async (
  { accounts, catalogue }: LabNetworkOptions,
  context: Context,
  request: Parameters<SyncCatalogue>[1],
): ReturnType<SyncCatalogue> => {
  await accounts.refresh();
  const connection = () => accounts.findOfTenant(context.caller.tenant)?.junction;
  const reader = createJunctionCatalogueReader(connection, () => AbortSignal.timeout(CATALOGUE_READ_MS));
  return syncCatalogue(context, { reader, systems: catalogue, ...request });
};

/** Where nothing can be sent at all, a laboratory request is stored like any other resource. */
function findOrderRules(options: LabNetworkOptions, tenant: number): OrderRules {
  const { accounts, tables, systems, unorderable } = options;
  const account = accounts.findOfTenant(tenant);
  const isAnyAccount = accounts.list().length > 0;
  if (isAnyAccount && !account && accounts.findTenantName(tenant) === undefined) throw unavailable(NEW_TENANT_TEXT, 1);
  return {
    account,
    table: { ...tables, panels: account?.panels ?? {} },
    systems,
    unorderable: isAnyAccount ? unorderable : 'store',
  };
}

const NEW_TENANT_TEXT =
  'this tenant was created a moment ago, and its account at the lab network has not been read yet: send the request again';
