// Assembles a server over one open database; a running server and the tests in this process use it.

import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Administration } from '../administration/administration.ts';
import { listSurfacePrefixes } from '../administration/key-surfaces.ts';
import type { Config } from '../config.ts';
import { ALL_REFERENCES } from '../fhir/indexing/all-references.ts';
import { buildReadyRegistry } from '../fhir/search/ready-registry.ts';
import { SERVED_TYPES, type ServedType } from '../fhir/types.ts';
import type { AdminApi } from '../http/admin/router.ts';
import { type App, type AppDependencies, buildApp } from '../http/app.ts';
import { createAdmission } from '../http/middleware/admission.ts';
import { buildBaseUrlFinder, FHIR_PATH } from '../http/middleware/base-url.ts';
import { createRateLimiter } from '../http/middleware/rate-limit.ts';
import type { Caller, Context, WriteHook } from '../interactions/context.ts';
import { buildUnregisteredTypeHooks, type IndexState } from '../interactions/index-state.ts';
import { createPageTokens } from '../interactions/page-token.ts';
import { createProfiles, NO_PROFILE_CHECKS } from '../interactions/profiles.ts';
import { guardBinary } from '../interactions/redaction.ts';
import { buildLockingGuard, buildReferenceGuard } from '../interactions/reference-integrity.ts';
import { buildRelatedVersionHook } from '../interactions/related-version-hook.ts';
import { buildRowAccess } from '../interactions/row-access.ts';
import type { Mappings, Surface } from '../mapping/shape.ts';
import type { WebhookMetrics } from '../orders/track/order-tracker.ts';
import { RELEASE } from '../release.ts';
import { isCredentialEnded } from '../store/api-keys.ts';
import type { ClientRequest, Database } from '../store/database/database.ts';
import { observeStore } from '../store/observed-store.ts';
import { countRequests } from '../store/rate-windows.ts';
import { type RowAccess, restrictStore } from '../store/restricted-store.ts';
import { createStore, createStores } from '../store/sql-store.ts';
import type { TenantStore } from '../store/store.ts';
import { buildAccessTokens } from './access-tokens.ts';
import { buildAudit } from './audit.ts';
import { listMaintenanceWork, startBackgroundWork } from './background/background-work.ts';
import { createCallers } from './callers.ts';
import { buildCapabilityReaders } from './capability-statement.ts';
import { buildConsole } from './console.ts';
import type { DevKeyFile } from './development/dev-keys.ts';
import { buildIntegrations, type Integrations } from './integrations.ts';
import type { SyncCatalogue } from './lab-network.ts';
import type { Definitions } from './load-definitions.ts';
import { createIds } from './new-ids.ts';
import { buildServedDocuments } from './openapi-documents.ts';

interface ServerParts {
  config: Config;
  loaded: Definitions;
  database: Database;
  /** The same database on separate connections, for background work. Absent: `database`. */
  background?: Database;
  /** The state of the search index. Servers register their rules in it; commands only read it. */
  index: IndexState;
  log: Logger;
  /** Where clients reach this server: no path, no trailing slash. */
  baseUrl: string;
  clock?: () => Date;
  /** The maximum duration of one attempt to send an order, in ms. */
  attemptMs?: number;
  /** Called after each attempt to send an order or cancellation. */
  attempted?: (topic: string, state: string, account: string) => void;
  /** Called for each webhook. */
  webhook?: WebhookMetrics;
  /** Called after each notification to a subscriber. */
  notified?: (outcome: 'taken' | 'failed') => void;
  newId?: () => string;
  /** Called with the number of audit events that are lost. */
  auditLost?: (count: number) => void;
  /** Called for each request that is refused because too many of its tenant are in flight or its wait is too long. */
  refused?: () => void;
  /** Called with the number of requests that wait until fewer of their tenant run. */
  waiting?: (count: number) => void;
  /** The keys with which the console signs in by one click. Absent in production. */
  readDevelopmentKeys?: () => Promise<DevKeyFile>;
  /** For measurements only (scripts/measure-security.ts): requests are not recorded. */
  withoutAudit?: true;
}

/** The assembled server, not yet listening. */
export interface Facet {
  app: App;
  /** The same server with other mappings. Requests under way keep the mappings they began with. */
  appWith(mappings: Mappings): App;
  /** `request`: its statements wait in the queue of its tenant. */
  contextOf(caller: Caller, request?: ClientRequest): Context;
  /** For writes by the server and by operators. These writes are not validated against the profiles that a resource claims. */
  ownContextOf(caller: Caller): Context;
  /** For each lab account, whether its circuit breaker stops sending orders because the lab network does not respond. */
  listCircuits(): { account: string; isOpen: boolean }[];
  /** Fills the catalogue of a tenant from the lab network. */
  syncCatalogue: SyncCatalogue;
  /** Starts the delivery of orders and notifications, and the sandbox if there is no account. Call the result to stop. */
  startIntegrations(log: (line: string) => void, ownUrl?: string): Promise<() => Promise<void>>;
  /** Starts the maintenance of the database: reindexing, and deleting expired rows. Call the result to stop. */
  startMaintenance(): () => Promise<void>;
  /** Stores the audit events that are left. */
  closeAudit(): Promise<void>;
}

export async function assemble(parts: ServerParts): Promise<Facet> {
  const { config, loaded, database, index, log, baseUrl, clock = () => new Date(), newId = createIds() } = parts;
  const [fhirBase, maxBodyBytes] = [baseUrl + FHIR_PATH, config.bodyLimits.fhir];
  const registry = buildReadyRegistry(loaded.registry, index.isReady);
  const { store, forRequest: storeFor, background } = openStores(parts, { registry, baseUrl: fhirBase });
  const live = { hooks: new Map<ServedType, WriteHook[]>(), mappings: loaded.mappings };
  const profiles = createProfiles(loaded.profiles.checked, { now: () => clock().getTime() });
  const facts = { store, clock, newId, registry, findIndexRules: index.findRules, profiles, baseUrl: fhirBase, maxBodyBytes };
  const contextOf: Facet['contextOf'] = (caller, from) => ({ ...facts, caller, store: storeFor(caller, from), writeHooks: live.hooks });
  const ownContextOf = (caller: Caller): Context => ({ ...contextOf(caller), store: background.store, profiles: NO_PROFILE_CHECKS });
  const logFields = (fields: { error?: unknown }, text: string): void => log[fields.error === undefined ? 'info' : 'error'](fields, text);
  const isRevoked = (tenant: number, id: string) => isCredentialEnded(background.database, { tenant, id, at: clock().toISOString() });
  const dependencies = { clock, newId, ...pickReports(parts), isRevoked, mappings: () => live.mappings, log: logFields };
  const integrations = await buildIntegrations(config, loaded.profiles, { ...background, contextOf: ownContextOf, ...dependencies });
  const { findCaller, keyUsage } = createCallers(database, background.database, clock);
  const pageTokens = createPageTokens(await store.settings.getOrCreate('page-link-key', () => randomBytes(32).toString('base64')));
  const { accessTokens, readSmart, issuers } = await buildAccessTokens(config.issuers, { database, settings: store.settings, clock, log });
  const statement = { baseUrl: fhirBase, ...RELEASE, registry, bodyLimit: maxBodyBytes, readSmart, ...pickStated(config, integrations) };
  const limits = { ...buildRateLimits(config, database, clock), admit: createAdmission(parts) };
  const { audit, openAudit, closeAudit } = buildAudit({ ...parts, clock, log: logFields });
  const shared = { findCaller, openAudit, buildContext: contextOf, pageTokens, findBaseUrl: buildBaseUrlFinder(config.baseUrl, baseUrl) };
  const capabilities = buildCapabilityReaders(statement, profiles, store);
  const fhir = { ...shared, ...limits, accessTokens, capabilities, bodyLimit: maxBodyBytes };
  const consoleWith = await buildConsole({ ...pickConsole(parts), settings: store.settings, clock, api: fhir, issuers });
  const partsWith = (mappings: Mappings): AppDependencies => ({
    fhir,
    vendor: { ...withPrefixes(mappings), ...shared, ...limits, externalSteps: integrations.externalSteps, bodyLimit: config.bodyLimits.v1 },
    console: consoleWith(mappings),
    readDevelopmentKeys: parts.readDevelopmentKeys,
    admin: buildAdminApi({ findCaller, ...integrations }, { database, mappings, now: clock, contextOf: ownContextOf }),
    documents: buildServedDocuments({ registry, mappings }, { ...pickDescribed(config, integrations), baseUrl, ...limits }),
    webhooks: [integrations.hook],
    audit: parts.withoutAudit ? undefined : audit,
    ready: () => database.ping(),
    logFailure: (facts) => log.error(facts, 'unexpected error'),
    trustProxy: config.trustProxy,
  });
  const appWith = (mappings: Mappings): App => {
    live.mappings = mappings;
    live.hooks = combineWriteHooks(mappings, integrations, buildUnregisteredTypeHooks(index));
    return buildApp(partsWith(mappings));
  };
  const reindex = { reindexing: background.store.reindexing, registry, baseUrl: fhirBase, clock, owner: `server-${newId()}` };
  const indexWork = { state: index, options: reindex, log: logFields };
  const expiry = { ...background, clock, log: logFields, auditRetentionDays: config.auditRetentionDays };
  const startMaintenance = () => startBackgroundWork(listMaintenanceWork(indexWork, expiry, keyUsage));
  return { app: appWith(loaded.mappings), appWith, contextOf, ownContextOf, ...pickOperations(integrations), startMaintenance, closeAudit };
}

const pickOperations = ({ listCircuits, syncCatalogue, start }: Integrations) => ({
  listCircuits,
  syncCatalogue,
  startIntegrations: start,
});

const withPrefixes = (mappings: Mappings) => ({
  mappings,
  prefixes: Object.fromEntries(mappings.surfaces.map(({ name }) => [name, `/${name}`])),
});

const pickConsole = ({ config, database, readDevelopmentKeys }: ServerParts) => ({ config, database, readDevelopmentKeys });

const pickDescribed = ({ bodyLimits, console }: Config, { sandbox }: Integrations) => ({
  version: RELEASE.version,
  bodyLimits,
  console,
  sandbox: sandbox !== undefined,
});

/** The rate limits in force, and the function that counts requests. `rateLimit`: the limit of the FHIR API. */
function buildRateLimits({ rateLimits }: Config, database: Database, clock: () => Date) {
  const findRateLimit = ({ name, rateLimit }: Pick<Surface, 'name' | 'rateLimit'>) => (name in rateLimits ? rateLimits[name]! : rateLimit);
  const countRequest = createRateLimiter((window, requests) =>
    countRequests(database.forRequest(window.tenant, { safe: true }), { ...window, at: clock() }, requests),
  );
  return { countRequest, findRateLimit, rateLimit: findRateLimit({ name: 'fhir', rateLimit: null }) };
}

const pickStated = ({ strictReferences }: Config, { documentation }: Integrations) => ({ strictReferences, documentation });

const pickReports = ({ attempted, attemptMs, webhook, notified }: ServerParts) => ({ attempted, attemptMs, webhook, notified });

/** The stores, which enforce references if the configuration says so. The store of a request is restricted to the scopes of its caller. */
function openStores({ config, index, database, background = database }: ServerParts, facts: Pick<Context, 'registry' | 'baseUrl'>) {
  const { baseUrl } = facts;
  const options = { baseUrl, types: SERVED_TYPES, isIndexed: (type: ServedType) => index.isReady(type, ALL_REFERENCES.code) };
  const guard = config.strictReferences ? buildLockingGuard(options) : undefined;
  const { store, forRequest } = createStores(database, background, guard);
  return {
    store,
    forRequest: (caller: Caller, from?: ClientRequest) =>
      observe(restrict(forRequest(caller, from, guard && buildReferenceGuard(options, caller)), buildRowAccess(caller, facts)), from),
    background: { database: background, store: createStore(background, guard) },
  };
}

const observe = (store: TenantStore, from: ClientRequest | undefined): TenantStore =>
  from?.onAccess ? observeStore(store, from.onAccess) : store;

const restrict = (store: TenantStore, access: RowAccess | undefined): TenantStore => (access ? restrictStore(store, access) : store);

const combineWriteHooks = (
  { touches }: Mappings,
  { writeHooks }: Integrations,
  unregistered: [ServedType, WriteHook][],
): Map<ServedType, WriteHook[]> =>
  groupByType([
    ...touches.map(({ joinedType, findAbandonedOwners }): [ServedType, WriteHook] => [
      joinedType,
      buildRelatedVersionHook(findAbandonedOwners),
    ]),
    ['Binary', guardBinary],
    ...writeHooks,
    ...unregistered,
  ]);

/** The write hooks of each type, in the order given. */
function groupByType(list: [ServedType, WriteHook][]): Map<ServedType, WriteHook[]> {
  const writeHooks = new Map<ServedType, WriteHook[]>();
  for (const [type, hook] of list) writeHooks.set(type, [...(writeHooks.get(type) ?? []), hook]);
  return writeHooks;
}

const buildAdminApi = (
  { findCaller, sandbox }: Pick<AdminApi, 'findCaller' | 'sandbox'>,
  parts: Parameters<typeof buildAdministrationFor>[0],
): AdminApi => ({ findCaller, sandbox, buildAdministration: buildAdministrationFor(parts) });

/** The administration by the caller of a request. An operator administers all tenants, so its statements are not those of one tenant. */
const buildAdministrationFor =
  ({
    database,
    mappings,
    ...parts
  }: Pick<Administration, 'database' | 'mappings' | 'now' | 'contextOf'>): AdminApi['buildAdministration'] =>
  ({ tenant, actor }, request) => ({
    ...parts,
    mappings,
    database: database.forRequest(`administration ${tenant}`, request),
    keyPrefixes: listSurfacePrefixes(mappings.surfaces),
    by: { actor, via: 'admin' },
  });
