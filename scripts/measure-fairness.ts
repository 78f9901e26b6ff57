// `node scripts/measure-fairness.ts`: what one tenant, which sends four times what the server can do, costs another tenant and the health checks. One process on
// PostgreSQL. Exits with 1 if the other tenant waits longer than the limits say.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from './availability/http-client.ts';
import { formatMs, quantile } from './availability/latencies.ts';
import { type Kind, startWorkload } from './availability/workload.ts';
import { Connection, type LoadRequest } from './bench/client.ts';
import { patient } from './bench/data.ts';
import type { OverloadResult, OverloadSettings } from './fairness/overload-process.ts';
import { type Servers, startServers } from './histories/servers.ts';

const { values: options } = parseArgs({
  options: {
    load: { type: 'string', default: 'mixed' },
    times: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '300' },
    calm: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    patients: { type: 'string', default: '20000' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-fairness.ts [options]: one tenant sends several times what the server can do. Measured are the responses of another tenant, which
sends reads, searches and creates at a low rate, and the health checks: alone, and beside the overload. The aim is a p99 of at most three times the one
without the overload, and /healthz within 100 ms.
On PostgreSQL (BENCH_DATABASE_URL, default postgres://postgres@127.0.0.1:5432/postgres).
  --load KIND    what the first tenant sends: reads, searches (that read all its patients), creates or mixed (mixed)
  --times N      how many times the capacity that was measured is sent (4)
  --seconds N    duration of the overload (300)
  --calm N       duration of the measurement without it (60)
  --rate N       requests per second of the other tenant (20)
  --patients N   patients of the first tenant (20000)`);
  process.exit();
}

const LONGEST_RATIO = 3;
const LONGEST_HEALTH_MS = 100;
const PATIENCE_MS = 30_000;
const PROBE_EVERY_MS = 100;
const WARM_UP_MS = 5000;
const BUNDLE_SIZE = 500;
const CAPACITY_SECONDS = 10;
const CAPACITY_CONNECTIONS = 32;
/** Of a client that waits for no response before it sends the next request. */
const OVERLOAD_CONNECTIONS = 1000;
const KINDS: Kind[] = ['FHIR read', 'FHIR search', 'FHIR create', 'Loop read', 'Loop create'];

type Path = (path: string, body?: object) => LoadRequest;

const LOADS: Record<string, (build: Path) => LoadRequest[]> = {
  reads: (build) => [build('/fhir/R4/Patient/p7')],
  searches: (build) => [build(`/fhir/R4/Patient?_filter=${encodeURIComponent('family co "nobody" or address co "nowhere"')}`)],
  creates: (build) => [build('/fhir/R4/Patient', patient(1))],
  mixed: (build) =>
    Object.values(LOADS)
      .slice(0, 3)
      .flatMap((load) => load(build)),
};

interface Figures {
  /** Name → response times in ms. */
  times: Map<string, number[]>;
  wrong: number;
}

async function fill(port: number, build: Path, count: number): Promise<void> {
  const connection = new Connection(port);
  for (let from = 0; from < count; from += BUNDLE_SIZE) {
    const entry = Array.from({ length: Math.min(BUNDLE_SIZE, count - from) }, (_one, n) => ({
      resource: { ...patient(from + n), id: `p${from + n}` },
      request: { method: 'PUT', url: `Patient/p${from + n}` },
    }));
    const { status } = await connection.send(build('/fhir/R4', { resourceType: 'Bundle', type: 'transaction', entry }));
    if (status !== 200) throw new Error(`the response to a Bundle was ${status}`);
  }
  connection.close();
}

interface Watched {
  /** The response times of the other tenant and of the health checks while the work is done. */
  during(work: () => Promise<unknown>): Promise<Figures>;
  close(): Promise<void>;
}

/** The other tenant sends requests all the time, so its connections are open before the overload. */
async function watchOtherTenant({ keys }: Servers, port: number): Promise<Watched> {
  const load = await startWorkload({ port, keys: keys.other, rate: Number(options.rate), patience: PATIENCE_MS, kinds: KINDS });
  return {
    async during(work) {
      const running = { now: true };
      const probing = Promise.all(['/healthz', '/readyz'].map((path) => probe(port, path, running)));
      const from = performance.now();
      await work();
      const until = performance.now();
      running.now = false;
      const probes = await probing;
      await load.settled();
      const sent = load.sent.filter((one) => one.from >= from && one.from < until);
      const times = new Map(probes.map(({ path, times }) => [path, times]));
      for (const kind of KINDS)
        times.set(
          kind,
          sent.filter((one) => one.kind === kind).map(({ ms }) => ms),
        );
      times.set(
        'all of the other tenant',
        sent.map(({ ms }) => ms),
      );
      return { times, wrong: sent.filter(({ isRight }) => !isRight).length + probes.reduce((sum, { wrong }) => sum + wrong, 0) };
    },
    async close() {
      await load.stop();
      load.close();
    },
  };
}

async function probe(port: number, path: string, running: { now: boolean }): Promise<{ path: string; times: number[]; wrong: number }> {
  const client = createClient(port, PATIENCE_MS);
  const probed = { path, times: [] as number[], wrong: 0 };
  for (; running.now; await delay(PROBE_EVERY_MS)) {
    const { status, ms } = await client.send({ method: 'GET', path });
    probed.times.push(ms);
    if (status !== 200) probed.wrong++;
  }
  client.close();
  return probed;
}

const describe = ({ statuses, unsent, seconds }: OverloadResult): string =>
  `${Object.entries(statuses)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ')} in ${seconds.toFixed(0)} s${unsent ? `, ${unsent} not sent because ${OVERLOAD_CONNECTIONS} waited` : ''}`;

/** Prints the comparison. Returns what is over its limit. */
function compare(calm: Figures, overloaded: Figures): string[] {
  console.log(
    '\n| ms | alone: p50 | p99 | beside: p50 | p99 | longest | requests | p99 beside ÷ alone |\n|---|---|---|---|---|---|---|---|',
  );
  const over = [...overloaded.times].flatMap(([name, times]) => {
    const before = calm.times.get(name)!;
    const ratio = quantile(times, 0.99) / quantile(before, 0.99);
    const figures = [quantile(before, 0.5), quantile(before, 0.99), quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)];
    console.log(`| ${name} | ${figures.map(formatMs).join(' | ')} | ${times.length} | ${ratio.toFixed(1)} |`);
    if (name === '/healthz') return quantile(times, 0.99) > LONGEST_HEALTH_MS ? [`${name} took ${formatMs(quantile(times, 0.99))} ms`] : [];
    return ratio > LONGEST_RATIO && name === 'all of the other tenant' ? [`${name}: ${ratio.toFixed(1)} times as long`] : [];
  });
  console.log(`\nresponses with another status: ${calm.wrong} alone, ${overloaded.wrong} beside`);
  return overloaded.wrong ? [...over, `${overloaded.wrong} responses with another status`] : over;
}

async function run(): Promise<string[]> {
  const loadOf = LOADS[options.load];
  if (!loadOf) throw new Error(`--load is one of ${Object.keys(LOADS).join(', ')}`);
  const servers = await startServers(1, { FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}' });
  const child = fork(join(import.meta.dirname, 'fairness/overload-process.ts'));
  // in production, clients run on other machines: low priority keeps them from taking processor time from the server
  setPriority(child.pid!, constants.priority.PRIORITY_LOW);
  const overload = async (order: Omit<OverloadSettings, 'port' | 'requests'>): Promise<OverloadResult> => {
    child.send({ ...order, port, requests: loadOf(build) } satisfies OverloadSettings);
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the process of the overload ended with ${code}`)));
    const [result] = (await Promise.race([once(child, 'message'), ended])) as [OverloadResult];
    return result;
  };
  const port = Number(new URL(servers.bases()[0]!).port);
  const build: Path = (path, body) => ({
    method: body ? 'POST' : 'GET',
    path,
    headers: { Authorization: `Bearer ${servers.keys.demo.fhir}`, 'Content-Type': 'application/fhir+json' },
    ...(body && { body: JSON.stringify(body) }),
    status: 200,
  });
  try {
    await fill(port, build, Number(options.patients));
    const other = await watchOtherTenant(servers, port);
    await other.during(() => delay(WARM_UP_MS)); // the first requests compile
    const calm = await other.during(() => delay(Number(options.calm) * 1000));
    const { statuses, seconds } = await overload({ seconds: CAPACITY_SECONDS, connections: CAPACITY_CONNECTIONS });
    const capacity = ((statuses[200] ?? 0) + (statuses[201] ?? 0)) / seconds;
    const rate = capacity * Number(options.times);
    console.log(`${options.load}: capacity ${capacity.toFixed(0)}/s; sent ${rate.toFixed(0)}/s`);
    let sent: OverloadResult | undefined;
    const overloaded = await other.during(async () => {
      sent = await overload({ seconds: Number(options.seconds), rate, connections: OVERLOAD_CONNECTIONS });
    });
    await other.close();
    console.log(`the responses of the first tenant: ${describe(sent!)}`);
    return compare(calm, overloaded);
  } finally {
    child.disconnect();
    await servers.stop();
  }
}

const over = await run();
for (const line of over) console.error(line);
process.exitCode = over.length ? 1 : 0;
