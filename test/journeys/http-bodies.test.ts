// Bodies over the limit are refused as early as possible, and the connection is closed in a way that lets the client read the response.
// https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14, https://www.rfc-editor.org/rfc/rfc9112#section-9.6
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Listening, listen } from './listening.ts';
import { answerOn, open, sendRaw } from './raw-http.ts';

const MIB = 1024 * 1024;
/** Longer than the server waits for a client that sends nothing. */
const SILENCE_MS = 6000;
const bomb = gzipSync(Buffer.alloc(20 * MIB));
let facet: Listening;
beforeAll(async () => {
  facet = await listen({ bodyLimit: MIB });
});
afterAll(() => facet.close());

const DOORS = [
  ['fhir', '/fhir/R4/Patient'],
  ['fhir', '/fhir/R4/Patient/_search'],
  ['fhir', '/fhir/R4/Binary'],
  ['loop', '/loop/v1/patients'],
  ['clinik', '/clinik/v1/practitioner-roles'],
  ['jump', '/jump/patients'],
  ['fhir', '/v1/webhooks/junction'],
] as const;

const typeOf = (path: string): string => (path.endsWith('_search') ? 'application/x-www-form-urlencoded' : 'application/json');
const head = (api: string, path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: x', `x-api-key: ${facet.demo[api]}`, `Content-Type: ${typeOf(path)}`, ...headers, '', ''].join('\r\n');

describe.each(DOORS)('%s POST %s', (api, path) => {
  test('a declared length over the limit is 413 before any of the body is sent, and the connection is closed', async () => {
    const { status, headers } = await sendRaw(facet.url, head(api, path, `Content-Length: ${10 * MIB}`));
    expect([status, headers.connection]).toEqual([413, 'close']);
  });

  test('a client that sends the whole body first reads the 413 and no reset', async () => {
    const { status } = await sendRaw(facet.url, head(api, path, `Content-Length: ${10 * MIB}`), Buffer.alloc(10 * MIB, 0x20));
    expect(status).toBe(413);
  });

  test('a body without a declared length is 413 as soon as it is too long', async () => {
    const socket = open(facet.url);
    socket.write(head(api, path, 'Transfer-Encoding: chunked'));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0x20), Buffer.from('\r\n')]);
    for (let sent = 0; sent < 2 * MIB; sent += 0x10000) socket.write(chunk);
    const { status, headers } = await answerOn(socket);
    expect([status, headers.connection]).toEqual([413, 'close']);
  });

  test('a small body that decodes to more than the limit is 413', async () => {
    const { status } = await sendRaw(
      facet.url,
      head(api, path, 'Content-Encoding: gzip', 'Connection: close', `Content-Length: ${bomb.length}`),
      bomb,
    );
    expect(status).toBe(413);
  });
});

test('a client that goes on sending gets no reset; one that stops is disconnected', async () => {
  const socket = open(facet.url, { allowHalfOpen: true });
  socket.write(head('fhir', '/fhir/R4/Patient', `Content-Length: ${10 * MIB}`));
  const [response] = (await once(socket, 'data')) as [Buffer];
  expect(response.toString()).toMatch(/^HTTP\/1\.1 413 /);
  for (let piece = 0; piece < 6; piece++) {
    socket.write(Buffer.alloc(0x1000, 0x20));
    await delay(700);
  }
  expect(socket.errored).toBeNull();
  const disconnected = once(socket, 'error');
  await delay(SILENCE_MS);
  // the first write gets a reset, and the next one fails
  while (!socket.errored) {
    socket.write(' ');
    await delay(100);
  }
  await expect(disconnected).resolves.toEqual([expect.objectContaining({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) })]);
});

test('a response with another error does not wait for a long body', async () => {
  const socket = open(facet.url);
  socket.write(['POST /fhir/R4/Patient HTTP/1.1', 'Host: x', `Content-Length: ${MIB}`, '', ''].join('\r\n'));
  const { status, headers } = await answerOn(socket);
  expect([status, headers.connection]).toEqual([401, 'close']);
});

test('a request after the final response of a connection is not processed', async () => {
  const patient = '{"resourceType":"Patient","id":"late"}';
  const late = head('fhir', '/fhir/R4/Patient/late', `Content-Length: ${patient.length}`).replace('POST', 'PUT') + patient;
  const socket = open(facet.url, { allowHalfOpen: true });
  socket.write(['POST /fhir/R4/Patient HTTP/1.1', 'Host: x', `Content-Length: ${MIB}`, '', ''].join('\r\n'));
  await once(socket.resume(), 'end');
  socket.end(Buffer.concat([Buffer.alloc(MIB, 0x20), Buffer.from(late)]));
  await once(socket, 'close');
  expect((await facet.fhir('get', '/Patient/late')).status).toBe(404);
});

test('after an error for a request with a short body the connection stays open', async () => {
  const body = '{"resourceType":"Patient"';
  const message = head('fhir', '/fhir/R4/Patient', `Content-Length: ${body.length}`) + body;
  const last = ['GET /healthz HTTP/1.1', 'Host: x', 'Connection: close', '', ''].join('\r\n');
  expect(await sendRaw(facet.url, message, last)).toMatchObject({ status: 200, body: '{"status":"ok"}' });
});

test('after an aborted request the next one gets a response', async () => {
  const socket = open(facet.url);
  socket.write(`${head('fhir', '/fhir/R4/Patient', 'Content-Length: 100')}{"resourceType"`);
  socket.resetAndDestroy();
  expect((await fetch(`${facet.url}/healthz`)).status).toBe(200);
});
