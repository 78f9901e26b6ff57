// Which requests run, wait and are refused: on a real server, with requests that end when the test says so.
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import { ERROR_KINDS, type FhirError } from '../../src/fhir/outcome.ts';
import { createAdmission, MAX_REQUESTS_IN_FLIGHT } from '../../src/http/middleware/admission.ts';
import { adjustLimit, USUAL_LIMIT } from '../../src/http/middleware/concurrency-limit.ts';
import { until } from '../until.ts';

describe('the next limit', () => {
  test.each([
    ['stays while nothing waits', { limit: 16, delayMs: 0, isWaiting: false, tenants: 1 }, 16],
    ['grows while requests wait', { limit: 16, delayMs: 5, isWaiting: true, tenants: 2 }, 16.32],
    ['grows to 200 at most', { limit: 199, delayMs: 0, isWaiting: true, tenants: 1 }, 200],
    ['halves while the event loop is late', { limit: 40, delayMs: 5.1, isWaiting: true, tenants: 1 }, 20],
    ['halves without waiting requests, too', { limit: 40, delayMs: 6, isWaiting: false, tenants: 2 }, 20],
    ['is the usual one at least for one tenant alone', { limit: 20, delayMs: 90, isWaiting: true, tenants: 1 }, USUAL_LIMIT],
    ['is 1 at least beside another tenant', { limit: 1.25, delayMs: 90, isWaiting: true, tenants: 2 }, 1],
    ['rises again when the other tenant is gone', { limit: 1, delayMs: 90, isWaiting: true, tenants: 1 }, USUAL_LIMIT],
  ])('%s', (_name, load, next) => expect(adjustLimit(load)).toBe(next));
});

interface Sent {
  /** 200, or the status of the refusal; undefined before the response, and if the client has left. */
  status?: number;
  leave(): void;
}

interface Served {
  /** The responses of the requests that run, the oldest first. */
  running: ServerResponse[];
  /** What the requests of clients that left waiting failed with. */
  left: string[];
  refusals: number;
}

let server: Server;
let served: Served;
let maxWaitMs: number | undefined;
const clients: { destroy(): void }[] = [];
beforeEach(async () => {
  // requests of an earlier test may still end
  const own: Served = { running: [], left: [], refusals: 0 };
  served = own;
  const admit = createAdmission(() => own.refusals++, maxWaitMs);
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      await admit(Number(req.headers.tenant), req as Request, res as Response);
      own.running.push(res);
    } catch (error) {
      if (res.closed) own.left.push((error as FhirError).message);
      else res.writeHead(ERROR_KINDS[(error as FhirError).kind].status).end();
    }
  };
  server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
  server.closeAllConnections();
});

/** Each request has a connection of its own. */
function send(tenant: number): Sent {
  const { port } = server.address() as AddressInfo;
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

/** Keeps the event loop late while the work is done, so that the limit does not grow. */
async function whileLate(work: () => Promise<void>): Promise<void> {
  const blocking = setInterval(() => {
    for (const end = performance.now() + 30; performance.now() < end; );
  }, 40);
  await work().finally(() => clearInterval(blocking));
}

test('some requests of a tenant run, the others wait for their turn, and those beyond the bound are refused', async () => {
  const all = sendAll(1, MAX_REQUESTS_IN_FLIGHT + 3);
  await until(() => withStatus(all, 503) === 3);
  expect(served.running.length).toBeGreaterThanOrEqual(USUAL_LIMIT);
  expect(served.running.length).toBeLessThan(2 * USUAL_LIMIT);
  await until(() => {
    for (const res of served.running.splice(0)) res.end();
    return withStatus(all, 200) === MAX_REQUESTS_IN_FLIGHT;
  });
  expect([served.refusals, served.left]).toEqual([3, []]);
});

test('a request of another tenant runs at once', async () => {
  sendAll(1, MAX_REQUESTS_IN_FLIGHT);
  await until(() => served.running.length >= USUAL_LIMIT);
  const other = send(2);
  await until(() => served.running.some(({ req }) => req.headers.tenant === '2'));
  served.running.find(({ req }) => req.headers.tenant === '2')!.end();
  await until(() => other.status === 200);
});

test('clients that leave make room: running ones for those that wait, waiting ones for new ones', async () => {
  const first = sendAll(1, USUAL_LIMIT);
  await until(() => served.running.length === USUAL_LIMIT);
  const waiting = sendAll(1, MAX_REQUESTS_IN_FLIGHT - USUAL_LIMIT);
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
    for (const res of served.running.splice(0)) res.end();
    return withStatus(next, 200) === USUAL_LIMIT + 5;
  });
  expect(served.refusals).toBe(1);
});

describe('with a short wait', () => {
  beforeAll(() => {
    maxWaitMs = 200;
  });
  afterAll(() => {
    maxWaitMs = undefined;
  });

  test('a request that has waited too long is refused, and its place is free', async () => {
    const first = sendAll(1, USUAL_LIMIT);
    await until(() => served.running.length === USUAL_LIMIT);
    const waiting = sendAll(1, MAX_REQUESTS_IN_FLIGHT - USUAL_LIMIT);
    await until(() => withStatus(waiting, 503) > MAX_REQUESTS_IN_FLIGHT / 2);
    expect([withStatus(first, undefined), served.refusals]).toEqual([USUAL_LIMIT, withStatus(waiting, 503)]);
    const next = send(1);
    await until(() => {
      for (const res of served.running.splice(0)) res.end();
      return next.status !== undefined;
    });
    expect(next.status).toBe(200);
  });
});

test('requests that take longer than a second let others run', () =>
  whileLate(async () => {
    sendAll(1, MAX_REQUESTS_IN_FLIGHT);
    await until(() => served.running.length >= 3 * USUAL_LIMIT);
  }));

test('beside another tenant, fewer requests run while the event loop is late', () =>
  whileLate(async () => {
    sendAll(1, MAX_REQUESTS_IN_FLIGHT);
    await until(() => served.running.length >= USUAL_LIMIT);
    await until(() => {
      const ended = served.running.splice(0).map((res) => res.end().req.headers.tenant);
      const count = ended.filter((tenant) => tenant === '1').length;
      sendAll(1, count);
      send(2);
      return count < USUAL_LIMIT / 2;
    });
  }));
