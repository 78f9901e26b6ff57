// The clock of a test: a process reads the time from a URL of the sandbox, so that several processes and the sandbox share one time, which a test can move. Never in
// production.
import { isObject } from '../../fhir/json-values.ts';
import { startPollLoop } from '../../messaging/poll-loop.ts';

interface TestClock {
  now(): Date;
  stop(): Promise<void>;
}

/** Interval of requests, in ms. A process notices a moved time after at most this long. */
const EVERY_MS = 50;

/** `url` returns `{"now": "<instant>"}`. Between two responses, and after a failed request, time runs as usual. */
export async function startTestClock(url: string): Promise<TestClock> {
  let ahead = await fetchOffset(url);
  const stop = startPollLoop(async ({ rest }) => {
    await rest(EVERY_MS);
    ahead = await fetchOffset(url).catch(() => ahead);
  });
  return { now: () => new Date(Date.now() + ahead), stop };
}

/** Returns by how many ms that clock is ahead of this machine's. */
async function fetchOffset(url: string): Promise<number> {
  const body: unknown = await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json();
  if (!isObject(body)) throw new Error(`${url} does not return a time`);
  return Date.parse(String(body.now)) - Date.now();
}
