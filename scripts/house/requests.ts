// The files and functions of src/ that run for a request, counted by V8 in a server of its own with the embedded engine and the sandbox.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { buildEnvironment } from '../../test/journeys/program-environment.ts';
import { type Coverage, openCoverage } from './coverage.ts';

export interface Measured {
  name: string;
  files: number;
  functions: number;
}

const WARM_UP = 20;
/** The smallest of so many counts is taken: background work may run during some of them. */
const REPETITIONS = 7;
const FOLLOW_UP_MS = 2500;

type Keys = Record<'fhir' | 'loop' | 'jump', string>;

/** Starts the checkout at `root`, measures each kind of request and stops it again. */
export async function measureRequests(root: string): Promise<Measured[]> {
  const directory = mkdtempSync(join(tmpdir(), 'facet-house-'));
  const env = buildEnvironment({ PORT: '0', FACET_DATA_DIR: directory, FACET_LOG_LEVEL: 'error' });
  const server = spawn(process.execPath, ['--inspect=127.0.0.1:0', 'bin/facet.js', 'start'], { cwd: root, env });
  try {
    const [debuggerUrl, output] = await Promise.all([
      findInOutput(server.stderr, /listening on (ws:\S+)/),
      findInOutput(server.stdout, /ready: (http:\S+)/, /SANDBOX[^(]*\((http:[^)]+)\)/),
    ]);
    const [base, sandbox] = output;
    const { demo } = JSON.parse(readFileSync(join(directory, 'dev-keys.json'), 'utf8')) as { demo: Keys };
    const coverage = await openCoverage(debuggerUrl[0]!, (url) => isCounted(url, root));
    await setAutomaticWebhooks(sandbox!, false);
    const requests = await measureEach(coverage, requestsOf(base!, demo));
    await setAutomaticWebhooks(sandbox!, true);
    const measured = [
      ...requests,
      await measureWebhook(coverage, { base: base!, sandbox: sandbox!, keys: demo }),
      { name: `no request for ${FOLLOW_UP_MS / 1000} s: background work alone`, ...(await coverage.count(() => delay(FOLLOW_UP_MS))) },
    ];
    coverage.close();
    return measured;
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
    rmSync(directory, { recursive: true });
  }
}

/** The sandbox stands in for another company's server. */
const isCounted = (url: string, root: string): boolean =>
  url.startsWith(pathToFileURL(join(root, 'src/')).href) && !url.includes('/src/junction-sandbox/');

/** The webhooks of a new order arrive while the request still runs. They are held back, so that the request alone is counted, and sent afterwards. */
const setAutomaticWebhooks = (sandbox: string, automatic: boolean): Promise<Response> =>
  answered(`${sandbox}/sandbox/webhooks`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ automatic }),
  });

/** The first group of each pattern, once all have been printed. */
async function findInOutput(stream: NodeJS.ReadableStream, ...patterns: RegExp[]): Promise<string[]> {
  let text = '';
  for await (const line of createInterface({ input: stream })) {
    text += `${line}\n`;
    const found = patterns.map((pattern) => pattern.exec(text)?.[1]);
    if (found.every((group) => group !== undefined)) {
      stream.resume();
      return found;
    }
  }
  throw new Error(`the server ended before it printed ${patterns.join(', ')}:\n${text}`);
}

const FHIR = 'application/fhir+json';
/** A patient of the demo data. */
const PATIENT_ID = '01936b00-0000-7000-8000-0000000000aa';

function requestsOf(base: string, keys: Keys): [string, () => Promise<Response>][] {
  const fhir = (path: string, init: RequestInit = {}): Promise<Response> =>
    answered(`${base}/fhir/R4/${path}`, { ...init, headers: { Authorization: `Bearer ${keys.fhir}`, 'Content-Type': FHIR } });
  const patient = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10', gender: 'female' };
  return [
    ['FHIR read', () => fhir(`Patient/${PATIENT_ID}`)],
    ['FHIR create', () => fhir('Patient', { method: 'POST', body: JSON.stringify(patient) })],
    ['FHIR search', () => fhir('Patient?family=love&birthdate=lt1990&_count=5')],
    ['Jump list', () => answered(`${base}/clinician-profiles?is_active=true`, { headers: { Authorization: `Bearer ${keys.jump}` } })],
    ['POST /v1/lab-orders', () => order(base, keys.loop)],
  ];
}

const ORDER = {
  brand_id: 'loop',
  patient_id: PATIENT_ID,
  panel_id: 'hashimotos',
  patient: { first_name: 'Ada', last_name: 'Lovelace', dob: '1985-12-10', email: 'ada@example.com' },
  address: { line1: '1 Main St', city: 'Albany', state: 'NY', zip: '12207', country: 'US' },
};

const order = (base: string, key: string): Promise<Response> =>
  answered(`${base}/v1/lab-orders`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
    body: JSON.stringify(ORDER),
  });

async function answered(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

async function measureEach(coverage: Coverage, requests: [string, () => Promise<Response>][]): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const [name, send] of requests) {
    const perform = async (): Promise<void> => void (await (await send()).arrayBuffer());
    for (let n = 0; n < WARM_UP; n++) await perform();
    const counts = [];
    for (let n = 0; n < REPETITIONS; n++) counts.push(await coverage.count(perform));
    measured.push({ name, ...counts.sort((a, b) => a.functions - b.functions)[0]! });
  }
  return measured;
}

/** A webhook says that an order has its results: counted from the message to the DiagnosticReport, with the background work of that time. */
async function measureWebhook(
  coverage: Coverage,
  { base, sandbox, keys }: { base: string; sandbox: string; keys: Keys },
): Promise<Measured> {
  const placed = (await (await order(base, keys.loop)).json()) as { junction_order_id: string };
  const step = (): Promise<Response> => answered(`${sandbox}/sandbox/orders/${placed.junction_order_id}/step`, { method: 'POST' });
  for (let n = 0; n < 3; n++) {
    await step();
    await delay(FOLLOW_UP_MS);
  }
  const counts = await coverage.count(async () => {
    await step();
    await delay(FOLLOW_UP_MS);
  });
  return { name: `webhook with its follow-up, ${FOLLOW_UP_MS / 1000} s`, ...counts };
}
