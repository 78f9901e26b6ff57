// PostgreSQL is stopped and started under load, again and again, while the same server processes go on: what clients saw, and what is stored afterwards.
import { setTimeout as delay } from 'node:timers/promises';
import { startServers } from '../histories/servers.ts';
import { type Networks, startNetworks } from '../orders/networks.ts';
import { findAuditFault } from './audit-check.ts';
import { startBalancer } from './balancer.ts';
import { blockStatements } from './blocked-statements.ts';
import type { RepeatedCreates } from './creates.ts';
import { type OrderFigures, type OrderStream, startOrders } from './order-stream.ts';
import { type Cluster, findPostgres, type StopMode, startCluster } from './postgres-cluster.ts';
import { type ReadinessCheck, type ReadinessWatch, watchReadiness } from './readiness.ts';
import { type Subscriber, startSubscriber } from './subscriber.ts';
import { isUnavailable } from './unavailable.ts';
import { type Kind, type Sent, startWorkload, type Workload } from './workload.ts';

export interface Outage {
  mode: StopMode;
  /** How long PostgreSQL stays down, in ms; longer, if /readyz of every server is not 503 yet. 0: it is started at once. */
  downMs: number;
}

interface DatabaseRestartRun {
  outages: Outage[];
  /** How long the servers are ready before each outage and after the last one, in ms. */
  pauseMs: number;
  rate: number;
  servers: number;
  /** A response that takes longer is a failure. */
  patienceMs: number;
}

/** Times of one outage, by `performance.now()`. */
interface OutageTimes extends Outage {
  began: number;
  /** PostgreSQL has stopped. */
  down: number;
  /** It is started. */
  starting: number;
  /** It accepts connections. */
  up: number;
  /** /readyz of every server is 200. */
  ready: number;
  /** The next outage, or the end. */
  end: number;
}

export interface OutageFigures extends Outage {
  /** From the stop until PostgreSQL accepts connections again. */
  outageMs: number;
  /** Responses with 503. */
  unavailable: number;
  /** From PostgreSQL's start until no more request fails. */
  recoveryMs: number;
  /** From PostgreSQL's start until /readyz of every server is 200. */
  readyMs: number;
  /** Requests that fail although they were sent when every server was ready. */
  failedWhenReady: Sent[];
  /** Readiness checks while PostgreSQL was down, by status. */
  readinessDown: Record<number, number>;
}

export interface DatabaseRestartFigures {
  sent: Sent[];
  outages: OutageFigures[];
  /** Responses that are neither the expected one nor a well-formed 503. */
  wrong: Sent[];
  wrongChecks: ReadinessCheck[];
  confirmed: number;
  lost: string[];
  /** Confirmed creates of which the subscriber was not notified. */
  notNotified: string[];
  repeated: RepeatedCreates;
  notOnce: string[];
  orders: OrderFigures;
  /** What `facet audit verify` finds. */
  auditFault: string | undefined;
  /** The process ids before and after are the same. */
  isSameProcesses: boolean;
  seconds: number;
}

const KINDS: Kind[] = [
  'FHIR read',
  'FHIR create',
  'FHIR search',
  'Loop read',
  'FHIR read',
  'FHIR conditional create',
  'FHIR search',
  'Loop create',
];
const CHECK = { everyMs: 150 };

export async function restartDatabaseUnderLoad(run: DatabaseRestartRun): Promise<DatabaseRestartFigures> {
  const closing: (() => unknown)[] = [];
  try {
    const cluster = await startCluster(findPostgres());
    closing.unshift(cluster.remove);
    const networks = await startNetworks();
    closing.unshift(networks.close);
    return await observe(run, cluster, networks, closing);
  } finally {
    for (const close of closing) await close();
  }
}

async function observe(
  run: DatabaseRestartRun,
  cluster: Cluster,
  networks: Networks,
  closing: (() => unknown)[],
): Promise<DatabaseRestartFigures> {
  const servers = await startServers(
    run.servers,
    { ...networks.settings, FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}' },
    cluster.url,
  );
  closing.unshift(servers.stop);
  const ports = servers.bases().map((base) => Number(new URL(base).port));
  const pids = servers.pids();
  const balancer = await startBalancer(ports, CHECK);
  closing.unshift(balancer.close);
  const subscriber = await startSubscriber(servers);
  closing.unshift(subscriber.close);
  const orders = await startOrders(servers, networks);
  const load = await startWorkload({
    port: balancer.port,
    keys: servers.keys.demo,
    rate: run.rate,
    patience: run.patienceMs,
    kinds: KINDS,
  });
  closing.unshift(load.close);
  const readiness = watchReadiness(ports, run.patienceMs);
  closing.unshift(readiness.stop);
  const began = performance.now();
  const times = await interrupt(run, { cluster, readiness, url: servers.url });
  const seconds = (performance.now() - began) / 1000;
  await Promise.all([load.stop(), readiness.stop()]);
  const outages = times.map((outage) => describeOutage(outage, load.sent, readiness.checks));
  return {
    sent: load.sent,
    outages,
    wrong: load.sent.filter((sent) => !sent.isRight && !isUnavailable(sent, sent.kind.startsWith('FHIR') ? 'fhir' : 'loop')),
    wrongChecks: readiness.checks.filter((check) => check.status !== 200 && !isUnavailable(check, 'probe')),
    ...(await readStored(load, orders, subscriber)),
    auditFault: await findAuditFault(servers.url),
    isSameProcesses: servers.pids().join() === pids.join(),
    seconds,
  };
}

interface Interrupted {
  cluster: Cluster;
  readiness: ReadinessWatch;
  /** Of the servers' database. */
  url: string;
}

/** The outages, one after the other. */
async function interrupt({ outages, pauseMs }: DatabaseRestartRun, { cluster, readiness, url }: Interrupted): Promise<OutageTimes[]> {
  const times: OutageTimes[] = [];
  await delay(pauseMs);
  for (const outage of outages) {
    await blockStatements(url);
    const began = performance.now();
    await cluster.stop(outage.mode);
    const down = performance.now();
    await delay(outage.downMs);
    if (outage.downMs) await readiness.waitForAll(503, down);
    const starting = performance.now();
    await cluster.start();
    const up = performance.now();
    await readiness.waitForAll(200, up);
    const ready = performance.now();
    await delay(pauseMs);
    times.push({ ...outage, began, down, starting, up, ready, end: performance.now() });
  }
  return times;
}

function describeOutage({ mode, downMs, ...at }: OutageTimes, sent: Sent[], checks: ReadinessCheck[]): OutageFigures {
  const failed = sent.filter(({ from, ms, isRight }) => !isRight && from + ms > at.began && from + ms < at.end);
  const checksDown = checks.filter(({ from, ms }) => from > at.down && from + ms < at.starting);
  return {
    mode,
    downMs,
    outageMs: at.up - at.began,
    unavailable: failed.filter(({ status }) => status === 503).length,
    recoveryMs: Math.max(0, ...failed.map(({ from }) => from - at.up)),
    readyMs: at.ready - at.up,
    failedWhenReady: failed.filter(({ from }) => from > at.ready),
    readinessDown: Object.fromEntries([...Map.groupBy(checksDown, ({ status }) => status)].map(([status, all]) => [status, all.length])),
  };
}

/** What is stored after the last outage. */
async function readStored(load: Workload, orders: OrderStream, subscriber: Subscriber) {
  const repeated = await load.repeatUnconfirmed();
  return {
    confirmed: load.listConfirmed().length,
    lost: await load.findLost(),
    notNotified: await subscriber.findMissing(load.listConfirmed()),
    repeated,
    notOnce: await load.findNotOnce(),
    orders: await orders.finish(),
  };
}
