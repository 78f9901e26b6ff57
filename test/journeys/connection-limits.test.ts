// Slow clients and too many clients are disconnected within seconds, and others are served. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9
import type { Socket } from 'node:net';
import { until } from '../until.ts';
import { open } from './raw-http.ts';
import { type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await migratedPlace();
  server = await startProcess({ ...place.env, FACET_MAX_CONNECTIONS: '8', FACET_REQUEST_TIMEOUT_SECONDS: '2' });
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const HEALTH = ['GET /healthz HTTP/1.1', 'Host: x', 'Connection: close', '', ''].join('\r\n');
const health = async () => (await fetch(`${server.url}/healthz`, { headers: { Connection: 'close' } })).status;
const post = (key: string): string =>
  [
    'POST /fhir/R4/Patient HTTP/1.1',
    'Host: x',
    `x-api-key: ${key}`,
    'Content-Type: application/fhir+json',
    'Content-Length: 1000',
    '',
    '',
  ].join('\r\n');

/** Sends the text, and then a byte in every 100 ms until it is answered. Node closes such a connection at once, so that a reset may follow the answer. */
async function drip(text: string): Promise<{ status: number; seconds: number }> {
  const begun = performance.now();
  const socket = connected();
  socket.write(text);
  const dripping = setInterval(() => socket.write('a'), 100);
  let answer = '';
  socket.on('data', (chunk) => {
    clearInterval(dripping);
    answer += String(chunk);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(dripping);
  return { status: Number(answer.split(' ')[1]), seconds: (performance.now() - begun) / 1000 };
}

test.each([
  ['header fields', () => 'GET /healthz HTTP/1.1\r\nHost: x\r\nx-slow: '],
  ['a body', () => post(place.keys().demo.fhir!)],
])('%s that never end get 408 within seconds, and others are served meanwhile', async (_what, begin) => {
  const slow = drip(begin());
  expect(await health()).toBe(200);
  const { status, seconds } = await slow;
  expect(status).toBe(408);
  expect(seconds).toBeLessThan(10);
});

/** A connection whose end is no failure of the test. */
function connected(): Socket {
  const socket = open(server.url);
  socket.on('error', () => {});
  return socket;
}

/** Whether a health check on a connection of its own is answered, or the connection is closed without a byte. */
async function answered(): Promise<boolean> {
  const socket = connected();
  socket.write(HEALTH);
  await new Promise((resolve) => socket.resume().once('close', resolve));
  return socket.bytesRead > 0;
}

test('a connection over the limit is closed without a response; when others end, new ones are accepted', async () => {
  const sockets: Socket[] = [];
  await until(async () => {
    sockets.push(connected());
    return !(await answered());
  });
  expect(sockets.length).toBeGreaterThanOrEqual(8);
  for (const socket of sockets) socket.destroy();
  await until(answered);
});
