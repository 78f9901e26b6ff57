// Asks each server for /readyz all the time, without a load balancer.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient, type Outcome } from './http-client.ts';

/** One check. `from`: when it was sent, by `performance.now()`. */
export interface ReadinessCheck extends Outcome {
  port: number;
  from: number;
}

const EVERY_MS = 100;
const LONGEST_WAIT_MS = 60_000;

export interface ReadinessWatch {
  checks: ReadinessCheck[];
  /** Waits until each server has returned this status to a check that was sent after this time. */
  waitForAll(status: number, since: number): Promise<void>;
  stop(): Promise<void>;
}

/** `patience`: in ms, after which a check without a response is given up. */
export function watchReadiness(ports: number[], patience: number): ReadinessWatch {
  const checks: ReadinessCheck[] = [];
  const running = { now: true };
  const watch = async (port: number, client: Client): Promise<void> => {
    for (; running.now; await delay(EVERY_MS)) {
      const from = performance.now();
      checks.push({ port, from, ...(await client.send({ method: 'GET', path: '/readyz' })) });
    }
    client.close();
  };
  const watching = ports.map((port) => watch(port, createClient(port, patience)));
  const hasReturned = (server: number, expected: number, since: number): boolean =>
    checks.some(({ port, from, status }) => port === server && from > since && status === expected);
  return {
    checks,
    async waitForAll(status, since) {
      for (const end = performance.now() + LONGEST_WAIT_MS; !ports.every((port) => hasReturned(port, status, since)); await delay(EVERY_MS))
        if (performance.now() > end) throw new Error(`/readyz of some server is not ${status} after ${LONGEST_WAIT_MS} ms`);
    },
    async stop() {
      running.now = false;
      await Promise.all(watching);
    },
  };
}
