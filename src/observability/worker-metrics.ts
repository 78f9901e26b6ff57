// Metrics of several workers on one endpoint: the primary process asks its workers for their values at each scrape and adds them up. prom-client has this, too
// (`clusterMetrics`), but a scrape fails there while one worker starts or hangs, and a worker that ends takes its counts away.
import type { Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import { isObject } from '../fhir/json-values.ts';

/** The metrics of a process, as they are sent. */
type Families = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** How long a scrape waits for a worker, in ms. Afterwards the last known values of the worker count. */
const PATIENCE_MS = 2000;
const REQUEST = { metrics: 'requested' };
/** Its value can be far from 0 in either direction, and the clock is the same for all workers: the value that is farthest from 0 counts. */
const CLOCK_METRIC = 'facet_webhook_clock_ahead_seconds';
const COUNTING = new Set(['counter', 'histogram']);

/** Sends the metrics of this worker whenever the primary process asks for them. */
export function reportMetrics(registry: Registry): void {
  const send = async (): Promise<void> => {
    const families = await registry.getMetricsAsJSON();
    // a callback: without it, a failure would be thrown when the primary process has just ended
    process.send?.({ metrics: families }, undefined, undefined, () => {});
  };
  process.on('message', (message) => {
    if (isObject(message) && message.metrics === REQUEST.metrics) void send().catch(() => {});
  });
}

/** The sum of the metrics of all workers. */
export interface SummedMetrics {
  /** From now on the worker is asked. */
  add(worker: Worker): void;
  read(): Promise<Registry>;
}

export function sumMetrics(): SummedMetrics {
  const latest = new Map<Worker, Families>();
  let ended: Promise<Families> = Promise.resolve([]);
  const end = (worker: Worker): void => {
    const counts = (latest.get(worker) ?? []).filter(({ type }) => COUNTING.has(String(type)));
    latest.delete(worker);
    ended = ended.then((before) => AggregatorRegistry.aggregate([before, counts]).getMetricsAsJSON());
  };
  return {
    add(worker) {
      latest.set(worker, []);
      worker.once('exit', () => end(worker));
    },
    async read() {
      const workers = [...latest.keys()];
      const received = await Promise.all(workers.map(askForMetrics));
      for (const [at, worker] of workers.entries()) if (received[at] && latest.has(worker)) latest.set(worker, received[at]);
      return AggregatorRegistry.aggregate(keepFarthestClock([...latest.values(), await ended]));
    },
  };
}

/** Undefined: the worker has not answered in time. */
function askForMetrics(worker: Worker): Promise<Families | undefined> {
  return new Promise((resolve) => {
    const finish = (families: Families | undefined): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(families);
    };
    const onMessage = (message: unknown): void => {
      if (isObject(message) && Array.isArray(message.metrics)) finish(message.metrics as Families);
    };
    const onExit = (): void => finish(undefined);
    const timer = setTimeout(finish, PATIENCE_MS, undefined);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.send(REQUEST, () => {});
  });
}

function keepFarthestClock(all: Families[]): Families[] {
  const distances = all.map((families) => {
    const value = families.find(({ name }) => name === CLOCK_METRIC)?.values[0]?.value;
    return value === undefined ? -1 : Math.abs(value);
  });
  const farthest = distances.indexOf(Math.max(...distances));
  return all.map((families, at) => (at === farthest ? families : families.filter(({ name }) => name !== CLOCK_METRIC)));
}
