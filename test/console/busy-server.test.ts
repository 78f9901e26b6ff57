// A server that is busy and says when it can be asked again (Retry-After), in a real browser: reads are repeated by themselves, writes are not, and the user sees how long.
import { inChromium } from '../journeys/chromium.ts';
import { until } from '../until.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

const SEARCHES = '**/Patient/_search';
const PERSON = '**/fhir/R4/Patient/person';
const NOTICE = '.wait-notice:has-text("The server is busy: too many requests at once."):has-text("The page asks again by itself in")';

inChromium('a busy server', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.facet.put({ resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] }).expect(201);
    await opened.signIn('demo');
    await opened.page.clock.install();
  });
  afterAll(() => opened.close());

  const begin = async (): Promise<void> => {
    await opened.go('/explorer/Patient');
    // the view searches when it is opened
    await opened.page.waitForSelector('td:has-text("Lovelace")');
  };

  /** Refuses so many requests of a method to a URL. Returns how many were sent. */
  async function refuse(url: string, method: string, { times, retryAfter }: { times: number; retryAfter: string }): Promise<() => number> {
    let sent = 0;
    await opened.page.route(url, async (route) => {
      if (route.request().method() !== method || ++sent > times) return route.continue();
      const headers = { 'Retry-After': retryAfter };
      await route.fulfill({ status: 429, headers, contentType: 'application/json', body: '{"message":"too many requests at once"}' });
    });
    return () => sent;
  }

  test('a search is sent again when the time has come, and the page says for how long it waits', async () => {
    const { page } = opened;
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 1, retryAfter: '30' });
    await page.click('button:has-text("Search")');
    await page.waitForSelector(NOTICE);
    expect(await opened.findViolations()).toEqual([]);
    const seconds = async (): Promise<number> => Number(/in (\d+) s/.exec((await page.textContent('.wait-notice')) ?? '')?.[1]);
    const before = await seconds();
    await page.clock.runFor(10_000);
    expect(before - (await seconds())).toBeGreaterThanOrEqual(10);
    expect(count()).toBe(1);
    await page.clock.runFor(30_000);
    await page.waitForSelector('td:has-text("Lovelace")');
    await page.waitForSelector(NOTICE, { state: 'detached' });
    expect(count()).toBe(2);
    await page.unroute(SEARCHES);
  });

  test('a date is a time, too', async () => {
    const { page } = opened;
    await begin();
    const now = await page.evaluate<number>('Date.now()');
    await refuse(SEARCHES, 'POST', { times: 1, retryAfter: new Date(now + 60_000).toUTCString() });
    await page.click('button:has-text("Search")');
    await page.waitForSelector(NOTICE);
    await page.clock.runFor(60_000);
    await page.waitForSelector('td:has-text("Lovelace")');
    await page.unroute(SEARCHES);
  });

  test('who leaves the view does not wait', async () => {
    const { page } = opened;
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 100, retryAfter: '30' });
    await page.click('button:has-text("Search")');
    await page.waitForSelector(NOTICE);
    await page.click('nav.side a:has-text("Mappings")');
    await page.waitForSelector(NOTICE, { state: 'detached' });
    await page.clock.runFor(60_000);
    expect(count()).toBe(1);
    await page.unroute(SEARCHES);
  });

  test.each([
    ['is busy again and again', '0', 6, 'It can be tried again now.'],
    ['asks for more than two minutes', '600', 1, 'It can be tried again in'],
  ])('a server that %s is not asked again before the user says so', async (_name, retryAfter, sent, text) => {
    const { page } = opened;
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 100, retryAfter });
    await page.click('button:has-text("Search")');
    await page.waitForSelector(`[role=alert]:has-text("too many requests at once"):has-text("${text}")`);
    expect(count()).toBe(sent);
    expect(await opened.findViolations()).toEqual([]);
    await page.unroute(SEARCHES);
    await page.click('[role=alert] button:has-text("Try again")');
    await page.waitForSelector('td:has-text("Lovelace")');
  });

  test('an edit is never sent again by itself, and is there to be saved when the time has come', async () => {
    const { page } = opened;
    await opened.go('/Patient/person');
    await page.click('[aria-label=FHIR] button:has-text("Edit")');
    await page.dblclick('.cm-line:has-text("family") span:text("Lovelace")');
    await page.keyboard.type('King');
    const count = await refuse(PERSON, 'PUT', { times: 1, retryAfter: '5' });
    await page.click('button:has-text("Save")');
    await page.waitForSelector('[role=alert]:has-text("It can be tried again in")');
    await page.clock.runFor(60_000);
    await page.waitForSelector('[role=alert]:has-text("It can be tried again now.")');
    expect(count()).toBe(1);
    await page.click('button:has-text("Save")');
    await until(count, (sent) => sent === 2);
    await page.waitForSelector('.badge:has-text("version 2")');
    await page.unroute(PERSON);
  });

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of 429/)).toEqual([]);
  });
});
