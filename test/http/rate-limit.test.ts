// Fixed windows in the store: so many requests of all processes together, then 429 until the window ends.
import { checkRateLimit, createRateLimiter } from '../../src/http/middleware/rate-limit.ts';
import type { Caller } from '../../src/interactions/context.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { countRequests } from '../../src/store/rate-windows.ts';
import { onServer, openTestStore, type TestStore } from '../store/open.ts';

/** A window that no test outlasts. */
const CENTURY = 100 * 365 * 86_400;
const SURFACE = { name: 'jump' };
const caller = (actor: string, tenant = 1): Caller => ({ tenant, actor, surface: 'jump', scopes: [] });

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

/** A limiter as each process has one. `statements`: how many it has sent. */
function buildLimiter(now = () => new Date(), database: Database = store.database) {
  const sent = { statements: 0 };
  const count = createRateLimiter((window, requests) => {
    sent.statements++;
    return countRequests(database, { ...window, at: now() }, requests);
  });
  return { count, sent };
}

test('counts down within a window, refuses over it, and counts each key and each tenant alone', async () => {
  const { count } = buildLimiter();
  const limit = { limit: 3, seconds: CENTURY };
  const states = [];
  const secondsLeft = () => Math.ceil(CENTURY - ((Date.now() / 1000) % CENTURY));
  const most = secondsLeft();
  for (let n = 0; n < 3; n++) states.push(await count(caller('a'), SURFACE, limit));
  const { reset } = states[0]!;
  expect(states.map(({ remaining, over }) => [remaining, over])).toEqual([2, 1, 0].map((remaining) => [remaining, false]));
  expect(reset).toBeLessThanOrEqual(most);
  expect(reset).toBeGreaterThanOrEqual(secondsLeft());
  const refused = await count(caller('a'), SURFACE, limit);
  expect(refused).toEqual({ limit: 3, remaining: 0, reset: expect.any(Number), over: true });
  expect(Math.abs(refused.reset - reset)).toBeLessThan(60);
  expect(() => checkRateLimit(refused)).toThrow(`try again in ${refused.reset} seconds`);
  expect((await count(caller('b'), SURFACE, limit)).remaining).toBe(2);
  expect((await count(caller('a', 2), SURFACE, limit)).remaining).toBe(2);
  expect((await count(caller('a'), { name: 'fhir' }, limit)).remaining).toBe(2);
});

test('the keys of a tenant are counted together if the surface says so', async () => {
  const { count } = buildLimiter();
  const surface = { name: 'clinik', rateLimit: { per: 'tenant' as const } };
  const limit = { limit: 3, seconds: CENTURY };
  expect((await count(caller('a', 3), surface, limit)).remaining).toBe(2);
  expect((await count(caller('b', 3), surface, limit)).remaining).toBe(1);
  expect((await count(caller('a', 4), surface, limit)).remaining).toBe(2);
});

test('a window begins at a multiple of its length, and the next one at zero', async () => {
  let now = Date.parse('2026-01-01T10:59:00Z');
  const clock = () => new Date(now);
  const limit = { limit: 2, seconds: 3600 };
  expect(await buildLimiter(clock).count(caller('c'), SURFACE, limit)).toEqual({ limit: 2, remaining: 1, reset: 60, over: false });
  now += 59_999;
  expect(await buildLimiter(clock).count(caller('c'), SURFACE, limit)).toEqual({ limit: 2, remaining: 0, reset: 1, over: false });
  expect((await buildLimiter(clock).count(caller('c'), SURFACE, limit)).over).toBe(true);
  now += 1;
  expect(await buildLimiter(clock).count(caller('c'), SURFACE, limit)).toEqual({ limit: 2, remaining: 1, reset: 3600, over: false });
});

test('a process whose clock is late counts in the window that another process has begun', async () => {
  const count = (time: string) => countRequests(store.database, { tenant: 1, client: 'late', seconds: 3600, at: new Date(time) }, 1);
  expect(await count('2026-01-01T10:59:59Z')).toEqual({ used: 1, msLeft: 1000 });
  expect(await count('2026-01-01T11:00:00Z')).toEqual({ used: 1, msLeft: 3_600_000 });
  expect(await count('2026-01-01T10:59:59.5Z')).toEqual({ used: 2, msLeft: 3_600_000 });
});

test('requests over the limit cost no statement', async () => {
  const { count, sent } = buildLimiter();
  const limit = { limit: 2, seconds: CENTURY };
  for (let n = 0; n < 50; n++) await count(caller('d'), SURFACE, limit);
  expect(sent.statements).toBe(2);
});

test('two processes together allow exactly the limit, and a new process continues the window', async () => {
  const limit = { limit: 57, seconds: CENTURY };
  const processes = [buildLimiter(), buildLimiter()];
  const states = await Promise.all(Array.from({ length: 200 }, (_, n) => processes[n % 2]!.count(caller('e'), SURFACE, limit)));
  const allowed = states.filter(({ over }) => !over);
  expect(allowed.map(({ remaining }) => remaining).sort((a, b) => a - b)).toEqual(Array.from({ length: 57 }, (_, n) => n));
  expect((await buildLimiter().count(caller('e'), SURFACE, limit)).over).toBe(true);
});

test('a store that fails refuses the request: it is not served without being counted', async () => {
  const count = createRateLimiter(() => Promise.reject(new Error('no connection')));
  await expect(count(caller('f'), SURFACE, { limit: 2, seconds: 60 })).rejects.toThrow('no connection');
});

onServer('a window is committed without waiting for the disk, and the connection keeps its own setting', async () => {
  const database = await openDatabase({ url: store.url!, poolSize: 1 });
  try {
    await countRequests(database, { tenant: 1, client: 'g', seconds: 60, at: new Date() }, 1);
    expect(await database.query("select current_setting('synchronous_commit') as setting")).toEqual([{ setting: 'on' }]);
  } finally {
    await database.close();
  }
});
