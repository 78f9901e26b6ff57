// Messages and the notice of a busy server while a dialog is open, in a real browser: they are above it, can be pressed, and screen readers hear them.
import { inChromium } from '../journeys/chromium.ts';
import type { AccessibilityNode } from './console-page.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { pauseTime, runUntilShown } from './page-clock.ts';

inChromium('messages over a dialog', () => {
  let opened: OpenConsole;
  beforeAll(async () => {
    opened = await openConsole();
    await opened.signIn();
  });
  afterAll(() => opened.close());

  const openDialog = async (): Promise<void> => {
    await opened.go('/orders?place=1');
    await opened.page.waitForSelector('dialog[open]:has-text("Place an order")');
  };
  /** A script that shows a message as the views do. */
  const toScript = (text: string, tone: 'good' | 'bad' = 'good'): string =>
    `window.dispatchEvent(new CustomEvent('facet:toast', { detail: { text: '${text}', tone: '${tone}', action: { label: 'Undo', run: () => { window.undone = '${text}'; } } } }));`;
  const isOnTop = (selector: string): Promise<boolean> =>
    opened.page.evaluate(
      `(({ left, top, width, height }) => document.elementFromPoint(left + width / 2, top + height / 2)?.closest('${selector}') != null)(document.querySelector('${selector}').getBoundingClientRect())`,
    );

  interface Region {
    id: number | undefined;
    role: string;
    text: string;
  }

  /** The live regions that a screen reader listens to. */
  async function listRegions(): Promise<Region[]> {
    const inspector = await opened.page.context().newCDPSession(opened.page);
    const { nodes } = await inspector.send('Accessibility.getFullAXTree');
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const readText = ({ ignored, role, name, childIds = [] }: AccessibilityNode): string =>
      (!ignored && role?.value === 'StaticText' ? (name?.value ?? '') : '') +
      childIds.map((id) => readText(byId.get(id) ?? { nodeId: id, ignored: true })).join('');
    return nodes.flatMap((node) =>
      !node.ignored && /^(status|alert)$/.test(node.role?.value ?? '')
        ? [{ id: node.backendDOMNodeId, role: node.role!.value, text: readText(node) }]
        : [],
    );
  }

  test.each([
    ['good', 'status'],
    ['bad', 'alert'],
  ] as const)(
    'a message with the tone %s is in a %s that was there before it, above the dialog, and its button can be pressed',
    async (tone, role) => {
      const { page } = opened;
      await openDialog();
      const before = (await listRegions()).map(({ id }) => id);
      await page.evaluate(toScript(`A ${tone} one`, tone));
      await page.waitForSelector(`.toast:has-text("A ${tone} one")`);
      // it stays for as long as the pointer is at it
      await page.hover('.toast');
      expect(await isOnTop('.toast')).toBe(true);
      const [region] = (await listRegions()).filter(({ text }) => text.includes(`A ${tone} one`));
      expect(region?.role).toBe(role);
      expect(before).toContain(region?.id);
      expect(await opened.findViolations()).toEqual([]);
      await page.click('.toast button:has-text("Undo")');
      await page.waitForSelector('.toast', { state: 'detached' });
      expect(await page.evaluate('window.undone')).toBe(`A ${tone} one`);
      // back to what had the focus in the dialog
      expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Patient');
      expect(await page.isVisible('dialog[open]')).toBe(true);
    },
  );

  test('F8 leads from the dialog to the newest message, and its action back', async () => {
    const { page } = opened;
    await openDialog();
    await page.waitForSelector('dialog input[aria-label=Patient]:focus');
    await page.evaluate(toScript('By key'));
    await page.waitForSelector('.toast:has-text("By key")');
    await page.keyboard.press('F8');
    await page.waitForSelector('.toast button:has-text("Undo"):focus');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog input[aria-label=Patient]:focus');
    expect(await page.evaluate('window.undone')).toBe('By key');
  });

  test('a message stays when the dialog closes, and is in a dialog that is opened after it', async () => {
    const { page } = opened;
    await openDialog();
    await page.evaluate(toScript('It stays'));
    await page.waitForSelector('dialog .toast:has-text("It stays")');
    await page.hover('.toast');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.waitForSelector('.toast:has-text("It stays")');
    expect(await isOnTop('.toast')).toBe(true);
    await page.keyboard.press('Control+k');
    await page.waitForSelector('dialog.palette .toast:has-text("It stays")');
    expect(await isOnTop('.toast')).toBe(true);
    await page.click('.toast button[aria-label="Dismiss"]');
    await page.waitForSelector('.toast', { state: 'detached' });
    expect(await page.isVisible('dialog.palette')).toBe(true);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog.palette', { state: 'detached' });
  });

  test('the message of an action that closes its dialog comes into a region that is in its place in an earlier frame', async () => {
    const { page } = opened;
    await page.clock.install();
    await openDialog();
    await pauseTime(page);
    await page.evaluate(`
      window.frame = 0;
      const count = () => { window.frame++; requestAnimationFrame(count); };
      count();
      window.seen = [];
      const toasts = document.querySelector('.toasts');
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const node of addedNodes)
            if (node.contains(toasts)) seen.push({ what: 'region', frame });
            else if (node.matches?.('.toast')) seen.push({ what: 'message', frame });
      }).observe(document.body, { childList: true, subtree: true });
      ${toScript('The action is done')}
      document.querySelector('dialog').close();
    `);
    // however long that takes, the message waits for a time that does not pass meanwhile
    await page.waitForSelector('dialog', { state: 'detached' });
    await runUntilShown(page, '.toast:has-text("The action is done")');
    await page.clock.resume();
    const seen = await page.evaluate<{ what: string; frame: number }[]>('seen');
    expect(seen.map(({ what }) => what)).toEqual(['region', 'message']);
    expect(seen[1]!.frame).toBeGreaterThan(seen[0]!.frame);
    expect((await listRegions()).some(({ text }) => text.includes('The action is done'))).toBe(true);
  });

  test('the notice of a busy server is above the dialog that waits for it, and is announced', async () => {
    const { page } = opened;
    const searches = '**/Patient/_search';
    await openDialog();
    await page.route(searches, (route) =>
      route.fulfill({
        status: 429,
        headers: { 'Retry-After': '60' },
        contentType: 'application/json',
        body: '{"message":"too many requests"}',
      }),
    );
    await page.fill('dialog input[aria-label=Patient]', 'Lovelace');
    await page.waitForSelector('.wait-notice:has-text("The server cannot answer yet")');
    expect(await isOnTop('.wait-notice')).toBe(true);
    const [region] = (await listRegions()).filter(({ text }) => text.includes('The server cannot answer yet'));
    expect(region?.role).toBe('status');
    await page.unroute(searches);
  });

  test('the page had no fault', () => {
    expect(opened.listFaults(/status of 429/)).toEqual([]);
  });
});
