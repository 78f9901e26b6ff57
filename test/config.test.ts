// The environment, read once: defaults, and one clear sentence for what is wrong.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../src/config.ts';
import { DEPRECATED_VARIABLES } from '../src/deprecated-names.ts';

test('an empty environment is a development server on port 3000 with the embedded database', () => {
  expect(readConfig({})).toMatchObject({ production: false, port: 3000, databaseUrl: undefined, dataDir: '.facet', trustProxy: false });
});

const POSTGRES = { DATABASE_URL: 'postgres://somebody@host/facet' };

test.each([
  [{}, 1],
  [{ FACET_WORKERS: 'auto' }, 1],
  [POSTGRES, 1],
  [{ ...POSTGRES, FACET_WORKERS: 'auto' }, availableParallelism()],
  [{ ...POSTGRES, NODE_ENV: 'production' }, availableParallelism()],
  [{ ...POSTGRES, NODE_ENV: 'production', FACET_WORKERS: '3' }, 3],
])('%j: %d workers', (env, workers) => {
  expect(readConfig(env).workers).toBe(workers);
});

test('the option wins over FACET_WORKERS', () => {
  expect(readConfig({ ...POSTGRES, FACET_WORKERS: '3' }, { workers: '5' }).workers).toBe(5);
});

/** The setting with these entries, each of which changes a valid one. */
const issuers = (...changes: object[]): Record<string, string> => ({
  FACET_ISSUERS: JSON.stringify(changes.map((change) => ({ issuer: 'https://login.test', audience: 'a', tenant: 'demo', ...change }))),
});

test('issuers are read, on loopback also by http', () => {
  const entry = { issuer: 'http://localhost:8080/realms/x', audience: 'b' };
  expect(readConfig(issuers({}, entry)).issuers).toEqual([
    { issuer: 'https://login.test', audience: 'a', tenant: 'demo', singleUse: false },
    { ...entry, tenant: 'demo', singleUse: false },
  ]);
  expect(readConfig({}).issuers).toEqual([]);
});

test('people sign in at an issuer with signIn: its secret may be in a file, and the scopes are those of a user', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'facet-secret-')), 'secret');
  writeFileSync(file, 'a secret\n');
  const [standard, own] = readConfig(
    issuers(
      { signIn: { clientId: 'console' } },
      {
        issuer: 'https://other.test',
        signIn: { clientId: 'console', clientSecretFile: file, scopes: 'openid x', parameters: { audience: 'a' }, title: 'Clinic' },
      },
    ),
  ).issuers;
  expect(standard!.signIn).toEqual({ clientId: 'console', scopes: 'openid user/*.cruds', parameters: {} });
  expect(own!.signIn).toEqual({
    clientId: 'console',
    clientSecret: 'a secret',
    scopes: 'openid x',
    parameters: { audience: 'a' },
    title: 'Clinic',
  });
});

const COLLECTOR = 'http://127.0.0.1:4318';

test.each([
  [{}, undefined],
  [{ OTEL_SERVICE_NAME: 'facet' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${COLLECTOR}/` }, { endpoint: `${COLLECTOR}/v1/traces`, sampler: 'parentbased_always_on', ratio: 1 }],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${COLLECTOR}/x`, OTEL_TRACES_SAMPLER: 'always_off' },
    { endpoint: `${COLLECTOR}/x`, sampler: 'always_off', ratio: 1 },
  ],
  [
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
    { endpoint: `${COLLECTOR}/v1/traces`, sampler: 'traceidratio', ratio: 0.1 },
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, undefined],
])('traces are on when an endpoint is given: %j', (env, tracing) => {
  expect(readConfig(env).tracing).toEqual(tracing);
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be an absolute URL'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL must be http/json'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER must be otlp or none'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_SAMPLER: 'often' }, 'OTEL_TRACES_SAMPLER must be one of always_on'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR, OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1'],
])('a setting of traces that cannot work is refused: %j', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

const SECRETS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'];

test('lists, JSON and URLs are read', () => {
  const config = readConfig({
    JUNCTION_WEBHOOK_SECRET: `${SECRETS[0]}, ${SECRETS[1]}`,
    JUNCTION_PANELS: '{"pcos":["x"]}',
    JUNCTION_LAB_ACCOUNT_ID: ' c2a4f0de-7a1b-4d0e-9f3c-6b8f1d2e3a40 , 11111111-1111-4111-8111-111111111111',
    JUNCTION_SHARED: 'true',
    JUNCTION_NOTE_LIMIT: '1000',
    JUNCTION_PHYSICIANS: 'required',
    JUNCTION_DEFAULT_PHYSICIANS: '{"NY":"ann"}',
    JUNCTION_CONCURRENCY: '4',
    FACET_BASE_URL: 'https://fhir.example.org/',
    TRUST_PROXY: '1',
  });
  expect(config.junction).toMatchObject({
    webhookSecrets: SECRETS,
    panels: { pcos: ['x'] },
    labAccounts: ['c2a4f0de-7a1b-4d0e-9f3c-6b8f1d2e3a40', '11111111-1111-4111-8111-111111111111'],
    isShared: true,
    noteLimit: 1000,
    physicians: 'required',
    defaultPhysicians: { NY: 'ann' },
    concurrency: 4,
  });
  expect(readConfig({}).junction).toMatchObject({ physicians: 'optional', defaultPhysicians: {}, concurrency: 16 });
  expect([config.baseUrl, config.trustProxy]).toEqual(['https://fhir.example.org', 1]);
  expect(readConfig({ TRUST_PROXY: 'loopback, 10.0.0.0/8, ::1' }).trustProxy).toBe('loopback, 10.0.0.0/8, ::1');
});

test.each([
  [{ NODE_ENV: 'production' }, 'NODE_ENV=production needs DATABASE_URL'],
  [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must begin with postgres://'],
  [{ PORT: '99999' }, 'PORT must be a whole number'],
  [{ PORT: 'http' }, 'PORT must be a whole number'],
  [{ FACET_WORKERS: '0' }, 'FACET_WORKERS (--workers) must be auto, or a whole number from 1 to 256'],
  [{ FACET_WORKERS: 'all' }, 'FACET_WORKERS (--workers) must be auto, or a whole number from 1 to 256'],
  [{ FACET_WORKERS: '2' }, 'FACET_WORKERS (--workers) is 2, and the embedded database allows one process: set DATABASE_URL, or 1 worker'],
  [{ FACET_MAX_CONNECTIONS: '0' }, 'FACET_MAX_CONNECTIONS must be a whole number from 1 to 65535'],
  [{ FACET_REQUEST_TIMEOUT_SECONDS: '0' }, 'FACET_REQUEST_TIMEOUT_SECONDS must be a whole number from 1 to 3600'],
  [{ FACET_BASE_URL: 'example.org' }, 'FACET_BASE_URL must be an absolute URL'],
  [{ TRUST_PROXY: 'true' }, 'TRUST_PROXY=true would trust every client'],
  [{ TRUST_PROXY: 'banana' }, 'TRUST_PROXY must be the number of proxies in front'],
  [{ TRUST_PROXY: '10.0.0.0/8/8' }, 'TRUST_PROXY must be the number of proxies in front'],
  [{ JUNCTION_WEBHOOK_SECRET: 'whsec_' }, 'JUNCTION_WEBHOOK_SECRET must be secrets'],
  [{ JUNCTION_WEBHOOK_SECRET: `${SECRETS[0]},secret` }, 'JUNCTION_WEBHOOK_SECRET must be secrets'],
  [{ FACET_LOG_LEVEL: 'loud' }, 'FACET_LOG_LEVEL must be one of info, error, silent'],
  [{ JUNCTION_PANELS: '{"pcos":"x"}' }, 'JUNCTION_PANELS is not as expected'],
  [{ FACET_MAPPINGS: '/nowhere/mappings' }, 'FACET_MAPPINGS: there is no folder /nowhere/mappings'],
  [{ JUNCTION_PANELS: '{' }, 'JUNCTION_PANELS is not as expected'],
  [{ JUNCTION_LAB_ACCOUNT_ID: '7' }, 'JUNCTION_LAB_ACCOUNT_ID must be UUIDs'],
  [{ JUNCTION_SHARED: 'yes' }, 'JUNCTION_SHARED must be true or false'],
  [{ FACET_SECRETS_KEY: 'abc' }, 'FACET_SECRETS_KEY must be base64 of 32 bytes'],
  [{ FACET_SECRETS_KEY_FILE: '/nowhere/key' }, 'FACET_SECRETS_KEY_FILE: there is no file'],
  [{ FACET_SECRETS_KEY: 'a', FACET_SECRETS_KEY_FILE: 'b' }, 'not both'],
  [{ JUNCTION_NOTE_LIMIT: '1001' }, 'JUNCTION_NOTE_LIMIT must be a whole number from 0 to 1000'],
  [{ JUNCTION_PHYSICIANS: 'never' }, 'JUNCTION_PHYSICIANS must be required or optional'],
  [{ JUNCTION_DEFAULT_PHYSICIANS: '{"New York":"ann"}' }, 'JUNCTION_DEFAULT_PHYSICIANS is not as expected'],
  [{ JUNCTION_CONCURRENCY: '0' }, 'JUNCTION_CONCURRENCY must be a whole number from 1 to 256'],
  [{ FACET_ISSUERS: 'https://login.test' }, 'FACET_ISSUERS must be a JSON list of issuers, for example'],
  [{ FACET_ISSUERS: '[]' }, 'FACET_ISSUERS must be a JSON list of issuers, for example'],
  [{ FACET_ISSUERS: '[{"issuer":"https://login.test","tenant":"demo"}]' }, 'FACET_ISSUERS, entry 1: audience must be a text'],
  [issuers({ issuer: 'http://login.test' }), 'FACET_ISSUERS, entry 1: issuer must be an https:// URL'],
  [issuers({ issuer: 'https://login.test?x' }), 'FACET_ISSUERS, entry 1: issuer must be an https:// URL'],
  [issuers({ issuer: 'https://me:secret@login.test' }), 'FACET_ISSUERS, entry 1: issuer must be an https:// URL'],
  [issuers({ jwksUri: 'http://10.0.0.1/keys' }), 'FACET_ISSUERS, entry 1: jwksUri must be an https:// URL'],
  [issuers({ jwks_uri: 'https://login.test/keys' }), 'FACET_ISSUERS, entry 1: there is no member jwks_uri: use issuer, audience'],
  [issuers({ singleUse: 'yes' }), 'FACET_ISSUERS, entry 1: singleUse must be true or false'],
  [issuers({}, { tenant: 'other' }), 'FACET_ISSUERS, entry 2: this issuer and audience have an entry already'],
  [issuers({}, { audience: 'b', jwksUri: 'https://login.test/keys' }), 'FACET_ISSUERS, entry 2: all entries of one issuer need the same'],
  [issuers({ signIn: 'console' }), 'FACET_ISSUERS, entry 1: signIn must be an object'],
  [issuers({ signIn: {} }), 'FACET_ISSUERS, entry 1: clientId of signIn must be a text'],
  [issuers({ signIn: { clientId: 'c', client_secret: 's' } }), 'FACET_ISSUERS, entry 1: signIn has no member client_secret: use clientId'],
  [issuers({ signIn: { clientId: 'c', scopes: 'user/*.rs' } }), 'FACET_ISSUERS, entry 1: scopes of signIn must contain openid'],
  [
    issuers({ signIn: { clientId: 'c', clientSecret: 's', clientSecretFile: 'f' } }),
    'give signIn clientSecret or clientSecretFile, not both',
  ],
  [issuers({ signIn: { clientId: 'c', clientSecretFile: '/nowhere' } }), 'there is no file /nowhere (clientSecretFile of signIn)'],
  [issuers({ signIn: { clientId: 'c', title: ' ' } }), 'FACET_ISSUERS, entry 1: title of signIn must be a text'],
  [issuers({ signIn: { clientId: 'c', parameters: { prompt: 1 } } }), 'parameters of signIn must be an object of texts'],
  [issuers({ signIn: { clientId: 'c', parameters: { state: 'x' } } }), 'parameters of signIn cannot set state: the server sets it'],
  [issuers({ signIn: { clientId: 'c' }, singleUse: true }), 'FACET_ISSUERS, entry 1: signIn needs tokens that can be used several times'],
  [
    issuers({ signIn: { clientId: 'c' } }, { audience: 'b', tenant: 'other', signIn: { clientId: 'd' } }),
    'FACET_ISSUERS, entry 2: entry 1 has signIn for this issuer already',
  ],
  [{ FACET_ORDERS: 'lax' }, 'FACET_ORDERS must be strict, or unset'],
  [{ FACET_FULLTEXT: 'yes' }, 'FACET_FULLTEXT must be on or off'],
  [{ FACET_REFERENCES: 'lax' }, 'FACET_REFERENCES must be loose or strict'],
  [{ FACET_RATE_LIMITS: '{"clinik":5}' }, 'FACET_RATE_LIMITS is not as expected'],
])('%j stops the start: %s', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

test('a test may say where time comes from, production never', () => {
  expect(readConfig({ FACET_TEST_CLOCK: 'http://127.0.0.1:1/clock' }).testClock).toBe('http://127.0.0.1:1/clock');
  const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://h/d', FACET_TEST_CLOCK: 'http://127.0.0.1:1/clock' };
  expect(() => readConfig(production)).toThrow(/FACET_TEST_CLOCK is for tests/);
});

test('what cannot be ordered is refused where FACET_ORDERS is strict', () => {
  expect([{}, { FACET_ORDERS: ' ' }, { FACET_ORDERS: 'strict' }].map((env) => readConfig(env).strictOrders)).toEqual([false, false, true]);
});

test('references are enforced where FACET_REFERENCES is strict', () => {
  expect([{}, { FACET_REFERENCES: 'loose' }, { FACET_REFERENCES: 'strict' }].map((env) => readConfig(env).strictReferences)).toEqual([
    false,
    false,
    true,
  ]);
});

test('hosts with private addresses that subscribers may have are named as URLs name them', () => {
  expect(readConfig({}).subscriptionHosts).toEqual([]);
  expect(readConfig({ FACET_PRIVATE_SUBSCRIBER_HOSTS: 'Hooks.internal, 10.0.0.7,fd00::1' }).subscriptionHosts).toEqual([
    'hooks.internal',
    '10.0.0.7',
    'fd00::1',
  ]);
  for (const invalid of ['https://hooks.internal', '10.0.0.0/8', '[fd00::1]', 'a:80'])
    expect(() => readConfig({ FACET_PRIVATE_SUBSCRIBER_HOSTS: invalid })).toThrow(
      /FACET_PRIVATE_SUBSCRIBER_HOSTS must be host names and addresses/,
    );
});

test('the metrics are read where the operator says, on loopback unless another host is named', () => {
  expect(readConfig({}).metrics).toBeUndefined();
  expect(readConfig({ FACET_METRICS: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(readConfig({ FACET_METRICS: '0.0.0.0:9464' }).metrics).toEqual({ host: '0.0.0.0', port: 9464 });
  expect(readConfig({ FACET_METRICS: '[::1]:9464' }).metrics).toEqual({ host: '::1', port: 9464 });
  expect(() => readConfig({ FACET_METRICS: 'yes' })).toThrow(/FACET_METRICS must be a port, or host:port/);
});

test.each(Object.entries(DEPRECATED_VARIABLES))('%s still works, with a warning that names %s', (oldName, newName) => {
  const VALUES: Record<string, string> = { FACET_LOG_LEVEL: 'error', FACET_PRIVATE_SUBSCRIBER_HOSTS: 'hooks.internal' };
  const value = VALUES[newName] ?? '7';
  const { deprecations, ...config } = readConfig({ [oldName]: value });
  expect(config).toEqual({ ...readConfig({ [newName]: value }), deprecations: undefined });
  expect(config).not.toEqual({ ...readConfig({}), deprecations: undefined });
  expect(deprecations).toEqual([`${oldName} is deprecated and will be removed in the next release: use ${newName}`]);
  expect(readConfig({ [oldName]: 'not read', [newName]: value })).toMatchObject(config);
  expect(readConfig({ [newName]: value }).deprecations).toEqual([]);
});
