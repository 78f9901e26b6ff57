// How the fuzzer decides that the memory of a server grows.
import { hasGrown, MEMORY_READINGS } from '../scripts/fuzz/memory.ts';

const listReadings = (read: (at: number) => number): number[] => Array.from({ length: MEMORY_READINGS }, (_, at) => read(at));

test.each<[string, boolean, (at: number) => number]>([
  ['grows by 10 MiB from reading to reading', true, (at) => 600 + 10 * at],
  ['doubles in the last quarter', true, (at) => (at < 30 ? 600 : 1200)],
  ['grows while caches are filled, and then stays', false, (at) => 600 + 40 * Math.min(at, 10)],
  ['rises and falls by a third', false, (at) => 600 + 200 * (at % 2)],
  ['has one peak at the end', false, (at) => (at < 39 ? 600 : 2000)],
])('memory that %s has grown: %s', (_name, expected, read) => {
  expect(hasGrown(listReadings(read))).toBe(expected);
});

test('memory that was not read has not grown', () => {
  expect(hasGrown([])).toBe(false);
});
