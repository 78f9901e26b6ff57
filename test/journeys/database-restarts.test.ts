// PostgreSQL restarts under load, and the same server processes serve again. `npm run test:database-restarts` does the same for longer.
import { listFailures } from '../../scripts/availability/database-restart-failures.ts';
import { restartDatabaseUnderLoad } from '../../scripts/availability/database-restart-run.ts';
import { findPostgres } from '../../scripts/availability/postgres-cluster.ts';
import { SERVER_URL } from '../store/open.ts';

const PATIENCE_MS = 120_000;

/** Why this machine cannot run a PostgreSQL of its own; undefined: it can. */
function findObstacle(): string | undefined {
  if (SERVER_URL === undefined) return 'the tests use the embedded engine';
  try {
    findPostgres();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const obstacle = findObstacle();

(obstacle === undefined ? test : test.skip)(
  `a restart and a crash of PostgreSQL under load: only well-formed 503, nothing lost or doubled${obstacle ? ` (skipped: ${obstacle})` : ''}`,
  async () => {
    const figures = await restartDatabaseUnderLoad({
      outages: [
        { mode: 'fast', downMs: 1000 },
        { mode: 'immediate', downMs: 0 },
      ],
      pauseMs: 1000,
      rate: 20,
      servers: 1,
      patienceMs: PATIENCE_MS,
    });
    expect(listFailures(figures, Number.POSITIVE_INFINITY)).toEqual([]);
    expect(figures.outages.map(({ unavailable }) => unavailable > 0)).toEqual([true, true]);
    expect(figures.confirmed).toBeGreaterThan(0);
    expect(figures.orders.placed).toBeGreaterThan(0);
  },
);
