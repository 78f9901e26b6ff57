// The checklist: every requirement has a test with its number, or is listed with the place where it is tested.
import { readdirSync, readFileSync } from 'node:fs';

/** Section → its first and last requirement. */
const SECTIONS = { A: [1, 17], B: [18, 24], C: [25, 33], D: [34, 51], E: [52, 66], F: [67, 71], G: [72, 100], H: [101, 110] } as const;

/** Held where they are built. */
const ELSEWHERE: Record<string, string> = {
  H103: '$export',
  H104: 'Subscription',
  H108: 'orders to the laboratory network: test/orders',
};

test('every requirement has a test with its number, and every number of a test is a requirement', () => {
  const required = Object.entries(SECTIONS).flatMap(([section, [first, last]]) =>
    Array.from({ length: last - first + 1 }, (_one, nth) => `${section}${first + nth}`),
  );
  const files = readdirSync(import.meta.dirname).filter((name) => /^[a-h]-.*\.test\.ts$/.test(name));
  const text = files.map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8')).join('\n');
  const tested = new Set([...text.matchAll(/['`]([A-H]\d+) /g)].map(([, number]) => number!));
  expect(required.filter((number) => !tested.has(number) && !Object.hasOwn(ELSEWHERE, number))).toEqual([]);
  expect([...tested].filter((number) => !required.includes(number) || Object.hasOwn(ELSEWHERE, number))).toEqual([]);
});
