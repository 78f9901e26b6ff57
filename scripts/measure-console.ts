// node scripts/measure-console.ts: how long each view of the console needs until it can be used, in a real browser, on a store of many resources. Needs Chromium and a
// PostgreSQL server (BENCH_DATABASE_URL). The aim is a second for each view.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Page, startChromium } from '../test/journeys/chromium.ts';
import { Connection } from './bench/client.ts';
import { buildCorpus, idOf } from './bench/corpus.ts';
import { createBenchDatabase } from './bench/databases.ts';
import { type FacetProgram, ROOT, startPrograms } from './bench/programs.ts';

const { values: options } = parseArgs({
  options: {
    resources: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    help: { type: 'boolean' },
  },
});
if (options.help) {
  console.log(`node scripts/measure-console.ts [--resources 1000000] [--runs 3]

Loads a corpus into a new database (a million takes about ten minutes), opens each view of the console and prints the time until nothing of it is loading: the
first run, and the median of the runs. The database is dropped at the end.`);
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

const LOADING = '.skeleton, [aria-busy=true]';
/** A view that shows nothing yet is not ready, so it must stay without anything that loads for this long, which is subtracted. In ms. */
const QUIET_MS = 100;

async function measureView(page: Page, url: string): Promise<number> {
  const began = performance.now();
  await page.goto(url);
  await page.waitForSelector('#content h1');
  for (let quietSince = performance.now(); ; ) {
    const isLoading = await page.evaluate<boolean>(`document.querySelector('${LOADING}') !== null`);
    if (isLoading) quietSince = performance.now();
    else if (performance.now() - quietSince >= QUIET_MS) return quietSince - began;
    await delay(5);
  }
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

const database = await createBenchDatabase(corpus, {
  server: SERVER,
  name: `facet_console_${process.pid}`,
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
    for (const [name, path] of VIEWS) {
      const times: number[] = [];
      for (let run = 0; run < Number(options.runs); run++) times.push(Math.round(await measureView(page, base + path)));
      console.log(`| ${name} | ${times[0]} | ${times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]} |`);
    }
  } finally {
    await browser.close();
    await programs.stop();
  }
} finally {
  await database.drop();
  rmSync(dataDir, { recursive: true, force: true });
}
