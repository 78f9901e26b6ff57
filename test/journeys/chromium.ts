// Starts a browser for the tests if the machine has one: Debian's chromium, driven by playwright-core.
import { existsSync } from 'node:fs';

/** What the journeys use of a page. https://playwright.dev/docs/api/class-page */
export interface Page {
  goto(url: string): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  selectOption(selector: string, option: { label: string }): Promise<unknown>;
  waitForSelector(selector: string, options?: { state: 'attached' }): Promise<unknown>;
  textContent(selector: string): Promise<string | null>;
  inputValue(selector: string): Promise<string>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: { colorScheme: 'light' | 'dark' }): Promise<void>;
  keyboard: { press(key: string): Promise<void> };
  close(): Promise<void>;
  evaluate<T>(script: string): Promise<T>;
  setDefaultTimeout(ms: number): void;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
}

interface Browser {
  /** A page in a browser profile of its own. */
  newPage(): Promise<Page>;
  /** A profile of its own, whose pages share cookies. */
  newContext(): Promise<{ newPage(): Promise<Page>; setDefaultTimeout(ms: number): void }>;
  close(): Promise<void>;
}

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where a browser is; undefined: there is none. */
export const CHROMIUM = PLACES.find((path) => existsSync(path));

/** `describe` for what needs Chromium; skipped, by name, where there is none. `describe` is looked up when it is called: test files share this module. */
export const inChromium = (name: string, body: () => void): void =>
  CHROMIUM === undefined
    ? describe.skip(`${name} (skipped: there is no Chromium here; apt-get install chromium)`, body)
    : describe(name, body);

const NAME: string = 'playwright-core';
/** What a busy machine is given for what a page is to show, in ms. */
const PATIENCE_MS = 120_000;

/** Starts it. Close it in `afterAll`. */
export async function startChromium(): Promise<Browser> {
  const { chromium } = (await import(NAME)) as { chromium: { launch(options: object): Promise<Browser> } };
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE_MS });
  return {
    async newPage() {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      return page;
    },
    async newContext() {
      const context = await browser.newContext();
      context.setDefaultTimeout(PATIENCE_MS);
      return context;
    },
    close: () => browser.close(),
  };
}
