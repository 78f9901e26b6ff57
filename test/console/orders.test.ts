// Orders in the console, in a real browser: an order is placed, goes through the sandbox's laboratory, and its report is read; an operator acts on one that waits.
import { setTimeout as delay } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { createApiKey } from '../../src/store/api-keys.ts';
import { findTenant } from '../../src/store/tenants.ts';
import { inChromium } from '../journeys/chromium.ts';
import { panelFor } from '../journeys/people.ts';
import { until } from '../until.ts';
import type { OpenConsole } from './open-console.ts';
import { openOrders, PANEL, PATIENT } from './open-orders.ts';

const MARKER = { ...PANEL, id: 'marker', title: 'Free T4', code: { coding: [{ system: 'http://loinc.org', code: '3024-7' }] } };

inChromium('orders in the console', () => {
  let opened: OpenConsole;
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
    opened = await openOrders(sandbox);
    const { facet } = opened;
    const other = await findTenant(facet.store.database, { slug: 'other' });
    const key = { tenant: other!.id, surface: 'admin', scopes: [], prefix: 'admin_live_', at: '2026-01-01T00:00:00.000Z' };
    facet.other.admin = (await createApiKey(facet.store.database, key)).text;
    for (const resource of [PANEL, MARKER]) await facet.put(resource).expect(201);
    await opened.signIn('demo');
  });
  afterAll(async () => {
    await opened.close();
    await sandbox.close();
  });

  const pathOf = (): string => new URL(opened.page.url()).pathname;
  const order = async (id: string): Promise<void> => {
    expect((await opened.facet.put({ ...panelFor(PATIENT, 'hashimotos'), id })).status).toBe(201);
  };
  /** Presses a step of the sandbox, and waits until the page shows its outcome. */
  const step = async (label: string, outcome: string): Promise<void> => {
    await opened.page.click(`.sandbox button:has-text("${label}")`);
    await opened.page.waitForSelector(`.timeline .what:has-text("${outcome}")`);
  };
  const stateOf = async (id: string): Promise<string> => {
    const response = await fetch(`${opened.facet.url}/admin/orders/${id}`, {
      headers: { Authorization: `Bearer ${opened.facet.demo.admin}` },
    });
    return ((await response.json()) as { state: string }).state;
  };

  const readTask = async (id: string): Promise<{ status: string }> =>
    (await opened.facet.fhir('get', `/Task?focus=ServiceRequest/${id}`)).body.entry[0].resource;

  test('an empty board says what each column would hold, and has no violation', async () => {
    await opened.go('/orders');
    await opened.page.waitForSelector('.board-column .none');
    expect(await opened.page.textContent('.board')).toContain('Nothing waits to be sent.');
    expect(await opened.findViolations()).toEqual([]);
  });

  const choose = async (patient: string, test: string): Promise<void> => {
    const { page } = opened;
    await page.click('button:has-text("Place an order")');
    // the dialog opens with the focus where one types first
    await page.keyboard.type('love');
    await page.click(`[role=option]:has-text("${patient}")`);
    await page.click('input[aria-label=Test]');
    await page.click(`[role=option]:has-text("${test}")`);
    await page.waitForSelector('.dry-run:has-text("It can be ordered.")');
  };

  test('an order whose response was lost is placed once: the second attempt leads to it', async () => {
    const { page, facet } = opened;
    const countOrders = async (): Promise<number> => (await facet.fhir('get', '/ServiceRequest?_summary=count')).body.total;
    const before = await countOrders();
    await opened.go('/orders');
    await choose('Ada Lovelace', 'Thyroid panel');
    const orders = '**/fhir/R4/ServiceRequest/*';
    await page.route(orders, async (route) => {
      if (route.request().method() !== 'PUT') return route.continue();
      await route.fetch();
      return route.abort();
    });
    await page.click('dialog button:has-text("Place the order")');
    await page.waitForSelector('dialog [role=alert]:has-text("the server does not respond")');
    expect(await countOrders()).toBe(before + 1);
    await page.unroute(orders);
    await page.click('dialog button:has-text("Place the order")');
    await page.waitForSelector('h1:has-text("Thyroid panel")');
    await page.waitForSelector('.toast:has-text("The order was placed already")');
    expect(pathOf()).toMatch(/^\/console\/orders\/[0-9a-f-]{36}$/);
    expect(await countOrders()).toBe(before + 1);
  });

  test('an order that is placed after the dialog was left does not change the page', async () => {
    const { page } = opened;
    await opened.go('/orders');
    await choose('Ada Lovelace', 'Thyroid panel');
    const orders = '**/fhir/R4/ServiceRequest/*';
    let isHeld = true;
    await page.route(orders, async (route) => {
      while (isHeld) await delay(20);
      await route.continue();
    });
    await page.click('dialog button:has-text("Place the order")');
    await page.waitForSelector('dialog button:has-text("Cancel")[aria-disabled=true]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    isHeld = false;
    await page.waitForSelector('.toast:has-text("The order is placed")');
    expect([pathOf(), await page.isVisible('.board')]).toEqual(['/console/orders', true]);
    await page.unroute(orders);
  });

  test('an order is placed from the catalogue; only the chosen test is tried, and one that is not ordered alone is refused', async () => {
    const { page } = opened;
    let tries = 0;
    await page.route('**/ServiceRequest/$validate*', (route) => {
      tries++;
      return route.continue();
    });
    await opened.go('/orders');
    await choose('Ada Lovelace', 'Thyroid panel');
    expect(tries).toBe(1);
    await page.click('input[aria-label=Test]');
    await page.click('[role=option]:has-text("Free T4")');
    await page.waitForSelector('.dry-run .refusal:has-text("It cannot be ordered")');
    expect(await page.evaluate<string>('document.querySelector("dialog footer .primary").ariaDisabled')).toBe('true');
    await page.click('input[aria-label=Test]');
    await page.click('[role=option]:has-text("Thyroid panel")');
    await page.waitForSelector('.dry-run:has-text("It can be ordered.")');
    expect(await opened.findViolations()).toEqual([]);
    await page.click('dialog button:has-text("Place the order")');
    await page.waitForSelector('h1:has-text("Thyroid panel")');
    expect(pathOf()).toMatch(/^\/console\/orders\/[0-9a-f-]{36}$/);
    expect(tries).toBe(3);
  });

  test('the steps of the sandbox lead to a corrected report with values, ranges and flags', async () => {
    const { page } = opened;
    await page.waitForSelector('.sandbox button');
    await step('Collect the sample', 'Laboratory: appointment pending');
    await step('Receive it', 'Laboratory: sample received');
    await page.selectOption('.sandbox select', 'critical');
    await step('Report partial results', 'Laboratory: partial results');
    await step('Report final results', 'Report: final');
    await page.waitForSelector('.report .badge:has-text("critical value")');
    const text = await page.textContent('.results');
    expect(text).toMatch(/TSH.*22\.50?.*mIU\/L.*Critically high.*0\.40-4\.50/);
    expect(await page.evaluate<number>("document.querySelectorAll('.range-bar').length")).toBeGreaterThan(1);
    await step('Correct a value', 'Report: corrected');
    await page.waitForSelector('.results .badge:has-text("corrected")');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the document of the laboratory is read as a PDF', async () => {
    const before = (await opened.readTraffic()).length;
    await opened.page.click('button:has-text("PDF")');
    // the first letters of %PDF in base64
    await until(
      async () => (await opened.readTraffic()).slice(before),
      (traffic) => /"data":\s*"JVBER/.test(traffic),
    );
  });

  test('a trend shows the earlier values of the patient as a plot and as a table', async () => {
    const { page } = opened;
    await order('second');
    await until(
      () => stateOf('second'),
      (state) => state === 'done',
    );
    await opened.go('/orders/second');
    await page.waitForSelector('.sandbox button');
    await step('Report final results', 'Report: final');
    await page.waitForSelector('.results button:has-text("Trend")');
    await page.click('.results tr:has-text("TSH") button:has-text("Trend")');
    await page.waitForSelector('.plot canvas');
    expect(await page.evaluate<number>("document.querySelectorAll('.trend-values tbody tr').length")).toBeGreaterThanOrEqual(2);
    expect(await page.evaluate<string>("document.querySelector('.plot').ariaLabel")).toMatch(/^TSH: \d+ values from 22\.51 mIU\/L on /);
    expect(await opened.findViolations()).toEqual([]);
  });

  /** Acts as an operator on the order that is shown, and waits until the timeline has the reason. */
  const act = async (action: string, reason: string): Promise<void> => {
    const { page } = opened;
    await page.click(`.order-side button:has-text("${action}")`);
    await page.fill('dialog input', reason);
    expect(await opened.findViolations()).toEqual([]);
    // the state of an order that is being sent changes after the attempt only
    await until(
      async () => {
        if (await page.isVisible('dialog')) await page.click(`dialog footer button:has-text("${action}")`);
        await until(() => page.evaluate<boolean>('!document.querySelector("dialog [aria-busy=true]")'));
        return page.isVisible('dialog');
      },
      (isOpen) => !isOpen,
    );
    await page.waitForSelector(`.timeline .detail:has-text("${reason}")`);
  };

  /** Orders a test whose response the network does not give. */
  const orderWithoutResponse = async (id: string): Promise<void> => {
    sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
    await order(id);
    await until(
      () => stateOf(id),
      (state) => state === 'unknown',
    );
  };

  test('an operator sees why an order waits, and retries, parks and drops it with a reason', async () => {
    const { page } = opened;
    await orderWithoutResponse('stuck');
    await opened.go('/orders');
    await page.waitForSelector('.order-card:has-text("no response")');
    await page.click('.order-card:has-text("no response")');
    await page.waitForSelector('.order-side .reason');
    await act('Retry now', 'ticket of retry');
    await act('Park', 'ticket of park');
    await page.waitForSelector('.order-header .badge:has-text("On hold")');
    await page.click('.order-side button:has-text("Drop")');
    expect(await page.evaluate<string>('document.querySelector("dialog footer .danger").ariaDisabled')).toBe('true');
    await page.fill('dialog input', 'ordered twice');
    await page.click('dialog footer button:has-text("Drop")');
    await page.waitForSelector('.order-header .notice:has-text("The request is revoked")');
    await page.waitForSelector('.timeline .detail:has-text("ordered twice")');
    expect((await opened.facet.fhir('get', '/ServiceRequest/stuck')).body.status).toBe('revoked');
    sandbox.state.faults = [];
  });

  test('a held order is not sent until an operator releases it; then the network has it once', async () => {
    const { page } = opened;
    await orderWithoutResponse('held');
    await opened.go('/orders/held');
    await act('Park', 'the clinic asks for a pause');
    await page.waitForSelector('.order-header .badge:has-text("On hold")');
    expect(await page.isVisible('.order-side button:has-text("Park")')).toBe(false);
    expect([await stateOf('held'), (await readTask('held')).status]).toEqual(['parked', 'on-hold']);
    sandbox.state.faults = [];
    const before = sandbox.state.orders.size;
    await act('Release', 'the clinic goes on');
    await page.waitForSelector('.order-header .badge:has-text("Received")');
    await page.waitForSelector('.timeline .what:has-text("Release")');
    await page.waitForSelector('.timeline .what:has-text("Attempt: accepted by the laboratory network")');
    expect([sandbox.state.orders.size - before, (await readTask('held')).status]).toEqual([1, 'received']);
  });

  test('an order that fails at the laboratory has ended without a report, and the timeline has the webhook that told it', async () => {
    const { page } = opened;
    await order('failing');
    await until(
      () => stateOf('failing'),
      (state) => state === 'done',
    );
    await opened.go('/orders/failing');
    await page.waitForSelector('.sandbox button');
    await step('Fail', 'Laboratory: sample error');
    await page.waitForSelector('.timeline li:has-text("Webhook of the laboratory") .detail:text-is("labtest.order.updated")');
    await page.waitForSelector('.order-header .badge:has-text("Not done")');
    await page.waitForSelector('.sandbox:has-text("Nothing more happens: sample error.")');
    expect(await page.textContent('.order-main')).toContain('The laboratory has sent no report.');
    expect([await page.isVisible('.sandbox button'), await page.isVisible('button:has-text("Withdraw")')]).toEqual([false, false]);
    expect((await readTask('failing')).status).toBe('failed');
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the board is filtered by patient and state, and walked with the arrow keys', async () => {
    const { page } = opened;
    await opened.go('/orders');
    await page.waitForSelector('.order-card');
    expect(await opened.findViolations()).toEqual([]);
    await page.evaluate('document.querySelector("[aria-labelledby=column-completed] .order-card").focus()');
    const first = await page.evaluate<string>('document.activeElement.href');
    await page.keyboard.press('ArrowDown');
    const below = await page.evaluate<string>('document.activeElement.href');
    await page.keyboard.press('ArrowLeft');
    expect(new Set([first, below, await page.evaluate<string>('document.activeElement.href')]).size).toBe(3);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.order-header');
    await page.goBack();
    await page.waitForSelector('.order-card');
    await page.fill('input[type=search]', 'nobody');
    await page.waitForSelector('[aria-labelledby=column-completed] .none:has-text("No order matches.")');
    await until(() => page.evaluate<boolean>('!document.querySelector(".order-card")'));
    await page.fill('input[type=search]', 'lovel');
    await page.waitForSelector('.order-card');
    await page.selectOption('.orders-filter label:nth-child(3) select', 'completed');
    await until(() => page.evaluate<boolean>('document.querySelectorAll(".board-column").length === 1'));
    expect(pathOf()).toBe('/console/orders');
  });

  test('an order is withdrawn by the clinic, without a key for the administration', async () => {
    const { page, facet } = opened;
    await order('unwanted');
    await until(
      () => stateOf('unwanted'),
      (state) => state === 'done',
    );
    await opened.signOut();
    await page.fill('input[type=password]', facet.demo.fhir!);
    await page.click('button:has-text("Sign in with a key")');
    await page.waitForSelector('nav.side', { state: 'attached' });
    await opened.go('/orders/unwanted');
    await page.waitForSelector('.timeline .what:has-text("Laboratory: ordered")');
    expect([await page.isVisible('.sandbox'), await page.isVisible('#operation')]).toEqual([false, false]);
    await page.click('button:has-text("Withdraw the order")');
    await page.click('dialog footer button:has-text("Withdraw")');
    await page.waitForSelector('.order-header .badge:has-text("Not done")');
    await until(
      () => sandbox.state.orders,
      (orders) => [...orders.values()].some(({ events }) => /^cancelled/.test(events.at(-1)!.status)),
    );
  });

  test('another tenant sees no order of this one: not in the page, not in its traffic', async () => {
    const { page } = opened;
    await opened.signOut();
    await opened.signIn('other');
    const before = (await opened.readTraffic()).length;
    await opened.go('/orders');
    await page.waitForSelector('.board-column .none');
    await opened.go('/orders/second');
    await page.waitForSelector('[role=alert]');
    const seen = (await opened.readTraffic()).slice(before) + (await page.textContent('body'));
    expect(seen).not.toMatch(/Lovelace|Thyroid|TSH|hashimotos/);
    expect(await opened.findViolations()).toEqual([]);
  });

  test('the page has no errors, asks no other origin, and stores nothing', async () => {
    expect(opened.listFaults(/status of (?:404|409|412)|net::ERR_FAILED/)).toEqual([]);
    expect(await opened.page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
  });
});
