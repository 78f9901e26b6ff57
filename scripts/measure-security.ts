// `node scripts/measure-security.ts [--rounds 24] [--resources 6000]`: what audit, row-level security, scopes and traces cost, on PostgreSQL (BENCH_DATABASE_URL).
// Servers without any of it, with each alone and with all of it take turns in one run, each on a copy of one database; only the ratios mean anything.
// docs/decisions/0050-tenant-walls.md, 0051-audit.md, 0052-restricted-scopes.md, 0049-traces.md
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { buildIndexRows } from '../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../src/fhir/search/registry.ts';
import type { ServedType } from '../src/fhir/types.ts';
import { openMigratedDatabase } from '../src/server/open-migrated-databases.ts';
import { createApiKey } from '../src/store/api-keys.ts';
import type { ResourceChange } from '../src/store/resources/resource-change.ts';
import { createStores } from '../src/store/sql-store.ts';
import { createTenant } from '../src/store/tenants.ts';
import { buildEnvironment } from '../test/journeys/program-environment.ts';
import { Connection, type LoadRequest } from './bench/client.ts';
import { between, type Used, usedBy } from './bench/cpu.ts';
import { resourceOf } from './measure/resources.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '24' },
    resources: { type: 'string', default: '6000' },
    form: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-security.ts [--rounds 24] [--resources 6000] [--form NAME …]: what audit, row-level security, scopes and traces cost for a read, a search and a
create, each alone and all together, as ratios to a server without them. On PostgreSQL (BENCH_DATABASE_URL, default
postgres://postgres@127.0.0.1:5432/postgres). Takes about four minutes. With --form, only the named columns are measured beside "none".`);
  process.exit();
}

/** `settings`: as the environment names them. `isScoped`: the key has scopes with queries, which cover every resource of the run. */
interface Measured {
  withoutAudit?: boolean;
  settings?: Record<string, string>;
  isScoped?: boolean;
}

const RLS = { FACET_RLS: 'on' };
const collector = await startCollector();
/** Every request is recorded. */
const TRACES = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'always_on' };
const ALL_FORMS: Record<string, Measured> = {
  none: { withoutAudit: true },
  audit: {},
  'audit, strict': { settings: { FACET_AUDIT: 'strict' } },
  'row-level security': { withoutAudit: true, settings: RLS },
  'scopes with queries': { withoutAudit: true, isScoped: true },
  traces: { withoutAudit: true, settings: TRACES },
  'all, audit not strict': { settings: { ...RLS, ...TRACES }, isScoped: true },
};
const unknown = options.form?.find((name) => !Object.hasOwn(ALL_FORMS, name));
if (unknown) throw new Error(`--form ${unknown}: it is one of ${Object.keys(ALL_FORMS).join('; ')}`);
const FORMS = Object.fromEntries(
  Object.entries(ALL_FORMS).filter(([name]) => name === 'none' || !options.form || options.form.includes(name)),
);
const SCOPES = ['system/Patient.crs?gender=female,male', 'system/ServiceRequest.rs?category=108252007'];
const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const NAME = `facet_security_${process.pid}`;
const COUNT = Number(options.resources);
/** How long a form runs before the next one's turn, in ms. */
const TURN_MS = 250;
const WARM_UP = 300;
/** Longer than an event waits. */
const STORED_MS = 500;
const AT = '2026-01-01T00:00:00.000Z';

/** Returns a key for all, and one with scopes. */
async function fill(url: string): Promise<{ whole: string; scoped: string }> {
  const database = await openMigratedDatabase({ url });
  const tenant = (await createTenant(database, { slug: 'measured', name: 'measured', at: AT }))!.id;
  const { store } = createStores(database);
  const registry = buildRegistry([]);
  const changeOf = (n: number): ResourceChange => {
    const resource = resourceOf(n);
    const lastUpdated = new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString();
    const body = JSON.stringify({ ...resource, meta: { versionId: '1', lastUpdated } });
    const index = buildIndexRows(resource, registry);
    return {
      type: resource.resourceType as ServedType,
      id: resource.id!,
      version: 1,
      lastUpdated,
      method: 'POST',
      actor: 'key',
      body,
      index,
    };
  };
  for (let from = 0; from < COUNT; from += 500)
    await store.write(
      tenant,
      Array.from({ length: 500 }, (_one, n) => changeOf(from + n)),
    );
  const createKey = async (scopes: string[]): Promise<string> =>
    (await createApiKey(database, { tenant, surface: 'fhir', scopes, prefix: 'pk_live_', at: AT })).text;
  const keys = { whole: await createKey(['*']), scoped: await createKey(SCOPES) };
  await database.script('vacuum (analyze)');
  await database.close();
  return keys;
}

const pick = (n: number): number => 2 * ((n * 7919) % (COUNT / 2));
const body = JSON.stringify({ ...resourceOf(2), id: undefined });

type Work = Omit<LoadRequest, 'headers'>;

/** What is measured, by the number of the request. */
const WORK: Record<string, (n: number) => Work> = {
  read: (n) => ({ method: 'GET', path: `/fhir/R4/Patient/p${pick(n)}`, status: 200 }),
  'search of 20': (n) => ({
    method: 'GET',
    path: `/fhir/R4/ServiceRequest?status=active&_count=20&authored=ge20${15 + (n % 8)}-01-01`,
    status: 200,
  }),
  create: () => ({ method: 'POST', path: '/fhir/R4/Patient', body, status: 201 }),
};

interface Form {
  connection: Connection;
  pid: number;
  database: string;
  key: string;
}

const usage = ({ pid, database }: Form): [server: Used, sessions: Used] => [usedBy({ pid })!, usedBy({ database })!];

async function measureWork(work: (n: number) => Work, forms: Form[]): Promise<{ times: number[]; server: number; sessions: number }[]> {
  const results = forms.map((form) => ({ form, before: usage(form), times: [] as number[] }));
  for (let round = 0; round < Number(options.rounds); round++)
    // each form is as often the first
    for (const { form, times } of results.map((_one, at) => results[(at + round) % results.length]!))
      for (const end = performance.now() + TURN_MS; performance.now() < end; ) {
        const request = work(round * 1000 + times.length);
        const from = performance.now();
        const { status } = await send(form, request);
        times.push(performance.now() - from);
        if (status !== request.status) throw new Error(`${request.path}: ${status}`);
      }
  await delay(STORED_MS);
  return results.map(({ form, before, times }) => {
    const [server, sessions] = usage(form).map((used, at) => (between(before[at]!, used) / times.length) * 1000) as [number, number];
    return { times, server, sessions };
  });
}

const median = (times: number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1]!;

const send = ({ connection, key }: Form, work: Work) =>
  connection.send({ ...work, headers: { 'Content-Type': 'application/fhir+json', Authorization: `Bearer ${key}` } });

async function compare(forms: Form[]): Promise<void> {
  for (const work of Object.values(WORK)) for (const form of forms) for (let n = 0; n < WARM_UP; n++) await send(form, work(n));
  console.log(`| | ${Object.keys(FORMS).join(' | ')} |\n|---${'|---'.repeat(forms.length)}|`);
  for (const [name, work] of Object.entries(WORK)) {
    const results = await measureWork(work, forms);
    const row = (title: string, values: number[], digits: number) =>
      console.log(
        `| ${name}, ${title} | ${values.map((value) => `${value.toFixed(digits)} (${(value / values[0]!).toFixed(2)})`).join(' | ')} |`,
      );
    row(
      'p50 in ms',
      results.map(({ times }) => median(times)),
      3,
    );
    row(
      'CPU of the server in µs',
      results.map(({ server }) => server),
      0,
    );
    row(
      'CPU of PostgreSQL in µs',
      results.map(({ sessions }) => sessions),
      0,
    );
  }
}

const urlOf = (name: string): string => Object.assign(new URL(ADMIN_URL), { pathname: `/${name}` }).href;

interface Started extends Omit<Form, 'key'> {
  child: ChildProcess;
}

function startForm({ withoutAudit = false, settings }: Measured, database: string): Promise<Started> {
  const env = buildEnvironment({ FACET_SECRETS_KEY: Buffer.alloc(32).toString('base64'), ...settings });
  const program = join(import.meta.dirname, 'security/serve-form.ts');
  const child = spawn(process.execPath, [program, urlOf(database), String(withoutAudit)], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout!.once('data', (text) => resolve({ child, connection: new Connection(Number(text)), pid: child.pid!, database }));
  });
}

/** Accepts all spans. */
async function startCollector(): Promise<{ url: string; close(): void }> {
  const server = createServer(
    (req, res) => void req.resume().once('end', () => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close().closeAllConnections() };
}

async function measure(admin: pg.Client): Promise<void> {
  const started: Started[] = [];
  const names = Object.keys(FORMS).map((_form, at) => `${NAME}_${at}`);
  try {
    await admin.query(`create database ${names[0]}`);
    const keys = await fill(urlOf(names[0]!));
    for (const name of names.slice(1)) await admin.query(`create database ${name} template ${names[0]}`);
    const forms: Form[] = [];
    for (const [at, form] of Object.values(FORMS).entries()) {
      const server = await startForm(form, names[at]!);
      started.push(server);
      forms.push({ ...server, key: form.isScoped ? keys.scoped : keys.whole });
    }
    console.log(`${COUNT} resources, PostgreSQL ${(await admin.query('show server_version')).rows[0].server_version}, one client`);
    await compare(forms);
  } finally {
    for (const { child, connection } of started) {
      connection.close();
      child.kill('SIGTERM');
    }
    for (const name of names) await admin.query(`drop database if exists ${name} with (force)`);
  }
}

const admin = new pg.Client(ADMIN_URL);
await admin.connect();
try {
  await measure(admin);
} finally {
  await admin.end();
  collector.close();
}
