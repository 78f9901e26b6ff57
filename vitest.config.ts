// How tests are run. TEST_DATABASE_URL names a PostgreSQL; without it the embedded engine is used.
// docs/decisions/2026-11-22-the-program-is-loaded-once-for-its-tests.md
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** It ends what hangs, and nothing that is merely slow: the longest test takes half a minute on two cores, and some machines have much else to do. */
const HANGS_MS = 300_000;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globals: true,
    // a process for every core, which loads the program once and not once for every file; more than six would want more connections than a PostgreSQL has as
    // it is installed
    pool: 'forks',
    isolate: false,
    maxWorkers: Math.min(availableParallelism(), 6),
    // what is imported is what Node would import
    deps: { interopDefault: false },
    testTimeout: HANGS_MS,
    hookTimeout: HANGS_MS,
  },
});
