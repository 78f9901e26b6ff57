// How tests are run. TEST_DATABASE_URL names a PostgreSQL; without it the embedded engine is used.
// docs/decisions/0029-jest-loads-the-program-once.md
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

/** Ends a test or hook that hangs. The longest one takes half a minute on two cores; a busy machine may need several times as long. */
const HANGING_TEST_MS = 300_000;

export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // the program is loaded once in each worker, by Node itself
  testEnvironment: '<rootDir>/test/runner/environment.ts',
  runtime: '<rootDir>/test/runner/runtime.ts',
  transform: {},
  watchman: false,
  // one more than there are cores: many tests wait for a process that they started. More than six need more connections than a PostgreSQL accepts as it is installed
  maxWorkers: Math.min(availableParallelism() + 1, 6),
  testTimeout: HANGING_TEST_MS,
} satisfies Config;
