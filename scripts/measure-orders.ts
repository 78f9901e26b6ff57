// `node scripts/measure-orders.ts [--orders 1000] [--latency 0]`: how fast the outbox drains to the sandbox, with one process and with two, beside a bare fetch
// loop that sends as many at once. On PostgreSQL (BENCH_DATABASE_URL). `--latency`: ms that the network takes for an order. Only the ratios mean anything.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { startSandbox } from '../src/junction-sandbox/server.ts';
import { DEFAULT_CONCURRENCY } from '../src/orders/accounts/lab-account.ts';
import { startServers } from './histories/servers.ts';
import { buildLatency } from './orders/latency.ts';
import { placeAtOnce } from './orders/orderer.ts';

const { values: options } = parseArgs({
  options: { orders: { type: 'string', default: '1000' }, latency: { type: 'string', default: '0' }, help: { type: 'boolean' } },
});
if (options.help) {
  console.log(`node scripts/measure-orders.ts [options]: how fast queued orders are sent after an outage, with one process and with two,
compared with a bare fetch loop. On PostgreSQL (BENCH_DATABASE_URL, default postgres://postgres@127.0.0.1:5432/postgres). Takes about a minute.
  --orders N    number of queued orders (1000)
  --latency MS  response time of the network for one order (0)`);
  process.exit();
}
const ORDERS = Number(options.orders);
const LATENCY_MS = Number(options.latency);
/** As many as all processes together have on their way at once. */
const AT_ONCE = DEFAULT_CONCURRENCY;

const perSecond = (ms: number): number => Math.round((ORDERS / ms) * 1000);

async function floor(processes: number): Promise<number> {
  const sandbox = await startSandbox();
  sandbox.state.faults = buildLatency(LATENCY_MS);
  const run = promisify(execFile);
  const args = [sandbox.url, sandbox.apiKey, String(ORDERS / processes), String(AT_ONCE / processes)];
  const all = Array.from({ length: processes }, () => run(process.execPath, [join(import.meta.dirname, 'orders/floor.ts'), ...args]));
  const took = (await Promise.all(all)).map(({ stdout }) => Number(stdout));
  await sandbox.close();
  return perSecond(Math.max(...took));
}

/** Orders come in while nobody answers; then the network is back, and the clock says that it is time to ask again. */
async function drain(processes: number): Promise<number> {
  const sandbox = await startSandbox();
  const { state } = sandbox;
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  const servers = await startServers(processes, { ...account, FACET_TEST_CLOCK: `${sandbox.url}/sandbox/clock` });
  try {
    state.faults = [{ kind: 'reset', times: Number.MAX_SAFE_INTEGER }];
    await placeAtOnce(servers, ORDERS);
    state.faults = buildLatency(LATENCY_MS);
    state.advance(600);
    while (state.orders.size === 0) await delay(1);
    const began = performance.now();
    while (state.orders.size < ORDERS) await delay(2);
    return perSecond(performance.now() - began);
  } finally {
    await servers.stop();
    await sandbox.close();
  }
}

console.log(`| processes | bare fetch loop, orders/s | Facet, orders/s | Facet ÷ floor |\n|---|---|---|---|`);
for (const processes of [1, 2]) {
  const [bare, facet] = [await floor(processes), await drain(processes)];
  console.log(`| ${processes} | ${bare} | ${facet} | ${(facet / bare).toFixed(2)} |`);
}
