// The sum of the metrics of several workers: what is added up, what is not, and what stays of a worker that has ended.
import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { sumMetrics } from '../../src/observability/worker-metrics.ts';

/** A worker that answers as the process does: with its metrics as JSON, after the message has passed the channel. */
class AnsweringWorker extends EventEmitter {
  readonly registry = new Registry();
  readonly requests = new Counter({ name: 'requests_total', help: 'r', labelNames: ['status'], registers: [this.registry] });
  readonly duration = new Histogram({ name: 'duration_seconds', help: 'd', buckets: [1, 5], registers: [this.registry] });
  readonly waiting = new Gauge({ name: 'waiting', help: 'w', registers: [this.registry] });
  readonly queue = new Gauge({ name: 'queue', help: 'q', aggregator: 'max', registers: [this.registry] });
  readonly clock = new Gauge({ name: 'facet_webhook_clock_ahead_seconds', help: 'c', registers: [this.registry] });
  isHanging = false;

  send(): void {
    if (this.isHanging) return;
    void this.registry.getMetricsAsJSON().then((metrics) => this.emit('message', JSON.parse(JSON.stringify({ metrics }))));
  }
}

function startWorkers(): { workers: [AnsweringWorker, AnsweringWorker]; scrape(): Promise<string[]> } {
  const metrics = sumMetrics();
  const workers: [AnsweringWorker, AnsweringWorker] = [new AnsweringWorker(), new AnsweringWorker()];
  for (const worker of workers) metrics.add(worker as unknown as Worker);
  const scrape = async () => (await (await metrics.read()).metrics()).split('\n').filter((line) => line && !line.startsWith('#'));
  return { workers, scrape };
}

test('counters, histograms and loads are added up; figures that are the same in each worker are not', async () => {
  const { workers, scrape } = startWorkers();
  for (const [at, worker] of workers.entries()) {
    worker.requests.inc({ status: '200' }, 3 + at);
    worker.duration.observe(2 + at);
    worker.waiting.set(1 + at);
    worker.queue.set(9);
  }
  workers[1].requests.inc({ status: '500' });
  const lines = await scrape();
  for (const line of ['requests_total{status="200"} 7', 'requests_total{status="500"} 1', 'waiting 3', 'queue 9'])
    expect(lines).toContain(line);
  for (const line of ['duration_seconds_bucket{le="5"} 2', 'duration_seconds_sum 5', 'duration_seconds_count 2'])
    expect(lines).toContain(line);
});

test.each([
  [-120, 2, -120],
  [2, -120, -120],
  [90, -20, 90],
])('of the clock differences %d and %d, the farthest from 0 is served', async (first, second, served) => {
  const { workers, scrape } = startWorkers();
  workers[0].clock.set(first);
  workers[1].clock.set(second);
  expect((await scrape()).filter((line) => line.startsWith('facet_webhook'))).toEqual([`facet_webhook_clock_ahead_seconds ${served}`]);
});

test('the counts of a worker that has ended stay, its load does not, also when several end', async () => {
  const { workers, scrape } = startWorkers();
  for (const worker of workers) {
    worker.requests.inc({ status: '200' }, 5);
    worker.waiting.set(1);
    worker.duration.observe(1);
  }
  await scrape();
  workers[0].emit('exit');
  expect(await scrape()).toEqual(expect.arrayContaining(['requests_total{status="200"} 10', 'waiting 1', 'duration_seconds_count 2']));
  workers[1].emit('exit');
  const lines = await scrape();
  expect(lines).toEqual(expect.arrayContaining(['requests_total{status="200"} 10', 'duration_seconds_bucket{le="1"} 2']));
  expect(lines.some((line) => line.startsWith('waiting'))).toBe(false);
});

test('a worker that does not answer counts with its last known values', async () => {
  const { workers, scrape } = startWorkers();
  workers[0].requests.inc({ status: '200' }, 5);
  await scrape();
  workers[0].isHanging = true;
  workers[1].requests.inc({ status: '200' }, 2);
  expect(await scrape()).toContain('requests_total{status="200"} 7');
});
