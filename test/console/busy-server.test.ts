// A server that is busy and says when it can be asked again (Retry-After), in a real browser: reads are repeated by themselves, writes are not, and the user sees how long.
import { inChromium } from '../journeys/chromium.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { pauseTime, runUntil, runUntilShown } from './page-clock.ts';

const SEARCHES = '**/Patient/_search';
const SESSION = '**/console/session';
const PERSON = '**/fhir/R4/Patient/person';
const NOTICE =
  '.wait-notice:has-text("The server cannot answer yet: too many requests at once."):has-text("The page asks again by itself in")';

inChromium('a busy server', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.facet.put({ resourceType: 'Patient', id: 'person', name: [{ family: 'Lovelace' }] }).expect(201);
    await opened.signIn('demo');
    await opened.page.clock.install();
  });
  afterAll(() => opened.close());

  /** Opens the explorer. From then on its time stands still. */
  const begin = async (): Promise<void> => {
    const { page } = opened;
    await page.clock.resume();
    await opened.go('/explorer/Patient');
    // the view searches when it is opened
    await page.waitForSelector('td:has-text("Lovelace")');
    await pauseTime(page);
  };
  const searchUntil = async (shown: string): Promise<void> => {
    await opened.page.click('button:has-text("Search")');
    await runUntilShown(opened.page, shown);
  };

  /** Refuses so many requests of a method to a URL. Returns how many were sent. */
  async function refuse(
    url: string,
    method: string,
    { times, retryAfter, status = 429 }: { times: number; retryAfter: string; status?: number },
  ): Promise<() => number> {
    let sent = 0;
    await opened.page.route(url, async (route) => {
      if (route.request().method() !== method || ++sent > times) return route.continue();
      const headers = { 'Retry-After': retryAfter };
      await route.fulfill({ status, headers, contentType: 'application/json', body: '{"message":"too many requests at once"}' });
    });
    return () => sent;
  }

  test('a search is sent again when the time has come, and the page says for how long it waits', async () => {
    const { page } = opened;
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 1, retryAfter: '100' });
    await searchUntil(NOTICE);
    const seconds = async (): Promise<number> => Number(/in (\d+) s/.exec((await page.textContent('.wait-notice')) ?? '')?.[1]);
    const before = await seconds();
    await page.clock.runFor(10_000);
    // the text is of the last full second
    expect(before - (await seconds())).toBeGreaterThanOrEqual(9);
    // it needs timers
    await page.clock.resume();
    expect(await opened.findViolations()).toEqual([]);
    expect(count()).toBe(1);
    await pauseTime(page);
    await page.clock.runFor(90_000);
    await page.waitForSelector(NOTICE, { state: 'detached' });
    await runUntilShown(page, 'td:has-text("Lovelace")');
    expect(count()).toBe(2);
    await page.unroute(SEARCHES);
  });

  test('a date is a time, too', async () => {
    const { page } = opened;
    await begin();
    const now = await page.evaluate<number>('Date.now()');
    await refuse(SEARCHES, 'POST', { times: 1, retryAfter: new Date(now + 60_000).toUTCString() });
    await searchUntil(NOTICE);
    await page.clock.runFor(60_000);
    await runUntilShown(page, 'td:has-text("Lovelace")');
    await page.unroute(SEARCHES);
  });

  test('who leaves the view does not wait', async () => {
    const { page } = opened;
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 100, retryAfter: '30' });
    await searchUntil(NOTICE);
    await page.click('nav.side a:has-text("Mappings")');
    await runUntil(page, async () => !(await page.isVisible(NOTICE)));
    await page.clock.runFor(60_000);
    expect(count()).toBe(1);
    await page.unroute(SEARCHES);
  });

  const tryAgain = async (): Promise<void> => {
    const { page } = opened;
    await page.clock.resume();
    expect(await opened.findViolations()).toEqual([]);
    await page.unroute(SEARCHES);
    await page.click('[role=alert] button:has-text("Try again")');
    await page.waitForSelector('td:has-text("Lovelace")');
  };

  test.each(['0', '1', 'Thu, 01 Jan 2026 00:00:00 GMT'])(
    'a server that names no later time than %s is asked again after pauses that grow, and then when the user says so',
    async (retryAfter) => {
      const { page } = opened;
      await begin();
      const count = await refuse(SEARCHES, 'POST', { times: 100, retryAfter });
      await page.click('button:has-text("Search")');
      for (const [repeats, pause] of [1, 2, 4, 8, 16].entries()) {
        await runUntilShown(page, `${NOTICE}:has-text("in ${pause} s")`);
        await page.clock.runFor(pause * 1000 - 200);
        expect(await page.isVisible(NOTICE)).toBe(true);
        expect(count()).toBe(repeats + 1);
        await page.clock.runFor(200);
      }
      await page.waitForSelector('[role=alert]:has-text("too many requests at once"):has-text("It can be tried again")');
      expect(count()).toBe(6);
      await tryAgain();
    },
  );

  test('a server that asks for more than two minutes is not asked again before the user says so', async () => {
    await begin();
    const count = await refuse(SEARCHES, 'POST', { times: 100, retryAfter: '600' });
    await searchUntil('[role=alert]:has-text("too many requests at once"):has-text("It can be tried again in")');
    expect(count()).toBe(1);
    await tryAgain();
  });

  test('an edit is never sent again by itself, and is there to be saved when the time has come', async () => {
    const { page } = opened;
    await page.clock.resume();
    await opened.go('/Patient/person');
    await page.click('[aria-label=FHIR] button:has-text("Edit")');
    await page.dblclick('.cm-line:has-text("family") span:text("Lovelace")');
    await page.keyboard.type('King');
    await page.waitForSelector('.change-group:has-text("name[0].family")');
    await pauseTime(page);
    const count = await refuse(PERSON, 'PUT', { times: 1, retryAfter: '5' });
    await page.click('button:has-text("Save")');
    await runUntilShown(page, '[role=alert]:has-text("It can be tried again in")');
    await page.clock.runFor(60_000);
    await page.waitForSelector('[role=alert]:has-text("It can be tried again now.")');
    expect(count()).toBe(1);
    await page.click('button:has-text("Save")');
    await runUntilShown(page, '.badge:has-text("version 2")');
    expect(count()).toBe(2);
    await page.unroute(PERSON);
  });

  test.each([
    [429, 'Wait until the limit is reset'],
    [503, 'The server is busy'],
  ])(
    'the message of an action that is refused with %i says what can be done, and from when it can be tried again',
    async (status, remedy) => {
      const { page } = opened;
      await page.clock.resume();
      await opened.go('/mappings');
      await pauseTime(page);
      const time = 1000 * Math.ceil((await page.evaluate<number>('Date.now()')) / 1000) + 90_000;
      const count = await refuse(SESSION, 'DELETE', { times: 100, retryAfter: new Date(time).toUTCString(), status });
      await page.click('button[aria-label="Sign out"]');
      await runUntilShown(page, '.toast:has-text("you are still signed in; too many requests at once")');
      const shown = await page.evaluate<string>(`new Intl.DateTimeFormat('en', { timeStyle: 'medium' }).format(${time})`);
      const message = await page.textContent('.toasts [role=alert]');
      expect(message).toContain(remedy);
      expect(message).toContain(`It can be tried again at ${shown}.`);
      await page.clock.runFor(120_000);
      expect(count()).toBe(1);
      await page.unroute(SESSION);
    },
  );

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of (429|503)/)).toEqual([]);
  });
});
