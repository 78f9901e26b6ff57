// The page `/docs` has a strict content security policy, shows every operation, and sends requests from the browser.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { ensureConsoleBuild } from '../console/open-console.ts';
import { inChromium, type Page, startChromium } from './chromium.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let server: Server;
let url: string;
beforeAll(async () => {
  await ensureConsoleBuild();
  facet = await startFacet();
  server = createServer(facet.app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await facet.close();
});

test('the page and all its parts are served under a policy that allows nothing inline and nothing from outside', async () => {
  const { text, headers } = await request(facet.app).get('/docs');
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';/,
  );
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect([headers['x-content-type-options'], headers['referrer-policy']]).toEqual(['nosniff', 'no-referrer']);
  expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  const parts = [...text.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map(([, path]) => path!);
  expect(parts).toEqual(
    ['icon.svg', 'tokens.css', 'page.css', 'content.css', 'theme.js', 'page.js', 'icon.svg'].map((name) => `docs/${name}`),
  );
  for (const path of parts) expect([path, (await request(facet.app).get(`/${path}`)).status]).toEqual([path, 200]);
});

test('the root leads to the console', async () => {
  const { status, headers } = await request(facet.app).get('/');
  expect([status, headers.location]).toEqual([302, 'console']);
  expect((await request(facet.app).post('/')).status).toBe(404);
});

test('other paths are 404, also with "..", and writes are refused', async () => {
  for (const path of ['/docs/nothing.js', '/docs/..%2fserve.ts', '/docs/%2e%2e/serve.ts'])
    expect([path, (await request(facet.app).get(path)).status]).toEqual([path, 404]);
  expect((await request(facet.app).post('/docs')).status).toBe(405);
});

inChromium('in a browser', () => {
  let browser: Awaited<ReturnType<typeof startChromium>>;
  let page: Page;
  const logged: string[] = [];
  const requests: string[] = [];
  beforeAll(async () => {
    browser = await startChromium();
    page = await browser.newPage();
    page.on('console', (message) => void (/^(error|warning)$/.test(message.type()) && logged.push(message.text())));
    page.on('pageerror', (error) => void logged.push(error.message));
    page.on('request', (one) => void requests.push(one.url()));
  });
  afterAll(() => browser.close());

  test('every surface is listed, and each operation of one can be opened', async () => {
    await page.goto(`${url}/docs`);
    await page.waitForSelector('h1');
    expect(await page.evaluate('[...document.querySelectorAll("#surfaces a")].map((a) => a.textContent)')).toEqual([
      'FHIR R4',
      'Loop',
      'ClinikEHR',
      'JumpEHR',
      'Administration',
      'Console',
    ]);
    await page.click('#surfaces a[href="#/jump"]');
    await page.waitForSelector('h1:has-text("JumpEHR")');
    for (const title of await page.evaluate<string[]>(
      '[...document.querySelectorAll("#operations a")].map((a) => a.lastChild.textContent)',
    )) {
      await page.click(`#operations a:has-text("${title}")`);
      await page.waitForSelector(`h1:has-text("${title}")`);
    }
  });

  test('a request from the page succeeds, and the created resource can be read through FHIR', async () => {
    await page.goto(`${url}/docs#/loop/create-patient`);
    await page.waitForSelector('h1:has-text("Create a patient")');
    await page.click('button[type=submit]');
    await page.waitForSelector('.status strong:has-text("401")');
    await page.fill('#key', facet.demo.loop!);
    await page.fill('textarea', '{ "brand_id": "loop", "first_name": "Ada", "last_name": "Lovelace", "metadata": { "dose": 1.00 } }');
    await page.click('button[type=submit]');
    await page.waitForSelector('.status strong:has-text("201")');
    const shownText = (await page.textContent('.answer pre'))!;
    expect(shownText).toContain('"dose": 1.00');
    const { id } = JSON.parse(shownText);
    const stored = await request(facet.app).get(`/fhir/R4/Patient/${id}`).set('Authorization', `Bearer ${facet.demo.fhir}`);
    expect([stored.status, stored.body.name]).toEqual([200, [{ given: ['Ada'], family: 'Lovelace' }]]);
  });

  test('each media type of a change can be chosen, and is sent as Content-Type', async () => {
    const options = (): Promise<string[]> => page.evaluate('[...document.querySelectorAll(".body option")].map((one) => one.textContent)');
    await page.goto(`${url}/docs#/jump/change-patient`);
    await page.waitForSelector('h1:has-text("Update a patient")');
    expect(await options()).toContain('replaces the value of one field · application/json-patch+json');

    await page.goto(`${url}/docs#/fhir/update-Practitioner`);
    await page.waitForSelector('h1:has-text("Update a Practitioner")');
    await page.fill('#key', facet.demo.fhir!);
    await page.click('button[type=submit]');
    await page.waitForSelector('.status strong:has-text("201")');
    await page.goto(`${url}/docs#/fhir/patch-Practitioner`);
    await page.waitForSelector('h1:has-text("Patch a Practitioner")');
    for (const [label, visible] of [
      ['A tag, by FHIRPath Patch · application/fhir+json', '"reviewed"'],
      ['The language, by JSON Patch · application/json-patch+json', '"language": "en"'],
    ] as const) {
      await page.selectOption('select[aria-label=Example]', { label });
      await page.click('button[type=submit]');
      await page.waitForSelector(`.answer pre:has-text('${visible}')`);
      expect(await page.textContent('.status strong')).toBe('200 OK');
    }
    expect(await page.textContent('.code pre')).toContain("'Content-Type: application/json-patch+json'");
  });

  test('a search by POST is sent as a form', async () => {
    await page.goto(`${url}/docs#/fhir/searchByPost-Patient`);
    await page.waitForSelector('h1:has-text("Search Patient, with")');
    expect(await page.textContent('.code pre')).toContain("-d '_count=10'");
  });

  test('a FHIR search is sent with the entered values', async () => {
    await page.goto(`${url}/docs#/fhir/search-Patient`);
    await page.waitForSelector('h1:has-text("Search Patient")');
    await page.fill('#key', facet.demo.fhir!);
    await page.click('summary:has-text("more parameters")');
    await page.fill('#query-family', 'love');
    await page.click('button[type=submit]');
    await page.waitForSelector('.status strong:has-text("200")');
    expect(await page.textContent('.status .path')).toBe('GET /fhir/R4/Patient?family=love');
    expect(JSON.parse((await page.textContent('.answer pre'))!).entry).toHaveLength(1);
  });

  test('the key is stored only in the page, no other host is contacted, and the page has no errors', async () => {
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
    expect(requests.filter((one) => !one.startsWith(url))).toEqual([]);
    expect(logged.filter((text) => !/status of 401/.test(text))).toEqual([]);
  });
});
