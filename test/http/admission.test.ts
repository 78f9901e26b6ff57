// Which requests run, wait and are refused: on a real server, with requests that end when the test says so.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { ERROR_KINDS, type FhirError } from '../../src/fhir/outcome.ts';
import { createAdmission, MAX_REQUESTS_IN_FLIGHT } from '../../src/http/middleware/admission.ts';
import { adjustLimit, USUAL_LIMIT } from '../../src/http/middleware/concurrency-limit.ts';
import { until } from '../until.ts';

describe('the next limit', () => {
  test.each([
    ['stays while nothing waits', { limit: 20, delayMs: 0, isWaiting: false, tenants: 1 }, 20],
    ['grows while requests wait', { limit: 20, delayMs: 5, isWaiting: true, tenants: 2 }, 20.4],
    ['grows to 200 at most', { limit: 199, delayMs: 0, isWaiting: true, tenants: 1 }, 200],
    ['halves while the event loop is late', { limit: 40, delayMs: 5.1, isWaiting: true, tenants: 1 }, 20],
    ['halves without waiting requests, too', { limit: 40, delayMs: 6, isWaiting: false, tenants: 2 }, 20],
    ['is the usual one at least for one tenant alone', { limit: 20, delayMs: 90, isWaiting: true, tenants: 1 }, USUAL_LIMIT],
    ['is 1 at least beside another tenant', { limit: 1.25, delayMs: 90, isWaiting: true, tenants: 2 }, 1],
    ['grows to the usual one without waiting requests', { limit: 10, delayMs: 0, isWaiting: false, tenants: 2 }, 10.2],
    ['is the usual one as soon as the other tenant is gone', { limit: 1, delayMs: 0, isWaiting: false, tenants: 1 }, USUAL_LIMIT],
  ])('%s', (_name, load, next) => expect(adjustLimit(load)).toBeCloseTo(next));
});

interface Sent {
  /** 200, or the status of the refusal; undefined before the response, and if the client has left. */
  status?: number;
  leave(): void;
}

interface Served {
  arrived: number;
  /** The responses of the requests that were admitted, and that the test has not ended; the oldest first. */
  running: ServerResponse[];
  /** Requests that were admitted and are not over, by tenant. */
  open: Record<string, number>;
  /** What the requests of clients that left waiting failed with. */
  left: string[];
  refusals: number;
}

/** Longer than any test. */
const NEVER_MS = 600_000;

let server: Server | undefined;
let served: Served;
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server?.close();
  server?.closeAllConnections();
});

async function serve(options: { maxWaitMs?: number; maxRunMs?: number } = { maxRunMs: NEVER_MS }): Promise<void> {
  const own: Served = { arrived: 0, running: [], open: {}, left: [], refusals: 0 };
  served = own;
  const admit = createAdmission({ refused: () => own.refusals++, ...options });
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    own.arrived++;
    const tenant = String(req.headers.tenant);
    try {
      await admit(Number(tenant), req as Request, res as Response);
      own.running.push(res);
      own.open[tenant] = (own.open[tenant] ?? 0) + 1;
      res.once('close', () => own.open[tenant]!--);
    } catch (error) {
      if (res.closed) own.left.push((error as FhirError).message);
      else res.writeHead(ERROR_KINDS[(error as FhirError).kind].status).end();
    }
  };
  server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
}

const clients: { destroy(): void }[] = [];
/** Each request has a connection of its own. */
function send(tenant: number): Sent {
  const { port } = server!.address() as AddressInfo;
  const sent: Sent = { leave: () => client.destroy() };
  const client = request({ port, host: '127.0.0.1', agent: false, headers: { tenant } }, (response) => {
    sent.status = response.statusCode!;
    response.resume();
  });
  client.on('error', () => {}).end();
  clients.push(client);
  return sent;
}

const sendAll = (tenant: number, count: number): Sent[] => Array.from({ length: count }, () => send(tenant));
const withStatus = (sent: Sent[], status: number | undefined): number => sent.filter((one) => one.status === status).length;

const endAll = (): void => {
  for (const res of served.running.splice(0)) res.end();
};

/** Blocks the event loop again and again while the work is done, so that the limit does not grow. */
async function whileLate(work: () => Promise<void>, blockMs = 30): Promise<void> {
  const blocking = setInterval(() => {
    for (const end = performance.now() + blockMs; performance.now() < end; );
  }, blockMs + 10);
  await work().finally(() => clearInterval(blocking));
}

test('some requests of a tenant run, the others wait for their turn, and those beyond the bound are refused', async () => {
  await serve();
  await whileLate(async () => {
    const all = sendAll(1, MAX_REQUESTS_IN_FLIGHT + 3);
    await until(() => withStatus(all, 503) === 3);
    expect(served.running.length).toBeGreaterThanOrEqual(USUAL_LIMIT);
    expect(served.running.length).toBeLessThan(2 * USUAL_LIMIT);
    await until(() => {
      endAll();
      return withStatus(all, 200) === MAX_REQUESTS_IN_FLIGHT;
    });
    expect([served.refusals, served.left]).toEqual([3, []]);
  });
});

test('a request of another tenant runs while those of the first tenant wait', async () => {
  await serve();
  await whileLate(async () => {
    sendAll(1, MAX_REQUESTS_IN_FLIGHT);
    await until(() => served.running.length >= USUAL_LIMIT);
    const other = send(2);
    await until(() => served.running.some(({ req }) => req.headers.tenant === '2'));
    served.running.find(({ req }) => req.headers.tenant === '2')!.end();
    await until(() => other.status === 200);
    expect(served.open['1']).toBeLessThan(2 * USUAL_LIMIT);
  });
});

test('clients that leave make room: running ones for those that wait, waiting ones for new ones', async () => {
  await serve();
  await whileLate(async () => {
    const first = sendAll(1, USUAL_LIMIT);
    await until(() => served.running.length === USUAL_LIMIT);
    const waiting = sendAll(1, MAX_REQUESTS_IN_FLIGHT - USUAL_LIMIT);
    await until(() => served.arrived === MAX_REQUESTS_IN_FLIGHT);
    const refused = send(1);
    await until(() => refused.status === 503);
    for (const one of waiting.slice(-5)) one.leave();
    await until(() => served.left.length === 5);
    expect(served.left).toEqual(Array.from({ length: 5 }, () => expect.stringContaining('disconnected')));
    const ran = served.running.length;
    for (const one of first) one.leave();
    await until(() => served.running.length >= ran + USUAL_LIMIT);
    const next = sendAll(1, USUAL_LIMIT + 5);
    await until(() => {
      endAll();
      return withStatus(next, 200) === USUAL_LIMIT + 5;
    });
    expect(served.refusals).toBe(1);
  });
});

test('a request that has waited too long is refused, and its place is free', async () => {
  await serve({ maxWaitMs: 200, maxRunMs: NEVER_MS });
  await whileLate(async () => {
    const first = sendAll(1, USUAL_LIMIT);
    await until(() => served.running.length === USUAL_LIMIT);
    const waiting = sendAll(1, MAX_REQUESTS_IN_FLIGHT - USUAL_LIMIT);
    await until(() => served.arrived === MAX_REQUESTS_IN_FLIGHT);
    await until(() => withStatus(waiting, 503) === served.refusals && served.refusals > MAX_REQUESTS_IN_FLIGHT / 2);
    expect(withStatus(first, undefined)).toBe(USUAL_LIMIT);
    const next = send(1);
    await until(() => {
      endAll();
      return next.status !== undefined;
    });
    expect(next.status).toBe(200);
  });
});

test('requests that take long let others run, unless the event loop is late', async () => {
  await serve({ maxRunMs: 100 });
  await whileLate(async () => {
    sendAll(1, MAX_REQUESTS_IN_FLIGHT);
    await until(() => served.running.length >= USUAL_LIMIT);
    await delay(500);
    expect(served.running.length).toBeLessThan(2 * USUAL_LIMIT);
  });
  await until(() => served.running.length === MAX_REQUESTS_IN_FLIGHT);
});

test.each([30, 80])('beside another tenant, fewer requests run while the event loop is blocked for %i ms at a time', async (blockMs) => {
  await serve();
  await whileLate(async () => {
    sendAll(1, MAX_REQUESTS_IN_FLIGHT);
    await until(() => served.running.length >= USUAL_LIMIT);
    await until(() => {
      const open = served.open['1']!;
      for (const _ended of served.running) sendAll(1, 1);
      endAll();
      send(2);
      return open > 0 && open < USUAL_LIMIT / 2;
    });
  }, blockMs);
});
