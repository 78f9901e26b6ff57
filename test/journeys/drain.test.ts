// A server stops while clients send requests on open connections, behind a load balancer that checks /readyz and respects Connection: close.
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

const ROUNDS = 3;
const CLIENTS = 8;
/** Long enough for a busy machine: the balancer has to see it. */
const DRAIN_SECONDS = 6;

let place: Place;
beforeAll(async () => {
  place = await migratedPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

interface Answered {
  status: number | undefined;
  connection: string | undefined;
}

const get = (url: string, agent: Agent | false, headers: Record<string, string> = {}): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response: IncomingMessage) => {
      response.resume().on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, connection: response.headers.connection }));
    });
    sent.on('error', reject).end();
  });

test('no request of clients that keep their connections fails while the server stops', async () => {
  const failed: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const server = await startProcess({ ...place.env, FACET_DRAIN_SECONDS: String(DRAIN_SECONDS) });
    const key = place.keys().demo.fhir!;
    const balancer = { ready: true };
    const stopped = { at: Number.POSITIVE_INFINITY };
    const responses: Answered[] = [];
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      // however slow this machine is, the balancer sends nothing in the second half of the drain
      while (balancer.ready && performance.now() - stopped.at < DRAIN_SECONDS * 500) {
        await get(`${server.url}/fhir/R4/Patient?_count=1`, agent, { Authorization: `Bearer ${key}` }).then(
          (response) => responses.push(response),
          (error: NodeJS.ErrnoException) =>
            failed.push(
              `round ${round}, ${Math.round(performance.now() - stopped.at)} ms after the signal: ${error.code ?? error.message}`,
            ),
        );
      }
      agent.destroy();
    };
    const clients = Array.from({ length: CLIENTS }, client);
    await delay(200);
    stopped.at = performance.now();
    server.signal('SIGTERM');
    let unready: Answered;
    do unready = await get(`${server.url}/readyz`, false);
    while (unready.status !== 503);
    // one look of a balancer later
    await delay(300);
    balancer.ready = false;
    await Promise.all(clients);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(responses.at(-1)!.connection).toBe('close');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  }
  expect(failed).toEqual([]);
});

test('idle connections stay open longer than the 60 seconds of a load balancer', async () => {
  const server = await startProcess(place.env);
  const response = await fetch(`${server.url}/healthz`);
  expect(Number(/timeout=(\d+)/.exec(response.headers.get('keep-alive')!)![1])).toBeGreaterThan(60);
  await response.text();
  server.signal('SIGTERM');
  await server.ended;
});
