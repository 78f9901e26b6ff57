// `node scripts/rolling-restarts.ts`: the proof that a rolling restart fails no request and loses no confirmed create. Exits with 1 if one does.
import { parseArgs } from 'node:util';
import { formatMs, quantile } from './availability/latencies.ts';
import { restartUnderLoad } from './availability/restart-run.ts';

const PATIENCE_MS = 20_000;
const { values: options } = parseArgs({
  options: {
    restarts: { type: 'string', default: '50' },
    rate: { type: 'string', default: '100' },
    servers: { type: 'string', default: '2' },
    drain: { type: 'string', default: '1' },
    check: { type: 'string', default: '150' },
    signal: { type: 'string', default: 'SIGTERM' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/rolling-restarts.ts [--restarts 50] [--rate 100] [--servers 2] [--drain 1] [--check 150] [--signal SIGTERM]

Restarts server processes in turn behind a load balancer, while clients send requests. Every response that is not the expected one is a failure:
the load balancer repeats no request. Afterwards every confirmed create is read.

  --restarts N  the number of restarts
  --rate N      requests per second: reads, searches and creates through FHIR and Loop's API
  --servers N   server processes, at least 2
  --drain N     FACET_DRAIN_SECONDS of the servers
  --check N     milliseconds between two checks of /readyz by the load balancer; another response than 200 takes a server out
  --signal S    SIGTERM, or SIGKILL to see what a crash costs

BENCH_DATABASE_URL is the PostgreSQL server (default 127.0.0.1). A database facet_histories_* is created and dropped there.`);
  process.exit();
}

const { sent, failed, confirmed, lost, exits, seconds } = await restartUnderLoad({
  restarts: Number(options.restarts),
  rate: Number(options.rate),
  servers: Number(options.servers),
  drainSeconds: Number(options.drain),
  check: { everyMs: Number(options.check) },
  signal: options.signal as NodeJS.Signals,
  patienceMs: PATIENCE_MS,
  onRestart: (restart, failures) => {
    if (restart % 10 === 0) console.log(`${restart} restarts: ${failures} requests failed`);
  },
});
console.log('\n| request | sent | failed | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|');
for (const [kind, all] of Map.groupBy(sent, ({ kind }) => kind)) {
  const times = all.map(({ ms }) => ms);
  const wrong = all.filter(({ isRight }) => !isRight).length;
  const figures = [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)].map(formatMs);
  console.log(`| ${kind} | ${all.length} | ${wrong} | ${figures.join(' | ')} |`);
}
console.log(`\n${options.restarts} restarts in ${seconds.toFixed(0)} s, exits ${JSON.stringify(exits)}; ${sent.length} requests, ${failed.length} failed;
${confirmed} confirmed creates, ${lost.length} lost`);
for (const { kind, status, text } of failed.slice(0, 20)) console.error(`  ${kind}: ${status} ${text.slice(0, 200)}`);
process.exitCode = failed.length || lost.length ? 1 : 0;
