// Tests run as ES modules, TypeScript stripped by swc. TEST_DATABASE_URL names a PostgreSQL; without it the embedded engine is used.
import { availableParallelism } from 'node:os';

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'esnext' }, module: { type: 'es6' } }] },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // half of the time is spent waiting for a database: a worker for every core, none kept back; more than six would want more connections than a PostgreSQL
  // has as it is installed
  maxWorkers: Math.min(availableParallelism(), 6),
  // It ends what hangs, and nothing that is merely slow: the longest test takes half a minute on two cores, and some machines have much else to do.
  // Files set none of their own.
  testTimeout: 300_000,
};
