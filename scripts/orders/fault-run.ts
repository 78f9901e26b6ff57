// One run of the proof: orders for two tenants go through server processes that are killed, to a sandbox that fails in every way, under a clock that leaps.
// When all is quiet, what the sandbox holds is compared with what was ordered and with what FHIR says.
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';
import { type Servers, startServers } from '../histories/servers.ts';
import { anomaliesIn, type Database, openDatabase } from './ground-truth.ts';
import { insuredTwice } from './insured-orders.ts';
import { atTheLaboratory, forgetful, mischief, recover, type Scene } from './mischief.ts';
import { type Networks, startNetworks } from './networks.ts';
import { type Ordered, orderer } from './orderer.ts';
import { randomFrom } from './random.ts';

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
  /** Orders at the network of each tenant. */
  there: Record<string, number>;
  /** Orders that are billed to an insurance, and users that have one twice although nothing was done wrong here. */
  insured: number;
  insuredTwice: number;
  seconds: number;
  /** Requests that reached the sandbox: while it was away, per outage, and in all. */
  duringOutages: number[];
  requests: number;
  /** Webhooks that the sandbox sent. */
  webhookAttempts: number;
  /** How long each part took. */
  parts: Record<string, number>;
}

const AT_ONCE = 8;
/** Longer than keys are kept there. One such leap, so that no order is given up (after three days). */
const A_DAY_S = 25 * 3600;

interface Running {
  run: FaultRun;
  networks: Networks;
  servers: Servers;
  database: Database;
  random: () => number;
  ordered: Ordered[];
  /** Says that a part of the run is over. */
  over(part: string): void;
}

export async function faultRun(run: FaultRun): Promise<FaultReport> {
  const began = performance.now();
  const { parts, over } = stopwatch();
  const networks = await startNetworks();
  const servers = await startServers(run.servers, networks.settings);
  const database = await openDatabase(servers.url);
  over('start');
  try {
    await networks.createAccount(servers);
    for (const state of networks.list()) state.webhooks.clock = 'team';
    const running: Running = { run, networks, servers, database, random: randomFrom(run.seed), ordered: [], over };
    const duringOutages = await troubled(running);
    const stuck = await quiet(running);
    const failures = [...stuck, ...(await anomaliesIn(database, networks.states, running.ordered))];
    over('comparison');
    const worlds = networks.list();
    const sum = (count: (world: SandboxState) => number): number => worlds.reduce((total, world) => total + count(world), 0);
    return {
      wrong: failures,
      ordered: running.ordered.length,
      there: Object.fromEntries(Object.entries(networks.states).map(([tenant, { orders }]) => [tenant, orders.size])),
      insured: sum(({ orders }) => [...orders.values()].filter(({ insuranceId }) => insuranceId !== null).length),
      insuredTwice: sum((world) => insuredTwice(world).length),
      seconds: rounded(performance.now() - began),
      duringOutages,
      requests: networks.countRequests(),
      webhookAttempts: sum(({ webhooks }) => webhooks.messages.reduce((attempts, { answers }) => attempts + answers.length, 0)),
      parts,
    };
  } finally {
    await database.close();
    await servers.stop();
    await networks.close();
  }
}

/** Seconds, with a tenth. */
const rounded = (ms: number): number => Math.round(ms / 100) / 10;

function stopwatch(): Pick<Running, 'over'> & Pick<FaultReport, 'parts'> {
  const parts: Record<string, number> = {};
  let since = performance.now();
  const over = (part: string): void => {
    parts[part] = rounded(performance.now() - since);
    since = performance.now();
  };
  return { parts, over };
}

/** One in so many orders meets a network that forgets its keys. */
const FORGOTTEN_SHARE = 8;
/** Time leaps by so many seconds while nobody is at work: a request that begins at that moment is made no older than lists may be behind. */
const SMALL_LEAP_S = 3;

/**
 * Orders come in at a network that forgets its keys, whose list is behind and which answers with a conflict after it has made an order, while servers are
 * killed. Nothing but the look-up protects them, so time leaps in small steps and only while nobody is at work, until all have arrived.
 */
async function withoutKeys({ networks, database, random }: Running, placing: Promise<unknown>): Promise<void> {
  let [placed, since, progress] = [false, performance.now(), ''];
  const placedAll = placing.finally(() => {
    placed = true;
  });
  while (!placed || (await database.open()) > 0) {
    for (const world of networks.list()) {
      if (placed) world.faults = [];
      else forgetful({ world, random });
    }
    const now = `${await database.open()} ${networks.countRequests()}`;
    if (now !== progress) [progress, since] = [now, performance.now()];
    if ((await database.atWork(networks.now().toISOString())) === 0 || performance.now() - since > STILL_MS) {
      networks.advance(SMALL_LEAP_S);
      since = performance.now();
    }
    await delay(PAUSE_MS);
  }
  await placedAll;
  for (const world of networks.list()) recover(world);
}

/** First a network without keys; then everything goes wrong while orders come in; then the network is away for hours, and more of them come in. */
async function troubled(running: Running): Promise<number[]> {
  const { run, servers, networks, random, over } = running;
  const scenes = (['demo', 'other'] as const).map((tenant): Scene => {
    const hooks = servers.bases().map((base) => new URL(networks.webhookPath(tenant), base).href);
    const world = networks.states[tenant];
    world.webhooks.url = hooks[0];
    return { world, advance: networks.advance, random, hooks, failuresKept: run.seed % 2 === 0 };
  });
  const place = await orderer(servers);
  const share = Math.floor(run.orders / (run.outages.length + 1));
  const placeAll = async (from: number, to: number, waits = true) => {
    let next = from;
    const runOrder = async () => {
      while (next < to) running.ordered.push(...(await place(next++, running.random, waits)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runOrder));
  };
  const first = run.orders - share * run.outages.length;
  const forgotten = Math.floor(run.orders / FORGOTTEN_SHARE);
  const half = Math.floor((first + forgotten) / 2);
  const earlyKills = Math.ceil(run.kills / 4);
  await Promise.all([withoutKeys(running, placeAll(0, forgotten)), servers.kill(earlyKills)]);
  over('without keys');
  let open = true;
  const killing = servers.kill(run.kills - earlyKills);
  const trouble = (async () => {
    while (open) {
      mischief(scenes[Math.floor(random() * scenes.length)]!);
      await delay(40);
    }
  })();
  await placeAll(forgotten, half);
  networks.advance(A_DAY_S);
  await placeAll(half, first);
  await killing;
  open = false;
  await trouble;
  over('faults and kills');
  const counts: number[] = [];
  for (const [n, hours] of run.outages.entries()) {
    const from = run.orders - share * (run.outages.length - n);
    counts.push(await outage(running, hours, () => placeAll(from, from + share, false)));
  }
  over('outages');
  return counts;
}

/** So many looks at an outage, and how long each is: time enough for a process to see what time it is, and to act on it. */
const LOOKS = 30;
const LOOK_MS = 60;

/** Nobody answers for so long, and nobody tells anything, while orders come in. Answers how many requests came all the same. */
async function outage({ networks }: Running, hours: number, meanwhile: () => Promise<void>): Promise<number> {
  const worlds = networks.list().map((state) => ({ state, url: state.webhooks.url }));
  for (const { state } of worlds) {
    state.faults = [{ kind: 'reset', times: Number.MAX_SAFE_INTEGER }];
    state.webhooks.url = undefined;
  }
  const before = networks.countRequests();
  const placing = meanwhile();
  for (let n = 0; n < LOOKS; n++) {
    networks.advance((hours * 3600) / LOOKS);
    await delay(LOOK_MS);
  }
  await placing;
  for (const { state, url } of worlds) {
    state.faults = [];
    state.webhooks.url = url;
  }
  return networks.countRequests() - before;
}

const PAUSE_MS = 50;
/** So long nothing may happen, in real time, before time leaps although something is due: somebody may be dead, or hold back. */
const STILL_MS = 1000;
/** In the end, after so many leaps of half a minute, what is still open is stuck. */
const LEAPS = 3000;

/** Until nothing is open. Time leaps only when nobody is at work: an attempt is not outrun by a clock that no machine could follow. */
export async function drained(networks: Networks, database: Database): Promise<void> {
  let [leaps, progress, since] = [0, '', performance.now()];
  while (leaps < LEAPS) {
    const open = await database.open();
    if (open === 0) return;
    const now = `${open} ${networks.countRequests()}`;
    if (now !== progress) [progress, since] = [now, performance.now()];
    if ((await database.atWork(networks.now().toISOString())) === 0 || performance.now() - since > STILL_MS) {
      networks.advance(30);
      leaps++;
      since = performance.now();
    }
    await delay(PAUSE_MS);
  }
}
/** The share of orders that progress at the laboratory after all have arrived. For most of them no webhook is sent. */
const FURTHER = 0.1;
/** A day, in which every open order is looked at once; and time for what went wrong with that, and for documents that come late. */
const LEAPS_H = [25, 2];

/** The trouble is over: time goes on until nothing is open, and on until every order has been looked at. */
async function quiet({ networks, database, random, over }: Running): Promise<string[]> {
  for (const world of networks.list()) {
    world.faults = [];
    world.webhooks.faults = [];
  }
  await drained(networks, database);
  over('drain');
  const stuck = await database.stuck();
  if (stuck.length) return stuck;
  for (const world of networks.list()) moveSome(world, random);
  for (const hours of LEAPS_H) {
    networks.advance(hours * 3600);
    // the processes see the new time, and what it makes due
    await delay(10 * PAUSE_MS);
    for (let n = 0; n < 6000 && (await database.due(networks.now().toISOString())) > 0; n++) await delay(PAUSE_MS);
  }
  over('looks');
  return [];
}

/** Some orders progress at the laboratory. */
function moveSome(world: SandboxState, random: () => number): void {
  const some = [...world.orders.values()].filter(() => random() < FURTHER);
  for (let n = 0; n < some.length * 3; n++) atTheLaboratory({ world, random }, some, 0.8);
}
