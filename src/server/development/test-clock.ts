// The clock of a test: a process takes its time from a URL (the sandbox), so that several processes and the sandbox share one time that can be moved. Never in
// production.
import { isObject } from '../../fhir/json-values.ts';
import { startPollLoop } from '../../messaging/poll-loop.ts';

interface TestClock {
  now(): Date;
  stop(): Promise<void>;
}

/** Interval of requests, in ms: for this long a process may not know that the time has moved. */
const EVERY_MS = 50;

/** `url` answers `{"now": "<instant>"}`. Between two answers, and while there is none, time runs as usual. */
export async function startTestClock(url: string): Promise<TestClock> {
  let ahead = await fetchOffset(url);
  const stop = startPollLoop(async ({ rest }) => {
    await rest(EVERY_MS);
    ahead = await fetchOffset(url).catch(() => ahead);
  });
  return { now: () => new Date(Date.now() + ahead), stop };
}

/** How many ms that clock is ahead of the clock of this machine. */
async function fetchOffset(url: string): Promise<number> {
  const answer: unknown = await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json();
  if (!isObject(answer)) throw new Error(`${url} answers no time`);
  return Date.parse(String(answer.now)) - Date.now();
}
