// Lab orders on the command line while the server runs: list, show, park, release and retry.
import { DEPRECATED_ORDER_STATES } from '../../src/deprecated-names.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { call, type FacetProcess, facet, killAll, migratedPlace, type Place, printed, startProcess } from './server-process.ts';

let sandbox: Sandbox;
let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  sandbox = await startSandbox();
  place = await migratedPlace();
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId };
  server = await startProcess({ ...place.env, ...account });
  for (const tenant of ['demo', 'other'] as const) await put(tenant, { ...orderable(PATIENT), resourceType: 'Patient' });
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await sandbox.close();
});

const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
const fhir = (tenant: 'demo' | 'other', path: string, more = {}) => call(`${server.url}/fhir/R4/${path}`, place.keys()[tenant].fhir!, more);
const put = async (tenant: 'demo' | 'other', resource: { resourceType: string; id: string }) => {
  const response = await fhir(tenant, `${resource.resourceType}/${resource.id}`, { method: 'PUT', body: resource });
  expect([resource.id, response.status]).toEqual([resource.id, 201]);
};
const order = (id: string, tenant: 'demo' | 'other' = 'demo') => put(tenant, { ...panelFor(PATIENT, 'pcos'), id });
const taskOf = async (id: string) => (await fhir('demo', `Task?focus=ServiceRequest/${id}`)).body.entry[0].resource;
const run = (...args: string[]) => facet(place.env, 'orders', ...args);
const runOrders = (...args: string[]) => printed(place.env, 'orders', ...args);
/** The list, when it shows this. */
const shows = (pattern: RegExp, ...args: string[]): Promise<string[]> =>
  until(
    () => runOrders(...args),
    (lines) => lines.some((line) => pattern.test(line)),
  );
const there = () => sandbox.state.orders.size;

test('an undelivered order is listed, shown with its events, parked, released, and sent once', async () => {
  expect(await runOrders('list')).toEqual(['no orders in state open']);
  sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
  await order('stuck');
  const [heads, line] = await shows(/unknown/, 'list');
  expect(heads).toMatch(/^TENANT +ORDER +MESSAGE +STATE +AGE +ATTEMPTS +NEXT +REASON$/);
  // the last thing that was tried: the attempt, or on a slow machine by now the look-up after it
  expect(line).toMatch(
    /^demo +stuck +order +unknown +\d+ [sm] +\d+ +(in \d+ [sm]|now) +(no response \(the connection was cut: \w+\)|not listed yet.*)$/,
  );

  const visible = await runOrders('show', 'stuck');
  expect(visible).toEqual(
    expect.arrayContaining([
      'order          ServiceRequest/stuck of tenant demo',
      expect.stringMatching(/^state +(unknown|sending): /),
      `task           Task/${(await taskOf('stuck')).id}`,
      'physician      none: a physician of the laboratory network signs the order',
      expect.stringMatching(/^first sent +\d{4}-/),
      expect.stringMatching(/^attempts +\d+$/),
      expect.stringMatching(/^WHEN +UNTIL +TIMES +OF +WHAT +THEN +REASON$/),
      expect.stringMatching(/^\d{4}-\S+ .*order +attempt +unknown +no response \(the connection was cut: \w+\)$/),
    ]),
  );
  // an id or a time may hold the digits of a telephone number or a year by chance
  const withoutIds = visible.join().replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\.\d{3}Z/g, '');
  expect(withoutIds).not.toMatch(/Lovelace|1985|518|example\.com/);

  await until(
    () => run('park', 'stuck'),
    ({ code }) => code === 0,
  );
  expect(await taskOf('stuck')).toMatchObject({ status: 'on-hold', businessStatus: { text: 'put-aside' } });
  expect((await facet(place.env, 'index', 'status')).stdout).toMatch(/^the index is complete/);
  sandbox.state.faults = [];
  await put('other', { ...panelFor(PATIENT, 'pcos'), id: 'beside' });
  await shows(/beside +order +done/, 'list', '--state', 'all', '--tenant', 'other');
  expect(there()).toBe(1);
  expect(await runOrders('list')).toContainEqual(expect.stringMatching(/^demo +stuck +order +parked/));

  expect(await runOrders('release', 'stuck', '--tenant', 'demo')).toEqual([expect.stringMatching(/^order stuck is released/)]);
  await shows(/stuck +order +done/, 'list', '--state', 'done');
  expect([there(), (await taskOf('stuck')).status]).toEqual([2, 'received']);
  // how often it was looked up meanwhile depends on how fast this machine is
  const steps = (await runOrders('show', 'stuck')).flatMap(
    (line) => /^\d{4}-.* order +(\w+ +\w+)(?! +not listed yet)\b/.exec(line)?.[1] ?? [],
  );
  expect(await runOrders('show', 'stuck')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^last sent +\d{4}-/),
      expect.stringMatching(/^last key +[0-9a-f-]{36}$/),
      expect.stringMatching(/^network user +\S+$/),
    ]),
  );
  expect(steps.filter((step, index) => step !== steps[index - 1]).map((step) => step.split(/ +/))).toEqual([
    ['attempt', 'unknown'],
    ['park', 'parked'],
    ['release', 'unknown'],
    ['attempt', 'done'],
  ]);
});

test.each(Object.entries(DEPRECATED_ORDER_STATES))(
  '--state %s still works, with a warning that names --state %s',
  async (former, current) => {
    const { code, stdout, stderr } = await run('list', '--state', former);
    expect([code, stdout]).toEqual([0, `no orders in state ${current}\n`]);
    expect(stderr).toBe(
      `facet: warning: --state ${former} is deprecated and will be removed in the next release: use --state ${current}\n`,
    );
  },
);

test('an impossible operation is refused in one sentence', async () => {
  await order('twin');
  await order('twin', 'other');
  await shows(/twin +order +done/, 'list', '--state', 'done', '--tenant', 'other');
  await shows(/twin +order +done/, 'list', '--state', 'done', '--tenant', 'demo');
  const mistakes: [string, RegExp][] = [
    ['show nobody', /no order with this id/],
    ['show twin', /several tenants .*--tenant \(demo, other\)/],
    ['retry twin --tenant demo', /cannot be retried: it was accepted by the laboratory network/],
    ['park twin --tenant demo', /cannot be parked: it was accepted/],
    ['release twin --tenant demo', /is not parked: it was accepted/],
    ['list --state lost', /--state must be one of open, all, queued/],
    ['list --state constructor', /--state must be one of open, all, queued/],
    ['list --older yesterday', /--older must be a time like/],
    ['list --limit many', /--limit must be a number/],
    ['list --tenant nobody', /there is no tenant nobody/],
  ];
  for (const [command, sentence] of mistakes) {
    const { code, stdout, stderr } = await run(...command.split(' '));
    expect([command, code, stdout, stderr]).toEqual([command, 1, '', expect.stringMatching(/^facet: [^\n]{10,}\n$/)]);
    expect(stderr).toMatch(sentence);
  }
});

test('retry tries a waiting order at once: it is looked up, and sent when the list must contain the former request', async () => {
  sandbox.state.faults = [{ operation: 'createOrder', kind: 'error', status: 429, retryAfter: 600 }];
  await order('later');
  await shows(/later +order +unknown .*in \d+ m/, 'list');
  expect(await runOrders('list', '--older', '1h')).toEqual(['no orders in state open']);
  const [lookedUp] = await runOrders('retry', 'ServiceRequest/later');
  expect(lookedUp).toMatch(/^order later is looked up now, .* retry in \d+ s$/);
  const due = Date.now() + Number(/(\d+) s$/.exec(lookedUp!)![1]) * 1000;
  await until(() => Date.now() > due);
  expect(await runOrders('retry', 'ServiceRequest/later')).toEqual([expect.stringMatching(/^order later is due now/)]);
  await shows(/later +order +done/, 'list', '--state', 'done');
});

test('a failed cancellation is listed until the order is cancelled', async () => {
  await order('unwanted');
  await shows(/unwanted +order +done/, 'list', '--state', 'done');
  sandbox.state.faults = [{ operation: 'cancelOrder', kind: 'error', times: 1000 }];
  const { body } = await fhir('demo', 'ServiceRequest/unwanted');
  expect((await fhir('demo', 'ServiceRequest/unwanted', { method: 'PUT', body: { ...body, status: 'revoked' } })).status).toBe(200);
  await shows(/^demo +unwanted +cancellation +unknown .* 500 /, 'list');
  sandbox.state.faults = [];
  await shows(/unwanted +cancellation +done/, 'list', '--state', 'done');
  expect(await runOrders('list')).toEqual(['no orders in state open']);
});

test('a parked order that is revoked is shown as withdrawn', async () => {
  sandbox.state.faults = [{ operation: 'createOrder', kind: 'reset', times: 1000 }];
  await order('aside');
  await until(
    () => run('park', 'aside'),
    ({ code }) => code === 0,
  );
  expect(await runOrders('show', 'aside')).toContainEqual(expect.stringMatching(/^state +parked: it was parked by an operator/));
  const revoked = { ...panelFor(PATIENT, 'pcos'), id: 'aside', status: 'revoked' };
  expect(await fhir('demo', 'ServiceRequest/aside', { method: 'PUT', body: revoked })).toMatchObject({ status: 200 });
  expect(await runOrders('show', 'aside')).toContainEqual(
    expect.stringMatching(/^state +(?:cancelled: it was cancelled|unknown: it may|sending: it is)/),
  );
});
