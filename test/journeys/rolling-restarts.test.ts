// Two servers restart in turn behind a load balancer, and no request fails. `npm run test:restarts` does the same for longer.
import { restartUnderLoad } from '../../scripts/availability/restart-run.ts';
import { onServer } from '../store/open.ts';

/** A busy machine may take long to respond to a check, and the load balancer has to see within the drain that a server stops. */
const CHECK = { everyMs: 150, timeoutMs: 30_000 };
const DRAIN_SECONDS = 6;
const PATIENCE_MS = 120_000;

onServer('two rolling restarts under load fail no request and lose no confirmed create', async () => {
  const { failed, confirmed, lost, exits } = await restartUnderLoad({
    restarts: 2,
    rate: 20,
    servers: 2,
    drainSeconds: DRAIN_SECONDS,
    check: CHECK,
    signal: 'SIGTERM',
    patienceMs: PATIENCE_MS,
  });
  expect(failed.map(({ kind, status, text }) => `${kind}: ${status} ${text}`)).toEqual([]);
  expect(lost).toEqual([]);
  expect(confirmed).toBeGreaterThan(0);
  expect(exits).toEqual({ 0: 2 });
});
