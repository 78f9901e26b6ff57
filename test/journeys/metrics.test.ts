// The metrics on their own port: figures of orders and requests, without patient data.

import { DEPRECATED_METRICS } from '../../src/deprecated-names.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { queueOrderWebhook } from '../../src/junction-sandbox/webhook-sender.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { call, type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

let sandbox: Sandbox;
let place: Place;
let server: FacetProcess & { url: string };
let url: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  place = await migratedPlace();
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  server = await startProcess({ ...place.env, ...account, FACET_METRICS: '0', JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret });
  sandbox.state.webhooks.url = `${server.url}/v1/webhooks/junction`;
  url = (await server.waitForLine(/^Metrics: /)).slice('Metrics: '.length);
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await sandbox.close();
});

const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
const put = (resource: { resourceType: string; id: string }) =>
  call(`${server.url}/fhir/R4/${resource.resourceType}/${resource.id}`, place.keys().demo.fhir!, { method: 'PUT', body: resource });
const read = async (): Promise<string> => (await fetch(url)).text();
/** Of a family with these labels. */
const value = (text: string, name: string, ...labels: string[]): number | undefined => {
  const line = text
    .split('\n')
    .find((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && labels.every((label) => line.includes(label)));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
};
const waitForMetrics = (met: (text: string) => boolean): Promise<string> => until(read, met);

test('metrics show undelivered orders: number, age and outcomes of attempts, also after the delivery', async () => {
  expect(value(await read(), 'facet_unconfirmed_order_oldest_seconds')).toBe(0);
  sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
  await put(orderable(PATIENT));
  await put({ ...panelFor(PATIENT, 'pcos'), id: 'measured' });
  const waiting = await waitForMetrics((text) => (value(text, 'facet_order_attempts_total', 'outcome="unknown"') ?? 0) > 0);
  expect(value(waiting, 'facet_unconfirmed_order_oldest_seconds')).toBeGreaterThan(0);
  // five failures in a row hold it back: one of them, or a few, do not
  if (value(waiting, 'facet_order_attempts_total', 'outcome="unknown"')! < 4) expect(value(waiting, 'facet_order_circuit_open')).toBe(0);
  sandbox.state.faults = [];
  const sent = await waitForMetrics((text) => value(text, 'facet_order_attempts_total', 'topic="order"', 'outcome="done"') === 1);
  expect(value(sent, 'facet_unconfirmed_order_oldest_seconds')).toBe(0);
  expect(sent).not.toContain('measured');
});

test('webhooks are counted by outcome, with processing time and number waiting', async () => {
  const { state } = sandbox;
  const [order] = [...state.orders.values()];
  const orphan = { ...order!, id: '01936b00-0000-7000-8000-0000000000ff', passthrough: null, transactionId: 'another' };
  const done = async () => value(await read(), 'facet_webhook_lag_seconds_count', 'outcome="done"') ?? 0;
  await waitForMetrics((text) => (value(text, 'facet_webhook_lag_seconds_count', 'outcome="done"') ?? 0) > 0);
  const before = await done();
  state.webhooks.faults = [{ kind: 'duplicate' }, { kind: 'forge' }];
  queueOrderWebhook(state, order!, 'labtest.order.updated');
  queueOrderWebhook(state, order!, 'labtest.order.updated');
  queueOrderWebhook(state, orphan, 'labtest.order.updated');
  const text = await waitForMetrics(
    (text) => value(text, 'facet_webhooks_total', 'outcome="forged"') === 1 && value(text, 'facet_webhook_inbox', 'state="retry"') === 1,
  );
  expect(value(text, 'facet_webhooks_total', 'outcome="repeated"')).toBe(1);
  expect(value(text, 'facet_webhooks_total', 'outcome="new"')).toBeGreaterThanOrEqual(3);
  expect(await done()).toBe(before + 1);
});

test('metrics show orders whose polls fail, and overdue polls', async () => {
  const { state } = sandbox;
  const [order] = [...state.orders.values()];
  expect([value(await read(), 'facet_order_polls_failing'), value(await read(), 'facet_order_poll_overdue_seconds')]).toEqual([
    0,
    expect.any(Number),
  ]);
  state.orders.delete(order!.id);
  queueOrderWebhook(state, order!, 'labtest.order.updated');
  await waitForMetrics((text) => value(text, 'facet_order_polls_failing') === 1);
  state.orders.set(order!.id, order!);
  queueOrderWebhook(state, order!, 'labtest.order.updated');
  await waitForMetrics((text) => value(text, 'facet_order_polls_failing') === 0);
});

test('32: metrics show the clock difference before messages are refused', async () => {
  const { state } = sandbox;
  expect(value(await read(), 'facet_webhook_clock_ahead_seconds')).toBeLessThan(30);
  state.webhooks.faults = [{ kind: 'skew', seconds: -120 }];
  queueOrderWebhook(state, [...state.orders.values()][0]!, 'labtest.order.updated');
  const text = await waitForMetrics((metrics) => value(metrics, 'facet_webhook_clock_ahead_seconds')! > 60);
  expect(value(text, 'facet_webhook_clock_ahead_seconds')).toBeLessThan(150);
  expect(value(text, 'facet_webhooks_total', 'outcome="untimely"')).toBeUndefined();
});

test('requests are measured by route and status, without ids and patient data', async () => {
  await call(`${server.url}/fhir/R4/Patient/${PATIENT}`, place.keys().demo.fhir!);
  await call(`${server.url}/fhir/R4/Patient?family=Lovelace`, place.keys().demo.fhir!);
  await call(`${server.url}/nowhere/${PATIENT}`, place.keys().demo.fhir!);
  const text = await waitForMetrics((metrics) => (value(metrics, 'facet_http_request_duration_seconds_count', 'route="other"') ?? 0) > 0);
  expect(value(text, 'facet_http_request_duration_seconds_count', 'method="GET"', 'status="200"', 'route="/fhir/R4/')).toBeGreaterThan(0);
  expect(text).toMatch(/facet_http_request_duration_seconds_bucket\{le="\+Inf",method="GET",route="[^"]+",status="200"\} \d+/);
  for (const trace of [PATIENT, 'Lovelace', 'measured', 'demo']) expect(text).not.toContain(trace);
});

test('the text has the Prometheus format, each family once with help and type', async () => {
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const lines = (await response.text()).trimEnd().split('\n');
  const LINE = /^(# (HELP|TYPE) facet_\w+ \S.*|facet_\w+(\{\w+="[^"\n]*"(,\w+="[^"\n]*")*\})? [\d.e+-]+|)$/;
  const own = lines.filter((line) => !/^(# (HELP|TYPE) )?(process|nodejs)_/.test(line));
  expect(own.length).toBeGreaterThan(50);
  expect(own.filter((line) => !LINE.test(line))).toEqual([]);
  const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
  expect(new Set(types).size).toBe(types.length);
});

test('metrics of the process and its event loop exist', async () => {
  const text = await read();
  for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes'])
    expect([name, value(text, name)]).toEqual([name, expect.any(Number)]);
});

test.each(Object.entries(DEPRECATED_METRICS))('%s is served beside %s, and its help names the new metric', async (former, current) => {
  const text = await read();
  expect(text).toContain(`# HELP ${former} Deprecated: use ${current}.\n`);
  const samples = (name: string) => text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  expect(samples(former).length).toBeGreaterThan(0);
  expect(samples(former).length).toBe(samples(current).length);
});

test('metrics are served by GET /metrics on their own port only', async () => {
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
});

test('metrics show the use of database connections, and no refusals while there are enough', async () => {
  const text = await read();
  expect(value(text, 'facet_database_queue_length')).toBe(0);
  expect(value(text, 'facet_database_connections_in_use')).toBeGreaterThanOrEqual(0);
  for (const reason of ['queue full', 'waited too long', 'client left']) {
    expect(value(text, 'facet_database_refusals_total', `reason="${reason}"`)).toBe(0);
  }
});
