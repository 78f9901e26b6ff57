// Five tasks of a person, done from the overview by clicks and keys alone. docs/console.md names the steps; a change that needs more of them fails here.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { inChromium } from '../journeys/chromium.ts';
import { panelFor } from '../journeys/people.ts';
import { until } from '../until.ts';
import type { OpenConsole } from './open-console.ts';
import { openOrders, PANEL, PATIENT } from './open-orders.ts';
import { beginTask } from './person.ts';

/** The number of steps of each task, from the table of docs/console.md. */
const STEPS: number[] = [...readFileSync('docs/console.md', 'utf8').matchAll(/^\| \d\. .* \| (\d+) \|$/gm)].map(([, steps]) =>
  Number(steps),
);

interface Link {
  url: string;
  /** Connections are refused until `restore`. */
  cut(): void;
  restore(): Promise<void>;
}

/** A link to a server on this machine that can be cut. */
async function openLink(target: string): Promise<Link> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(Number(new URL(target).port), '127.0.0.1');
    for (const socket of [incoming, outgoing]) sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    incoming.pipe(outgoing).pipe(incoming);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    restore: async () => void (await once(server.listen(port, '127.0.0.1'), 'listening')),
  };
}

inChromium('tasks in the console', () => {
  let opened: OpenConsole;
  let sandbox: Sandbox;
  let link: Link;
  beforeAll(async () => {
    sandbox = await startSandbox();
    link = await openLink(sandbox.url);
    opened = await openOrders(sandbox, link.url);
    const { facet } = opened;
    facet.demo.fhir = await facet.keyWith('fhir', ['*', 'system/AuditEvent.rs']);
    await facet.put(PANEL).expect(201);
    await opened.signIn('demo');
  });
  afterAll(async () => {
    await opened.close();
    link.cut();
    await sandbox.close();
  });

  const readFhir = async (path: string) => (await opened.facet.fhir('get', path).expect(200)).body;

  /** Who made a version of the patient. */
  async function findActor(version: number): Promise<string> {
    const { entry } = await readFhir(`/Patient/${PATIENT}/_history`);
    const extensions: { url: string; valueString?: string }[] = entry.at(-version).request.extension;
    return extensions.find(({ url }) => url === 'urn:facet:actor')!.valueString!;
  }

  test('1. a patient is found by telephone number, and the name is corrected through a vendor’s face', async () => {
    const person = await beginTask(opened);
    await person.fill('[aria-label="Find a patient"]', '+1 (518) 473-1122');
    await person.click('[role=option]:has-text("Ada Lovelace")');
    await person.click('[aria-label=JumpEHR] button:has-text("Edit")');
    await person.doubleClick('.cm-line:has-text("last_name") span:text("Lovelace")');
    await person.type('King');
    await person.see('.change-group:has-text("FHIR"):has-text("name[0].family")');
    await person.click('button:has-text("Save")');
    await person.see('.toast:has-text("Saved version 2")');
    expect((await readFhir(`/Patient/${PATIENT}`)).name).toEqual([{ given: ['Ada'], family: 'King' }]);
    expect(person.countSteps()).toBeLessThanOrEqual(STEPS[0]!);
  });

  test('2. an order waits because the network does not respond: the reason is read, and a retry succeeds', async () => {
    link.cut();
    const { body } = await opened.facet.fhir('post', '/ServiceRequest').send(panelFor(PATIENT, 'hashimotos')).expect(201);
    const person = await beginTask(opened);
    await person.click('nav.side a:has-text("Orders")');
    await person.see('[aria-labelledby=column-waiting] .reason:has-text("no response (the connection was refused: ECONNREFUSED)")');
    await person.click('[aria-labelledby=column-waiting] .order-card');
    // not between two attempts only: while one runs, the page says that the order is being sent
    await until(
      () => person.read('.order-side'),
      (text) => /It waits to be sent\.no response \(the connection was refused/.test(text),
    );
    await person.click('button:has-text("Retry now")');
    await person.type('the network is back');
    await link.restore();
    await person.click('dialog button:has-text("Retry now")');
    await person.see('.order-header .badge:has-text("Received")');
    await until(
      async () => (await readFhir(`/Task?focus=ServiceRequest/${body.id}`)).entry[0].resource.status,
      (status) => status === 'received',
    );
    expect(person.countSteps()).toBeLessThanOrEqual(STEPS[1]!);
  });

  test('3. an order is placed in the sandbox and taken to its results', async () => {
    const person = await beginTask(opened);
    await person.click('nav.side a:has-text("Orders")');
    await person.click('button:has-text("Place an order")');
    await person.type('king');
    await person.click('[role=option]:has-text("Ada King")');
    await person.click('[aria-label=Test]');
    await person.click('[role=option]:has-text("Thyroid panel")');
    await person.click('button:has-text("Place the order")');
    for (const label of ['Collect the sample', 'Receive it in the laboratory', 'Report final results'])
      await person.click(`.sandbox button:has-text("${label}")`);
    await person.see('.results tr:has-text("TSH"):has-text("mIU/L")');
    expect(await person.read('.results')).toMatch(/TSH[\d.\s]*mIU\/L.*0\.40-4\.50/);
    const reports = await readFhir('/DiagnosticReport?status=final&_include=DiagnosticReport:result');
    expect(
      reports.entry.filter(({ resource }: { resource: { resourceType: string } }) => resource.resourceType === 'Observation'),
    ).not.toHaveLength(0);
    expect(person.countSteps()).toBeLessThanOrEqual(STEPS[2]!);
  });

  test('4. two versions are compared, and who changed what through which API is told', async () => {
    const { facet } = opened;
    const other = await facet.keyWith('fhir', ['*']);
    await facet.put({ ...(await readFhir(`/Patient/${PATIENT}`)), gender: 'female' }, other).expect(200);
    const person = await beginTask(opened);
    await person.fill('[aria-label="Find a patient"]', 'king');
    await person.click('[role=option]:has-text("Ada King")');
    await person.click('nav[aria-label="Views of this resource"] a:has-text("History")');
    await person.choose('[aria-label="From version"]', '2');
    await person.see('.diff[aria-label="From version 2 to 3"]');
    expect(await person.read('.diff[aria-label="From version 2 to 3"]')).toBe('genderafter: female');
    expect(await person.read('.version:has-text("Version 2") .diff')).toMatch(/name\[0\]\.family[\s\S]*Lovelace[\s\S]*King/);
    const [jump, fhir] = await Promise.all([findActor(2), findActor(3)]);
    expect(await person.read('.version:has-text("Version 2") header')).toContain(`through JumpEHRby ${jump} (you)`);
    expect(await person.read('.version:has-text("Version 3") header')).toMatch(new RegExp(`through FHIR R4by ${fhir}(?! \\(you)`));
    expect(jump).not.toBe(fhir);
    expect(person.countSteps()).toBeLessThanOrEqual(STEPS[3]!);
  });

  test('5. the vendors that show an element are found', async () => {
    const person = await beginTask(opened);
    await person.click('a:has-text("Open all faces side by side")');
    await person.fill('[aria-label="Find an element, and who shows it"]', 'birthDate');
    await person.press('Enter');
    await person.see('.inspector:has-text("birthDate is shown by 3 fields")');
    expect(await person.read('.inspector')).toMatch(/Loop\s*date_of_birth.*ClinikEHR\s*birthDate.*JumpEHR\s*date_of_birth/);
    expect(person.countSteps()).toBeLessThanOrEqual(STEPS[4]!);
  });

  test.each(['ada king', '1985-12-10', 'ada@example.com', '+15184731122', PATIENT])('a patient is found by %s', async (text) => {
    const person = await beginTask(opened);
    await person.fill('[aria-label="Find a patient"]', text);
    await person.see('[role=option]:has-text("Ada King"):has-text("born 1985-12-10")');
  });

  test('what no patient has finds nothing, with quotes and backslashes too', async () => {
    const person = await beginTask(opened);
    for (const text of ['nobody', 'a" or name sw "ada', 'nobody\\']) {
      await person.fill('[aria-label="Find a patient"]', text);
      await person.see('.combobox-note:has-text("Nothing found.")');
    }
  });

  test('the page has no errors', () => {
    // 409: the server itself retried in the same moment
    expect(opened.listFaults(/status of 409/)).toEqual([]);
  });
});
