// `node scripts/measure-audit.ts [--rounds 24] [--resources 6000]`: what the audit costs, on PostgreSQL (BENCH_DATABASE_URL). Servers without it, with it and with
// FACET_AUDIT=strict take turns in one run, each on a copy of one database; only the ratios mean anything. docs/decisions/0051-audit.md
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { buildIndexRows } from '../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../src/fhir/search/registry.ts';
import type { ServedType } from '../src/fhir/types.ts';
import { openIndexState } from '../src/interactions/index-state.ts';
import { assemble } from '../src/server/assemble.ts';
import { loadDefinitions } from '../src/server/load-definitions.ts';
import { openMigratedDatabase, openServerDatabases } from '../src/server/open-migrated-databases.ts';
import { createApiKey } from '../src/store/api-keys.ts';
import { createReindexing } from '../src/store/reindexing.ts';
import type { ResourceChange } from '../src/store/resources/resource-change.ts';
import { createStores } from '../src/store/sql-store.ts';
import { createTenant } from '../src/store/tenants.ts';
import { Connection, type LoadRequest } from './bench/client.ts';
import { between, type Used, usedBy } from './bench/cpu.ts';
import { resourceOf } from './measure/resources.ts';

const { values: options } = parseArgs({
  options: {
    serve: { type: 'string' },
    url: { type: 'string' },
    rounds: { type: 'string', default: '24' },
    resources: { type: 'string', default: '6000' },
  },
});
const FORMS = ['off', 'on', 'strict'];
const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const NAME = `facet_audit_${process.pid}`;
const COUNT = Number(options.resources);
/** How long a form runs before the next one's turn, in ms. */
const TURN_MS = 250;
/** Longer than an event waits. */
const STORED_MS = 500;
const AT = '2026-01-01T00:00:00.000Z';

/** A server of one form. Prints its port. */
async function serve(form: string, url: string): Promise<void> {
  const config = readConfig({
    DATABASE_URL: url,
    FACET_LOG_LEVEL: 'silent',
    FACET_SECRETS_KEY: Buffer.alloc(32).toString('base64'),
    ...(form === 'strict' && { FACET_AUDIT: 'strict' }),
  });
  const loaded = loadDefinitions(config);
  const { database, background } = await openServerDatabases({ url });
  const index = await openIndexState(createReindexing(background), loaded.registry);
  const log = pino({ level: 'silent' });
  const facet = await assemble({
    config,
    loaded,
    database,
    background,
    index,
    log,
    baseUrl: 'http://localhost',
    ...(form === 'off' && { withoutAudit: true }),
  });
  const server = createServer(facet.app).listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}

async function fill(url: string): Promise<string> {
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
  const key = await createApiKey(database, { tenant, surface: 'fhir', scopes: ['*'], prefix: 'pk_live_', at: AT });
  await database.script('vacuum (analyze)');
  await database.close();
  return key.text;
}

const pick = (n: number): number => 2 * ((n * 7919) % (COUNT / 2));
const headers = { 'Content-Type': 'application/fhir+json' };
const body = JSON.stringify({ ...resourceOf(2), id: undefined });

/** What is measured, by the number of the request. */
const WORK: Record<string, (n: number) => Omit<LoadRequest, 'headers'>> = {
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
}

const usage = ({ pid, database }: Form): [server: Used, sessions: Used] => [usedBy({ pid })!, usedBy({ database })!];

async function measureWork(
  work: (n: number) => LoadRequest,
  forms: Form[],
): Promise<{ times: number[]; server: number; sessions: number }[]> {
  const results = forms.map((form) => ({ form, before: usage(form), times: [] as number[] }));
  for (let round = 0; round < Number(options.rounds); round++)
    // each form is as often the first
    for (const { form, times } of results.map((_one, at) => results[(at + round) % results.length]!))
      for (const end = performance.now() + TURN_MS; performance.now() < end; ) {
        const request = work(round * 1000 + times.length);
        const from = performance.now();
        const { status } = await form.connection.send(request);
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

async function compare(forms: Form[], key: string): Promise<void> {
  const withKey =
    (make: (n: number) => Omit<LoadRequest, 'headers'>) =>
    (n: number): LoadRequest => ({ ...make(n), headers: { ...headers, Authorization: `Bearer ${key}` } });
  for (const work of Object.values(WORK))
    for (const { connection } of forms) for (let n = 0; n < 300; n++) await connection.send(withKey(work)(n));
  console.log(`| | ${FORMS.join(' | ')} |\n|---${'|---'.repeat(FORMS.length)}|`);
  for (const [name, work] of Object.entries(WORK)) {
    const results = await measureWork(withKey(work), forms);
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

function startForm(form: string, database: string): Promise<{ child: ChildProcess; form: Form }> {
  const child = spawn(process.execPath, [import.meta.filename, '--serve', form, '--url', urlOf(database)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout!.once('data', (text) => resolve({ child, form: { connection: new Connection(Number(text)), pid: child.pid!, database } }));
  });
}

async function measure(): Promise<void> {
  const admin = new pg.Client(ADMIN_URL);
  await admin.connect();
  const children: ChildProcess[] = [];
  try {
    await admin.query(`create database ${NAME}_off`);
    const key = await fill(urlOf(`${NAME}_off`));
    for (const form of FORMS.slice(1)) await admin.query(`create database ${NAME}_${form} template ${NAME}_off`);
    const forms: Form[] = [];
    for (const name of FORMS) {
      const { child, form } = await startForm(name, `${NAME}_${name}`);
      children.push(child);
      forms.push(form);
    }
    console.log(`${COUNT} resources, PostgreSQL ${(await admin.query('show server_version')).rows[0].server_version}, one client`);
    await compare(forms, key);
    for (const { connection } of forms) connection.close();
  } finally {
    for (const child of children) child.kill('SIGTERM');
    for (const form of FORMS) await admin.query(`drop database if exists ${NAME}_${form} with (force)`);
    await admin.end();
  }
}

await (options.serve === undefined ? measure() : serve(options.serve, options.url!));
