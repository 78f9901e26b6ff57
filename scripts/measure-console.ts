// node scripts/measure-console.ts: how long each view of the console needs until it can be used, and each search until it has its result, in a real browser, on a store of many resources. Needs Chromium and a
// PostgreSQL server (BENCH_DATABASE_URL). The aim is a second for each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ROOT } from '../src/root.ts';
import { type Page, startChromium } from '../test/journeys/chromium.ts';
import { Connection } from './bench/client.ts';
import { buildCorpus, idOf } from './bench/corpus.ts';
import { familyOf } from './bench/data.ts';
import { createBenchDatabase } from './bench/databases.ts';
import { type FacetProgram, startPrograms } from './bench/programs.ts';

const { values: options } = parseArgs({
  options: {
    resources: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-console.ts [--resources 1000000] [--runs 3] [--keep]

Loads a corpus into a new database (a million takes about ten minutes), opens each view of the console and prints the time until nothing of it is loading: the
first run, and the median of the runs. Then it types searches, and prints the time until the result is shown, with the pause for which the page waits for
more letters. The database is dropped at the end; with --keep it is the one that npm run bench -- --keep has left. Needs Chromium and a PostgreSQL server (BENCH_DATABASE_URL).`);
  process.exit();
}

const SERVER = process.env.BENCH_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const corpus = buildCorpus(Number(options.resources));
const PATIENT = idOf('Patient', 7);
const ORDER = idOf('ServiceRequest', 7);

/** What a person opens: a resource that many others refer to is the hardest. */
const VIEWS: readonly [name: string, path: string][] = [
  ['overview', '/'],
  ['explorer', '/explorer'],
  ['explorer of a type', '/explorer/Patient'],
  ['a resource and its faces', `/Patient/${PATIENT}`],
  ['history of a resource', `/Patient/${PATIENT}/history`],
  ['references of a patient', `/Patient/${PATIENT}/references`],
  ['references of a practitioner', `/Practitioner/${idOf('Practitioner', 7)}/references`],
  ['orders', '/orders'],
  ['an order', `/orders/${ORDER}`],
  ['mappings', '/mappings'],
  ['a mapping', '/mappings/jump/patient'],
  ['a mapping with its live view', '/mappings/jump/patient?tab=live'],
];

/** What a person types. `isShown`: an expression that is true when the result is shown. */
interface TypedSearch {
  name: string;
  path: string;
  input: string;
  text: string;
  /** The search begins with Enter; otherwise when nothing more is typed. */
  needsEnter?: true;
  isShown: string;
}

const FAMILY = familyOf(7);
/** Whether there are such elements, and all have the family name. */
const allHaveName = (elements: string): string =>
  `${elements}.length > 0 && ${elements}.every((one) => one.textContent.includes('${FAMILY}'))`;

const SEARCHES: readonly TypedSearch[] = [
  {
    name: 'Find a patient, by name',
    path: '/',
    input: 'input[aria-label="Find a patient"]',
    text: FAMILY,
    isShown: allHaveName("[...document.querySelectorAll('[role=option]')]"),
  },
  {
    name: 'a search that is typed in the explorer',
    path: '/explorer/Patient',
    input: '.query-text textarea',
    text: `Patient?family=${FAMILY}`,
    needsEnter: true,
    isShown: allHaveName("[...document.querySelectorAll('.matches tbody tr')]"),
  },
  {
    name: "the board's filter by patient",
    path: '/orders',
    input: '.orders-filter input[type=search]',
    text: FAMILY,
    // the corpus has no orders
    isShown: "[...document.querySelectorAll('.board-column')].every((one) => one.textContent.includes('No order matches.'))",
  },
];

const LOADING = '.skeleton, [aria-busy=true]';
/** A view that shows nothing yet is not ready, so it must stay without anything that loads for this long, which is subtracted. In ms. */
const QUIET_MS = 100;
/** What is not shown by then is a fault. */
const PATIENCE_MS = 120_000;

/** Polls often, because the time until then is measured. */
async function poll(name: string, isMet: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !(await isMet()); await delay(5))
    if (performance.now() > end) throw new Error(`${name}: the result is not shown after ${PATIENCE_MS / 1000} s.`);
}

async function measureView(page: Page, url: string): Promise<number> {
  const began = performance.now();
  await page.goto(url);
  await page.waitForSelector('#content h1');
  let quietSince = performance.now();
  await poll(url, async () => {
    const isLoading = await page.evaluate<boolean>(`document.querySelector('${LOADING}') !== null`);
    if (isLoading) quietSince = performance.now();
    return !isLoading && performance.now() - quietSince >= QUIET_MS;
  });
  return quietSince - began;
}

async function measureSearch(page: Page, base: string, { name, path, input, text, needsEnter, isShown }: TypedSearch): Promise<number> {
  await measureView(page, base + path);
  const began = performance.now();
  await page.fill(input, text);
  if (needsEnter) await page.keyboard.press('Enter');
  await poll(name, () => page.evaluate<boolean>(isShown));
  return performance.now() - began;
}

/** Sends requests like those of other clients, because the console is not the first to use a server. */
async function warmUp({ port, keys }: FacetProgram): Promise<void> {
  const connection = new Connection(port);
  for (let n = 0; n < 500; n++) {
    const path = `/fhir/R4/Patient?family=Zuse&_count=${1 + (n % 20)}`;
    await connection.send({ method: 'GET', path, headers: { 'x-api-key': keys.fhir! }, status: 200 });
  }
  connection.close();
}

async function report(name: string, measure: () => Promise<number>): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < Number(options.runs); run++) times.push(Math.round(await measure()));
  console.log(`| ${name} | ${times[0]} | ${times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]} |`);
}

const database = await createBenchDatabase(corpus, {
  server: SERVER,
  name: options.keep ? `facet_bench_${options.resources}` : `facet_console_${process.pid}`,
  isKept: options.keep,
  log: (line) => console.error(line),
});
const dataDir = mkdtempSync(join(tmpdir(), 'facet-console-'));
const facet = { label: '', root: ROOT, workers: '1', databaseUrl: database.url };
try {
  const programs = await startPrograms(database.url, dataDir, [facet]);
  const browser = await startChromium();
  try {
    const [server] = programs.facets;
    await warmUp(server!);
    const base = `http://localhost:${server!.port}/console`;
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(base);
    await page.click('button:has-text("Continue as demo")');
    await page.waitForSelector('nav.side', { state: 'attached' });
    console.log(`${options.resources} resources\n\n| | first, ms | median, ms |\n|---|---|---|`);
    for (const [name, path] of VIEWS) await report(name, () => measureView(page, base + path));
    for (const search of SEARCHES) await report(search.name, () => measureSearch(page, base, search));
  } finally {
    await browser.close();
    await programs.stop();
  }
} finally {
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
}
