// `node scripts/measure-walls.ts [--resources 100000] [--rounds 7]`: what the second wall between tenants costs on PostgreSQL (BENCH_DATABASE_URL), in two forms:
// the views that FACET_RLS=on uses, and policies that hold the role of requests. The forms take turns in one run; only their ratios mean anything.
// docs/decisions/0050-tenant-walls.md
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { buildIndexRows } from '../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../src/fhir/search/registry.ts';
import { parseSearch } from '../src/fhir/search/request.ts';
import type { ServedType } from '../src/fhir/types.ts';
import { migrate } from '../src/store/database/migrations.ts';
import { openDatabase } from '../src/store/database/open-database.ts';
import { installTenantViews } from '../src/store/database/tenant-views.ts';
import type { ResourceChange } from '../src/store/resources/resource-change.ts';
import { createStores } from '../src/store/sql-store.ts';
import type { TenantStore } from '../src/store/store.ts';
import { resourceOf } from './measure/resources.ts';

const { values: options } = parseArgs({
  options: { resources: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '7' } },
});
const ADMIN_URL = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const COUNT = Number(options.resources);
const TENANT = 1;
/** How long a form runs before the next one's turn, in ms. */
const TURN_MS = 150;
const registry = buildRegistry([]);
const VIEWS = `facet_walls_${process.pid}`;
const POLICIES = `${VIEWS}_policies`;

/** The role of requests gets the tables, held by policies, and its views name the tables with its own rights. */
const TO_POLICIES = `do $$ declare t record; begin
  for t in select c.relname from pg_class c where c.relnamespace = 'tenant_rows'::regnamespace loop
    execute format('drop policy tenant_rows on public.%1$I; grant select, insert, update, delete on public.%1$I to facet_request;
      create policy tenant_rows on public.%1$I using (tenant_id = nullif(current_setting(''facet.tenant'', true), '''')::int);
      create or replace view tenant_rows.%1$I with (security_invoker = true) as select * from public.%1$I', t.relname);
  end loop; end $$`;

function changeOf(n: number, id?: string): ResourceChange {
  const resource = { ...resourceOf(n), ...(id && { id }) };
  const [type, lastUpdated] = [resource.resourceType as ServedType, new Date(Date.UTC(2024, 0, 1) + n * 1000).toISOString()];
  const body = JSON.stringify({ ...resource, meta: { versionId: '1', lastUpdated } });
  return { type, id: resource.id!, version: 1, lastUpdated, method: 'POST', actor: 'key', body, index: buildIndexRows(resource, registry) };
}

const pick = (n: number): number => 2 * ((n * 7919) % (COUNT / 2));
const search = (ask: (n: number) => string) => (store: TenantStore, n: number) => {
  const [type, query = ''] = ask(pick(n)).split('?');
  const handling = { registry, baseUrl: 'http://localhost/fhir/R4', handling: 'strict' } as const;
  const parsed = parseSearch(type as ServedType, [...new URLSearchParams(query)], handling);
  return store.search(TENANT, { ...parsed.query, count: 20 });
};

/** What is measured, in the words of the interaction. */
const WORK: Record<string, (store: TenantStore, n: number) => Promise<unknown>> = {
  read: (store, n) => store.read(TENANT, 'Patient', `p${pick(n)}`),
  'token (identifier)': search((n) => `Patient?identifier=http://hospital.example/mrn|M${n}`),
  'token and date': search((n) => `Patient?gender=female&birthdate=ge19${70 + (n % 20)}-01-01`),
  'string (starts with)': search((n) => `Patient?family=family${n % 5000}`),
  'string (contains)': search((n) => `Patient?name:contains=amily${1000 + (n % 4000)}`),
  'date (a month)': search((n) => `Patient?birthdate=19${60 + (n % 30)}-0${1 + (n % 9)}`),
  chain: search((n) => `ServiceRequest?subject:Patient.family=family${n % 5000}`),
  include: search((n) => `ServiceRequest?subject=Patient/p${n}&_include=ServiceRequest:subject`),
  'all, newest first': search(() => 'ServiceRequest?_sort=-_lastUpdated'),
  create: (store, n) => store.write(TENANT, [changeOf(2 * n, randomUUID())]),
  'transaction of 3 statements': (store, n) =>
    store.transaction(async (inside) => {
      await inside.lockKeys(TENANT, [`key ${n}`]);
      await inside.readForUpdate(TENANT, [{ type: 'Patient', id: `p${pick(n)}` }]);
      await inside.write(TENANT, [changeOf(2 * n, randomUUID())]);
    }),
};

async function turn(work: (n: number) => Promise<unknown>, from: number): Promise<number[]> {
  const [end, times]: [number, number[]] = [performance.now() + TURN_MS, []];
  for (let n = from; times.length < 3 || performance.now() < end; n++) {
    const start = performance.now();
    await work(n);
    times.push(performance.now() - start);
    if (times.length >= 3 && times.at(-1)! > TURN_MS) break;
  }
  return times;
}

const median = (times: number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1]!;

async function compare(forms: Record<string, TenantStore>): Promise<void> {
  console.log(`| p50 in ms | ${Object.keys(forms).join(' | ')} |\n|---${'|---'.repeat(Object.keys(forms).length)}|`);
  for (const [name, work] of Object.entries(WORK)) {
    const times = Object.keys(forms).map((): number[] => []);
    for (let round = 0; round < Number(options.rounds); round++)
      for (const [at, store] of Object.values(forms).entries()) times[at]!.push(...(await turn((n) => work(store, n), round * 1000)));
    const off = median(times[0]!);
    console.log(`| ${name} | ${times.map((of) => `${median(of).toFixed(2)} (${(median(of) / off).toFixed(2)})`).join(' | ')} |`);
  }
}

async function load(url: string): Promise<void> {
  const database = await openDatabase({ url });
  await migrate(database, new Date().toISOString());
  const store = createStores(database).store;
  for (let from = 0; from < COUNT; from += 500)
    await store.write(
      TENANT,
      Array.from({ length: Math.min(500, COUNT - from) }, (_one, n) => changeOf(from + n)),
    );
  await installTenantViews(database);
  await database.script('vacuum (analyze)');
  await database.close();
}

const urlOf = (name: string): string => Object.assign(new URL(ADMIN_URL), { pathname: `/${name}` }).href;
const admin = new pg.Client(ADMIN_URL);
await admin.connect();
await admin.query(`create database ${VIEWS}`);
try {
  await load(urlOf(VIEWS));
  await admin.query(`create database ${POLICIES} template ${VIEWS}`);
  const open = (name: string, tenantWall: boolean) => openDatabase({ url: urlOf(name), tenantWall });
  const databases = {
    off: await open(VIEWS, false),
    'views (FACET_RLS=on)': await open(VIEWS, true),
    policies: await open(POLICIES, true),
  };
  await databases.policies.script(TO_POLICIES);
  const stores = Object.entries(databases).map(
    ([name, database]) => [name, createStores(database).forRequest({ tenant: TENANT }, { safe: false })] as const,
  );
  console.log(`${COUNT} resources, PostgreSQL ${(await admin.query('show server_version')).rows[0].server_version}`);
  await compare(Object.fromEntries(stores));
  for (const database of Object.values(databases)) await database.close();
} finally {
  for (const name of [POLICIES, VIEWS]) await admin.query(`drop database if exists ${name} with (force)`);
  await admin.end();
}
