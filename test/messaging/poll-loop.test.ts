// Background work runs again and again until it is stopped.
import { backOffWhileIdle, startPollLoop } from '../../src/messaging/poll-loop.ts';

const HOUR = 3_600_000;

test('a loop starts at once, runs again, and stops when the round under way is finished', async () => {
  const polled: string[] = [];
  const [repeated, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stop = startPollLoop(async () => {
    polled.push('begun');
    if (polled.length > 1) {
      repeated.resolve();
      await finish.promise;
    }
    polled.push('finished');
  });
  expect(polled).toEqual(['begun', 'finished']);
  await repeated.promise;
  const end = stop().then(() => polled.push('stopped'));
  finish.resolve();
  await end;
  expect(polled).toEqual(['begun', 'finished', 'begun', 'finished', 'stopped']);
});

test('a loop that is waiting stops at once', async () => {
  let aborted: boolean | undefined;
  const stop = startPollLoop(async ({ rest, signal }) => {
    await rest(HOUR);
    aborted = signal.aborted;
  });
  await stop();
  expect(aborted).toBe(true);
});

test('where polling is cheap, each delay is as long as the first', () => {
  const rest = backOffWhileIdle(250, () => false);
  expect([0, 0, 0, 1, 0].map(rest)).toEqual([250, 250, 250, 250, 250]);
});

test('where polling is expensive, the delay grows up to sixteen times as long while there is nothing to do', () => {
  const rest = backOffWhileIdle(250, () => true);
  expect([0, 0, 0, 0, 0, 1, 0].map(rest)).toEqual([500, 1000, 2000, 4000, 4000, 250, 500]);
});
