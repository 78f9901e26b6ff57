// How long each queue and poll loop waits before it tries again, and when it gives up.
import { isGivenUp, nextRetryAt } from '../../src/messaging/retry-policy.ts';

const BEGAN = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3600;
const at = (seconds: number): Date => new Date(BEGAN + seconds * 1000);
/** In seconds, at this age. */
const delayAtAge = (policy: 'order-delivery' | 'subscription-delivery' | 'physician-listing', age: number, random: number): number =>
  (nextRetryAt(policy, { since: BEGAN }, { now: at(age), random }).getTime() - at(age).getTime()) / 1000;
const delayAfter = (policy: 'order-poll' | 'order-reconciliation' | 'worker-restart', failures: number, random = 1): number =>
  (nextRetryAt(policy, { failures }, { now: at(0), random }).getTime() - BEGAN) / 1000;

test.each([
  ['order-delivery', [1, 0.5, 60, 30, 60, 30]],
  ['subscription-delivery', [1, 0.5, 60, 30, 600, 300]],
  ['physician-listing', [900, 900, 900, 900, 8640, 8640]],
] as const)('%s: the delay is a tenth of the age, within bounds', (policy, expected) => {
  const delays = [0, 600, 86_400].flatMap((age) => [delayAtAge(policy, age, 1), delayAtAge(policy, age, 0)]);
  expect(delays).toEqual(expected);
});

test('a poll that fails is repeated after one minute, then two, then four, and after six hours at most', () => {
  expect([0, 1, 2, 9, 1000].map((failures) => delayAfter('order-poll', failures) / 60)).toEqual([1, 2, 4, 360, 360]);
  expect(delayAfter('order-poll', 1, 0)).toBe(60);
});

test('a reconciliation that fails is repeated after one minute, and after a quarter of an hour at most', () => {
  expect([0, 1, 3, 4, 1000].map((failures) => delayAfter('order-reconciliation', failures, 0) / 60)).toEqual([1, 2, 8, 15, 15]);
});

test('a worker that ends soon after its start is started again after a second, and after a minute at most', () => {
  expect([0, 1, 2, 6, 1000].map((failures) => delayAfter('worker-restart', failures))).toEqual([1, 2, 4, 60, 60]);
  expect(delayAfter('worker-restart', 0, 0)).toBe(0.5);
});

test('deliveries are given up after three days, a physician after half a year, a poll never', () => {
  expect([72 * HOUR - 1, 72 * HOUR].map((age) => isGivenUp('order-delivery', BEGAN, at(age)))).toEqual([false, true]);
  expect([72 * HOUR - 1, 72 * HOUR].map((age) => isGivenUp('subscription-delivery', BEGAN, at(age)))).toEqual([false, true]);
  expect([179, 180].map((days) => isGivenUp('physician-listing', BEGAN, at(days * 24 * HOUR)))).toEqual([false, true]);
  expect(isGivenUp('order-poll', BEGAN, at(1e9))).toBe(false);
});
