// Every way in which the exchange with the laboratory network is known to fail is a line of docs/failure-matrix.md, and has a test whose title begins with its
// number.
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';

const MATRIX = 'docs/failure-matrix.md';
const FOLDERS = ['test/orders', 'test/physicians', 'test/junction', 'test/junction-sandbox', 'test/messaging', 'test/journeys'];

/** The lines of its tables: the number, and the files of tests that the line leads to. */
const rows = [...readFileSync(MATRIX, 'utf8').matchAll(/^\| *(\d[^|]*)\|(.*)$/gm)].map(([, number, cells]) => ({
  number: Number(number),
  files: [...cells!.matchAll(/\]\(([^)]+\.test\.ts)\)/g)].map(([, link]) => normalize(join('docs', link!))),
}));

/** The files in which some title begins with this number. */
const titled = (number: number): string[] =>
  FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name))
      .filter((file) => new RegExp(`['"\`]${number}: `).test(readFileSync(file, 'utf8'))),
  );

test('the lines are numbered one by one', () => {
  expect(rows.length).toBeGreaterThanOrEqual(47);
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, at) => at + 1));
});

test.each(rows)('line $number has its test, and leads to the files in which its number stands', ({ number, files }) => {
  expect(files).not.toEqual([]);
  expect([...files].sort()).toEqual(titled(number).sort());
});
