// The page `/docs` leads a newcomer: guides first, orders and patients first, the vendor's example filled in, development keys, and code that works as it is shown.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import request from 'supertest';
import { inChromium, type Page, startChromium } from './chromium.ts';
import { type Listening, listen } from './listening.ts';
import { startFacet } from './running-server.ts';

const run = promisify(execFile);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ADDRESSES = [
  '',
  '#authentication',
  '#/loop',
  '#/loop/create-lab-order',
  '#/clinik/create-practitioner-role',
  '#/fhir',
  '#/fhir/search-Patient',
];

let facet: Listening;
let url: string;
beforeAll(async () => {
  facet = await listen({ withDevelopmentKeys: true });
  ({ url } = facet);
  await facet.fhir('post', '/Patient').send({ resourceType: 'Patient', name: [{ family: 'Lovelace' }] });
});
afterAll(() => facet.close());

test("the page has the console's look: the colours, fonts and icon of src/design", async () => {
  for (const name of ['tokens.css', 'icon.svg']) {
    const { text, body } = await request(url).get(`/docs/${name}`).expect(200);
    expect(text ?? String(body)).toBe(readFileSync(`src/design/${name}`, 'utf8'));
  }
});

describe('the development keys', () => {
  const ask = (headers: Record<string, string> = {}) => request(url).get('/docs/development-keys.json').set(headers);

  test('are given on the machine of the server, those of both tenants', async () => {
    const { body, headers } = await ask();
    expect(Object.keys(body.tenants)).toEqual(['demo', 'other']);
    expect(body.tenants.demo.loop).toBe(facet.demo.loop);
    expect([headers['cache-control'], headers['access-control-allow-origin']]).toEqual(['no-store', undefined]);
  });

  test.each([
    ['under the name of another host', { Host: 'attacker.example' }],
    ['through a proxy', { 'X-Forwarded-For': '203.0.113.7' }],
    ['from a page of another site', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('are not given %s', async (_case, headers) => {
    expect((await ask(headers)).body).toEqual({ tenants: {} });
  });

  test('are not given by a server without development keys', async () => {
    const plain = await startFacet();
    expect((await request(plain.app).get('/docs/development-keys.json').set('Host', 'localhost')).body).toEqual({ tenants: {} });
    await plain.close();
  });
});

inChromium('in a browser', () => {
  let browser: Awaited<ReturnType<typeof startChromium>>;
  let page: Page;
  const logged: string[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    page = await browser.newPage();
    page.on('console', (message) => void (/^(error|warning)$/.test(message.type()) && logged.push(message.text())));
    page.on('pageerror', (error) => void logged.push(error.message));
  });
  afterAll(() => browser.close());

  const open = async (address: string, title: string): Promise<void> => {
    await page.goto(`${url}/docs${address}`);
    await page.waitForSelector(`h1:has-text("${title}")`);
  };
  const listTexts = (selector: string): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`);

  test('the quick start comes first, and its requests succeed with the keys of the tenant that is chosen', async () => {
    await open('', 'Quick start');
    expect(await listTexts('#guides a')).toEqual(['Quick start', 'Authentication']);
    await page.waitForSelector('.step:nth-of-type(3) .code');
    for (const step of [2, 3]) {
      await page.click(`.step:nth-of-type(${step}) button:has-text("Send")`);
      await page.waitForSelector(`.step:nth-of-type(${step}) .status strong:has-text("200")`);
    }
    expect(JSON.parse((await page.textContent('.step:nth-of-type(2) .answer pre'))!).entry.length).toBeGreaterThan(0);
    await page.selectOption('#tenant', { label: 'other (development)' });
    await page.click('.step:nth-of-type(2) button:has-text("Send")');
    await page.waitForSelector('.step:nth-of-type(2) .answer pre:has-text(\'"total": 0\')');
  });

  test('the page on authentication names the header of each API', async () => {
    await open('#authentication', 'Authentication');
    expect((await listTexts('tbody')).join(' ')).toContain('x-api-key: …');
    expect(await page.evaluate('document.body.textContent.includes("[object")')).toBe(false);
  });

  test.each([
    ['loop', 'Loop', ['lab orders', 'patients']],
    ['clinik', 'ClinikEHR', ['service requests', 'patients']],
    ['jump', 'JumpEHR', ['patients']],
    ['fhir', 'FHIR R4', ['ServiceRequest', 'Patient']],
  ])('orders and patients come first at %s', async (surface, title, first) => {
    await open(`#/${surface}`, title);
    expect((await listTexts('#operations summary')).slice(0, first.length)).toEqual(first);
  });

  test("the vendor's example is filled in: the body of a create, and the filter of a list", async () => {
    await open('#/clinik/create-practitioner-role', 'Create Practitioner Role');
    expect((await listTexts('.body option'))[0]).toBe('The vendor’s example · create, as documented');
    expect(JSON.parse(await page.inputValue('#body'))).toMatchObject({ practitionerId: 'prc_03kz6m1o4p5r7s9t0u', role: 'doctor' });
    await open('#/jump/list-clinician-profile', 'List clinician profiles');
    expect(await page.inputValue('#query-is_bookable_online')).toBe('true');
    expect(await page.textContent('.code pre')).toContain('/clinician-profiles?is_bookable_online=true');
  });

  test('each sample does what the page does when it is run as it is shown, and follows the form', async () => {
    await open('#/loop/create-patient', 'Create a patient');
    for (const [at, [language, command, toArguments]] of LANGUAGES.entries()) {
      const body = { brand_id: 'loop', first_name: 'O\'Neil "Q"', last_name: `Sample${at}\\n` };
      await page.fill('#body', JSON.stringify(body, null, 2));
      await page.click(`[role=tab]:has-text("${language}")`);
      await page.waitForSelector(`.code pre:has-text("Sample${at}")`);
      const code = (await page.textContent('.code pre'))!;
      const found = await run(command, toArguments(code)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (!found?.stdout) continue; // the program is not on this machine
      expect([language, JSON.parse(found.stdout.replace(/^201 /, ''))]).toEqual([language, expect.objectContaining(body)]);
    }
  });

  test('a key of the user is not shown in samples: they read a variable', async () => {
    await open('#/loop/read-patient', 'Read a patient');
    await page.selectOption('#tenant', { label: 'your own' });
    await page.fill('#key', 'loop_live_secret');
    for (const [language] of LANGUAGES) {
      await page.click(`[role=tab]:has-text("${language}")`);
      const code = (await page.textContent('.code pre'))!;
      expect([language, code.includes('FACET_KEY'), code.includes('loop_live_secret')]).toEqual([language, true, false]);
    }
  });

  test('everything can be done by the keyboard', async () => {
    await open('#/loop/create-patient', 'Create a patient');
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('find');
    await page.fill('#find', 'lab panel order');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Create a Junction lab panel order for a patient")');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await page.evaluate('document.querySelector("[role=tab][aria-selected=true]").focus()');
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.ariaSelected')).toBe('true');
  });

  test.each([1280, 400])('no page is wider than a window of %s px, and long lines wrap', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const address of ADDRESSES) {
      await page.goto(`${url}/docs${address}`);
      await page.waitForSelector('h1');
      const isWider = await page.evaluate(
        'document.documentElement.scrollWidth > innerWidth || [...document.querySelectorAll("pre")].some((one) => one.scrollWidth > one.clientWidth)',
      );
      expect([address, isWider]).toEqual([address, false]);
    }
  });

  test('the theme follows the system until the user chooses, and the choice is all that is stored', async () => {
    const readScheme = (): Promise<string> => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
    const readStored = (): Promise<object> => page.evaluate('({ ...localStorage })');
    await page.emulateMedia({ colorScheme: 'dark' });
    await open('', 'Quick start');
    expect([await readScheme(), await readStored()]).toEqual(['light dark', {}]);
    await page.click('#theme');
    expect([await readScheme(), await readStored()]).toEqual(['light', { 'facet-theme': 'light' }]);
    await open('#authentication', 'Authentication');
    expect(await readScheme()).toBe('light');
    await page.click('#theme');
    await page.evaluate('localStorage.clear()');
  });

  test.each([1280, 400])('axe finds nothing in a window of %s px, light and dark', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const address of ADDRESSES) {
      await page.goto(`${url}/docs${address}`);
      await page.waitForSelector('h1');
      if (/create|search/.test(address)) {
        await page.click('button[type=submit]');
        await page.waitForSelector('.status strong');
      }
      // not as a script element: the policy of the page refuses it
      await page.evaluate(AXE);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>('axe.run(document)');
        expect([address, colorScheme, violations.map(({ id, nodes }) => [id, nodes[0]!.html])]).toEqual([address, colorScheme, []]);
      }
    }
  });

  test('the page has no errors', () => {
    // responses to examples that name resources that are not stored here
    expect(logged.filter((text) => !/status of (404|422)/.test(text))).toEqual([]);
  });
});

/** The name of the tab, the command, and its arguments for a program. */
const LANGUAGES: [language: string, command: string, toArguments: (code: string) => string[]][] = [
  ['curl', 'sh', (code) => ['-c', `command -v curl > /dev/null || exit 0; ${code}`]],
  ['JavaScript', process.execPath, (code) => ['--input-type=module', '-e', code]],
  ['Python', 'python3', (code) => ['-c', code]],
];
