// Starts the server: binds the port, opens and migrates the database, prints the URLs. Stops it without dropping a request.
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { administer, buildAdminContext } from './cli/admin.ts';
import type { AdminRequest, CommandOutput, CommandPart } from './cli/admin-command.ts';
import type { Config } from './config.ts';
import { compileSchemasOf } from './fhir/validation/validate.ts';
import { createBoundedServer } from './http/bounded-server.ts';
import { createDrain, type Drain } from './http/drain.ts';
import { openIndexState } from './interactions/index-state.ts';
import type { MetricSources } from './observability/installation-metrics.ts';
import type { Metrics } from './observability/metrics-endpoint.ts';
import type { Tracing } from './observability/tracing.ts';
import { ORDERING_TYPES } from './orders/ordering-types.ts';
import { ROOT } from './root.ts';
import { assemble, type Facet } from './server/assemble.ts';
import { checkRateLimits } from './server/check-rate-limits.ts';
import { checkServedTypes, listMappedTypes } from './server/check-served-types.ts';
import { readDemo, seedDemo } from './server/development/demo.ts';
import { type DevKeys, ensureDevKeys, readDevKeys } from './server/development/dev-keys.ts';
import { useSandboxOf } from './server/development/own-sandbox.ts';
import { startTestClock } from './server/development/test-clock.ts';
import { watchMappings } from './server/development/watch-mappings.ts';
import { listen } from './server/listen.ts';
import { type Definitions, loadDefinitions } from './server/load-definitions.ts';
import { openServerDatabases } from './server/open-migrated-databases.ts';
import { printStartMessage } from './server/start-message.ts';
import type { WorkerRole } from './server/workers/role.ts';
import { type DirectoryLock, lockDirectory } from './store/database/data-directory.ts';
import type { Database } from './store/database/database.ts';
import { createReindexing } from './store/reindexing.ts';
import { findStoredTypes } from './store/resources/read.ts';

/** A listening server. `close` finishes the requests under way. */
export interface RunningServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

interface StartOptions {
  /** Mappings are reloaded when their files change. */
  watch?: boolean;
  /** Absent: this process is the only one of the server. */
  role?: WorkerRole;
}

/** From an empty directory to a listening server. `print` prints a line for people. */
export async function startServer(
  given: Config,
  print: (line: string) => void,
  { watch, role }: StartOptions = {},
): Promise<RunningServer> {
  const config = role?.sandbox ? useSandboxOf(given, role.sandbox) : given;
  const watched = watch ? watchMappings(config.mappings) : undefined;
  const loaded = loadDefinitions(config);
  checkRateLimits(config, loaded.mappings.surfaces);
  const serving: CurrentHandlers = { answer: answerStarting, operate: refuseCommand };
  const { log, metrics, tracing } = await observe(config, role);
  const drain = createDrain(buildListener(serving, { metrics, tracing }));
  const server = createBoundedServer(config, drain.listener);
  const steps: CloseStep[] = tracing ? [tracing.close] : [];
  try {
    const lock = await lockDataDirectory(config, (request, output) => serving.operate(request, output));
    if (lock) steps.unshift(() => lock.release());
    const bind = () => listen(server, { port: config.port }, 'stop the other server, or choose another with PORT');
    // Bound before anything is created or printed, so that the printed URLs have the real port. A further worker gets no requests until it can answer them.
    const port = role?.port ?? (await bind());
    const baseUrl = config.baseUrl ?? `http://localhost:${port}`;
    const { database, background } = await openDatabases(config, { lock, tracing, steps });
    await checkServedTypes(config, loaded.mappings, (types) => findStoredTypes(database, types));
    const clock = await startClock(config, steps);
    const index = await openIndexState(createReindexing(background), loaded.registry, clock());
    const options = { ...metrics?.reports, ...pickDevelopment(config) };
    const facet = await assemble({ config, loaded, database, background, index, log, baseUrl, clock, ...options });
    steps.unshift(facet.closeAudit);
    const sources = { database: background, clock, listCircuits: facet.listCircuits, load: database.queueLoad };
    steps.unshift(await exposeMetrics(metrics, sources, { config, role, print }));
    const operateWith = (latest: Definitions): Commands => {
      const context = buildAdminContext(facet, latest, { config, now: clock });
      return (request, output) => administer(background, request, { ...context, ...output });
    };
    serving.operate = operateWith(loaded);
    const keys = config.production || role?.port !== undefined ? undefined : await createDemoTenants(config, loaded, database, facet);
    steps.unshift(await facet.startIntegrations(print, `http://127.0.0.1:${port}`));
    steps.unshift(facet.startMaintenance());
    serving.answer = facet.app;
    if (role?.port !== undefined) await bind();
    await printStartMessage({ config, loaded, database, keys, baseUrl, port, print });
    void compileSchemasOf(new Set([...ORDERING_TYPES, ...listMappedTypes(loaded.mappings)]));
    const reload = async (next: Definitions): Promise<void> => {
      serving.operate = operateWith(next);
      if ((role?.number ?? 1) === 1) await ensureDevKeys(database, config.dataDir, next.keyPrefixes);
      serving.answer = facet.appWith(next.mappings);
    };
    if (watched) steps.unshift(watched.serve({ print, reload }));
    return { url: baseUrl, port, close: () => waitForDrain(drain, config).then(() => closeAll(server, steps)) };
  } catch (error) {
    await closeAll(server, watched ? [watched.stop, ...steps] : steps);
    throw error;
  }
}

interface Observability {
  log: Logger;
  metrics: Metrics | undefined;
  tracing: Tracing | undefined;
}

/** Metrics and traces are loaded only if they are configured. The log lines of a worker have its number. */
async function observe(config: Config, role: WorkerRole | undefined): Promise<Observability> {
  const metrics = config.metrics && (await import('./observability/metrics-endpoint.ts')).createMetrics();
  const withNumber = (log: Logger): Logger => (role ? log.child({ worker: role.number }) : log);
  if (!config.tracing) return { log: withNumber(pino({ level: config.logLevel })), metrics, tracing: undefined };
  const { createTracing } = await import('./observability/tracing.ts');
  const tracing = createTracing(config.tracing, (fields, text) => log.error(fields, text));
  const log = withNumber(pino({ level: config.logLevel, mixin: tracing.readLogFields }));
  return { log, metrics, tracing };
}

/** Serves the metrics. A worker sends them to the primary process, and prints what that process serves. */
async function exposeMetrics(
  metrics: Metrics | undefined,
  sources: MetricSources,
  { config, role, print }: { config: Config; role: WorkerRole | undefined; print(line: string): void },
): Promise<CloseStep> {
  for (const line of role?.lines ?? []) print(line);
  if (role) metrics?.report(sources);
  if (role || !metrics || !config.metrics) return async () => {};
  const endpoint = await metrics.serve(config.metrics, sources);
  print(`Metrics: ${endpoint.url}`);
  return () => endpoint.close();
}

/** The time, or in a test the time of its clock. */
async function startClock({ testClock: url }: Config, steps: CloseStep[]): Promise<() => Date> {
  if (url === undefined) return () => new Date();
  const testClock = await startTestClock(url);
  steps.unshift(() => testClock.stop());
  return testClock.now;
}

/** The tenants of a development server, with their keys and the demo data. /readyz returns 200 afterwards: a script that waits for it finds both. */
async function createDemoTenants(config: Config, loaded: Definitions, database: Database, facet: Facet): Promise<DevKeys> {
  const keys = await ensureDevKeys(database, config.dataDir, loaded.keyPrefixes);
  const context = facet.contextOf({ tenant: keys.demo!.tenant, actor: 'start', surface: 'fhir', scopes: ['*'] });
  await seedDemo(context, readDemo(join(ROOT, 'mappings')));
  return keys;
}

/** The keys for the console's sign-in by one click. */
const pickDevelopment = ({ production, dataDir }: Config) => (production ? {} : { readDevelopmentKeys: () => readDevKeys(dataDir) });

type CloseStep = () => Promise<void>;

/** The current handlers of requests and commands; replaced when the server is ready, and when mappings are reloaded. */
interface CurrentHandlers {
  answer: RequestListener;
  operate: Commands;
}

const buildListener =
  (serving: CurrentHandlers, { metrics, tracing }: Pick<Observability, 'metrics' | 'tracing'>): RequestListener =>
  (req, res) => {
    metrics?.observe(req, res);
    if (tracing) tracing.traceRequest(req, res, () => void serving.answer(req, res));
    else serving.answer(req, res);
  };

type Commands = (request: AdminRequest, output: CommandOutput) => Promise<string[]>;

/** The response to every request until the server is ready. */
const answerStarting: RequestListener = (_req, res) => {
  res
    .writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '1' })
    .end('{"error":"unavailable","message":"the server is starting"}');
};

/** The embedded database is locked before anything else. The socket of the lock also receives the commands of the CLI. */
async function lockDataDirectory({ databaseUrl, dataDir }: Config, commands: Commands): Promise<DirectoryLock | undefined> {
  if (databaseUrl !== undefined) return undefined;
  return lockDirectory(dataDir, (request, sendPart) => {
    const send = (part: CommandPart): Promise<void> => sendPart(part);
    // a person who has left needs no progress
    const output = { print: (line: string) => send({ line }), progress: (text: string) => void send({ progress: text }).catch(() => {}) };
    return commands(request as AdminRequest, output);
  });
}

async function openDatabases(config: Config, { lock, tracing, steps }: DatabaseUse) {
  const opened = await openServerDatabases(toServerLocation(config, lock), config.workers);
  steps.unshift(opened.close);
  return tracing?.traceDatabases(opened) ?? opened;
}

interface DatabaseUse {
  lock: DirectoryLock | undefined;
  tracing: Tracing | undefined;
  steps: CloseStep[];
}

const toServerLocation = ({ databaseUrl, preparedStatements, rls: tenantWall }: Config, lock: DirectoryLock | undefined) =>
  lock ? { embedded: lock, tenantWall } : { url: databaseUrl!, preparedStatements, tenantWall };

async function refuseCommand(): Promise<string[]> {
  throw new Error('the server is starting: try again in a moment');
}

/** Gives load balancers time to notice that the server stops, and clients time to close their connections. */
async function waitForDrain(drain: Drain, { drainSeconds }: Config): Promise<void> {
  drain.begin();
  await delay(drainSeconds * 1000);
}

/** How long a request may take to finish once the server is stopping, in ms. Longer than the attempt to send an order within a request. */
const GRACE_MS = 15_000;
const IDLE_CHECK_MS = 50;

/** Stops accepting requests, finishes those under way, then runs the steps in order. */
async function closeAll(server: Server, steps: CloseStep[]): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(grace);
  for (const step of steps) await step();
}
