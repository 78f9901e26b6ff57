// Subscriptions from the subscriber's side: what is sent, when, how often and in which order. https://hl7.org/fhir/R4/subscription.html
import { buildReadyRegistry } from '../../src/fhir/search/ready-registry.ts';
import type { Caller } from '../../src/interactions/context.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import type { TransactionEntry } from '../../src/interactions/transaction-entry.ts';
import { createApiKey, revokeApiKey } from '../../src/store/api-keys.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { startDueDeliveries } from '../../src/subscriptions/delivery-worker.ts';
import { matchChanges } from '../../src/subscriptions/match-changes.ts';
import { rotateSecret } from '../../src/subscriptions/operator-actions.ts';
import { endExpiredSubscriptions } from '../../src/subscriptions/status.ts';
import { openBeforeEach } from '../orders/open-before-each.ts';
import type { TestStore } from '../store/open.ts';
import { isSigned, type Received } from './receiver.ts';
import { observation, openSubscriptionFixture, type SubscriptionFixture } from './subscription-fixture.ts';

let fixture: SubscriptionFixture;
let database: TestStore['database'];
openBeforeEach(
  (store) => {
    database = store.database;
    return openSubscriptionFixture(store);
  },
  (opened) => {
    fixture = opened;
  },
);

const MINUTE = 60;
const HOUR = 3600;
const pathsOf = (messages: Received[]) => messages.map(({ path }) => path);
/** `Observation/a 2` … */
const listVersions = (messages: Received[]) =>
  messages.map(({ path, body }) => `${path.split('/').slice(2).join('/')} ${JSON.parse(body).meta.versionId}`);
const rows = async (table: string) => (await database.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n;

test('the server activates a subscription and sends every created or updated version, signed', async () => {
  await fixture.subscribe('one');
  expect(await fixture.read('Subscription', 'one')).toMatchObject({ status: 'active', meta: { versionId: '2' } });
  await fixture.put(observation('a', 'final', { valueQuantity: { value: 1.5 } }));
  const [first, ...none] = await fixture.notify();
  expect(none).toEqual([]);
  expect(first).toMatchObject({ method: 'PUT', path: '/one/Observation/a', headers: { 'content-type': 'application/fhir+json' } });
  expect(JSON.parse(first!.body)).toEqual(await fixture.read('Observation', 'a'));
  expect(isSigned(first!, await fixture.secret('one'), fixture.clock())).toBe(true);
  expect(isSigned({ ...first!, body: `${first!.body} ` }, await fixture.secret('one'), fixture.clock())).toBe(false);
  await fixture.put(observation('a', 'amended'));
  const [second] = await fixture.notify();
  expect(JSON.parse(second!.body)).toMatchObject({ status: 'amended', meta: { versionId: '2' } });
  expect(second!.headers['webhook-id']).not.toBe(first!.headers['webhook-id']);
  expect(await fixture.notify()).toEqual([]);
  expect([await rows('notification'), await rows('subscription_change')]).toEqual([0, 0]);
});

test('a new secret signs together with the former one for a day, then alone', async () => {
  await fixture.subscribe('one');
  const former = await fixture.secret('one');
  const { secret } = await rotateSecret(fixture.contextOf({}), 'one');
  const signedBy = async (id: string) => {
    await fixture.put(observation(id));
    const [message] = await fixture.notify();
    return [former, secret].map((key) => isSigned(message!, key, fixture.clock()));
  };
  expect(await signedBy('a')).toEqual([true, true]);
  fixture.advance(24 * HOUR);
  expect(await signedBy('b')).toEqual([false, true]);
});

test('without a payload the request is empty and carries the headers of the channel', async () => {
  await fixture.subscribe('ping', { channel: { payload: undefined, header: ['Authorization: Bearer abc', 'X-Two: 1', 'x-two: 2'] } });
  await fixture.put(observation('a'));
  const [message] = await fixture.notify();
  const headers = { authorization: 'Bearer abc', 'x-two': '1, 2', 'content-length': '0' };
  expect(message).toMatchObject({ method: 'POST', path: '/ping', body: '', headers });
  expect(isSigned(message!, await fixture.secret('ping'), fixture.clock())).toBe(true);
  expect(fixture.logged.join()).not.toContain('abc');
});

test('only versions that meet the criteria are sent: no deletion, and no update that no longer meets them', async () => {
  await fixture.subscribe('final', { criteria: 'Observation?status=final&subject:Patient.family=lovelace' });
  await fixture.put({ resourceType: 'Patient', id: 'ada', name: [{ family: 'Lovelace' }] });
  const subject = { subject: { reference: 'Patient/ada' } };
  await fixture.put(observation('a', 'preliminary', subject));
  await fixture.put(observation('nobodys'));
  expect(await fixture.notify()).toEqual([]);
  await fixture.put(observation('a', 'final', subject));
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 2']);
  await fixture.put(observation('a', 'entered-in-error', subject));
  await fixture.remove('Observation', 'a');
  expect(await fixture.notify()).toEqual([]);
});

test('each version is matched as it was written, also if it was replaced before the matching', async () => {
  await fixture.subscribe('final', { criteria: 'Observation?status=final&_id=a,b' });
  for (const status of ['final', 'amended', 'final', 'corrected']) await fixture.put(observation('a', status));
  const counted = [await rows('resource'), await rows('sx')];
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 1', 'Observation/a 3']);
  expect([await rows('resource'), await rows('sx')]).toEqual(counted);
});

test('all entries of a transaction are sent, and nothing of a transaction that failed', async () => {
  await fixture.subscribe('all');
  const entry = (id: string, at: number): TransactionEntry => {
    const resource = observation(id);
    return { index: at, type: 'Observation', method: 'PUT', id, draft: { resource, exact: resource } };
  };
  const entries = ['a', 'b', 'c'].map(entry);
  await executeTransaction(fixture.contextOf({}), entries, async () => {});
  const failed = executeTransaction(fixture.contextOf({}), [entry('d', 0)], async () => {
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(listVersions(await fixture.notify()).sort()).toEqual(['Observation/a 1', 'Observation/b 1', 'Observation/c 1']);
});

test('a refused notification is retried with the same id and growing delays until it is accepted; order is kept and nothing is lost', async () => {
  const { receiver } = fixture;
  await fixture.subscribe('down');
  receiver.answer = () => 503;
  await fixture.put(observation('a'));
  await fixture.put(observation('b'));
  await fixture.put(observation('a', 'amended'));
  const first = await fixture.notify();
  expect(listVersions(first).sort()).toEqual(['Observation/a 1', 'Observation/b 1']);
  expect(await fixture.entry('down')).toMatchObject({ state: 'unknown', lastError: 'the subscriber responded with 503' });
  expect(await fixture.notify()).toEqual([]);
  for (let ten = 0; ten < 30; ten++) {
    fixture.advance(10 * MINUTE);
    const tries = await fixture.notify();
    // one at a time finds out whether it is well again
    expect(tries.length).toBeLessThan(2);
  }
  expect(receiver.got.length).toBeGreaterThan(20);
  expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  expect(await fixture.read('Subscription', 'down')).toMatchObject({ status: 'active' });
  receiver.answer = () => 200;
  fixture.advance(10 * MINUTE);
  const last = listVersions(await fixture.notify());
  expect(last.filter((line) => line.includes('/a'))).toEqual(['Observation/a 1', 'Observation/a 2']);
  expect(last).toContain('Observation/b 1');
  expect(await rows('notification')).toBe(0);
  expect(await fixture.entry('down')).toMatchObject({ state: 'queued', lastError: null });
});

test('a version waits for the previous version of its resource, other resources do not', async () => {
  const { receiver } = fixture;
  await fixture.subscribe('order');
  receiver.answer = ({ path }) => (path.endsWith('/a') ? 500 : 200);
  await fixture.put(observation('a'));
  await fixture.put(observation('a', 'amended'));
  await fixture.put(observation('b'));
  await fixture.put(observation('b', 'amended'));
  expect(listVersions(await fixture.notify())).toEqual(expect.arrayContaining(['Observation/a 1', 'Observation/b 1', 'Observation/b 2']));
  expect(listVersions(receiver.got)).not.toContain('Observation/a 2');
  receiver.answer = () => 200;
  fixture.advance(MINUTE);
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 1', 'Observation/a 2']);
});

test('a version waits for an earlier version that is not matched yet', async () => {
  await fixture.subscribe('order');
  const { store } = fixture.delivery;
  await fixture.put(observation('a'));
  const [earlier] = await store.subscriptions.claimChanges({ at: '2026-01-01T00:00:00Z', until: '2026-11-21T12:00:10Z', limit: 1 });
  await fixture.put(observation('a', 'amended'));
  expect(earlier).toMatchObject({ id: 'a', version: 1 });
  await matchChanges(fixture.delivery);
  await Promise.all(await startDueDeliveries(fixture.delivery, 32));
  expect(fixture.receiver.got).toEqual([]);
  fixture.advance(11);
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 1', 'Observation/a 2']);
});

test('after three days of failures the status is error with the reason; pending versions are sent when it is requested again', async () => {
  const { receiver } = fixture;
  await fixture.subscribe('dead');
  receiver.answer = () => 500;
  await fixture.put(observation('a'));
  await fixture.notify();
  for (let day = 0; day < 3; day += 0.25) {
    expect((await fixture.read('Subscription', 'dead')).status).toBe('active');
    fixture.advance(6 * HOUR);
    await fixture.notify();
  }
  const error = 'not delivered since 2026-11-21T12:00:00.000Z: the subscriber responded with 500';
  expect(await fixture.read('Subscription', 'dead')).toMatchObject({ status: 'error', error });
  expect(await fixture.entry('dead')).toMatchObject({ state: 'parked', lastError: error });
  const tried = receiver.got.length;
  await fixture.put(observation('unseen'));
  fixture.advance(HOUR);
  await fixture.notify();
  expect([receiver.got.length, await rows('subscription_change')]).toEqual([tried, 0]);
  receiver.answer = () => 200;
  await fixture.subscribe('dead');
  const now = await fixture.read('Subscription', 'dead');
  expect([now.status, now.error]).toEqual(['active', undefined]);
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 1']);
});

test('410 ends a subscription at once; Retry-After of a 429 is respected; a redirect is not followed', async () => {
  const { receiver } = fixture;
  for (const id of ['gone', 'busy', 'moved']) await fixture.subscribe(id);
  const answers: Record<string, number | [number, Record<string, string>]> = {
    gone: 410,
    busy: [429, { 'Retry-After': '900' }],
    moved: [302, { Location: `${receiver.url}/elsewhere` }],
  };
  receiver.answer = ({ path }) => answers[path.split('/')[1]!] ?? 200;
  await fixture.put(observation('a'));
  expect(pathsOf(await fixture.notify()).sort()).toEqual(['/busy/Observation/a', '/gone/Observation/a', '/moved/Observation/a']);
  expect(await fixture.read('Subscription', 'gone')).toMatchObject({ status: 'error', error: 'the subscriber responded with 410' });
  expect((await fixture.entry('busy')).nextAt).toBe('2026-11-21T12:15:00.000Z');
  expect(await fixture.entry('moved')).toMatchObject({ state: 'unknown', lastError: 'the subscriber responded with 302' });
});

test('a subscriber that does not respond delays no other', async () => {
  const { receiver } = fixture;
  for (const id of ['hangs', 'well']) await fixture.subscribe(id);
  receiver.answer = ({ path }) => (path.startsWith('/hangs') ? 'never' : 200);
  await fixture.put(observation('a'));
  await matchChanges(fixture.delivery);
  const calls = await startDueDeliveries(fixture.delivery, 32);
  await Promise.race(calls);
  await fixture.put(observation('b'));
  expect(pathsOf(await fixture.notify()).filter((path) => path.endsWith('/b'))).toEqual(['/well/Observation/b']);
  receiver.release(500);
  await Promise.all(calls);
  expect(await fixture.entry('hangs')).toMatchObject({ state: 'unknown', lastError: 'the subscriber responded with 500' });
});

test('a response that switches protocols is a failure and is retried', async () => {
  await fixture.subscribe('upgrade');
  fixture.receiver.answer = () => [101, { Connection: 'Upgrade', Upgrade: 'websocket' }];
  await fixture.put(observation('a'));
  expect(pathsOf(await fixture.notify())).toEqual(['/upgrade/Observation/a']);
  expect(await fixture.entry('upgrade')).toMatchObject({ state: 'unknown', lastError: 'no response' });
});

test('two processes deliver each version once and in order', async () => {
  await fixture.subscribe('one');
  await fixture.subscribe('two');
  const versions = ['registered', 'preliminary', 'final', 'amended', 'corrected'];
  const both = Promise.all([fixture.notify(), fixture.notify({ ...fixture.delivery })]);
  for (const status of versions) for (const id of ['a', 'b', 'c']) await fixture.put(observation(id, status));
  await both;
  await Promise.all([fixture.notify(), fixture.notify({ ...fixture.delivery })]);
  for (const [subscriber, id] of ['one', 'two'].flatMap((one) => ['a', 'b', 'c'].map((two) => [one, two]))) {
    const own = fixture.receiver.got.filter(({ path }) => path === `/${subscriber}/Observation/${id}`);
    expect([subscriber, id, listVersions(own)]).toEqual([subscriber, id, versions.map((_one, index) => `Observation/${id} ${index + 1}`)]);
  }
});

test('after a crash a notification is sent again with the same id; a process without the lease records nothing', async () => {
  const { receiver, delivery: notifying } = fixture;
  await fixture.subscribe('one');
  await fixture.put(observation('a'));
  await matchChanges(notifying);
  receiver.answer = () => 'never';
  const dying = await startDueDeliveries(notifying, 32);
  await receiver.has(1);
  expect(await fixture.notify()).toEqual([]);
  fixture.advance(21);
  receiver.answer = () => 200;
  const [repeated] = await fixture.notify();
  expect(repeated!.headers['webhook-id']).toBe(receiver.got[0]!.headers['webhook-id']);
  receiver.release(500);
  await Promise.all(dying);
  expect(await fixture.entry('one')).toMatchObject({ state: 'queued', lastError: null });
  expect(await rows('notification')).toBe(0);
});

test('an unexpected error of the server is logged without its message, and the delivery is repeated: the subscription stays active', async () => {
  const { delivery } = fixture;
  await fixture.subscribe('one');
  await fixture.put(observation('a'));
  const broken = {
    get production(): boolean {
      throw new TypeError('Ada Lovelace');
    },
    privateHosts: new Set<string>(),
  };
  expect(await fixture.notify({ ...delivery, addressPolicy: broken })).toEqual([]);
  expect(fixture.logged.filter((line) => line.includes('a delivery of notifications failed'))).toEqual([
    expect.stringMatching(/"subject":"Subscription\/one","error":"TypeError"/),
  ]);
  expect(await fixture.read('Subscription', 'one')).toMatchObject({ status: 'active' });
  fixture.advance(21);
  expect(pathsOf(await fixture.notify())).toEqual(['/one/Observation/a']);
});

test('versions of another tenant are not sent, even under the same ids; without a subscription no change is recorded', async () => {
  const other = (await createTenant(database, { slug: `other-${fixture.tenant}`, name: 'x', at: fixture.clock().toISOString() }))!.id;
  await fixture.subscribe('one');
  await fixture.put(observation('a'), fixture.contextOf({ tenant: other }));
  await fixture.put({ resourceType: 'Patient', id: 'a' });
  expect(await rows('subscription_change')).toBe(0);
  expect(await fixture.notify()).toEqual([]);
  await fixture.subscribe('one', { channel: { endpoint: `${fixture.receiver.url}/theirs` } }, fixture.contextOf({ tenant: other }));
  await fixture.put(observation('b'), fixture.contextOf({ tenant: other }));
  expect(pathsOf(await fixture.notify())).toEqual(['/theirs/Observation/b']);
  expect(await fixture.secret('one')).not.toBe((await fixture.delivery.store.subscriptions.find(other, 'one'))!.secret);
});

test('after off or deletion nothing is sent, pending versions included; a new request begins anew', async () => {
  const { receiver } = fixture;
  receiver.answer = () => 500;
  for (const id of ['off', 'deleted']) await fixture.subscribe(id);
  await fixture.put(observation('a'));
  await fixture.notify();
  await fixture.subscribe('off', { status: 'off' });
  await fixture.remove('Subscription', 'deleted');
  receiver.answer = () => 200;
  await fixture.put(observation('b'));
  fixture.advance(HOUR);
  expect(await fixture.notify()).toEqual([]);
  expect([await rows('notification'), await rows('subscription_change')]).toEqual([0, 0]);
  expect([(await fixture.entry('off')).state, (await fixture.entry('deleted')).state]).toEqual(['cancelled', 'cancelled']);
  const secret = await fixture.secret('off');
  await fixture.subscribe('off');
  await fixture.put(observation('c'));
  expect(listVersions(await fixture.notify())).toEqual(['Observation/c 1']);
  expect(await fixture.secret('off')).toBe(secret);
});

test('the server sets the status off when the end has passed', async () => {
  await fixture.subscribe('ends', { end: '2026-11-21T13:00:00+00:00' });
  await fixture.put(observation('a'));
  expect(await endExpiredSubscriptions(fixture.delivery)).toBe(0);
  expect(listVersions(await fixture.notify())).toEqual(['Observation/a 1']);
  fixture.advance(HOUR);
  expect(await endExpiredSubscriptions(fixture.delivery)).toBe(1);
  expect(await fixture.read('Subscription', 'ends')).toMatchObject({ status: 'off' });
  await fixture.put(observation('b'));
  expect(await fixture.notify()).toEqual([]);
});

test('when its key is revoked the status is error with the reason', async () => {
  const at = fixture.clock().toISOString();
  const { id } = await createApiKey(database, { tenant: fixture.tenant, surface: 'fhir', scopes: ['*'], prefix: 'x_', at });
  await fixture.subscribe('keyed', {}, fixture.contextOf({ actor: id }));
  await fixture.put(observation('a'));
  expect(await fixture.notify()).toHaveLength(1);
  await revokeApiKey(database, { tenant: fixture.tenant, id, at });
  await fixture.put(observation('b'));
  expect(await fixture.notify()).toEqual([]);
  expect(await fixture.read('Subscription', 'keyed')).toMatchObject({
    status: 'error',
    error: 'the API key that created the subscription is no longer valid',
  });
});

test('a change during a delivery is delivered without delay', async () => {
  const { receiver, delivery: notifying } = fixture;
  await fixture.subscribe('one');
  await fixture.put(observation('a'));
  await matchChanges(notifying);
  receiver.answer = () => 'never';
  const calls = await startDueDeliveries(notifying, 32);
  await receiver.has(1);
  await fixture.put(observation('b'));
  await matchChanges(notifying);
  receiver.answer = () => 200;
  receiver.release(200);
  await Promise.all(calls);
  expect(listVersions(await fixture.notify())).toEqual(['Observation/b 1']);
});

test('while the index of its criteria is rebuilt a subscription waits: no error, and no version is lost', async () => {
  await fixture.subscribe('one', { criteria: 'Observation?status=final' });
  let ready = false;
  const contextOf = (caller: Caller) => {
    const context = fixture.delivery.contextOf(caller);
    return { ...context, registry: buildReadyRegistry(context.registry, (_type, code) => ready || code !== 'status') };
  };
  const meanwhile = { ...fixture.delivery, contextOf };
  await fixture.put(observation('a', 'final'));
  await fixture.put(observation('a', 'amended'));
  expect(await fixture.notify(meanwhile)).toEqual([]);
  expect(await fixture.read('Subscription', 'one')).toMatchObject({ status: 'active' });
  expect(fixture.logged.join()).toContain('the index of the search parameter Observation.status is being built');
  const subscribing = fixture.subscribe('two', { criteria: 'Observation?status=final' }, contextOf(fixture.contextOf({}).caller));
  await expect(subscribing).rejects.toMatchObject({ kind: 'unavailable' });
  ready = true;
  fixture.advance(5 * MINUTE);
  expect(listVersions(await fixture.notify(meanwhile))).toEqual(['Observation/a 1']);
});
