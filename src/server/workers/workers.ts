// Several processes that serve on one port. The primary process serves no requests and opens no database: it starts the workers, starts one again that has ended,
// and has what exists once: the metrics endpoint and the sandbox. docs/decisions/0057-workers.md
import cluster, { type Worker } from 'node:cluster';
import { type Logger, pino } from 'pino';
import type { Config } from '../../config.ts';
import { isObject } from '../../fhir/json-values.ts';
import type { Sandbox } from '../../junction-sandbox/server.ts';
import { toMessage } from '../../mapping/diagnostics.ts';
import { nextRetryAt } from '../../messaging/retry-policy.ts';
import type { SummedMetrics } from '../../observability/worker-metrics.ts';
import { describeSandbox, startOwnSandbox, toSandboxAccess } from '../development/own-sandbox.ts';
import { startTestClock } from '../development/test-clock.ts';
import type { WorkerReport, WorkerRole } from './role.ts';

/** A worker that ends within this time of its start, in ms, is started again later each time. Otherwise it is started again at once. */
const SOON_MS = 60_000;

/** What the primary process has once for all workers. */
interface SharedParts {
  metrics: SummedMetrics | undefined;
  sandbox: Sandbox | undefined;
  /** For the start message. */
  lines: string[];
  close(): Promise<void>;
}

/** Starts the workers and resolves when the first one serves. Throws if it cannot start. `close` stops all of them without dropping a request. */
export async function startWorkers(config: Config): Promise<{ close(): Promise<void> }> {
  const shared = await startSharedParts(config);
  const workers = new Workers(config, shared);
  // a second signal, or a fault of this process, ends the workers as well
  process.once('exit', () => workers.kill());
  try {
    await workers.start();
  } catch (error) {
    await shared.close();
    throw error;
  }
  return {
    async close() {
      await workers.stop();
      await shared.close();
    },
  };
}

async function startSharedParts(config: Config): Promise<SharedParts> {
  const metrics = config.metrics && (await import('../../observability/worker-metrics.ts')).sumMetrics();
  const endpoint = config.metrics && metrics && (await serveSum(config.metrics, metrics));
  const clock = config.testClock === undefined ? undefined : await startTestClock(config.testClock);
  const sandbox = await startOwnSandbox(config, clock?.now ?? (() => new Date()));
  return {
    metrics,
    sandbox,
    lines: [...(endpoint ? [`Metrics: ${endpoint.url}`] : []), ...(sandbox ? [describeSandbox(sandbox)] : [])],
    close: async () => void (await Promise.all([endpoint?.close(), sandbox?.close(), clock?.stop()])),
  };
}

const serveSum = async (address: NonNullable<Config['metrics']>, { read }: SummedMetrics) =>
  (await import('../../observability/metrics-endpoint.ts')).serveMetrics(address, read);

interface RunningWorker {
  worker: Worker;
  ended: Promise<void>;
}

class Workers {
  private readonly config: Config;
  private readonly shared: SharedParts;
  private readonly log: Logger;
  private readonly running = new Map<number, RunningWorker>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** By number: how often in a row the worker has ended soon after its start. */
  private readonly failures = new Map<number, number>();
  private port: number | undefined;
  private isStopping = false;

  constructor(config: Config, shared: SharedParts) {
    this.config = config;
    this.shared = shared;
    this.log = pino({ level: config.logLevel });
  }

  /** The others start when the first one has migrated the database and serves. */
  async start(): Promise<void> {
    this.port = await this.fork(1);
    const { sandbox } = this.shared;
    if (sandbox) sandbox.state.webhooks.url = await findWebhookUrl(this.port);
    for (let number = 2; number <= this.config.workers; number++) this.startAnother(number);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    const running = [...this.running.values()];
    for (const { worker } of running) worker.process.kill('SIGTERM');
    await Promise.all(running.map(({ ended }) => ended));
  }

  kill(): void {
    this.isStopping = true;
    for (const { worker } of this.running.values()) worker.process.kill('SIGKILL');
  }

  /** Resolves with the port when the worker serves. Rejects if it ends before. */
  private fork(number: number): Promise<number> {
    const { port, shared } = this;
    const worker = cluster.fork();
    const role: WorkerRole = { number, lines: shared.lines, sandbox: shared.sandbox && toSandboxAccess(shared.sandbox) };
    worker.send(port === undefined ? role : { ...role, port });
    const startedAt = performance.now();
    const ready = waitForReady(worker);
    const ended = waitForEnd(worker).then((how) => {
      this.running.delete(number);
      const facts = { worker: number, workerPid: worker.process.pid, ...how };
      if (this.port !== undefined && !this.isStopping) this.startAgain(number, performance.now() - startedAt, facts);
    });
    this.running.set(number, { worker, ended });
    return ready.then((port) => {
      shared.metrics?.add(worker);
      return port;
    });
  }

  private startAnother(number: number): void {
    this.fork(number).then(
      () => this.log.info({ worker: number }, 'a worker serves'),
      (error: unknown) => this.log.error({ worker: number, error: toMessage(error) }, 'a worker cannot start'),
    );
  }

  private startAgain(number: number, ranMs: number, facts: Record<string, unknown>): void {
    const failures = ranMs < SOON_MS ? (this.failures.get(number) ?? 0) + 1 : 0;
    this.failures.set(number, failures);
    const now = new Date();
    const at = failures === 0 ? now : nextRetryAt('worker-restart', { failures: failures - 1 }, { now, random: Math.random() });
    const inMs = Math.round(at.getTime() - now.getTime());
    this.log[facts.code === 0 ? 'info' : 'error']({ ...facts, inMs }, 'a worker has ended and is started again');
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.startAnother(number);
    }, inMs);
    this.timers.add(timer);
  }
}

const isReport = (message: unknown): message is WorkerReport => isObject(message) && ('ready' in message || 'failed' in message);

function waitForReady(worker: Worker): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.on('message', (message: unknown) => {
    if (!isReport(message)) return;
    if ('ready' in message) resolve(message.ready.port);
    else reject(new Error(message.failed));
  });
  void waitForEnd(worker).then(({ code, signal }) => reject(new Error(`a worker has ended before it was ready (${signal ?? code})`)));
  return promise;
}

/** A process that cannot be created reports an error, and may not report an end. */
const waitForEnd = (worker: Worker): Promise<{ code: number | null; signal: string | null }> =>
  new Promise((resolve) => {
    worker.on('error', () => worker.process.pid === undefined && resolve({ code: null, signal: null }));
    worker.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
  });

/** The sandbox sends its webhooks to this server. */
const findWebhookUrl = async (port: number): Promise<string> =>
  `http://127.0.0.1:${port}${(await import('../../orders/webhooks/receive.ts')).WEBHOOK_PATHS[0]}`;
