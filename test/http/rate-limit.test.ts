// Fixed windows: so many requests, then 429 until the window ends.
import { checkRateLimit, createRateLimiter } from '../../src/http/middleware/rate-limit.ts';

const LIMIT = { limit: 3, seconds: 3600 };

test('counts down within a window, refuses over it, and starts again with the next', () => {
  let now = Date.parse('2026-01-01T10:59:00Z');
  const hit = createRateLimiter(() => now);
  expect([1, 2, 3].map(() => hit('a', LIMIT))).toEqual([2, 1, 0].map((remaining) => ({ limit: 3, remaining, reset: 60, over: false })));
  const over = hit('a', LIMIT);
  expect(over).toMatchObject({ remaining: 0, over: true });
  expect(() => checkRateLimit(over)).toThrow('try again in 60 seconds');
  expect(hit('b', LIMIT).remaining).toBe(2);
  now += 60_000;
  expect(hit('a', LIMIT)).toEqual({ limit: 3, remaining: 2, reset: 3600, over: false });
});
