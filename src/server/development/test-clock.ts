// The time of a test: a process that is told where takes its clock from there (the sandbox), so that several processes and the sandbox live in one time that
// can be moved. Never in production.
import { startPollLoop } from '../../messaging/poll-loop.ts';

interface TestClock {
  now(): Date;
  stop(): Promise<void>;
}

/** How often it is asked, in ms: for so long a process may not know that time has leapt, as one that stood still. */
const EVERY_MS = 50;

/** `url` answers `{"now": "<instant>"}`. Between two answers time runs as usual; while nobody answers it goes on as it was. */
export async function startTestClock(url: string): Promise<TestClock> {
  let ahead = await fetchOffset(url);
  const stop = startPollLoop(async ({ rest }) => {
    await rest(EVERY_MS);
    ahead = await fetchOffset(url).catch(() => ahead);
  });
  return { now: () => new Date(Date.now() + ahead), stop };
}

/** By how many ms that clock is ahead of ours. */
async function fetchOffset(url: string): Promise<number> {
  const { now } = (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json()) as { now: string };
  return Date.parse(now) - Date.now();
}
