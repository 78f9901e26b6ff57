// Webhooks as they arrive: duplicated, late, out of order, forged, or about unknown orders. Numbers are rows of docs/failure-matrix.md.
import { createHmac } from 'node:crypto';
import { remove } from '../../src/interactions/delete.ts';
import { update } from '../../src/interactions/update.ts';
import { sendDueWebhooks, sendWebhook } from '../../src/junction-sandbox/webhook-sender.ts';
import { pruneInbox } from '../../src/orders/webhooks/inbox.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { openBeforeEach } from './open-before-each.ts';
import { REQUEST, SYSTEMS } from './order-fixture.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});

const task = async (id = 'one') => (await fixture.tasks(id))[0]!;
const state = async (id = 'one') => [(await task(id)).status, (await fixture.read('ServiceRequest', id)).status];
const messages = () => fixture.sandbox.state.webhooks.messages;
const events = () =>
  store.database.query<{ state: string; type: string | null; size: number; error: string | null }>(
    'select state, type, length(raw) as size, last_error as error from webhook_inbox order by received_at, state, type',
  );
const states = async () => (await events()).map((event) => event.state);
const requestFaults = (...faults: TrackingFixture['sandbox']['state']['webhooks']['faults']) => {
  fixture.sandbox.state.webhooks.faults = faults;
};

/** Posts a body of our own, signed or not. */
async function post(
  body: string,
  { secret = fixture.sandbox.state.webhooks.secret, id = 'msg_own', skew = 0, url = fixture.hookUrl } = {},
) {
  const stamp = String(Math.floor(fixture.tracker.clock().getTime() / 1000) + skew);
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${stamp}.${body}`).digest('base64')}`;
  const headers = { 'svix-id': id, 'svix-timestamp': stamp, 'svix-signature': signature };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text(), stamp, headers };
}

test('a webhook is answered with 204, stored and processed in the background; then its body is deleted', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  expect(await sendDueWebhooks(fixture.sandbox.state)).toBe(2);
  expect(messages().map(({ answers }) => answers)).toEqual([[204], [204]]);
  expect((await events()).map(({ state, type, size }) => [state, type, size > 100])).toEqual([
    ['new', 'labtest.order.created', true],
    ['new', 'labtest.order.updated', true],
  ]);
  await fixture.track();
  expect(await state()).toEqual(['completed', 'completed']);
  expect((await events()).map(({ state, size }) => [state, size])).toEqual([
    ['done', 0],
    ['done', 0],
  ]);
});

test('21: a webhook that arrives twice is stored and processed once', async () => {
  const { id } = await fixture.placeOrder();
  requestFaults({ kind: 'duplicate', times: 5 });
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  expect(messages().at(-1)!.answers).toEqual([204, 204]);
  expect([await states(), await state()]).toEqual([
    ['done', 'done'],
    ['completed', 'completed'],
  ]);
});

test('22: the same event in another message changes nothing', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  const before = (await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'one'))!.version;
  await fetch(`${fixture.sandbox.url}/sandbox/orders/${id}/resend`, { method: 'POST' });
  await fixture.deliverWebhooks();
  expect([(await states()).length, (await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'one'))!.version]).toEqual([
    3,
    before,
  ]);
});

test('23: webhooks in the wrong order, one a day late, lead to the current status', async () => {
  const { id } = await fixture.placeOrder();
  requestFaults({ kind: 'delay', seconds: 24 * 3600 });
  fixture.advanceOrder(id, 'collecting_sample.walk_in_test.appointment_pending');
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  expect(await state()).toEqual(['completed', 'completed']);
  fixture.advance(25 * 3600);
  await fixture.deliverWebhooks();
  expect([messages().map(({ answers }) => answers), await state()]).toEqual([
    [[204], [204], [204]],
    ['completed', 'completed'],
  ]);
});

test('25: a webhook that arrives before the response of its order confirms the order, and nothing is sent again', async () => {
  fixture.addFaults({ operation: 'createOrder', kind: 'reset', when: 'after' });
  await fixture.put({ ...REQUEST, id: 'one' });
  await fixture.drain();
  expect(await fixture.entry('one')).toMatchObject({ state: 'unknown' });
  await fixture.deliverWebhooks();
  expect(await fixture.entry('one')).toMatchObject({ state: 'done' });
  const [order] = [...fixture.sandbox.state.orders.values()];
  expect((await task()).identifier).toMatchObject([{ system: SYSTEMS.order, value: order!.id }, {}]);
  fixture.advance(3600);
  await fixture.drain();
  expect([fixture.countOrders(), fixture.countRequests('createOrder')]).toEqual([1, 1]);
});

test('25: a webhook waits while its order is being sent', async () => {
  await fixture.put({ ...REQUEST, id: 'one' });
  const sending = fixture.createSender();
  const createOrder: typeof sending.client.createOrder = async (order, signal) => {
    const created = await sending.client.createOrder(order, signal);
    await fixture.deliverWebhooks();
    expect(await states()).toEqual(['retry']);
    return created;
  };
  await fixture.drain({ ...sending, client: { ...sending.client, createOrder } });
  fixture.advance(30);
  await fixture.track();
  expect([await states(), (await fixture.entry('one'))!.state, fixture.countOrders()]).toEqual([['done'], 'done', 1]);
});

test.each([false, true])(
  '26: an unknown redraw becomes a second Task of its request (with the key of the order: %s)',
  async (passthrough) => {
    const { id } = await fixture.placeOrder();
    fixture.advanceOrder(id, 'collecting_sample.walk_in_test.redraw_available', { passthrough, silent: true });
    const redraw = [...fixture.sandbox.state.orders.values()].at(-1)!;
    fixture.advanceOrder(redraw.id, 'sample_with_lab.walk_in_test.partial_results');
    await fixture.deliverWebhooks();
    const tasks = await Promise.all(
      (await store.store.trackedOrders.listOfRequest({ tenant: fixture.tenant, request: 'one', version: 1 })).map((placed) =>
        fixture.read('Task', placed.task),
      ),
    );
    expect(tasks.map(({ status, partOf }) => [status, partOf])).toEqual([
      ['completed', undefined],
      ['in-progress', [{ reference: `Task/${tasks[0]!.id}` }]],
    ]);
    expect((await fixture.read('ServiceRequest', 'one')).status).toBe('active');
  },
);

test('26: an order of another system leaves only its event', async () => {
  const { id } = await fixture.placeOrder();
  const elsewhere = {
    ...fixture.networkOrder(id),
    id: '11111111-1111-4111-8111-111111111111',
    transactionId: 'elsewhere',
    passthrough: 'their own',
  };
  fixture.sandbox.state.orders.set(elsewhere.id, elsewhere);
  fixture.advanceOrder(elsewhere.id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  expect(await states()).toEqual(['done', 'retry']);
  for (let hour = 0; hour < 25; hour++) {
    fixture.advance(3600);
    await fixture.track();
  }
  expect((await events()).map(({ state, size }) => [state, size])).toEqual([
    ['done', 0],
    ['foreign', 0],
  ]);
  const [{ count }] = (await store.database.query<{ count: number }>(
    'select count(*)::int as count from resource where rtype in (11, 12, 13) and tenant_id = $1',
    [fixture.tenant],
  )) as [{ count: number }];
  expect(count).toBe(1);
});

test('29: a replayed message is refused if it is old, and has no effect otherwise', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id);
  const body = messages().at(-1)!.body;
  const { headers } = await post(body, { id: 'msg_caught' });
  const replay = async () => (await fetch(fixture.hookUrl, { method: 'POST', headers, body })).status;
  expect([await replay(), (await states()).length]).toEqual([204, 1]);
  fixture.advance(301);
  expect([await replay(), (await states()).length]).toEqual([401, 1]);
});

test('30: forged, altered and unsigned messages are 401 without a reason, and nothing is stored', async () => {
  await fixture.placeOrder();
  requestFaults({ kind: 'forge' });
  fixture.advanceOrder([...fixture.sandbox.state.orders.keys()][0]!);
  await sendDueWebhooks(fixture.sandbox.state);
  expect(messages().at(-1)!.answers).toEqual([401]);
  const unsigned = await fetch(fixture.hookUrl, { method: 'POST', body: '{}' });
  expect([unsigned.status, await unsigned.json()]).toEqual([401, { error: 'login', message: 'this message is not accepted' }]);
  const { headers } = await post('{"a":1}');
  const altered = await fetch(fixture.hookUrl, { method: 'POST', headers, body: '{"a":2}' });
  expect([altered.status, await altered.json()]).toEqual([401, { error: 'login', message: 'this message is not accepted' }]);
  expect(await states()).toEqual(['new', 'undecodable']);
});

test('30: unsigned messages are logged once a minute at most, with the number of those left out', async () => {
  const counted: string[] = [];
  fixture.webhookEndpoint.webhook = { arrived: (outcome) => counted.push(outcome), clockAhead: () => {}, applied: () => {} };
  const listRefused = () => fixture.log.map((line) => JSON.parse(line)).filter(([text]) => text === 'a webhook was refused');
  const send = async () => (await fetch(fixture.hookUrl, { method: 'POST', body: '{}', headers: { 'svix-id': 'Ada Lovelace' } })).status;
  expect(await Promise.all(Array.from({ length: 50 }, send))).toEqual(Array(50).fill(401));
  expect([listRefused().length, counted.length]).toEqual([1, 50]);
  fixture.advance(60);
  await send();
  expect(listRefused()[1]).toEqual(['a webhook was refused', { account: 'environment', verdict: 'unsigned', notLogged: 49 }]);
  expect(fixture.log.join()).not.toContain('Lovelace');
});

test('32: messages with a wrong clock are logged once a minute at most', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => post('{}', { id: `late${index}`, skew: -600 })));
  expect(fixture.log.filter((line) => line.includes('clock of the webhook sender'))).toHaveLength(1);
});

test('30: a body of more than a megabyte is 413, other methods are 405', async () => {
  expect((await post(`"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  const got = await fetch(fixture.hookUrl);
  expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
});

test('31: while a secret is replaced, messages signed with either are accepted', async () => {
  const { secret } = fixture.sandbox.state.webhooks;
  const next = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  fixture.labAccount.webhookSecrets = [next, secret];
  expect([(await post('{}', { id: 'a', secret: next })).status, (await post('{}', { id: 'b', secret })).status]).toEqual([204, 204]);
  fixture.labAccount.webhookSecrets = [next];
  expect([(await post('{}', { id: 'c', secret: next })).status, (await post('{}', { id: 'd', secret })).status]).toEqual([204, 401]);
});

test('31: without a secret every message is refused, and the response names the setting', async () => {
  fixture.labAccount.webhookSecrets = [];
  const response = await post('{}');
  expect([response.status, response.text]).toEqual([503, expect.stringContaining('JUNCTION_WEBHOOK_SECRET')]);
});

test('31: an account of a tenant without a secret responds like an account that does not exist, and the log names it', async () => {
  Object.assign(fixture.labAccount, { id: 7, name: 'springfield', webhookSecrets: [] });
  const send = async (name: string) => {
    const response = await fetch(`${fixture.hookUrl}/${name}`, { method: 'POST', body: '{}' });
    return [response.status, (await response.text()).replace(/[0-9a-f-]{36}/g, '')];
  };
  const refused = await send('springfield');
  expect(refused).toEqual(await send('nowhere'));
  expect([refused[0], fixture.log.join()]).toEqual([401, expect.stringMatching(/"account":"springfield","verdict":"not configured"/)]);
});

test('32: with a clock ten minutes off messages are refused; later attempts with the right time are accepted', async () => {
  const { id } = await fixture.placeOrder();
  requestFaults({ kind: 'skew', seconds: -600 });
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  expect([messages().at(-1)!.answers, fixture.log.join().includes('clock of the webhook sender')]).toEqual([[401], true]);
  messages().at(-1)!.fault = undefined;
  fixture.advance(10);
  await fixture.deliverWebhooks();
  expect([messages().at(-1)!.answers, await state()]).toEqual([
    [401, 204],
    ['completed', 'completed'],
  ]);
});

test('33: the response waits for the inbox only', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  fixture.addFaults({ operation: 'order', kind: 'slow', seconds: 5 });
  await sendDueWebhooks(fixture.sandbox.state);
  expect([messages().at(-1)!.answers, fixture.countRequests('order')]).toEqual([[204], 0]);
});

test('34: an event that cannot be stored is 503, and accepted when it is sent again', async () => {
  const { id } = await fixture.placeOrder();
  const closed = await openTestStore();
  await closed.close();
  const { store: original } = fixture.webhookEndpoint;
  fixture.webhookEndpoint.store = closed.store;
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await sendDueWebhooks(fixture.sandbox.state);
  expect(messages().at(-1)!.answers).toEqual([503]);
  fixture.webhookEndpoint.store = original;
  fixture.advance(5);
  await fixture.deliverWebhooks();
  expect([messages().at(-1)!.answers, await state()]).toEqual([
    [503, 204],
    ['completed', 'completed'],
  ]);
});

test('35: events of other kinds are accepted and counted, and have no effect', async () => {
  for (const [n, body] of [
    { event_type: 'daily.data.sleep.created', data: { id: 'x' } },
    { event_type: 'labtest.match_review.created', data: { id: 'y' } },
    { event_type: 'labtest.teleport.updated', data: { order_id: null } },
  ].entries())
    expect((await post(JSON.stringify(body), { id: `msg_${n}` })).status).toBe(204);
  await fixture.track();
  expect((await events()).map(({ state, size }) => [state, size])).toEqual(Array(3).fill(['ignored', 0]));
});

test('27: the event that the sender has given up a message is stored, counted and logged, and nothing else in it is trusted', async () => {
  const counted: string[] = [];
  fixture.webhookEndpoint.webhook = { arrived: (outcome) => counted.push(outcome), clockAhead: () => {}, applied: () => {} };
  const body = JSON.stringify({ type: 'message.attempt.exhausted', data: { msgId: 'msg_lost', endpointId: 'ep' } });
  for (let n = 0; n < 2; n++) expect((await post(body, { id: 'msg_op' })).status).toBe(204);
  expect(counted).toEqual(['given up', 'repeated']);
  expect(fixture.log.filter((line) => line.includes('given up delivering'))).toHaveLength(1);
  expect((await events()).map(({ state, size }) => [state, size])).toEqual([['ignored', 0]]);
});

test('35: an event of an unknown kind about our order makes its poll due', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed', { silent: true });
  await post(JSON.stringify({ event_type: 'labtest.appointment.updated', data: { id: 'appointment', order_id: id } }));
  await fixture.deliverWebhooks();
  expect(await state()).toEqual(['completed', 'completed']);
});

test('36: an order without envelope is accepted too; any other body is stored for a week for inspection', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  const bare = JSON.stringify(JSON.parse(messages().at(-1)!.body).data);
  for (const [n, body] of [bare, 'no json', '[1]', '{"event_type":"labtest.order.updated","data":{}}'].entries())
    expect((await post(body, { id: `msg_${n}` })).status).toBe(204);
  await fixture.track();
  expect(await state()).toEqual(['completed', 'completed']);
  expect(await states()).toEqual(['done', 'undecodable', 'undecodable', 'undecodable']);
  fixture.advance(8 * 24 * 3600);
  await pruneInbox(fixture.tracker);
  expect((await events()).map(({ size }) => size)).toEqual([0, 0, 0, 0]);
});

test('46: the event of another team is accepted, ignored and logged', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  fixture.labAccount.junction!.teamId = 'another team';
  await fixture.deliverWebhooks();
  expect([await states(), (await task()).status, fixture.log.some((line) => line.includes('foreign'))]).toEqual([
    ['foreign', 'foreign'],
    'received',
    true,
  ]);
});

test('47: a request is revoked and deleted while its order is in progress: the Task goes on', async () => {
  const { id } = await fixture.placeOrder();
  const { _status, ...current } = await fixture.read('ServiceRequest', 'one');
  const revoked = { ...current, status: 'revoked' } as typeof current;
  await expect(remove(fixture.context, { type: 'ServiceRequest', id: 'one' })).rejects.toThrow('revoke it first');
  fixture.advanceOrder(id, 'sample_with_lab.walk_in_test.partial_results');
  await update(fixture.context, { type: 'ServiceRequest', id: 'one', draft: { resource: revoked, exact: revoked } });
  await fixture.drain();
  await remove(fixture.context, { type: 'ServiceRequest', id: 'one' });
  await remove(fixture.context, { type: 'Patient', id: 'ada' });
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  expect([(await task()).status, (await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'one'))!.body]).toEqual([
    'completed',
    null,
  ]);
});

test('no log contains patient data of a body', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id, 'completed.walk_in_test.completed');
  await fixture.deliverWebhooks();
  await post('{"patient":"Lovelace"', { secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD' });
  expect(fixture.log.join()).not.toMatch(/Lovelace|Ada|1985/);
});

test('a message that is sent again from the sender’s dashboard is matched by its id', async () => {
  const { id } = await fixture.placeOrder();
  fixture.advanceOrder(id);
  await fixture.deliverWebhooks();
  fixture.advance(3600);
  expect(await sendWebhook(fixture.sandbox.state, messages().at(-1)!)).toBe(204);
  expect((await states()).length).toBe(2);
});
