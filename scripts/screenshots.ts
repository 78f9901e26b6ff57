// `npm run screenshots`: pictures of every view of the console, wide and narrow, light and dark, on a server with the demo data; with --readme those of README.md.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ConsolePage } from '../test/console/console-page.ts';
import { CHROMIUM, startChromium } from '../test/journeys/chromium.ts';
import { buildConsole, hashSources, readBuildVersion } from './build-console.ts';
import { startDemoServer } from './screenshots/demo-server.ts';
import { type Frame, openPicture, photograph } from './screenshots/photograph.ts';
import { PICTURES, type Picture, README_PICTURES } from './screenshots/pictures.ts';

const HELP = `npm run screenshots -- [--out DIR] [--only NAME …] [--readme]

Builds the console if its sources have changed, starts a server with the demo data (embedded, in a temporary directory), signs in, and takes a picture of
every view when nothing in it moves any more: 1280 and 400 px wide, light and dark. Needs Chromium. Takes about five minutes on two cores.

  --out DIR     where the pictures go (default: screenshots/): NAME-1280-light.png, NAME-400-dark.png …
  --only NAME   only this picture; can be repeated: ${PICTURES.map(({ name }) => name).join(', ')}
  --readme      writes the pictures of README.md to docs/images/ instead, and no others`;

const WIDTHS = [1280, 400] as const;
const SCHEMES = ['light', 'dark'] as const;

/** One file: a picture in a window, in a colour scheme. */
interface Shot {
  picture: Picture;
  frame: Frame;
  scheme: (typeof SCHEMES)[number];
  file: string;
}

const listAllShots = (out: string, names: readonly string[]): Shot[] =>
  WIDTHS.flatMap((width) =>
    PICTURES.filter(({ name }) => names.length === 0 || names.includes(name)).flatMap((picture) =>
      SCHEMES.map((scheme): Shot => {
        const frame = { width, height: 800, isWhole: !picture.isWindow };
        return { picture, frame, scheme, file: join(out, `${picture.name}-${width}-${scheme}.png`) };
      }),
    ),
  );

const listReadmeShots = (): Shot[] =>
  README_PICTURES.map(({ file, picture: wanted, width, height }) => {
    const picture = PICTURES.find(({ name }) => name === wanted)!;
    return { picture, frame: { width, height, isWhole: false }, scheme: 'light', file: join('docs/images', `${file}.png`) };
  });

async function takeAll(page: ConsolePage, url: string, shots: readonly Shot[]): Promise<void> {
  const signedOut = shots.filter(({ picture }) => picture.isSignedOut);
  const signedIn = shots.filter((shot) => !signedOut.includes(shot));
  await take(page, url, signedOut);
  await page.goto(url);
  await page.click('button:has-text("Continue as demo")');
  await page.waitForSelector('nav.side', { state: 'attached' });
  await take(page, url, signedIn);
}

async function take(page: ConsolePage, url: string, shots: readonly Shot[]): Promise<void> {
  for (const { picture, frame, scheme, file } of shots) {
    await page.emulateMedia({ colorScheme: scheme });
    try {
      await openPicture(page, url, picture, frame);
      await photograph(page, picture, file, frame);
    } catch (cause) {
      throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    console.log(file);
  }
}

function readOptions(): { shots: Shot[]; out: string } {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'screenshots' },
      only: { type: 'string', multiple: true, default: [] },
      readme: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit();
  }
  const unknown = values.only.find((wanted) => !PICTURES.some(({ name }) => name === wanted));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such picture. --help lists them.`);
  if (values.readme && values.only.length > 0) throw new Error('--readme writes all pictures of README.md: use it without --only.');
  if (CHROMIUM === undefined) throw new Error('there is no Chromium on this machine: apt-get install chromium, and run it again.');
  return values.readme
    ? { shots: listReadmeShots(), out: 'docs/images' }
    : { shots: listAllShots(values.out, values.only), out: values.out };
}

async function run(): Promise<void> {
  const { shots, out } = readOptions();
  mkdirSync(out, { recursive: true });
  if (readBuildVersion() !== hashSources()) await buildConsole();
  const server = await startDemoServer();
  try {
    const browser = await startChromium();
    try {
      const page = (await (await browser.newContext()).newPage()) as unknown as ConsolePage;
      await takeAll(page, server.url, shots);
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
}

await run().catch((error: unknown) => {
  console.error(`screenshots: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
