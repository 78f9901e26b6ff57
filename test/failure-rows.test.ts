// Every way in which the exchange with the laboratory network is known to fail has a test whose title begins with its number.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The rows: sending 1 to 13, users 14 to 16, callers' keys 17 to 20, webhooks and sweeps 21 to 36, cancelling 37 to 39, results 40 to 42, physicians 43 and 44, setting up and taking away 45 to 47. */
const ROWS = Array.from({ length: 47 }, (_, nth) => nth + 1);
const FOLDERS = ['test/outbound', 'test/journeys'];

const titled = new Set(
  FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/['"`](\d{1,2}): /g)].map((match) => Number(match[1]))),
  ),
);

test('each of the 47 rows has its test', () => {
  expect(ROWS.filter((row) => !titled.has(row))).toEqual([]);
});
