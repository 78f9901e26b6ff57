// `node scripts/measure-storm.ts [--patients 20000] [--heavy 200]`: what one tenant's heavy searches cost another tenant and the health checks.
// One process on PostgreSQL (BENCH_DATABASE_URL). Times of different machines do not compare; run two versions of the program on one machine.
import { parseArgs } from 'node:util';
import { Connection, type LoadRequest, load } from './bench/client.ts';
import { patient } from './bench/data.ts';
import { startServers } from './histories/servers.ts';

const { values: options } = parseArgs({
  options: {
    patients: { type: 'string', default: '20000' },
    heavy: { type: 'string', default: '200' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-storm.ts [options]: the latency of another tenant's reads and of the health checks while one tenant sends heavy searches
at once, and how many light requests one tenant alone gets answered. On PostgreSQL (BENCH_DATABASE_URL, default postgres://postgres@127.0.0.1:5432/postgres).
  --patients N  how many patients the first tenant has (20000)
  --heavy N     how many heavy searches are sent at once (200)`);
  process.exit();
}
const PATIENTS = Number(options.patients);
const HEAVY = Number(options.heavy);
const EACH = 500;
const SECONDS = 3;
const CLIENTS = 16;

const servers = await startServers(1, { FACET_RATE_LIMITS: '{"clinik":null,"jump":null,"loop":null}' });
try {
  const port = Number(new URL(servers.bases()[0]!).port);
  const get = (path: string, tenant?: 'demo' | 'other'): LoadRequest => ({
    method: 'GET',
    path,
    headers: tenant === undefined ? {} : { Authorization: `Bearer ${servers.keys[tenant].fhir}` },
    status: 200,
  });
  await fill(port);
  const absent = ['name', 'family', 'given', 'address', 'address-city', 'address-state', 'address-country'].map(
    (name) => `${name} co "nobody ${name}"`,
  );
  const storms = {
    'searches that read all strings': get(`/fhir/R4/Patient?_filter=${encodeURIComponent(absent.join(' or '))}`, 'demo'),
    'answers of 1,000 resources': get('/fhir/R4/Patient?_count=1000&family:contains=quist', 'demo'),
  };
  const read = get('/fhir/R4/Patient/one', 'other');
  const probes = { 'read of another tenant': read, '/healthz': get('/healthz'), '/readyz': get('/readyz') };

  console.log(`${PATIENTS} patients`);
  console.log('\n| one tenant alone, requests/s | clients | |\n|---|---|---|');
  for (const [name, path] of [
    ['read by id', '/fhir/R4/Patient/p7'],
    ['search by family, 20 rows', '/fhir/R4/Patient?family=Fam1quist&_count=20'],
  ] as const) {
    for (const clients of [CLIENTS, CLIENTS * 4]) {
      const { perSecond, wrong: failed } = await load({ port, clients, seconds: SECONDS, make: () => get(path, 'demo') });
      console.log(`| ${name} | ${clients} | ${perSecond.toFixed(0)}${failed ? ` (${failed} without status 200)` : ''} |`);
    }
  }
  const calm = await whileRunning(port, probes, () => new Promise((resolve) => setTimeout(resolve, SECONDS * 1000)));
  for (const [kind, heavy] of Object.entries(storms)) {
    const alone = await times(port, heavy, 5);
    const statuses = new Map<number, number>();
    const began = performance.now();
    const storm = await whileRunning(port, probes, async () => {
      const all = Array.from({ length: HEAVY }, async () => {
        const connection = new Connection(port);
        const { status } = await connection.send(heavy);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        connection.close();
      });
      await Promise.all(all);
    });
    const ended = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    console.log(
      `\n${HEAVY} ${kind} at once (one alone: ${formatMs(alone[2]!)} ms): ${ended}, after ${formatMs(performance.now() - began)} ms`,
    );
    console.log('\n| ms | before: p50 | p99 | during: p50 | p99 | longest | requests | not 200 |\n|---|---|---|---|---|---|---|---|');
    for (const name of Object.keys(probes)) {
      const [before, during] = [calm.get(name)!, storm.get(name)!];
      const figures = [at(before.times, 0.5), at(before.times, 0.99), at(during.times, 0.5), at(during.times, 0.99), during.times.at(-1)!];
      console.log(`| ${name} | ${figures.map(formatMs).join(' | ')} | ${during.times.length} | ${during.wrong} |`);
    }
  }
} finally {
  await servers.stop();
}

async function fill(port: number): Promise<void> {
  const connection = new Connection(port);
  const put = async (tenant: 'demo' | 'other', entries: object[]): Promise<void> => {
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries });
    const headers = { Authorization: `Bearer ${servers.keys[tenant].fhir}`, 'Content-Type': 'application/fhir+json' };
    const { status } = await connection.send({ method: 'POST', path: '/fhir/R4', headers, body, status: 200 });
    if (status !== 200) throw new Error(`the response to a Bundle was ${status}`);
  };
  const entry = (id: string, n: number): object => ({
    resource: { ...patient(n), id },
    request: { method: 'PUT', url: `Patient/${id}` },
  });
  await put('other', [entry('one', 1)]);
  for (let from = 0; from < PATIENTS; from += EACH) {
    await put(
      'demo',
      Array.from({ length: Math.min(EACH, PATIENTS - from) }, (_one, n) => entry(`p${from + n}`, from + n)),
    );
  }
  connection.close();
}

interface Probed {
  /** In ms, sorted. */
  times: number[];
  wrong: number;
}

/** Sends each probe again and again, one at a time, until the work is done. */
async function whileRunning(port: number, probes: Record<string, LoadRequest>, work: () => Promise<unknown>): Promise<Map<string, Probed>> {
  const running = { now: true };
  const probing = Object.entries(probes).map(async ([name, request]): Promise<[string, Probed]> => {
    const connection = new Connection(port);
    const probed: Probed = { times: [], wrong: 0 };
    while (running.now) {
      const from = performance.now();
      const { status } = await connection.send(request);
      probed.times.push(performance.now() - from);
      if (status !== 200) probed.wrong++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    connection.close();
    probed.times.sort((a, b) => a - b);
    return [name, probed];
  });
  await work();
  running.now = false;
  return new Map(await Promise.all(probing));
}

async function times(port: number, request: LoadRequest, count: number): Promise<number[]> {
  const connection = new Connection(port);
  const all: number[] = [];
  for (let n = 0; n < count; n++) {
    const from = performance.now();
    const { status } = await connection.send(request);
    if (status !== 200) throw new Error(`the response to the heavy search was ${status}`);
    all.push(performance.now() - from);
  }
  connection.close();
  return all.sort((a, b) => a - b);
}

function at(sorted: number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}
