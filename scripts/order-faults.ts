// `npm run test:orders`: the proof that orders are neither lost nor doubled, on PostgreSQL, with server processes that are killed. Ends with 1 when one is.
import { parseArgs } from 'node:util';
import { faultRun } from './orders/fault-run.ts';

const { values: options } = parseArgs({
  options: {
    orders: { type: 'string', default: '5000' },
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    servers: { type: 'string', default: '2' },
    kills: { type: 'string', default: '10' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`npm run test:orders -- [--orders 5000] [--seeds 20] [--from 1] [--servers 2] [--kills 10]

  --seeds, --from   the number of runs, and the seed of the first one
  --kills           how often a server is killed (SIGKILL) and restarted in each run

Each run contains network outages of one hour and of thirty hours, on the clock that servers and sandbox share.
BENCH_DATABASE_URL is the PostgreSQL server (default 127.0.0.1). A database facet_histories_* is created and dropped there.`);
  process.exit(0);
}
const number = (name: keyof typeof options): number => Number(options[name]);

let failed = 0;
for (let seed = number('from'); seed < number('from') + number('seeds'); seed++) {
  const { wrong: failures, ...figures } = await faultRun({
    orders: number('orders'),
    seed,
    servers: number('servers'),
    kills: number('kills'),
    outages: [1, 30],
  });
  console.log(`seed ${seed}: ${failures.length ? `${failures.length} ANOMALIES` : 'no anomalies'} ${JSON.stringify(figures)}`);
  for (const sentence of failures.slice(0, 20)) console.error(`  ${sentence}`);
  failed += failures.length;
}
process.exitCode = failed ? 1 : 0;
