// The environment, read once: defaults, and one clear sentence for what is wrong.
import { readConfig } from '../src/config.ts';

test('an empty environment is a development server on port 3000 with the embedded database', () => {
  expect(readConfig({})).toMatchObject({ production: false, port: 3000, databaseUrl: undefined, dataDir: '.facet', trustProxy: false });
});

test('lists, JSON and URLs are read', () => {
  const config = readConfig({
    JUNCTION_WEBHOOK_SECRET: 'whsec_a, whsec_b',
    JUNCTION_PANELS: '{"pcos":["x"]}',
    FACET_BASE_URL: 'https://fhir.example.org/',
    TRUST_PROXY: '1',
  });
  expect(config.junction).toMatchObject({ webhookSecrets: ['whsec_a', 'whsec_b'], panels: { pcos: ['x'] } });
  expect([config.baseUrl, config.trustProxy]).toEqual(['https://fhir.example.org', 1]);
  expect(readConfig({ TRUST_PROXY: 'loopback, 10.0.0.0/8, ::1' }).trustProxy).toBe('loopback, 10.0.0.0/8, ::1');
});

test.each([
  [{ NODE_ENV: 'production' }, 'NODE_ENV=production needs DATABASE_URL'],
  [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must begin with postgres://'],
  [{ PORT: '99999' }, 'PORT must be a whole number'],
  [{ PORT: 'http' }, 'PORT must be a whole number'],
  [{ FACET_BASE_URL: 'example.org' }, 'FACET_BASE_URL must be an absolute URL'],
  [{ TRUST_PROXY: 'true' }, 'TRUST_PROXY=true would trust anybody'],
  [{ TRUST_PROXY: 'banana' }, 'TRUST_PROXY takes the number of proxies in front'],
  [{ TRUST_PROXY: '10.0.0.0/8/8' }, 'TRUST_PROXY takes the number of proxies in front'],
  [{ FACET_LOG: 'loud' }, 'FACET_LOG must be one of info, error, silent'],
  [{ JUNCTION_PANELS: '{"pcos":"x"}' }, 'JUNCTION_PANELS is not as expected'],
  [{ JUNCTION_PANELS: '{' }, 'JUNCTION_PANELS is not as expected'],
  [{ FACET_RATE_LIMITS: '{"clinik":5}' }, 'FACET_RATE_LIMITS is not as expected'],
])('%j stops the start: %s', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});
