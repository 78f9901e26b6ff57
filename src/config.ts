// Reads the environment once into one checked, frozen object. No other file reads process.env, but for FACET_TYPES, which src/fhir/types.ts reads when the
// program is loaded.
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { validate as isUuid } from 'uuid';
import { type IssuerSettings, parseIssuers } from './access-tokens/issuer-settings.ts';
import { DEPRECATED_VARIABLES, deprecationText } from './deprecated-names.ts';
import { formatSuggestion } from './fhir/closest-name.ts';
import { isObject, tryParseJson } from './fhir/json-values.ts';
import { isKnown, KNOWN_TYPES, type ServedType } from './fhir/types.ts';
import { parseTracing, type TracingSettings } from './observability/tracing-settings.ts';

/** Every setting: its environment variable, then its meaning. */
export interface Config {
  /** A warning for each variable with a deprecated name. */
  deprecations: string[];
  /** NODE_ENV=production: no embedded database, no development keys, no sandbox. */
  production: boolean;
  /** Whether npm runs this process (npm_lifecycle_event). A signal sent to npm reaches npm's shell only. */
  underNpm: boolean;
  /** PORT: the port to listen on; default 3000, 0 picks a free one. */
  port: number;
  /** FACET_WORKERS: the number of processes that serve, `auto` for one on each core; default `auto` in production, else 1. The embedded database allows one. */
  workers: number;
  /** DATABASE_URL: the PostgreSQL to use; without it the embedded engine stores its files in the data directory. */
  databaseUrl: string | undefined;
  /** FACET_DATA_DIR: the directory of the embedded database, its lock and the development keys; default `.facet`. */
  dataDir: string;
  /** FACET_MAPPINGS: the folder of the vendors' mappings; default `mappings/` of the project. */
  mappings: string | undefined;
  /** FACET_TYPES: the resource types to serve, by comma; absent: all. src/fhir/types.ts reads it, and it is checked here. */
  types: readonly ServedType[] | undefined;
  /** FACET_BASE_URL: the URL at which clients reach this server, for absolute links; default: the host of a trusted proxy, else http://localhost:PORT. */
  baseUrl: string | undefined;
  /** TRUST_PROXY: Express' `trust proxy` (hops, `loopback`, or addresses); default off. */
  trustProxy: string | number | false;
  /** FACET_PREPARED_STATEMENTS=off: for a transaction pooler that the server does not detect. */
  preparedStatements: boolean;
  /** FACET_RLS=on: the statements of a request run as a database role that sees the rows of one tenant only; default off. */
  rls: boolean;
  /** FACET_FULLTEXT=on: serves the search parameters `_text` and `_content`, whose index makes writes slower; default off. */
  fullText: boolean;
  /** FACET_CONSOLE=off: nothing is served below /console; default on. */
  console: boolean;
  /** FACET_LOG_LEVEL: `info` (default), `error`, `silent`. */
  logLevel: string;
  /** FACET_RATE_LIMITS: JSON, surface → {limit, seconds}, or null for no limit. Other surfaces keep their vendor's documented limits. */
  rateLimits: Record<string, { limit: number; seconds: number } | null>;
  /** The maximum size of a body in bytes, else 413: 64 MiB for the FHIR API (a bundle of 5,000 entries), 1 MiB for the vendors' APIs. */
  bodyLimits: { fhir: number; v1: number };
  /** FACET_MAX_CONNECTIONS: the maximum number of open connections; further ones are closed immediately. Default 2,000. */
  maxConnections: number;
  /** FACET_REQUEST_TIMEOUT_SECONDS: the time in which a client must send a request with its body, else 408; default 60. */
  requestSeconds: number;
  /** FACET_DRAIN_SECONDS: how long requests are still accepted after a signal to stop, while /readyz returns 503; default 5 in production, else 0. */
  drainSeconds: number;
  /** FACET_METRICS: the address of the metrics endpoint, `9464` (on loopback) or `host:port`; absent: no endpoint. */
  metrics: { host: string; port: number } | undefined;
  /** OTEL_EXPORTER_OTLP_ENDPOINT and other variables of OpenTelemetry: where traces are sent; absent: no traces. */
  tracing: TracingSettings | undefined;
  /** FACET_TEST_CLOCK: the URL from which a process of a test reads the time, {"now": "…"}; never in production. */
  testClock: string | undefined;
  /** FACET_PRIVATE_SUBSCRIBER_HOSTS: hosts with private addresses that subscribers may use in production, separated by commas. */
  subscriptionHosts: string[];
  /** FACET_ISSUERS: JSON, the issuers whose access tokens open the FHIR API. Absent: API keys only. */
  issuers: IssuerSettings[];
  /** FACET_ORDERS=strict: an active laboratory request that cannot be ordered is refused (422), instead of stored with a Task that rejects it. */
  strictOrders: boolean;
  /** FACET_REFERENCES=strict: references to this server must resolve (422), and what is referred to cannot be deleted (409). Default: loose. */
  strictReferences: boolean;
  /** FACET_AUDIT=strict: a response waits until its audit event is stored, else 503. Default: stored at most 200 ms later. */
  strictAudit: boolean;
  /** FACET_AUDIT_RETENTION: the days for which audit events are kept, at least 30; absent: without limit. */
  auditRetentionDays: number | undefined;
  /** FACET_SECRETS_KEY: the keys that encrypt the secrets of lab accounts, by comma; the first encrypts. Or FACET_SECRETS_KEY_FILE: a file with them. */
  secretsKeys: Buffer[];
  junction: {
    /** JUNCTION_API_KEY: without it orders go to a sandbox that starts with the server (never in production). */
    apiKey: string | undefined;
    /** JUNCTION_BASE_URL; default: the host that the prefix of the key indicates. */
    baseUrl: string | undefined;
    /** JUNCTION_TEAM_ID: the team whose roster of physicians is read. */
    teamId: string | undefined;
    /** JUNCTION_PHYSICIAN_PATH: the path that physicians are sent to, if a partner contract offers one; otherwise the roster is read. */
    physicianPath: string | undefined;
    /** JUNCTION_WEBHOOK_SECRET: the secret that webhooks are signed with, `whsec_…`; several separated by commas during a change. Without it webhooks are refused. */
    webhookSecrets: string[];
    /** JUNCTION_PANELS: JSON, panel → lab test ids; absent: the sandbox's panels if orders go to a sandbox, else none. */
    panels: Record<string, string[]> | undefined;
    /** JUNCTION_LAB_ACCOUNT_ID: the accounts at laboratories that orders may name, by comma; the first is the default. Absent: Junction chooses one. */
    labAccounts: string[];
    /** JUNCTION_SHARED=true: this account serves every tenant without an account of its own. Otherwise only the installation's only tenant. */
    isShared: boolean;
    /** JUNCTION_NOTE_LIMIT: the maximum number of characters in the notes of an order; default 120, at most 1000. */
    noteLimit: number;
    /** JUNCTION_PHYSICIANS: `required` if the account's orders must name a physician (a delegated laboratory account); default `optional`. */
    physicians: 'required' | 'optional';
    /** JUNCTION_DEFAULT_PHYSICIANS: JSON, the patient's state → the id of the Practitioner who signs orders that no requester signs. */
    defaultPhysicians: Record<string, string>;
    /** JUNCTION_CONCURRENCY: the maximum number of concurrent requests that send something, of all processes together; default 16, at most 256. */
    concurrency: number;
  };
}

/** Reads and checks the environment; options of the command line win. Throws for an invalid value, with the variable and the valid values. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env, options: { workers?: string | undefined } = {}): Config {
  const { env, deprecations } = replaceDeprecated(environment);
  const production = env.NODE_ENV === 'production';
  const databaseUrl = readText(env.DATABASE_URL);
  if (production && databaseUrl === undefined) {
    throw new Error('NODE_ENV=production needs DATABASE_URL, a PostgreSQL: the embedded database is for development and tests only');
  }
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl))
    throw new Error('DATABASE_URL must begin with postgres:// or postgresql://');
  return Object.freeze({
    deprecations,
    production,
    underNpm: env.npm_lifecycle_event !== undefined,
    port: readWholeNumber('PORT', env.PORT, { standard: 3000, max: 65_535 }),
    workers: readWorkers(options.workers ?? readText(env.FACET_WORKERS) ?? (production ? 'auto' : '1'), databaseUrl),
    databaseUrl,
    dataDir: readText(env.FACET_DATA_DIR) ?? '.facet',
    mappings: readFolder('FACET_MAPPINGS', mappingsFolder(env)),
    types: readTypes(readText(env.FACET_TYPES)),
    baseUrl: readUrl('FACET_BASE_URL', env.FACET_BASE_URL),
    trustProxy: readTrustProxy(env.TRUST_PROXY),
    preparedStatements: env.FACET_PREPARED_STATEMENTS !== 'off',
    rls: readSwitch('FACET_RLS', env.FACET_RLS),
    fullText: readSwitch('FACET_FULLTEXT', env.FACET_FULLTEXT),
    console: readSwitch('FACET_CONSOLE', env.FACET_CONSOLE, 'on'),
    logLevel: readLogLevel(env.FACET_LOG_LEVEL),
    rateLimits: readJson('FACET_RATE_LIMITS', env.FACET_RATE_LIMITS, isRateLimits) ?? {},
    bodyLimits: { fhir: 64 * 1024 * 1024, v1: 1024 * 1024 },
    maxConnections: readWholeNumber('FACET_MAX_CONNECTIONS', env.FACET_MAX_CONNECTIONS, { standard: 2000, least: 1, max: 65_535 }),
    requestSeconds: readWholeNumber('FACET_REQUEST_TIMEOUT_SECONDS', env.FACET_REQUEST_TIMEOUT_SECONDS, {
      standard: 60,
      least: 1,
      max: 3600,
    }),
    drainSeconds: readWholeNumber('FACET_DRAIN_SECONDS', env.FACET_DRAIN_SECONDS, { standard: production ? 5 : 0, max: 600 }),
    metrics: readAddress('FACET_METRICS', env.FACET_METRICS),
    tracing: readTracing(env),
    testClock: readTestClock(production, env.FACET_TEST_CLOCK),
    subscriptionHosts: readHosts('FACET_PRIVATE_SUBSCRIBER_HOSTS', env.FACET_PRIVATE_SUBSCRIBER_HOSTS),
    issuers: parseIssuers(readText(env.FACET_ISSUERS)),
    strictOrders: readStrict('FACET_ORDERS', env.FACET_ORDERS),
    strictReferences: readReferences(env.FACET_REFERENCES),
    strictAudit: readStrict('FACET_AUDIT', env.FACET_AUDIT),
    auditRetentionDays: readDays('FACET_AUDIT_RETENTION', env.FACET_AUDIT_RETENTION),
    secretsKeys: readSecretsKeys(readText(env.FACET_SECRETS_KEY), readText(env.FACET_SECRETS_KEY_FILE)),
    junction: readJunction(env),
  });
}

/** The account of the environment. */
const readJunction = (env: NodeJS.ProcessEnv): Config['junction'] => ({
  apiKey: readText(env.JUNCTION_API_KEY),
  baseUrl: readUrl('JUNCTION_BASE_URL', env.JUNCTION_BASE_URL),
  teamId: readText(env.JUNCTION_TEAM_ID),
  physicianPath: readText(env.JUNCTION_PHYSICIAN_PATH),
  webhookSecrets: readSecrets('JUNCTION_WEBHOOK_SECRET', env.JUNCTION_WEBHOOK_SECRET),
  panels: readJson('JUNCTION_PANELS', env.JUNCTION_PANELS, isPanels),
  labAccounts: readUuids('JUNCTION_LAB_ACCOUNT_ID', env.JUNCTION_LAB_ACCOUNT_ID),
  isShared: readShared(readText(env.JUNCTION_SHARED)),
  noteLimit: readWholeNumber('JUNCTION_NOTE_LIMIT', env.JUNCTION_NOTE_LIMIT, { standard: 120, max: 1000 }),
  physicians: readPhysicians(readText(env.JUNCTION_PHYSICIANS) ?? 'optional'),
  defaultPhysicians: readJson('JUNCTION_DEFAULT_PHYSICIANS', env.JUNCTION_DEFAULT_PHYSICIANS, isPhysicians) ?? {},
  concurrency: readWholeNumber('JUNCTION_CONCURRENCY', env.JUNCTION_CONCURRENCY, { standard: 16, least: 1, max: 256 }),
});

const readTracing = (env: NodeJS.ProcessEnv): Config['tracing'] =>
  parseTracing({
    base: readUrl('OTEL_EXPORTER_OTLP_ENDPOINT', env.OTEL_EXPORTER_OTLP_ENDPOINT),
    endpoint: readUrl('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
    protocol: readText(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) ?? readText(env.OTEL_EXPORTER_OTLP_PROTOCOL),
    exporter: readText(env.OTEL_TRACES_EXPORTER),
    disabled: readText(env.OTEL_SDK_DISABLED),
    sampler: readText(env.OTEL_TRACES_SAMPLER),
    samplerArg: readText(env.OTEL_TRACES_SAMPLER_ARG),
  });

/** Replaces deprecated names of variables by the current ones. When both are set, the current one counts. */
function replaceDeprecated(environment: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; deprecations: string[] } {
  const used = Object.entries(DEPRECATED_VARIABLES).filter(([oldName]) => readText(environment[oldName]) !== undefined);
  const renamed = Object.fromEntries(used.map(([oldName, newName]) => [newName, environment[oldName]]));
  return { env: { ...renamed, ...environment }, deprecations: used.map(([oldName, newName]) => deprecationText(oldName, newName)) };
}

/** Reads only FACET_MAPPINGS, for commands that need no other setting. */
export const mappingsFolder = (env: NodeJS.ProcessEnv = process.env): string | undefined => readText(env.FACET_MAPPINGS);

function readFolder(name: string, path: string | undefined): string | undefined {
  if (path !== undefined && !existsSync(path)) throw new Error(`${name}: there is no folder ${path}`);
  return path;
}

const readText = (value: string | undefined): string | undefined => (value === undefined || value.trim() === '' ? undefined : value.trim());

function readWholeNumber(
  name: string,
  value: string | undefined,
  { standard, least = 0, max }: { standard: number; least?: number; max: number },
): number {
  const text = readText(value);
  if (text === undefined) return standard;
  if (!/^\d+$/.test(text) || Number(text) > max || Number(text) < least)
    throw new Error(`${name} must be a whole number from ${least} to ${max}`);
  return Number(text);
}

const MAX_WORKERS = 256;

/** The number of cores is that which the process may use, also in a container: https://nodejs.org/api/os.html#osavailableparallelism */
function readWorkers(text: string, databaseUrl: string | undefined): number {
  if (text === 'auto') return databaseUrl === undefined ? 1 : Math.min(availableParallelism(), MAX_WORKERS);
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > MAX_WORKERS)
    throw new Error(`FACET_WORKERS (--workers) must be auto, or a whole number from 1 to ${MAX_WORKERS}`);
  if (Number(text) > 1 && databaseUrl === undefined)
    throw new Error(`FACET_WORKERS (--workers) is ${text}, and the embedded database allows one process: set DATABASE_URL, or 1 worker`);
  return Number(text);
}

/** A number of days. Fewer than 30 would be a mistake: months are deleted as a whole. */
const readDays = (name: string, value: string | undefined): number | undefined =>
  readText(value) === undefined ? undefined : readWholeNumber(name, value, { standard: 30, least: 30, max: 36_500 });

/** At least 24 bytes of base64: a shorter secret could be guessed. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

export const isWebhookSecret = (text: string): boolean => SECRET.test(text);

function readSecrets(name: string, value: string | undefined): string[] {
  const addresses = (value ?? '').split(',').flatMap((part) => readText(part) ?? []);
  if (addresses.some((secret) => !isWebhookSecret(secret)))
    throw new Error(`${name} must be secrets as the vendor's dashboard shows them: whsec_ and base64, separated by commas`);
  return addresses;
}

function readUuids(name: string, value: string | undefined): string[] {
  const ids = (value ?? '').split(',').flatMap((part) => readText(part) ?? []);
  if (!ids.every((id) => isUuid(id))) throw new Error(`${name} must be UUIDs, separated by commas`);
  return ids;
}

function readShared(text: string | undefined): boolean {
  if (text !== undefined && text !== 'true' && text !== 'false') throw new Error('JUNCTION_SHARED must be true or false');
  return text === 'true';
}

const SECRETS_KEY_BYTES = 32;

function readSecretsKeys(value: string | undefined, file: string | undefined): Buffer[] {
  if (value !== undefined && file !== undefined) throw new Error('set FACET_SECRETS_KEY or FACET_SECRETS_KEY_FILE, not both');
  const name = file === undefined ? 'FACET_SECRETS_KEY' : 'FACET_SECRETS_KEY_FILE';
  if (file !== undefined && !existsSync(file)) throw new Error(`FACET_SECRETS_KEY_FILE: there is no file ${file}`);
  const keys = (file === undefined ? (value ?? '') : readFileSync(file, 'utf8')).split(/[,\s]+/).filter(Boolean);
  if (file !== undefined && keys.length === 0) throw new Error(`FACET_SECRETS_KEY_FILE: ${file} contains no key`);
  return keys.map((text) => {
    const key = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
    if (key.length !== SECRETS_KEY_BYTES) throw new Error(`${name} must be base64 of 32 bytes, several by comma: openssl rand -base64 32`);
    return key;
  });
}

function readUrl(name: string, value: string | undefined): string | undefined {
  const text = readText(value);
  if (text === undefined) return undefined;
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) throw new Error(`${name} must be an absolute URL, http:// or https://`);
  return text.replace(/\/+$/, '');
}

function readAddress(name: string, value: string | undefined): Config['metrics'] {
  const text = readText(value);
  if (text === undefined) return undefined;
  const [, host = '127.0.0.1', port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) throw new Error(`${name} must be a port, or host:port`);
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** Host names and addresses as in URLs, without port; an IPv6 address without brackets. */
function readHosts(name: string, value: string | undefined): string[] {
  const hosts = (value ?? '').split(',').flatMap((part) => readText(part)?.toLowerCase() ?? []);
  if (hosts.some((host) => !isIP(host) && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host)))
    throw new Error(`${name} must be host names and addresses, separated by commas: hooks.internal,10.0.0.7`);
  return hosts;
}

function readTestClock(production: boolean, value: string | undefined): string | undefined {
  const url = readUrl('FACET_TEST_CLOCK', value);
  if (url !== undefined && production) throw new Error('FACET_TEST_CLOCK is for tests only: unset it when NODE_ENV=production');
  return url;
}

function readTypes(text: string | undefined): ServedType[] | undefined {
  return text?.split(',').map((item) => {
    const type = item.trim();
    if (!isKnown(type))
      throw new Error(`FACET_TYPES: ${type} is not a resource type that can be served${formatSuggestion(type, KNOWN_TYPES)}`);
    return type;
  });
}

function readTrustProxy(value: string | undefined): string | number | false {
  const text = readText(value);
  if (text === undefined || text === 'false' || text === '0') return false;
  if (text === 'true')
    throw new Error('TRUST_PROXY=true would trust every client: give the number of proxies in front, "loopback", or their addresses');
  if (/^\d+$/.test(text)) return Number(text);
  if (!text.split(',').every(isProxyAddress))
    throw new Error('TRUST_PROXY must be the number of proxies in front, "loopback", or their addresses');
  return text;
}

const PROXY_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Whether the entry is an address, a range of addresses (10.0.0.0/8), or one of Express' names: https://expressjs.com/en/guide/behind-proxies.html */
function isProxyAddress(entry: string): boolean {
  const [address = '', bits, more] = entry.trim().split('/');
  return PROXY_RANGES.has(entry.trim()) || (isIP(address) > 0 && more === undefined && (bits === undefined || /^\d{1,3}$/.test(bits)));
}

const LOG_LEVELS = ['info', 'error', 'silent'];

function readLogLevel(value: string | undefined): string {
  const level = readText(value) ?? 'info';
  if (!LOG_LEVELS.includes(level)) throw new Error(`FACET_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function readStrict(name: string, value: string | undefined): boolean {
  const text = readText(value);
  if (text !== undefined && text !== 'strict') throw new Error(`${name} must be strict, or unset`);
  return text !== undefined;
}

function readSwitch(name: string, value: string | undefined, standard: 'on' | 'off' = 'off'): boolean {
  const text = readText(value) ?? standard;
  if (text !== 'on' && text !== 'off') throw new Error(`${name} must be on or off`);
  return text === 'on';
}

function readReferences(value: string | undefined): boolean {
  const text = readText(value) ?? 'loose';
  if (text !== 'loose' && text !== 'strict') throw new Error('FACET_REFERENCES must be loose or strict');
  return text === 'strict';
}

function readPhysicians(text: string): Config['junction']['physicians'] {
  if (text !== 'required' && text !== 'optional') throw new Error('JUNCTION_PHYSICIANS must be required or optional');
  return text;
}

function readJson<T>(name: string, value: string | undefined, is: (value: unknown) => value is T): T | undefined {
  const text = readText(value);
  if (text === undefined) return undefined;
  const parsed = tryParseJson(text);
  if (!is(parsed)) throw new Error(`${name} is not as expected: ${EXPECTED[name]}`);
  return parsed;
}

const EXPECTED: Record<string, string> = {
  JUNCTION_PANELS: 'a JSON object of panel names, each with a list of lab test ids, {"pcos":["<uuid>"]}',
  FACET_RATE_LIMITS: 'a JSON object of surfaces, each with a limit or null, {"<surface>":{"limit":500,"seconds":3600},"<other>":null}',
};

export const isPanels = (value: unknown): value is Record<string, string[]> =>
  isObject(value) && Object.values(value).every((ids) => Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string'));

/** The patient's state (USPS code) → the id of a Practitioner. */
export const isPhysicians = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.entries(value).every(([state, id]) => /^[A-Z]{2}$/.test(state) && typeof id === 'string' && id !== '');

const isPositiveInteger = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

const isRateLimits = (value: unknown): value is Config['rateLimits'] =>
  isObject(value) &&
  Object.values(value).every(
    (rule) => rule === null || (isObject(rule) && isPositiveInteger(rule.limit) && isPositiveInteger(rule.seconds)),
  );
