// The circuit breaker alone: after how many failures it holds back, what counts as one, and for how long.
import { type CircuitBreaker, createCircuitBreaker } from '../../src/messaging/circuit-breaker.ts';

const START = Date.parse('2026-11-21T12:00:00.000Z');
const at = (seconds: number): Date => new Date(START + seconds * 1000);
let breaker: CircuitBreaker;
beforeEach(() => {
  breaker = createCircuitBreaker();
});
const fail = (count: number, from = 0) => {
  for (let n = 0; n < count; n++) breaker.record('failure', at(0), undefined, `order ${from + n}`);
};

test('after four failed orders in a row the breaker stays closed; after five it opens', () => {
  fail(4);
  expect(breaker.allows(at(0))).toBe(Number.POSITIVE_INFINITY);
  fail(1, 4);
  expect(breaker.allows(at(0))).toBe(0);
});

test('one order that fails again and again counts once', () => {
  for (let n = 0; n < 20; n++) breaker.record('failure', at(0), undefined, 'the same order');
  expect(breaker.allows(at(0))).toBe(Number.POSITIVE_INFINITY);
});

test('a response to an order resets the count and closes the breaker; a response to another request does neither', () => {
  fail(4);
  breaker.record('success', at(0));
  fail(4);
  expect(breaker.allows(at(0))).toBe(Number.POSITIVE_INFINITY);
  breaker.record('ignore', at(0));
  fail(1, 4);
  breaker.record('ignore', at(1));
  expect(breaker.allows(at(1))).toBe(0);
  breaker.record('success', at(1));
  expect(breaker.allows(at(1))).toBe(Number.POSITIVE_INFINITY);
});

test('an open breaker allows one order after eight seconds, and another one eight seconds after that order has failed', () => {
  fail(5);
  expect([7.9, 8].map((seconds) => breaker.allows(at(seconds)))).toEqual([0, 1]);
  breaker.record('failure', at(8), undefined, 'order 0');
  expect([15.9, 16].map((seconds) => breaker.allows(at(seconds)))).toEqual([0, 1]);
});

test('a trip opens the breaker at once; a longer Retry-After extends the pause, and a later shorter one does not reduce it', () => {
  breaker.record('trip', at(0), 120);
  breaker.record('trip', at(1), 1);
  expect([119.9, 120].map((seconds) => breaker.allows(at(seconds)))).toEqual([0, 1]);
  expect(breaker.nextProbe()).toBe(at(120).getTime());
});
