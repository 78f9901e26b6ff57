// `node scripts/measure-isolation.ts [--latency 200] [--other throttled|slow]`: what the queue of one tenant, whose lab network throttles or is slow, costs another
// tenant. Both have an account of their own at a network of their own. On PostgreSQL (BENCH_DATABASE_URL). Only the ratio means anything.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Fault } from '../src/junction-sandbox/faults.ts';
import type { Sandbox } from '../src/junction-sandbox/server.ts';
import { KEY_BYTES } from '../src/orders/accounts/secrets.ts';
import type { Database } from '../src/store/database/database.ts';
import { openDatabase } from '../src/store/database/open-database.ts';
import { findLabAccount, updateLabAccount } from '../src/store/lab-accounts.ts';
import { startServers } from './histories/servers.ts';
import { buildLatency, buildThrottling } from './orders/latency.ts';
import { ACCOUNTS_READ_MS, createAccount } from './orders/networks.ts';
import { placeAtOnce } from './orders/orderer.ts';
import type { SandboxCounts, SandboxMessage } from './orders/sandbox-process.ts';

const { values: options } = parseArgs({
  options: {
    latency: { type: 'string', default: '200' },
    other: { type: 'string', default: 'throttled' },
    queue: { type: 'string', default: '2000' },
    orders: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    processes: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-isolation.ts [options]: how many orders a second one tenant sends, alone and beside a tenant with a queue whose network
throttles or is slow. Each tenant has an account and a network of its own, and each network is a process of its own. While the tenant is measured alone, the
account of the other one is paused. The two are measured in turn, so that changes of the machine hit both. The aim is a ratio of at least 0.9.
On PostgreSQL (BENCH_DATABASE_URL, default postgres://postgres@127.0.0.1:5432/postgres). Takes about two minutes.
  --latency MS    response time of the measured tenant's network for one order (200)
  --other KIND    the other network: throttled (429 after a second) or slow (accepts after a second) (throttled)
  --queue N       queued orders of the other tenant (2000)
  --orders N      queued orders of the measured tenant: enough for all rounds (4000)
  --rounds N      measurements of each kind (3)
  --seconds N     duration of one measurement (6)
  --processes N   server processes (1)`);
  process.exit();
}

const OTHER_LATENCY_MS = 1000;
const OTHERS: Record<string, Fault[]> = { throttled: buildThrottling(OTHER_LATENCY_MS), slow: buildLatency(OTHER_LATENCY_MS) };
const OTHER_FAULTS = OTHERS[options.other];
if (!OTHER_FAULTS) throw new Error(`--other is one of ${Object.keys(OTHERS).join(', ')}`);

interface Network extends Pick<Sandbox, 'url' | 'apiKey' | 'teamId' | 'panels'> {
  /** Sets the faults, if any are given. */
  ask(message: SandboxMessage): Promise<SandboxCounts>;
  stop(): void;
}

async function startNetwork(faults: Fault[]): Promise<Network> {
  const child = fork(join(import.meta.dirname, 'orders/sandbox-process.ts'));
  const [account] = (await once(child, 'message')) as [Omit<Network, 'ask' | 'stop'>];
  const ask: Network['ask'] = async (message) => {
    child.send(message);
    const [counts] = (await once(child, 'message')) as [SandboxCounts];
    return counts;
  };
  await ask({ faults });
  return { ...account, ask, stop: () => child.disconnect() };
}

async function setStatus(database: Database, name: string, status: 'active' | 'paused'): Promise<void> {
  const account = (await findLabAccount(database, name))!;
  const pausedReason = status === 'paused' ? 'measurement' : null;
  if (!(await updateLabAccount(database, { ...account, status, pausedReason }, new Date().toISOString())))
    throw new Error(`account ${name} was changed by somebody else`);
}

/** The orders per second that a network receives. */
async function measureRate({ ask }: Network): Promise<number> {
  const [{ orders: before }, began] = [await ask({}), performance.now()];
  await delay(Number(options.seconds) * 1000);
  const { orders: after } = await ask({});
  if (after >= Number(options.orders)) throw new Error('all orders are sent: give more --orders');
  return ((after - before) / (performance.now() - began)) * 1000;
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)]!;
const show = (rates: number[]): string => `${median(rates).toFixed(1)} (${rates.map((rate) => rate.toFixed(0)).join(', ')})`;

async function run(): Promise<void> {
  const key = randomBytes(KEY_BYTES);
  const networks = { demo: await startNetwork(buildLatency(Number(options.latency))), other: await startNetwork(OTHER_FAULTS!) };
  const servers = await startServers(Number(options.processes), { FACET_SECRETS_KEY: key.toString('base64') });
  const database = await openDatabase({ url: servers.url });
  try {
    for (const name of ['demo', 'other'] as const) {
      await createAccount(database, key, { name, network: networks[name], physicians: 'optional', webhookSecrets: [] });
      await setStatus(database, name, 'paused');
    }
    await delay(ACCOUNTS_READ_MS);
    await placeAtOnce(servers, Number(options.orders));
    await placeAtOnce(servers, Number(options.queue), 'other');
    await setStatus(database, 'demo', 'active');
    const rates = { alone: [] as number[], beside: [] as number[] };
    for (let round = 0; round < Number(options.rounds); round++)
      for (const kind of round % 2 ? (['beside', 'alone'] as const) : (['alone', 'beside'] as const)) {
        await setStatus(database, 'other', kind === 'alone' ? 'paused' : 'active');
        await delay(ACCOUNTS_READ_MS);
        rates[kind].push(await measureRate(networks.demo));
      }
    const ratio = (median(rates.beside) / median(rates.alone)).toFixed(2);
    console.log(
      `| latency, ms | processes | the other tenant | alone, orders/s | beside it, orders/s | beside ÷ alone |\n|---|---|---|---|---|---|`,
    );
    const { orders, requests } = await networks.other.ask({});
    const other = `${options.queue} orders, ${options.other}: ${requests} requests, ${orders} accepted`;
    console.log(`| ${options.latency} | ${options.processes} | ${other} | ${show(rates.alone)} | ${show(rates.beside)} | ${ratio} |`);
  } finally {
    await database.close();
    await servers.stop();
    for (const { stop } of Object.values(networks)) stop();
  }
}

await run();
