// Subscriptions on the command line and in the metrics while the server runs.
import { isSigned, type Receiver, startReceiver } from '../subscriptions/receiver.ts';
import { until } from '../until.ts';
import { call, type FacetProcess, facet, killAll, migratedPlace, type Place, printed, startProcess } from './server-process.ts';

let receiver: Receiver;
let place: Place;
let server: FacetProcess & { url: string };
let metrics: string;
beforeAll(async () => {
  receiver = await startReceiver();
  place = await migratedPlace();
  server = await startProcess({ ...place.env, FACET_METRICS: '0' });
  metrics = (await server.waitForLine(/^Metrics: /)).slice('Metrics: '.length);
});
afterAll(async () => {
  await killAll();
  await place.remove();
  await receiver.close();
});

type Tenant = 'demo' | 'other';
const put = async (resource: { resourceType: string; id: string; [element: string]: unknown }, tenant: Tenant = 'demo') => {
  const url = `${server.url}/fhir/R4/${resource.resourceType}/${resource.id}`;
  expect((await call(url, place.keys()[tenant].fhir!, { method: 'PUT', body: resource })).status).toBeLessThan(300);
};
const subscribe = (id: string, tenant?: Tenant) => {
  const channel = { type: 'rest-hook', endpoint: `${receiver.url}/${id}`, header: ['Authorization: Bearer private'] };
  const criteria = 'Observation?subject:Patient.family=lovelace';
  return put({ resourceType: 'Subscription', id, status: 'requested', reason: 'x', criteria, channel }, tenant);
};
const observe = (id: string) =>
  put({ resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/ada' } });
const run = (...args: string[]) => facet(place.env, 'subscriptions', ...args);
const runSubscriptions = (...args: string[]) => printed(place.env, 'subscriptions', ...args);
const measured = (line: string) =>
  until(
    async () => (await fetch(metrics)).text(),
    (text) => text.split('\n').includes(line),
  );

test('a failing subscription is listed, shown, retried, and gets a new secret', async () => {
  expect(await runSubscriptions('list')).toEqual(['no subscriptions']);
  await put({ resourceType: 'Patient', id: 'ada', name: [{ family: 'Lovelace' }] });
  await subscribe('down');
  await measured('facet_subscriptions{state="active"} 1');
  receiver.answer = () => [429, { 'Retry-After': '1800' }];
  await observe('a');
  const [heads, line] = await until(
    () => runSubscriptions('list'),
    (lines) => /failing/.test(lines[1] ?? ''),
  );
  expect(heads).toMatch(/^TENANT +SUBSCRIPTION +STATE +WAITING +OLDEST +NEXT +REASON$/);
  expect(line).toMatch(/^demo +down +failing +1 +\d+ [sm] +in \d+ m +the subscriber responded with 429$/);
  const shownText = (await runSubscriptions('show', 'Subscription/down')).join('\n');
  expect(shownText).toMatch(
    /^subscription {3}Subscription\/down of tenant demo\nstate +failing: it does not accept .*\nreason +the subscriber responded with 429\nwatches +Observation, with the scopes of key-/,
  );
  expect(shownText).toMatch(/\nwaiting +1, the oldest for \d+ [sm]\nfailing since +\d{4}-/);
  expect(shownText).toMatch(/attempt +failing +the subscriber responded with 429$/);
  expect(shownText).not.toMatch(/private|lovelace|127\.0\.0\.1/i);
  for (const command of [
    'facet_subscriptions{state="failing"} 1',
    'facet_notifications 1',
    'facet_notification_attempts_total{outcome="failed"} 1',
  ])
    await measured(command);

  receiver.answer = () => 200;
  const [secret] = await runSubscriptions('secret', 'down');
  const [renewed, sentence] = await runSubscriptions('secret', 'down', '--new');
  expect(sentence).toMatch(/signed with this secret and the former one until/);
  expect(await runSubscriptions('retry', 'down')).toEqual([expect.stringMatching(/^subscription down is active/)]);
  await receiver.has(2);
  const last = receiver.got[1]!;
  expect([secret, renewed].map((key) => isSigned(last, key!, new Date()))).toEqual([true, true]);
  expect(renewed).not.toBe(secret);
  await until(
    () => runSubscriptions('list'),
    (lines) => /^demo +down +active +0/.test(lines[1] ?? ''),
  );
  await measured('facet_notification_attempts_total{outcome="taken"} 1');
  await measured('facet_notification_oldest_seconds 0');
});

test('a retry makes a subscription in error active and sends its pending versions', async () => {
  await subscribe('gone');
  receiver.answer = ({ path }) => (path === '/gone' ? 410 : 200);
  await observe('b');
  await until(
    () => runSubscriptions('list', '--state', 'error'),
    (lines) => /^demo +gone +error +1 .*the subscriber responded with 410$/.test(lines[1] ?? ''),
  );
  await measured('facet_subscriptions{state="error"} 1');
  receiver.answer = () => 200;
  const before = receiver.got.filter(({ path }) => path === '/gone').length;
  await runSubscriptions('retry', 'gone');
  await until(
    async () => receiver.got.filter(({ path }) => path === '/gone').length,
    (count) => count === before + 1,
  );
  const { body } = await call(`${server.url}/fhir/R4/Subscription/gone`, place.keys().demo.fhir!);
  expect([body.status, body.error]).toEqual(['active', undefined]);
});

test('errors are one sentence', async () => {
  await subscribe('twin');
  await subscribe('twin', 'other');
  await put({
    resourceType: 'Subscription',
    id: 'quiet',
    status: 'off',
    reason: 'x',
    criteria: 'Patient',
    channel: { type: 'rest-hook', endpoint: 'https://x.test/' },
  });
  const mistakes: [string, RegExp][] = [
    ['show nobody', /no subscription with this id/],
    ['show quiet', /no subscription with this id/],
    ['secret twin', /several tenants .*--tenant \(demo, other\)/],
    ['list --state lost', /--state must be one of active, failing, error, open/],
    ['list --limit many', /--limit must be a number/],
    ['list --tenant nobody', /there is no tenant nobody/],
  ];
  for (const [command, sentence] of mistakes) {
    const { code, stdout, stderr } = await run(...command.split(' '));
    expect([command, code, stdout, stderr]).toEqual([command, 1, '', expect.stringMatching(/^facet: [^\n]{10,}\n$/)]);
    expect(stderr).toMatch(sentence);
  }
  expect(await runSubscriptions('secret', 'twin', '--tenant', 'other')).toEqual([expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/)]);
});
