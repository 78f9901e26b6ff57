// Traces of a running server: what a collector receives, what other systems get, and that a collector which does not work disturbs no request.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { call, type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';
import { CLIENT, CONSUMER, type Collector, type ReceivedSpan, SERVER, startCollector } from './trace-collector.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000ad';
const [TRACE, PARENT] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const traceparent = (flags = '01') => `00-${TRACE}-${PARENT}-${flags}`;

const listenOn = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('with a collector', () => {
  let collector: Collector;
  let place: Place;
  let server: FacetProcess & { url: string };
  /** The lab network and a subscriber: both record what they receive. */
  let others: Server;
  const received: { method: string; url: string; headers: IncomingHttpHeaders }[] = [];
  const fhir = (path: string, options: Parameters<typeof call>[2] = {}) =>
    call(`${server.url}/fhir/R4/${path}`, place.keys().demo.fhir!, options);
  const put = (resource: { resourceType: string; id: string }) =>
    fhir(`${resource.resourceType}/${resource.id}`, { method: 'PUT', body: resource });
  const findSpan = (fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> =>
    until(
      () => collector.spans.find(fits),
      (span) => span !== undefined,
    ) as Promise<ReceivedSpan>;
  /** The span of the request with this response. */
  const findRequest = ({ headers }: { headers: Headers }) =>
    findSpan(({ attributes }) => attributes['facet.request.id'] === headers.get('x-request-id'));
  const childrenOf = ({ spanId }: ReceivedSpan) => collector.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

  beforeAll(async () => {
    collector = await startCollector();
    others = createServer((req, res) => {
      received.push({ method: req.method!, url: req.url!, headers: req.headers });
      res.writeHead(req.url!.startsWith('/subscriber') ? 200 : 500).end();
    });
    const url = await listenOn(others);
    place = await migratedPlace();
    server = await startProcess({
      ...place.env,
      FACET_LOG_LEVEL: 'info',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'facet-of-a-test',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      JUNCTION_API_KEY: 'sk_us_of_a_test',
      JUNCTION_BASE_URL: url,
      JUNCTION_SHARED: 'true',
      JUNCTION_TEAM_ID: '6353bcab-3526-4838-8c92-063fa760fb6b',
      JUNCTION_PANELS: '{"pcos":["6353bcab-3526-4838-8c92-063fa760fb6b"]}',
    });
  });
  afterAll(async () => {
    await killAll();
    others.close().closeAllConnections();
    collector.close();
    await place.remove();
  });

  test('a request is a span with its route template, status, tenant and request id, and its statements are children', async () => {
    await put(orderable(PATIENT));
    const response = await fhir('Patient?family=Lovelace&birthdate=1985-12-10', {
      headers: { traceparent: traceparent(), tracestate: 'a=Lovelace' },
    });
    const span = await findRequest(response);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: SERVER, name: 'GET /fhir/R4/:type', isError: false });
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'network.protocol.version': '1.1',
      'http.route': '/fhir/R4/:type',
      'http.response.status_code': 200,
      'facet.request.id': response.headers.get('x-request-id'),
      'facet.tenant.id': 1,
    });
    const statements = childrenOf(span);
    expect(statements.length).toBeGreaterThan(0);
    for (const { kind, traceId, attributes } of statements) {
      expect([kind, traceId, attributes['db.system.name']]).toEqual([CLIENT, TRACE, 'postgresql']);
      expect(
        Object.keys(attributes).filter((name) => !/^(db\.(system\.name|operation\.name|query\.summary)|facet\.tenant\.id)$/.test(name)),
      ).toEqual([]);
    }
    expect(statements.some(({ attributes }) => attributes['facet.tenant.id'] === 1)).toBe(true);
    expect(collector.bodies.join()).not.toMatch(/Lovelace|1985-12-10|traceState/);
  });

  test('a transaction is a span, and its statements are its children', async () => {
    const patient = { resourceType: 'Patient', name: [{ family: 'Byron' }] };
    const entry = [{ resource: patient, request: { method: 'POST', url: 'Patient' } }];
    const response = await fhir('', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    const request = await findRequest(response);
    const transaction = await findSpan(({ name, parentSpanId }) => name === 'transaction' && parentSpanId === request.spanId);
    expect(transaction).toMatchObject({ kind: CLIENT, attributes: { 'facet.tenant.id': 1, 'db.operation.name': 'transaction' } });
    expect(childrenOf(transaction).length).toBeGreaterThan(0);
  });

  test('the resource names the service, by the standard variables', () => {
    expect(collector.resources[0]).toMatchObject({
      'service.name': 'facet-of-a-test',
      'service.version': expect.stringMatching(/^\d/),
      'deployment.environment.name': 'test',
    });
  });

  test('a client that does not sample its trace is not recorded, and a malformed traceparent is ignored', async () => {
    const unsampled = await fhir(`Patient/${PATIENT}`, { headers: { traceparent: traceparent('00') } });
    const malformed = await fhir(`Patient/${PATIENT}`, { headers: { traceparent: `00-${TRACE}-Lovelace-01` } });
    const span = await findRequest(malformed);
    expect([span.traceId === TRACE, span.parentSpanId]).toEqual([false, undefined]);
    const known = collector.spans.map(({ attributes }) => attributes['facet.request.id']);
    expect(known).not.toContain(unsampled.headers.get('x-request-id'));
  });

  test('an order is delivered in spans with templates of paths; the network and the log get the ids of the trace', async () => {
    const body = { ...panelFor(PATIENT, 'pcos'), id: 'traced-order' };
    expect((await put(body)).status).toBe(201);
    const delivery = await findSpan(({ name }) => name === 'deliver order');
    expect(delivery).toMatchObject({
      kind: CONSUMER,
      parentSpanId: undefined,
      attributes: { 'facet.topic': 'order', 'facet.outcome': 'queued' },
    });
    const [request] = childrenOf(delivery).filter(({ attributes }) => 'url.template' in attributes);
    expect(request).toMatchObject({
      name: 'POST /v2/user',
      kind: CLIENT,
      isError: true,
      attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 500, 'error.type': '500' },
    });
    const sent = received.find(({ headers }) => headers.traceparent === `00-${request!.traceId}-${request!.spanId}-01`);
    expect(sent?.url).toBe('/v2/user');
    const line = JSON.parse(await server.waitForLine(/"subject":"ServiceRequest\/traced-order"/));
    expect([collector.spans.some(({ traceId }) => traceId === line.trace_id), line.span_id]).toEqual([true, expect.any(String)]);
  });

  test('a notification is delivered in a span, and the subscriber gets its traceparent, but not instead of a header of its own', async () => {
    const endpoint = `http://127.0.0.1:${(others.address() as AddressInfo).port}/subscriber`;
    const own = '00-11111111111111111111111111111111-2222222222222222-01';
    const subscription = (path: string, header: string[]) =>
      fhir('Subscription', {
        body: {
          resourceType: 'Subscription',
          status: 'requested',
          reason: 'test',
          criteria: 'Observation?',
          channel: { type: 'rest-hook', endpoint: `${endpoint}/${path}`, ...(header.length && { header }) },
        },
      });
    expect([(await subscription('a', [])).status, (await subscription('b', [`Traceparent: ${own}`])).status]).toEqual([201, 201]);
    await fhir('Observation', { body: { resourceType: 'Observation', status: 'final', code: { text: 'x' } } });
    const find = (path: string) =>
      until(
        () => received.find(({ url }) => url === `/subscriber/${path}`),
        (found) => found !== undefined,
      );
    const [first, second] = [await find('a'), await find('b')];
    expect(second!.headers.traceparent).toBe(own);
    const [, traceId, spanId] = first!.headers.traceparent!.toString().split('-');
    const span = await findSpan((candidate) => candidate.spanId === spanId);
    expect(span).toMatchObject({ traceId, name: 'POST', kind: CLIENT, attributes: { 'http.response.status_code': 200 } });
    const parent = await findSpan((candidate) => candidate.spanId === span.parentSpanId);
    expect(parent).toMatchObject({ kind: CONSUMER, attributes: { 'facet.tenant.id': 1 } });
  });

  test('health checks and the polling of the background leave no spans', async () => {
    await fetch(`${server.url}/readyz`);
    const path = await fetch(`${server.url}/nothing/${PATIENT}`);
    expect(await findRequest(path)).toMatchObject({ name: 'GET', attributes: { 'http.response.status_code': 404 } });
    const roots = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.filter(({ attributes }) => 'db.system.name' in attributes)).toEqual([]);
    expect(collector.spans.filter(({ kind, attributes }) => kind === SERVER && !('facet.request.id' in attributes))).toEqual([]);
  });

  test('a server that stops exports what is left', async () => {
    const { headers } = await fhir(`Patient/${PATIENT}`);
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(collector.spans.some(({ attributes }) => attributes['facet.request.id'] === headers.get('x-request-id'))).toBe(true);
    expect(await server.errors).toBe('');
  });
});

/** A collector that accepts connections and never responds. */
async function startHangingCollector(): Promise<{ url: string; close(): void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createSocketServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

describe('with a collector that does not work', () => {
  let place: Place;
  let hanging: Awaited<ReturnType<typeof startHangingCollector>>;
  beforeAll(async () => {
    hanging = await startHangingCollector();
  });
  beforeEach(async () => {
    place = await migratedPlace();
  });
  afterEach(async () => {
    await killAll();
    await place.remove();
  });
  afterAll(() => hanging.close());

  test.each([
    ['hangs', () => hanging.url],
    ['is down', () => 'http://127.0.0.1:1'],
  ])('that %s: every request is answered, and the server stops in time', async (_what, findUrl) => {
    const server = await startProcess({ ...place.env, FACET_LOG_LEVEL: 'info', OTEL_EXPORTER_OTLP_ENDPOINT: findUrl() });
    const key = place.keys().demo.fhir!;
    const read = async () => {
      const response = await fetch(`${server.url}/fhir/R4/Patient?_count=1`, { headers: { Authorization: `Bearer ${key}` } });
      await response.text();
      return response.status;
    };
    // more spans than the queue holds
    for (let round = 0; round < 50; round++) expect(new Set(await Promise.all(Array.from({ length: 50 }, read)))).toEqual(new Set([200]));
    const startedAt = performance.now();
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(8000);
    const lines = server.lines.filter((line) => line.includes('traces cannot be exported'));
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(await server.errors).toBe('');
  });

  test('that is down: the log says so', async () => {
    const server = await startProcess({ ...place.env, FACET_LOG_LEVEL: 'error', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    await call(`${server.url}/fhir/R4/Patient`, place.keys().demo.fhir!);
    expect(JSON.parse(await server.waitForLine(/traces cannot be exported/))).toMatchObject({ level: 50, error: expect.any(String) });
  });
});
