// A development server for the pictures: embedded, with the demo data, in a directory of its own, and with orders in several states at its sandbox.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../../src/root.ts';
import { buildEnvironment } from '../../test/journeys/program-environment.ts';

export interface DemoServer {
  /** Of the console. */
  url: string;
  stop(): Promise<void>;
}

/** The patient of the demo data. */
export const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
/** An order with its report, and one that is at the laboratory. */
export const ORDERS = { completed: '01936b00-0000-7000-8000-0000000000b1', collected: '01936b00-0000-7000-8000-0000000000b2' };

/** No setting of the caller is passed on: with JUNCTION_API_KEY the orders would go to the laboratory network. */
export const buildServerEnvironment = (directory: string, caller = process.env): Record<string, string> =>
  buildEnvironment({ PORT: '0', FACET_DATA_DIR: directory, FACET_LOG_LEVEL: 'error', NODE_ENV: 'development' }, caller);

/** Starts it and places the orders. */
export async function startDemoServer(): Promise<DemoServer> {
  const directory = mkdtempSync(join(tmpdir(), 'facet-screenshots-'));
  const program = spawn(process.execPath, [join(ROOT, 'bin/facet.js'), 'start'], {
    env: buildServerEnvironment(directory),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (program.exitCode === null && program.signalCode === null) {
      program.kill('SIGTERM');
      await once(program, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const port = await new Promise<string>((resolve, reject) => {
      program.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
      createInterface({ input: program.stdout }).on('line', (line) => {
        const [, found] = /^Facet is ready.*\(port (\d+)/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const url = `http://localhost:${port}`;
    const { demo } = JSON.parse(readFileSync(join(directory, 'dev-keys.json'), 'utf8')) as { demo: { fhir: string; admin: string } };
    await placeOrders(url, demo);
    return { url: `${url}/console`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Send = (method: string, path: string, body: object, key?: string) => Promise<void>;

/** The panel of the demo catalogue that can be ordered everywhere. */
const PANEL = {
  coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: 'hashimotos' }],
  text: 'Hashimoto’s panel',
};
const LABORATORY = [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }];

async function placeOrders(url: string, { fhir, admin }: { fhir: string; admin: string }): Promise<void> {
  const send: Send = async (method, path, body, key = fhir) => {
    const headers = {
      Authorization: `Bearer ${key}`,
      'Content-Type': path.startsWith('/fhir') ? 'application/fhir+json' : 'application/json',
    };
    // a step of the sandbox is refused until the order has arrived there
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
      if (response.ok) return;
      if (attempt === ATTEMPTS) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      await delay(PAUSE_MS);
    }
  };
  const order = (id: string, patient = PATIENT): Promise<void> => {
    const subject = { reference: `Patient/${patient}` };
    const content = { resourceType: 'ServiceRequest', id, status: 'active', intent: 'order', category: LABORATORY, code: PANEL, subject };
    return send('PUT', `/fhir/R4/ServiceRequest/${id}`, content);
  };
  const step = (id: string, name: string, more = {}): Promise<void> =>
    send('POST', `/admin/orders/${id}/sandbox?tenant=demo`, { step: name, ...more }, admin);
  for (const id of Object.values(ORDERS)) await order(id);
  for (const name of ['collect', 'receive']) await step(ORDERS.completed, name);
  await step(ORDERS.completed, 'final', { interpretation: 'abnormal' });
  await step(ORDERS.collected, 'collect');
  // a second version of the patient, for the history
  await send('PATCH', `/fhir/R4/Patient/${PATIENT}`, { resourceType: 'Parameters', parameter: [ADD_MARITAL_STATUS] });
}

const ATTEMPTS = 100;
const PAUSE_MS = 200;

/** FHIRPath Patch. https://hl7.org/fhir/R4/fhirpatch.html */
const ADD_MARITAL_STATUS = {
  name: 'operation',
  part: [
    { name: 'type', valueCode: 'add' },
    { name: 'path', valueString: 'Patient' },
    { name: 'name', valueString: 'maritalStatus' },
    { name: 'value', valueCodeableConcept: { text: 'Married' } },
  ],
};
