// The ids of resources are in the order of their creation: searches sorted by id and the order of storing within a transaction rely on it.
import { validate, version } from 'uuid';
import { createIds } from '../../src/server/new-ids.ts';

const COUNT = 2000;
const isOrdered = (ids: string[]): boolean => ids.every((id, at) => at === 0 || id > ids[at - 1]!);

test.each<[string, (nth: number) => number]>([
  ['of one millisecond', () => 1_790_000_000_000],
  ['of a clock that runs', (nth) => 1_790_000_000_000 + Math.floor(nth / 7)],
  ['of a clock that is set back', (nth) => 1_790_000_000_000 + (nth < 1000 ? nth : nth - 900)],
])('ids %s are UUIDs of version 7, each greater than the one before', (_name, readTime) => {
  let nth = 0;
  const newId = createIds(() => readTime(nth++));
  const ids = Array.from({ length: COUNT }, newId);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(isOrdered(ids)).toBe(true);
});

test('an id begins with its time in milliseconds, and two processes do not create the same ids', () => {
  const time = 1_790_000_000_123;
  const [one, other] = [createIds(() => time), createIds(() => time)];
  const ids = Array.from({ length: COUNT }, () => [one(), other()]).flat();
  expect(new Set(ids).size).toBe(2 * COUNT);
  expect(ids.every((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16) === time)).toBe(true);
});
