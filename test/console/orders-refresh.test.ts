// The board and the page of an order are read again and again: what happens when that fails, and when another filter is chosen.
import { setTimeout as delay } from 'node:timers/promises';
import { COLUMNS } from '../../src/console/views/orders/order-states.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { inChromium } from '../journeys/chromium.ts';
import { panelFor } from '../journeys/people.ts';
import { until } from '../until.ts';
import type { OpenConsole } from './open-console.ts';
import { openOrders, PATIENT } from './open-orders.ts';
import { pauseTime, runUntil, runUntilShown } from './page-clock.ts';

const SEARCHES = '**/Task/_search';
const WAITING = '**/admin/orders?*';
const OPERATION = '**/admin/orders/stuck*';
const REFUSED = { contentType: 'application/json', body: '{"message":"too many requests at once"}' };
/** As the server responds while it has too many requests: the first read waits and is repeated. */
const BUSY = { ...REFUSED, status: 503, headers: { 'Retry-After': '1' } };
/** No read is repeated by itself. */
const FAILED = { ...REFUSED, status: 500 };

/** How often a page has read orders. */
interface Reads {
  sent: number;
  /** Those whose response is complete, and those that were aborted. */
  ended: number;
}

/** Counts in the page itself: whoever watches it hears of a request a while after it is sent. */
const COUNT_READS = `(() => {
  const send = window.fetch;
  const reads = (window.reads = { sent: 0, ended: 0 });
  const end = () => void reads.ended++;
  window.fetch = async (path, options) => {
    if (!String(path).includes('Task/_search')) return send(path, options);
    reads.sent++;
    const sending = send(path, options);
    sending.then((response) => response.clone().arrayBuffer()).then(end, end);
    return sending;
  };
})()`;

/** Ends when the page has delivered a message to itself. */
const DELIVER_MESSAGE = `new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => resolve(port1.close());
  port2.postMessage(undefined);
})`;

inChromium('orders that are read again', () => {
  let opened: OpenConsole;
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
    sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
    opened = await openOrders(sandbox);
    const { facet } = opened;
    expect((await facet.put({ ...panelFor(PATIENT, 'hashimotos'), id: 'stuck' })).status).toBe(201);
    await opened.signIn('demo');
  });
  afterAll(async () => {
    await opened.close();
    await sandbox.close();
  });

  test('a page that cannot be read again keeps what it shows, and the reason that is typed in its dialog', async () => {
    const { page } = opened;
    await opened.go('/orders/stuck');
    await page.click('.order-side button:has-text("Park")');
    await page.fill('dialog input', 'the clinic calls back');
    for (const failing of [SEARCHES, OPERATION]) {
      await page.route(failing, (route) => route.fulfill(BUSY));
      await page.waitForSelector('.not-up-to-date:has-text("Not up to date: too many requests at once")');
      expect(await page.inputValue('dialog input')).toBe('the clinic calls back');
      expect(await page.isVisible('.order-header .badge')).toBe(true);
      expect(await opened.findViolations()).toEqual([]);
      await page.unroute(failing);
      await page.waitForSelector('.not-up-to-date', { state: 'detached' });
    }
    expect(await page.inputValue('dialog input')).toBe('the clinic calls back');
  });

  test('an order whose operation cannot be read says so in its place', async () => {
    const { page } = opened;
    await page.route(OPERATION, (route) => route.fulfill(FAILED));
    await opened.go('/orders/stuck');
    await page.waitForSelector('.order-side [role=alert]:has-text("Read the operation of the order")');
    await page.unroute(OPERATION);
    await page.click('.order-side [role=alert] button:has-text("Try again")');
    await page.waitForSelector('#operation');
  });

  test('a board that cannot read why orders wait says so, shows the orders, and tries again', async () => {
    const { page } = opened;
    await page.route(WAITING, (route) => route.fulfill(FAILED));
    await opened.go('/orders');
    const notice = '#content > [role=alert]:has-text("Read why orders wait")';
    await page.waitForSelector(notice);
    await page.waitForSelector('.order-card');
    expect(await page.isVisible('.order-card:has-text("attempt")')).toBe(false);
    expect(await opened.findViolations()).toEqual([]);
    await page.unroute(WAITING);
    await page.click(`${notice} button:has-text("Try again")`);
    await page.waitForSelector('.order-card:has-text("attempt")');
    await page.waitForSelector(notice, { state: 'detached' });
    await page.route(WAITING, (route) => route.fulfill(BUSY));
    await page.waitForSelector('#content > .not-up-to-date:has-text("too many requests at once")');
    expect(await page.isVisible('.order-card:has-text("attempt")')).toBe(true);
    await page.unroute(WAITING);
    await page.waitForSelector('.not-up-to-date', { state: 'detached' });
  });

  test('with another filter, the orders of the filter before are not shown', async () => {
    const { page } = opened;
    const reads: string[] = [];
    await opened.go('/orders');
    await page.waitForSelector('.order-card');
    // until the board has been read again
    await page.route(SEARCHES, async (route) => {
      reads.push(route.request().method());
      await route.continue();
    });
    await until(
      () => reads.length,
      (count) => count >= 6,
    );
    await page.unroute(SEARCHES);
    let isHeld = true;
    await page.route(SEARCHES, async (route) => {
      while (isHeld) await delay(20);
      await route.continue();
    });
    await page.fill('input[type=search]', 'nobody');
    await page.waitForSelector('.order-card', { state: 'detached' });
    isHeld = false;
    await page.waitForSelector('.board-column .none:has-text("No order matches.")');
    await page.unroute(SEARCHES);
  });

  test('the filter by patient wants each word, in any order', async () => {
    const { page } = opened;
    await opened.go('/orders');
    await page.waitForSelector('.order-card');
    for (const [typed, isFound] of [
      ['Lovelace, Nobody', false],
      ['Lovelace, Ada', true],
      ['ada $', false],
      ['ada love', true],
    ] as const) {
      await page.fill('input[type=search]', typed);
      await page.waitForSelector(isFound ? '.order-card' : '.board-column:nth-child(2) .none:has-text("No order matches.")');
      await page.waitForSelector('.order-card', { state: isFound ? 'visible' : 'detached' });
    }
  });

  describe('when the time passes', () => {
    beforeAll(async () => {
      const subject = { reference: `Patient/${PATIENT}` };
      const order = { resourceType: 'ServiceRequest', id: 'old', status: 'completed', intent: 'order', subject };
      const code = { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] };
      const task = { resourceType: 'Task', id: 'old-task', status: 'completed', intent: 'order', code, for: subject };
      for (const resource of [order, { ...task, focus: { reference: 'ServiceRequest/old' } }])
        expect((await opened.facet.put(resource)).status).toBe(201);
      await opened.page.addInitScript(COUNT_READS);
      await opened.page.clock.install();
    });

    /** Opens an order in a page whose time stands still. */
    async function openPaused(id: string, badge: string): Promise<void> {
      const { page, go } = opened;
      const card = `.order-card[href$="/orders/${id}"]`;
      await page.clock.resume();
      await go('/orders');
      await page.waitForSelector(card);
      await pauseTime(page);
      await page.click(card);
      await runUntilShown(page, badge);
    }

    const count = (): Promise<Reads> => opened.page.evaluate<Reads>('window.reads');

    /** Waits until the page has all responses, and has done what follows from them: messages are delivered in their order. */
    async function waitForResponses(): Promise<void> {
      await until(count, ({ sent, ended }) => sent === ended);
      for (let turn = 0; turn < 5; turn++) await opened.page.evaluate(DELIVER_MESSAGE);
    }

    /** How often the order is read while this time passes. */
    async function countReads(ms: number): Promise<number> {
      const { sent } = await count();
      await opened.page.clock.runFor(ms);
      return (await count()).sent - sent;
    }

    test('an order that has ended is read again once a minute', async () => {
      await openPaused('old', '.order-header .badge:has-text("Completed")');
      expect([await countReads(59_000), await countReads(1500)]).toEqual([0, 1]);
    });

    test('after each failure the pause is twice as long', async () => {
      const { page } = opened;
      await openPaused('stuck', '.order-header .badge');
      await page.route(SEARCHES, (route) => route.fulfill(BUSY));
      expect(await countReads(2600)).toBe(1);
      for (const pause of [5000, 10_000, 20_000]) {
        await page.waitForSelector('.not-up-to-date button:not([aria-busy])');
        // the notice is still that of the failure before
        await waitForResponses();
        expect([await countReads(pause - 500), await countReads(600)]).toEqual([0, 1]);
      }
      await page.unroute(SEARCHES);
    });

    test('an order is not read again before the time that the server names', async () => {
      const { page } = opened;
      await openPaused('stuck', '.order-header .badge');
      for (const failing of [SEARCHES, OPERATION]) {
        await page.route(failing, (route) => route.fulfill({ ...BUSY, headers: { 'Retry-After': '40' } }));
        await runUntilShown(page, '.not-up-to-date button:not([aria-busy])');
        expect([await countReads(39_000), await countReads(6000)]).toEqual([0, 1]);
        await page.unroute(failing);
        await page.clock.runFor(45_000);
        await page.waitForSelector('.not-up-to-date', { state: 'detached' });
      }
    });

    test('responses that are slower than the board is read again are shown all the same', async () => {
      const { page } = opened;
      await openPaused('old', '.order-header .badge');
      let isHeld = true;
      await page.route(SEARCHES, async (route) => {
        while (isHeld) await delay(20);
        await route.continue();
      });
      const before = await count();
      await page.click('.order-header a:has-text("Orders")');
      await runUntil(page, async () => (await count()).sent - before.sent >= COLUMNS.length);
      expect(await countReads(7000)).toBe(0);
      isHeld = false;
      await runUntilShown(page, '.order-card');
      await page.unroute(SEARCHES);
    });
  });
});
