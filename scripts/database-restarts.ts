// `npm run test:database-restarts`: the proof that the same server processes serve again after PostgreSQL was restarted under load, and that no confirmed write
// is lost or doubled. Exits with 1 if not.
import { parseArgs } from 'node:util';
import { listFailures } from './availability/database-restart-failures.ts';
import { type DatabaseRestartFigures, type Outage, restartDatabaseUnderLoad } from './availability/database-restart-run.ts';
import { formatMs, quantile } from './availability/latencies.ts';

const PATIENCE_MS = 15_000;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    down: { type: 'string', default: '6' },
    pause: { type: 'string', default: '6' },
    rate: { type: 'string', default: '60' },
    servers: { type: 'string', default: '2' },
    recovery: { type: 'string', default: '5' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`npm run test:database-restarts -- [--rounds 5] [--down 6] [--pause 6] [--rate 60] [--servers 2] [--recovery 5]

Restarts a PostgreSQL of its own while clients send requests through a load balancer, orders go to a sandbox of the lab network, and a subscriber
is notified of creates. A response must be the expected one, or 503 with Retry-After. The servers are not restarted. Afterwards every confirmed
create is read, unconfirmed conditional creates are repeated, and the orders at the lab network are compared with those that were placed.

  --rounds N    rounds of a fast restart, an immediate one (crash recovery) and one that stays down
  --down N      for how many seconds PostgreSQL stays down
  --pause N     seconds between two outages
  --rate N      requests per second
  --servers N   server processes
  --recovery N  within how many seconds after PostgreSQL's start requests must succeed again

Needs the programs of the PostgreSQL server (initdb, pg_ctl).`);
  process.exit();
}

const round: Outage[] = [
  { mode: 'fast', downMs: 0 },
  { mode: 'immediate', downMs: 0 },
  { mode: 'fast', downMs: Number(options.down) * 1000 },
];
const figures = await restartDatabaseUnderLoad({
  outages: Array.from({ length: Number(options.rounds) }, () => round).flat(),
  pauseMs: Number(options.pause) * 1000,
  rate: Number(options.rate),
  servers: Number(options.servers),
  patienceMs: PATIENCE_MS,
});
printOutages(figures);
printRequests(figures);
const failures = listFailures(figures, Number(options.recovery) * 1000);
for (const sentence of failures.slice(0, 30)) console.error(sentence);
console.log(failures.length ? `${failures.length} failures` : 'no failure');
process.exitCode = failures.length ? 1 : 0;

function printOutages({ outages }: DatabaseRestartFigures): void {
  console.log('\n| outage | PostgreSQL away ms | 503 | requests succeed after ms | /readyz is 200 after ms |\n|---|---|---|---|---|');
  for (const { mode, downMs, outageMs, unavailable, recoveryMs, readyMs } of outages)
    console.log(
      `| ${downMs ? `down ${downMs / 1000} s` : mode} | ${[outageMs, unavailable, recoveryMs, readyMs].map(Math.round).join(' | ')} |`,
    );
}

function printRequests({ sent, confirmed, lost, notNotified, repeated, notOnce, orders, seconds }: DatabaseRestartFigures): void {
  console.log('\n| request | sent | 503 | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|');
  for (const [kind, all] of Map.groupBy(sent, ({ kind }) => kind)) {
    const times = all.map(({ ms }) => ms);
    const unavailable = all.filter(({ status }) => status === 503).length;
    const row = [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)].map(formatMs);
    console.log(`| ${kind} | ${all.length} | ${unavailable} | ${row.join(' | ')} |`);
  }
  console.log(`\n${seconds.toFixed(0)} s; ${sent.length} requests; ${confirmed} confirmed creates, ${lost.length} lost, ${notNotified.length} without a notification;
${repeated.repeated} conditional creates repeated, of which ${repeated.stored} were stored before; ${notOnce.length} not stored once;
${orders.placed} orders, ${orders.anomalies.length} lost, doubled or wrong`);
}
