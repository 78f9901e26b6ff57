// Malformed and ambiguous HTTP messages get a 4xx in the format of the requested surface. https://www.rfc-editor.org/rfc/rfc9112#section-3.2,
// https://www.rfc-editor.org/rfc/rfc9110#section-8.4
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Listening, listen } from './listening.ts';
import { type RawAnswer, sendRaw } from './raw-http.ts';

let facet: Listening;
beforeAll(async () => {
  facet = await listen();
});
afterAll(() => facet.close());

const DOORS = [
  ['fhir', '/fhir/R4/Patient'],
  ['loop', '/loop/v1/patients'],
  ['clinik', '/clinik/v1/practitioner-roles'],
  ['jump', '/jump/clinician-profiles'],
] as const;
type Door = (typeof DOORS)[number][0];

/** The challenge of a 401. */
const CHALLENGES: Record<Door, string> = {
  fhir: 'Bearer realm="fhir"',
  loop: 'Bearer',
  clinik: 'ApiKey header="x-api-key"',
  jump: 'Bearer',
};

/** What marks an error of each surface. */
const SHAPES: Record<Door, object> = {
  fhir: { resourceType: 'OperationOutcome' },
  loop: { error: expect.any(String), message: expect.any(String) },
  clinik: { error: expect.any(String), message: expect.any(String), requestId: expect.any(String) },
  jump: { data: null, error: { code: expect.any(String), message: expect.any(String) } },
};

const CODINGS: Record<string, (text: string) => Buffer> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

const head = (line: string, ...headers: string[]): string => [line, ...headers, 'Connection: close', '', ''].join('\r\n');
const key = (api: Door, value = facet.demo[api]): string => `x-api-key: ${value}`;
const bearer = (api: Door): string => `Authorization: Bearer ${facet.demo[api]}`;
const expectShape = (api: Door, { body }: RawAnswer): void => expect(JSON.parse(body)).toMatchObject(SHAPES[api]);

describe.each(DOORS)('on the %s API', (api, path) => {
  test('a 401 names the accepted credentials in WWW-Authenticate', async () => {
    const { status, headers } = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, 'Host: x'));
    expect([status, headers['www-authenticate']]).toEqual([401, CHALLENGES[api]]);
  });

  test('an empty Host is 400, with a key and without', async () => {
    for (const more of [[], [key(api)]]) {
      const response = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, 'Host:', ...more));
      expect(response.status).toBe(400);
      expectShape(api, response);
    }
  });

  test('HTTP/1.0 without Host: 401 without a key; with a key the path selects the surface', async () => {
    const refused = await sendRaw(facet.url, head(`GET ${path} HTTP/1.0`));
    expect(refused.status).toBe(401);
    expectShape(api, refused);
    const { status } = await sendRaw(facet.url, head(`GET ${path}/nobody HTTP/1.0`, key(api)));
    expect(status).toBe(404);
  });

  test.each(['a b', 'x/y', 'user@x', 'x:y', '[::1', ':80'])('Host: %s is invalid: 400', async (host) => {
    const response = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, key(api)));
    expect(response.status).toBe(400);
    expectShape(api, response);
  });

  test('two Host headers are 400, also when both are the same', async () => {
    const response = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, 'Host: a', 'Host: a', key(api)));
    expect(response.status).toBe(400);
    expectShape(api, response);
  });

  test('two Authorization headers, and two x-api-key headers, are 400, also when both are the same', async () => {
    for (const credential of [bearer(api), key(api)]) {
      const response = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, 'Host: x', credential, credential));
      expect(response.status).toBe(400);
      expectShape(api, response);
      expect(response.body).not.toContain(facet.demo[api]);
    }
  });

  test.each(['gzip', 'deflate', 'br', 'zstd', 'compress', 'gzip, br', 'x'])(
    'a body that does not match Content-Encoding: %s is 400 or 415',
    async (coding) => {
      const good = CODINGS[coding]?.('{"a":1}');
      const bodies = [
        Buffer.from('{}'),
        Buffer.from('not compressed at all'),
        Buffer.alloc(64, 0xff),
        ...(good ? [good.subarray(0, -3)] : []),
      ];
      for (const body of bodies) {
        const request = [
          key(api),
          'Host: x',
          'Content-Type: application/json',
          `Content-Encoding: ${coding}`,
          `Content-Length: ${body.length}`,
        ];
        const response = await sendRaw(facet.url, head(`POST ${postable(api, path)} HTTP/1.1`, ...request), body);
        expect([coding, response.status]).toEqual([coding, good ? 400 : 415]);
        expectShape(api, response);
      }
    },
  );
});

/** Where a body is read. */
const postable = (api: Door, path: string): string => (api === 'jump' ? '/jump/patients' : path);

test.each(['/healthz', '/docs', '/openapi', '/v1/webhooks/junction', '/nothing'])('two Host headers are 400 at %s too', async (path) => {
  const { status } = await sendRaw(facet.url, head(`GET ${path} HTTP/1.1`, 'Host: a', 'Host: b'));
  expect(status).toBe(400);
});

test('a health check by HTTP/1.0 without Host gets a response', async () => {
  expect((await sendRaw(facet.url, head('GET /healthz HTTP/1.0'))).status).toBe(200);
});

test.each([
  'GET http://elsewhere/v1/patients HTTP/1.1',
  'GET //v1/patients HTTP/1.1',
  'GET /%zz HTTP/1.1',
  'GET /%00 HTTP/1.1',
  'GET /v1/patients/%ff HTTP/1.1',
  'GET /v1/../../x HTTP/1.1',
  'GET /?%=%zz&&= HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'POST /fhir/R4/%E0%A4%A HTTP/1.1',
  'GET http:// HTTP/1.1',
  'GET http://[::1/v1/patients HTTP/1.1',
])('%s causes no server error', async (line) => {
  const { status } = await sendRaw(facet.url, head(line, 'Host: x'));
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
});
