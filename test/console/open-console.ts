// Opens the console in a real browser: a server on a test store with two tenants, whose console is built from the current sources. It collects what a page must
// not do: errors, and requests to other origins.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { buildConsole, hashSources, readBuildVersion } from '../../scripts/build-console.ts';
import { startChromium } from '../journeys/chromium.ts';
import { type Listening, listen } from '../journeys/listening.ts';
import type { Instead } from '../journeys/running-server.ts';
import type { ConsolePage, Viewport } from './console-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LOCK = 'console-build.lock';
const LOCK_POLL_MS = 200;

/** Builds the console if its sources have changed. Only one process of a test run does. */
export async function ensureConsoleBuild(): Promise<void> {
  while (readBuildVersion() !== hashSources()) {
    try {
      mkdirSync(LOCK);
    } catch {
      await delay(LOCK_POLL_MS);
      continue;
    }
    await buildConsole().finally(() => rmSync(LOCK, { recursive: true }));
  }
}

export interface OpenConsole {
  facet: Listening;
  page: ConsolePage;
  /** Opens a path of the console (`/orders`), and waits until it has content. */
  go(path: string): Promise<void>;
  /** Signs in as a tenant by one click. */
  signIn(tenant?: 'demo' | 'other'): Promise<void>;
  signOut(): Promise<void>;
  /** Another tab of the same browser, with its cookies. Nothing is collected of it. */
  openTab(): Promise<ConsolePage>;
  /** The violations that axe finds in the page as it is, in both colour schemes: each with its rule and its element. */
  findViolations(): Promise<string[]>;
  /** What the page must not do: errors in its console, requests to other origins. `allowed`: errors that a test provokes. */
  listFaults(allowed?: RegExp): string[];
  /** The texts of all responses so far that are neither of the build nor documents: for another tenant's data. */
  readTraffic(): Promise<string>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

const WIDE: Viewport = { width: 1280, height: 800 };

/** Opens a browser at the sign-in page. Close it in `afterAll`. */
export async function openConsole(env: Parameters<typeof listen>[1] = {}, instead: Instead = {}): Promise<OpenConsole> {
  await ensureConsoleBuild();
  const facet = await listen({ withDevelopmentKeys: true, ...instead }, env);
  const browser = await startChromium();
  // the methods that the tests of the console use are in ConsolePage
  const context = await browser.newContext();
  const page = (await context.newPage()) as unknown as ConsolePage;
  await page.setViewportSize(WIDE);
  const faults: string[] = [];
  const texts: Promise<string>[] = [];
  page.on('console', (message) => void (/^(error|warning)$/.test(message.type()) && faults.push(message.text())));
  page.on('pageerror', (error) => void faults.push(String(error)));
  page.on(
    'request',
    (request) => void (new URL(request.url()).origin !== facet.url && !/^(data|blob):/.test(request.url()) && faults.push(request.url())),
  );
  page.on('response', (response) => void (/\/(assets|openapi)\//.test(response.url()) || texts.push(response.text().catch(() => ''))));
  const go = async (path: string): Promise<void> => {
    await page.goto(`${facet.url}/console${path === '/' ? '' : path}`);
    await page.waitForSelector('#content :is(h1, p)');
  };
  await go('/');
  return {
    facet,
    page,
    go,
    signIn: async (tenant = 'demo') => {
      await page.click(`button:has-text("Continue as ${tenant}")`);
      await page.waitForSelector('nav.side', { state: 'attached' });
    },
    signOut: async () => {
      await page.click('button[aria-label="Sign out"]');
      await page.waitForSelector('h1:has-text("Sign in")');
    },
    openTab: async () => (await context.newPage()) as unknown as ConsolePage,
    findViolations: () => findViolations(page),
    listFaults: (allowed) => faults.filter((fault) => !allowed?.test(fault)),
    readTraffic: async () => (await Promise.all(texts)).join('\n'),
    screenshot: async (path) => void (await page.screenshot({ path, fullPage: true })),
    close: async () => {
      await browser.close();
      await facet.close();
    },
  };
}

interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function findViolations(page: ConsolePage): Promise<string[]> {
  const found: string[] = [];
  // an injected script element would be refused by the content security policy
  await page.evaluate(AXE);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const options = JSON.stringify({ runOnly: { type: 'tag', values: STANDARDS } });
    const { violations } = await page.evaluate<{ violations: Violation[] }>(`axe.run(document, ${options})`);
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes) found.push(`${colorScheme}: ${id}: ${target.join(' ')}: ${failureSummary}`);
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}
