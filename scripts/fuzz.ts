// `npm run test:fuzz`: sends requests that are valid or nearly valid to a server process, through every operation of its OpenAPI documents. Ends with 1 when a
// response is a server error, slow or of another form, or when a connection is lost.
import { parseArgs } from 'node:util';
import { emptyPlace, killAll } from '../test/journeys/server-process.ts';
import { fuzz } from './fuzz/run.ts';
import { startTarget } from './fuzz/target.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    requests: { type: 'string', default: '20000' },
    clients: { type: 'string', default: '8' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`npm run test:fuzz -- [--seed 1] [--from 0] [--requests 20000] [--clients 8]

  --seed, --from, --requests   which requests are sent: the same numbers send the same requests
  --clients                    how many are sent at the same time
SIGINT and SIGTERM end the run early, with its report.

TEST_DATABASE_URL is the PostgreSQL server, on which a database is created and dropped. Without it the embedded engine is used.`);
  process.exit(0);
}
const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
const place = await emptyPlace();
try {
  const { server, ...target } = await startTarget(place);
  let ended: string | undefined;
  void server.ended.then(({ code, signal }) => {
    ended = `the server has ended: ${signal ?? code}`;
    stop.abort();
  });
  const { findings, ...figures } = await fuzz(target, {
    seed: Number(options.seed),
    from: Number(options.from),
    requests: Number(options.requests),
    clients: Number(options.clients),
    signal: stop.signal,
    onProgress: (text) => console.log(text),
  });
  if (ended !== undefined) {
    findings.push(ended);
    console.error(ended, (await server.errors).slice(-2000));
  }
  for (const line of server.lines.filter((line) => line.startsWith('{')).slice(0, 20)) console.error(line);
  console.log(JSON.stringify(figures));
  console.log(findings.length ? `${findings.length} findings` : 'no findings');
  process.exitCode = findings.length ? 1 : 0;
} finally {
  await killAll();
  await place.remove();
}
