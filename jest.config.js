// Tests run as ES modules, TypeScript stripped by swc. TEST_DATABASE_URL names a PostgreSQL; without it the embedded engine is used.
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'esnext' }, module: { type: 'es6' } }] },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // half of the time is spent waiting for a database: a worker for every core, none kept back
  maxWorkers: '100%',
  testTimeout: 60_000,
};
