// One run of the proof: orders for two tenants go through server processes that are killed, to a sandbox that fails in every way, under a clock that leaps.
// When all is quiet, what the sandbox holds is compared with what was ordered and with what FHIR says.
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../../src/outbound/sandbox/faults.ts';
import { step } from '../../src/outbound/sandbox/lifecycle.ts';
import { type Sandbox, startSandbox } from '../../src/outbound/sandbox/server.ts';
import { type Servers, startServers } from '../histories/servers.ts';
import { anomaliesIn, type Database, openDatabase } from './ground-truth.ts';
import { type Ordered, orderer } from './orderer.ts';

export interface FaultRun {
  orders: number;
  seed: number;
  servers: number;
  kills: number;
  /** Of these many hours of outage each, one after the other. */
  outages: number[];
}

export interface FaultReport {
  wrong: string[];
  ordered: number;
  there: number;
  seconds: number;
  /** Requests that reached the sandbox: while it was away, per outage, and in all. */
  duringOutages: number[];
  requests: number;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const FAULTS: Fault[] = [
  { kind: 'error' },
  { kind: 'error', when: 'after' },
  { kind: 'error', when: 'after', status: 503 },
  { kind: 'error', status: 429, retryAfter: 30 },
  { kind: 'error', status: 401 },
  { kind: 'error', status: 504 },
  { kind: 'reset' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'after', status: 500 },
  { kind: 'reset', when: 'after', status: 503 },
  { kind: 'cut', when: 'after' },
  { kind: 'slow', seconds: 0.3 },
  { kind: 'slow', when: 'after', seconds: 0.3 },
];
const AT_ONCE = 8;
/** Longer than keys are kept there. One such leap, so that no order is given up (after three days). */
const A_DAY_S = 25 * 3600;

interface Running {
  run: FaultRun;
  sandbox: Sandbox;
  servers: Servers;
  database: Database;
  random: () => number;
  ordered: Ordered[];
}

export async function faultRun(run: FaultRun): Promise<FaultReport> {
  const began = performance.now();
  const sandbox = await startSandbox();
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  const servers = await startServers(run.servers, { ...account, FACET_TEST_CLOCK: `${sandbox.url}/sandbox/clock` });
  const database = await openDatabase(servers.url);
  try {
    const running: Running = { run, sandbox, servers, database, random: randomFrom(run.seed), ordered: [] };
    const duringOutages = await troubled(running);
    const stuck = await quiet(running);
    const wrong = [...stuck, ...(await anomaliesIn(database, sandbox.world, running.ordered))];
    const { world } = sandbox;
    const seconds = (performance.now() - began) / 1000;
    return { wrong, ordered: running.ordered.length, there: world.orders.size, seconds, duringOutages, requests: world.requests.length };
  } finally {
    await database.close();
    await servers.stop();
    await sandbox.close();
  }
}

/** Everything goes wrong while orders come in; then the network is away for hours, and more of them come in. */
async function troubled(running: Running): Promise<number[]> {
  const { run, servers } = running;
  const place = await orderer(servers);
  const share = Math.floor(run.orders / (run.outages.length + 1));
  let open = true;
  const killing = servers.kill(run.kills);
  const trouble = (async () => {
    while (open) {
      mischief(running);
      await delay(40);
    }
  })();
  const placeAll = async (from: number, to: number) => {
    let next = from;
    const one = async () => {
      while (next < to) running.ordered.push(...(await place(next++, running.random)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  };
  const first = run.orders - share * run.outages.length;
  await placeAll(0, Math.floor(first / 2));
  running.sandbox.world.advance(A_DAY_S);
  await placeAll(Math.floor(first / 2), first);
  await killing;
  open = false;
  await trouble;
  const counts: number[] = [];
  for (const [nth, hours] of run.outages.entries()) {
    const from = run.orders - share * (run.outages.length - nth);
    counts.push(await outage(running, hours, () => placeAll(from, from + share)));
  }
  return counts;
}

/** One thing that goes wrong, or happens at the laboratory. */
function mischief({ sandbox, random, run }: Running): void {
  const { world } = sandbox;
  const what = random();
  if (what < 0.45 && world.faults.length < 20) {
    const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
    const operation = random() < 0.7 ? 'createOrder' : random() < 0.7 ? 'orders' : 'user';
    world.faults = [...world.faults, { ...fault, operation }];
  } else if (what < 0.75) world.advance(random() * 20);
  else if (what < 0.85) {
    const all = [...world.orders.values()];
    const order = all[Math.floor(random() * all.length)];
    if (order) step(world, order, undefined, { silent: true });
  } else if (what < 0.86) world.failuresKept = run.seed % 2 === 0;
}

/** Nobody answers for so long, while orders come in. Answers how many requests came all the same. */
async function outage({ sandbox: { world } }: Running, hours: number, meanwhile: () => Promise<void>): Promise<number> {
  world.faults = [{ kind: 'reset', times: Number.MAX_SAFE_INTEGER }];
  const before = world.requests.length;
  const placing = meanwhile();
  const STEPS = 60;
  for (let nth = 0; nth < STEPS; nth++) {
    world.advance((hours * 3600) / STEPS);
    await delay(100);
  }
  await placing;
  world.faults = [];
  return world.requests.length - before;
}

/** The trouble is over: time goes on until nothing is open, and on until every order has been looked at. */
async function quiet({ sandbox: { world }, database }: Running): Promise<string[]> {
  world.faults = [];
  for (let nth = 0; nth < 1200; nth++) {
    if ((await database.open()) === 0) break;
    world.advance(61);
    await delay(100);
  }
  const stuck = await database.stuck();
  if (stuck.length) return stuck;
  for (let day = 0; day < 3; day++) {
    world.advance(25 * 3600);
    for (let nth = 0; nth < 600 && (await database.due(world.now().toISOString())) > 0; nth++) await delay(100);
  }
  return [];
}
