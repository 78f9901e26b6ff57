// No patient data is on standard output, in logs, traces, metrics, or in an error about another request. A server with all of them on goes through what it does with
// patients: FHIR, the vendors' APIs, orders, results, subscriptions, webhooks, and errors of each; then everything that it said is searched for every value.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { createTracing } from '../../src/observability/tracing.ts';
import { inSpan } from '../../src/tracing/span.ts';
import { until } from '../until.ts';
import { panelFor } from './people.ts';
import { type FacetProcess, killAll, migratedPlace, type Place, startProcess } from './server-process.ts';
import { type Collector, startCollector } from './trace-collector.ts';

/** Letters that occur nowhere else. */
const word = (): string =>
  `Zq${randomBytes(6)
    .toString('hex')
    .replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!)}`;
const createPerson = (year: number) => ({
  id: randomUUID(),
  given: word(),
  family: word(),
  identifier: `MRN-${word()}`,
  birthDate: `${year}-0${randomInt(1, 10)}-${randomInt(10, 29)}`,
  phone: `+1518${randomInt(2_000_000, 9_999_999)}`,
  email: `${word()}@example.com`,
  line: `${randomInt(1000, 9999)} ${word()} Street`,
});
type Person = ReturnType<typeof createPerson>;
const people = [createPerson(1931), createPerson(1942), createPerson(1953)] as const;
const [ann, ben, eve] = people;

const toPatient = ({ id, given, family, identifier, birthDate, phone, email, line }: Person) => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'http://hospital.example/mrn', value: identifier }],
  name: [{ given: [given], family }],
  birthDate,
  telecom: [
    { system: 'phone', value: phone },
    { system: 'email', value: email },
  ],
  address: [{ line: [line], city: 'Albany', state: 'NY', postalCode: '12207', country: 'US' }],
});

/** How a value may be spelled. */
const spellingsOf = ([name, value]: [string, string]): string[] =>
  (name === 'phone' ? [value.slice(2)] : name === 'birthDate' ? [value, value.replaceAll('-', '')] : [value]).map((one) =>
    one.toLowerCase(),
  );

const decode = (said: string): string =>
  said.replaceAll(/(?:%[0-9a-f]{2})+/gi, (part) => Buffer.from(part.replaceAll('%', ''), 'hex').toString());

/** The values of people in a text, in any spelling and percent-encoded; by their names only. */
function findValues(said: string): string[] {
  const searched = `${said}\n${decode(said)}\n${decode(decode(said))}`.toLowerCase();
  return people.flatMap((person, n) =>
    Object.entries(person).flatMap((field) =>
      spellingsOf(field).some((spelling) => searched.includes(spelling)) ? `${field[0]} of ${n}` : [],
    ),
  );
}

let collector: Collector;
let sandbox: Sandbox;
/** A lab network in front of the sandbox, and a subscriber. Both repeat what they are sent, as careless ones may. */
let others: Server;
let othersUrl: string;
/** The statuses of the next responses to orders; then the sandbox responds. */
const orderFaults: number[] = [];
const notified: string[] = [];
let place: Place;
let server: FacetProcess & { url: string };
const exchanges: { sent: string; status: number; body: string }[] = [];

beforeAll(async () => {
  [collector, sandbox] = await Promise.all([startCollector(), startSandbox()]);
  others = createServer(async (req, res) => {
    const body = await text(req);
    const echo = JSON.stringify({ detail: [{ type: 'value_error', loc: ['body', 'patient_details'], msg: body, input: body }] });
    if (req.url!.startsWith('/subscriber')) return void res.writeHead(notified.push(body) === 1 ? 500 : 200).end(echo);
    const fault = req.method === 'POST' && req.url === '/v3/order' ? orderFaults.shift() : undefined;
    if (fault !== undefined) return void res.writeHead(fault, { 'Content-Type': 'application/json' }).end(echo);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers as Record<string, string>;
    const response = await fetch(sandbox.url + req.url, { method: req.method!, headers, ...(body !== '' && { body }) });
    res.writeHead(response.status, { 'Content-Type': response.headers.get('content-type') ?? 'application/json' });
    res.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => others.listen(0, '127.0.0.1', resolve));
  othersUrl = `http://127.0.0.1:${(others.address() as AddressInfo).port}`;
  place = await migratedPlace();
  server = await startProcess({
    ...place.env,
    FACET_LOG_LEVEL: 'info',
    FACET_METRICS: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    JUNCTION_API_KEY: sandbox.apiKey,
    JUNCTION_BASE_URL: othersUrl,
    JUNCTION_SHARED: 'true',
    JUNCTION_TEAM_ID: sandbox.teamId,
    JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret,
    JUNCTION_PANELS: JSON.stringify(sandbox.panels),
  });
  sandbox.state.webhooks.url = `${server.url}/v1/webhooks/junction`;
});
afterAll(async () => {
  await killAll();
  others.close().closeAllConnections();
  collector.close();
  await sandbox.close();
  await place.remove();
});

interface Sent {
  door?: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request with the key of a door. `body`: a text is sent as it is. */
async function send(path: string, { door = 'fhir', body, method = body === undefined ? 'GET' : 'POST', headers = {} }: Sent = {}) {
  const bytes = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { 'x-api-key': place.keys().demo[door]!, ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers };
  const response = await fetch(server.url + path, { method, headers: all, ...(body !== undefined && { body: bytes! }) });
  const answer = await response.text();
  exchanges.push({ sent: [path, bytes, ...Object.values(headers)].join('\n'), status: response.status, body: answer });
  return { status: response.status, body: answer.startsWith('{') ? JSON.parse(answer) : answer };
}
const fhir = (path: string, sent: Sent = {}) => send(`/fhir/R4${path}`, sent);
const statusesOf = async (requests: Promise<{ status: number }>[]) => (await Promise.all(requests)).map(({ status }) => status);
const put = (resource: { resourceType: string; id: string }) =>
  fhir(`/${resource.resourceType}/${resource.id}`, { method: 'PUT', body: resource });

test('patients are created, changed, searched and read through FHIR', async () => {
  expect((await put(toPatient(ann))).status).toBe(201);
  const create = { body: toPatient(ben), headers: { 'If-None-Exist': `identifier=${ben.identifier}` } };
  const created = await fhir('/Patient', create);
  expect([created.status, (await fhir('/Patient', create)).status]).toEqual([201, 200]);
  const bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ resource: toPatient(eve), request: { method: 'PUT', url: `Patient/${eve.id}` } }],
  };
  expect((await fhir('', { body: bundle })).status).toBe(200);
  const searches = [
    `family=${ann.family}`,
    `name:contains=${ann.given}`,
    `identifier=http://hospital.example/mrn%7C${ann.identifier}`,
    `birthdate=${ann.birthDate}`,
    `phone=${encodeURIComponent(ann.phone)}`,
    `email=${ann.email}`,
    `address=${encodeURIComponent(ann.line)}`,
    `_id=${ann.id}`,
    `_filter=${encodeURIComponent(`family eq "${ann.family}"`)}`,
  ];
  const found = await statusesOf(searches.map((query) => fhir(`/Patient?${query}`)));
  expect(found.slice(0, 8)).toEqual(Array(8).fill(200));
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const patch = {
    method: 'PATCH',
    body: [{ op: 'replace', path: '/name/0/given/0', value: ann.given }],
    headers: { 'Content-Type': 'application/json-patch+json' },
  };
  const graphql = { body: { query: `{ PatientList(family: "${ann.family}") { id birthDate } }` } };
  const match = { body: { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: toPatient(ann) }] } };
  const reads = [
    fhir('/Patient/_search', { method: 'POST', body: `family=${ann.family}&birthdate=${ann.birthDate}`, headers: form }),
    fhir(`/Observation?subject=Patient/${ann.id}`),
    fhir(`/Patient/${ann.id}`, patch),
    fhir(`/Patient/${ann.id}/_history`),
    fhir(`/Patient/${ann.id}/$everything`),
    fhir('/$graphql', graphql),
    fhir('/Patient/$match', match),
    fhir('/Patient/$validate', { body: toPatient(ann) }),
  ];
  expect(await statusesOf(reads)).toEqual(Array(reads.length).fill(200));
});

test('errors of the FHIR API about patients are answered', async () => {
  const invalid = { ...toPatient(ann), birthDate: `${ann.birthDate}x`, gender: ann.family };
  const strict = { headers: { Prefer: 'handling=strict' } };
  const unmatched = { method: 'PUT', body: toPatient(ann), headers: { 'If-Match': 'W/"99"' } };
  const bundle = (type: string) => ({
    resourceType: 'Bundle',
    type,
    entry: [{ resource: invalid, request: { method: 'POST', url: `Patient?name=${ann.family}` } }],
  });
  const requests: [number[], ReturnType<typeof send>][] = [
    [[400, 422], fhir('/Patient', { body: invalid })],
    [[400, 422], fhir('/Patient', { body: { ...toPatient(ann), [ann.family]: ann.given } })],
    [[400], fhir('/Patient', { body: `{"resourceType":"Patient","name":"${ann.family}` })],
    [
      [400],
      fhir('/Patient', {
        body: `<Patient xmlns="http://hl7.org/fhir"><name value="${ann.family}"`,
        headers: { 'Content-Type': 'application/fhir+xml' },
      }),
    ],
    [[415], fhir('/Patient', { body: ann.email, headers: { 'Content-Type': 'text/plain' } })],
    [[400], fhir(`/Patient?familie=${ann.family}`, strict)],
    [[400], fhir(`/Patient?birthdate=${ann.family}`)],
    [[400], fhir(`/Patient?_sort=${ann.family}`, strict)],
    [[400, 404], fhir(`/Patient/${encodeURIComponent(ann.email)}`)],
    [[404], fhir(`/Patient/${word()}`)],
    [[404], fhir(`/${ann.family}/${ann.id}`)],
    [[403], send(`/nothing/${ann.family}?email=${ann.email}`)],
    [[412], fhir(`/Patient/${ann.id}`, unmatched)],
    [[412], fhir(`/Patient?birthdate=gt1900-01-01`, { method: 'PUT', body: toPatient({ ...ann, id: randomUUID() }) })],
    [[400, 422], fhir('', { body: bundle('transaction') })],
    [[200], fhir('', { body: bundle('batch') })],
    [
      [400, 422],
      fhir(`/Patient/${ann.id}`, {
        method: 'PATCH',
        body: [{ op: 'test', path: '/name/0/family', value: ben.family }],
        headers: { 'Content-Type': 'application/json-patch+json' },
      }),
    ],
    [[200, 400], fhir('/$graphql', { body: { query: `{ PatientList(family: "${ann.family}" { ${ann.given} }` } })],
    [[401], fhir('/Patient', { headers: { 'x-api-key': ann.email } })],
    [[403], fhir(`/Patient?family=${ann.family}`, { door: 'loop' })],
  ];
  const statuses = await statusesOf(requests.map(([, response]) => response));
  expect(statuses.map((status, n) => (requests[n]![0].includes(status) ? requests[n]![0] : status))).toEqual(
    requests.map(([expected]) => expected),
  );
  const headers = {
    'User-Agent': ann.family,
    Baggage: `name=${ann.family}`,
    Tracestate: `a=${ann.family}`,
    Traceparent: `00-${ann.family}`,
    'X-Request-Id': ann.family,
  };
  expect((await fhir(`/Patient/${ann.id}`, { headers })).status).toBe(200);
});

test("the vendors' APIs create and search patients, and refuse what is wrong", async () => {
  const loop = {
    brand_id: 'loop',
    first_name: ben.given,
    last_name: ben.family,
    date_of_birth: ben.birthDate,
    email: ben.email,
    phone: ben.phone,
  };
  const jump = { first_name: eve.given, last_name: eve.family, date_of_birth: eve.birthDate };
  const created = await send('/v1/patients', { door: 'loop', body: loop });
  expect(created.status).toBe(201);
  expect((await send(`/v1/patients/${created.body.id}`, { door: 'loop' })).status).toBe(200);
  expect((await send('/jump/patients', { door: 'jump', body: jump })).status).toBe(201);
  expect((await send(`/jump/patients?search=${eve.family}&email=${eve.email}`, { door: 'jump' })).status).toBeLessThan(500);
  expect(
    (await send(`/clinik/v1/patients?name=${ben.family}&phone=${encodeURIComponent(ben.phone)}`, { door: 'clinik' })).status,
  ).toBeLessThan(500);
  expect(
    (await send('/clinik/v1/patients', { door: 'clinik', body: { first_name: ben.family, date_of_birth: ben.email } })).status,
  ).toBeGreaterThanOrEqual(400);
  expect((await send('/v1/patients', { door: 'loop', body: { ...loop, date_of_birth: ben.family } })).status).toBe(400);
  expect((await send(`/v1/patients/${ben.email}`, { door: 'loop' })).status).toBe(404);
  expect((await send('/jump/patients', { door: 'jump', body: `{"first_name":"${eve.family}` })).status).toBe(400);
  expect((await send('/jump/patients', { door: 'jump', body: { ...jump, date_of_birth: eve.family } })).status).toBeGreaterThanOrEqual(400);
});

test('a subscriber that repeats what it gets receives the changes of patients', async () => {
  const channel = { type: 'rest-hook', endpoint: `${othersUrl}/subscriber`, payload: 'application/fhir+json' };
  const subscription = {
    resourceType: 'Subscription',
    id: 'people',
    status: 'requested',
    reason: 'test',
    criteria: `Patient?family=${ann.family}`,
    channel,
  };
  expect((await put(subscription)).status).toBe(201);
  expect((await put({ ...toPatient(ann), gender: 'female' } as never)).status).toBe(200);
  await until(() => notified.length >= 2);
});

test('orders are refused, fail, are repeated and delivered, and have results by webhook', async () => {
  const order = { brand_id: 'loop', patient_id: ann.id, panel_id: 'hashimotos' };
  const place = (body: object, key: string) => send('/v1/lab-orders', { door: 'loop', body, headers: { 'Idempotency-Key': key } });
  orderFaults.push(422);
  expect((await place(order, `refused ${ann.email}`)).status).toBeGreaterThanOrEqual(400);
  orderFaults.push(500);
  expect((await place(order, `failed ${ann.email}`)).status).toBe(502);
  orderFaults.length = 0;
  const delivered = await place(order, 'delivered');
  expect(delivered.status).toBe(201);
  expect((await place({ ...order, patient_id: eve.id }, 'delivered')).status).toBe(409);
  expect((await place({ ...order, patient_id: ann.family }, 'missing')).status).toBeGreaterThanOrEqual(400);
  expect((await place({ ...order, panel_id: ann.family }, 'unknown')).status).toBeGreaterThanOrEqual(400);
  orderFaults.push(422, 500);
  expect(await statusesOf([put({ ...panelFor(ann.id, 'pcos'), id: 'first' }), put({ ...panelFor(ann.id, 'pcos'), id: 'second' })])).toEqual(
    [201, 201],
  );
  await until(() => orderFaults.length === 0);
  const { junction_order_id: id } = delivered.body;
  const step = { method: 'POST', body: JSON.stringify({ status: 'completed.walk_in_test.completed', interpretation: 'critical' }) };
  expect((await fetch(`${sandbox.url}/sandbox/orders/${id}/step`, step)).ok).toBe(true);
  await until(async () => ((await fhir(`/DiagnosticReport?subject=Patient/${ann.id}`)).body.total ?? 0) > 0);
  const forged = { 'svix-id': ann.email, 'svix-timestamp': String(Math.floor(Date.now() / 1000)), 'svix-signature': `v1,${ann.family}` };
  expect(
    (await send('/v1/webhooks/junction', { body: { event_type: ann.family, data: toPatient(ann) }, headers: forged })).status,
  ).toBeGreaterThanOrEqual(400);
});

test('no error repeats a value of another request', () => {
  const errors = exchanges.filter(({ status }) => status >= 400);
  expect(errors.length).toBeGreaterThan(25);
  const foreign = errors.flatMap(({ sent, status, body }) => {
    const own = new Set(findValues(sent));
    return findValues(body).flatMap((name) => (own.has(name) ? [] : `${status}: ${name}`));
  });
  expect(foreign).toEqual([]);
  // the search finds what was sent
  expect(errors.filter(({ sent }) => findValues(sent).length > 0).length).toBeGreaterThan(20);
});

test('no value is in the metrics, on standard output, in the log or in the traces', async () => {
  const url = (await server.waitForLine(/^Metrics: /)).slice('Metrics: '.length);
  const metrics = await (await fetch(url)).text();
  server.signal('SIGTERM');
  expect(await server.ended).toEqual({ code: 0, signal: null });
  // a time in nanoseconds may contain any eight digits
  const traces = collector.bodies.join('\n').replaceAll(/TimeUnixNano":"\d+"/g, '');
  const said = { metrics, output: server.lines.join('\n'), errors: await server.errors, traces };
  // what is searched is there
  const names = new Set(collector.spans.map(({ name }) => name));
  for (const name of ['GET /fhir/R4/:type', 'POST /v3/order', 'deliver order', 'deliver notification', 'poll order', 'PUT'])
    expect(names).toContain(name);
  expect(said.output).toContain('ServiceRequest/first');
  expect(metrics).toContain('facet_http_request_duration_seconds');
  expect(Object.entries(said).flatMap(([where, text]) => findValues(text).map((name) => `${where}: ${name}`))).toEqual([]);
});

test('the search finds a value in a span, in every spelling', async () => {
  const control = await startCollector();
  const tracing = createTracing({ endpoint: `${control.url}/v1/traces`, sampler: 'always_on', ratio: 1 }, () => {});
  await inSpan(
    { name: encodeURIComponent(ann.line), kind: 'background', attributes: { 'facet.topic': ann.phone.slice(1) } },
    async (span) => {
      span.set('facet.outcome', ann.birthDate.replaceAll('-', ''));
      span.fail(ann.family.toUpperCase());
    },
  );
  await tracing.close();
  control.close();
  expect(findValues(control.bodies.join())).toEqual(['family of 0', 'birthDate of 0', 'phone of 0', 'line of 0']);
});
