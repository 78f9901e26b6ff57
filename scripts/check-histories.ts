// `npm run test:histories`: many clients write at the same time through several server processes on one PostgreSQL. Then the history is checked.
// --kills kills servers meanwhile. Exits with 1 if the check finds a violation.
import { parseArgs } from 'node:util';
import { anomaliesOf } from './histories/checker.ts';
import { createdOnce } from './histories/conditional.ts';
import { startServers } from './histories/servers.ts';
import { write } from './histories/workload.ts';

const { values: options } = parseArgs({
  options: {
    servers: { type: 'string', default: '4' },
    clients: { type: 'string', default: '64' },
    each: { type: 'string', default: '30' },
    lists: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '200' },
    kills: { type: 'string', default: '0' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`npm run test:histories -- [--servers 4] [--clients 64] [--each 30] [--lists 12] [--rounds 200] [--kills 0]

  --rounds   how often 50 concurrent conditional creates of one identifier must create one resource
  --each     the number of transactions per client; each adds to one, two or three lists
  --kills    how often a server is killed (SIGKILL) and restarted meanwhile

BENCH_DATABASE_URL is the PostgreSQL server (default 127.0.0.1). A database facet_histories_* is created and dropped there.`);
  process.exit(0);
}
const number = (name: keyof typeof options): number => Number(options[name]);

const servers = await startServers(number('servers'));
let failures: string[] = [];
try {
  failures = await createdOnce({ bases: servers.bases(), key: servers.key, rounds: number('rounds') });
  const killing = servers.kill(number('kills'));
  const began = performance.now();
  const { attempts, histories, statuses } = await write(
    {
      bases: servers.bases(),
      key: servers.key,
      clients: number('clients'),
      lists: number('lists'),
      each: number('each'),
      random: Math.random,
    },
    'lists',
  );
  await killing;
  const seconds = (performance.now() - began) / 1000;
  console.log(`${attempts.length} transactions in ${seconds.toFixed(1)} s: ${JSON.stringify(statuses)} (0: the server was killed)`);
  const failed = Object.keys(statuses).filter((status) => Number(status) >= 500 && status !== '503');
  failures = [...failures, ...anomaliesOf(histories, attempts), ...failed.map((status) => `the response to a transaction was ${status}`)];
} finally {
  await servers.stop();
}
for (const sentence of failures.slice(0, 50)) console.error(sentence);
console.log(failures.length ? `${failures.length} anomalies` : 'no anomaly');
process.exitCode = failures.length ? 1 : 0;
