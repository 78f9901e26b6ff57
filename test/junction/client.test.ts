// The client against a sandbox that fails in every way the network and Junction can.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createJunctionClient } from '../../src/junction/client.ts';
import { createJunctionReader } from '../../src/junction/reader.ts';
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { openSandboxFixture, orderOf, type SandboxFixture, within } from '../junction-sandbox/sandbox-fixture.ts';

let fixture: SandboxFixture;
let user: string;
beforeAll(async () => {
  fixture = await openSandboxFixture();
  const created = await fixture.client.ensureUser('patient-1', within());
  if (created.kind !== 'accepted') throw new Error(created.why);
  user = created.value;
});
afterAll(() => fixture.sandbox.close());

const create = (passthrough: string, more: object = {}, ms?: number) =>
  fixture.client.createOrder({ body: JSON.stringify(orderOf(user, { passthrough, ...more })), key: passthrough }, within(ms));

describe('users', () => {
  test('the same client user id is the same user, although Junction responds to the second create with 400', async () => {
    expect(await fixture.client.ensureUser('patient-1', within())).toEqual({ kind: 'accepted', value: user });
    expect(fixture.sandbox.state.users.size).toBe(1);
  });

  test('a conflict without a user id leads to a look-up by client user id', async () => {
    fixture.addFaults({ operation: 'user', kind: 'error', status: 400 });
    expect(await fixture.client.ensureUser('patient-1', within())).toEqual({ kind: 'accepted', value: user });
    fixture.addFaults({ operation: 'user', kind: 'error', status: 409 });
    expect(await fixture.client.ensureUser('patient-1', within())).toEqual({ kind: 'accepted', value: user });
  });
});

describe('placing an order', () => {
  test('returns the order, and the same order for the same key', async () => {
    const key = randomUUID();
    const first = await create(key);
    expect(first).toMatchObject({ kind: 'accepted', value: { passthrough: key, status: 'received.walk_in_test.ordered' } });
    expect(await create(key)).toEqual(first);
    expect(fixture.countOrders(key)).toBe(1);
  });

  const done = (when: 'before' | 'after') => (when === 'after' ? 1 : 0);
  const faults: [title: string, fault: Fault, expected: object, orders: number][] = [
    ['a 500 before the work', { kind: 'error' }, { kind: 'unknown', status: 500 }, done('before')],
    ['a 500 after the work', { kind: 'error', when: 'after' }, { kind: 'unknown', status: 500 }, done('after')],
    ['a 502 after the work', { kind: 'error', when: 'after', status: 502 }, { kind: 'unknown', status: 502 }, done('after')],
    [
      'a connection closed before the work',
      { kind: 'reset' },
      { kind: 'unknown', why: expect.stringContaining('no response') },
      done('before'),
    ],
    [
      'a connection closed after the work',
      { kind: 'reset', when: 'after' },
      { kind: 'unknown', why: expect.stringContaining('no response') },
      done('after'),
    ],
    ['an answer cut off', { kind: 'cut', when: 'after' }, { kind: 'unknown', status: 200 }, done('after')],
    [
      'an answer that comes too late',
      { kind: 'slow', when: 'after', seconds: 60 },
      { kind: 'unknown', why: expect.stringContaining('no response') },
      done('after'),
    ],
    ['429 with Retry-After', { kind: 'error', status: 429, retryAfter: 7 }, { kind: 'throttled', retryAfter: 7 }, 0],
    ['503 without', { kind: 'error', status: 503 }, { kind: 'throttled', retryAfter: undefined }, 0],
    ['a week of Retry-After counts a quarter of an hour', { kind: 'error', status: 503, retryAfter: 604_800 }, { retryAfter: 900 }, 0],
    ['401', { kind: 'error', status: 401 }, { kind: 'unauthorised' }, 0],
    ['403', { kind: 'error', status: 403 }, { kind: 'unknown', status: 403 }, 0],
    ['409, the same key under way', { kind: 'error', status: 409 }, { kind: 'unknown', status: 409 }, 0],
    ['404', { kind: 'error', status: 404 }, { kind: 'refused', status: 404 }, 0],
  ];
  test.each(faults)('%s: one request is sent, and the outcome is classified', async (_title, fault, expected, orders) => {
    const key = randomUUID();
    const before = fixture.countRequests('createOrder');
    fixture.addFaults({ operation: 'createOrder', ...fault });
    expect(await create(key, {}, 'seconds' in fault ? 700 : undefined)).toMatchObject(expected);
    expect(fixture.countRequests('createOrder') - before).toBe(1);
    expect(fixture.countOrders(key)).toBe(orders);
  });

  test('a response whose body never ends is abandoned in time', async () => {
    const stalled = createServer((_req, res) => void res.writeHead(200, { 'content-type': 'application/json' }).write('{"order":'));
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(stalled.address() as AddressInfo).port}`;
    const client = createJunctionClient(() => ({ apiKey: 'k', baseUrl }));
    const outcome = await client.createOrder({ body: '{}', key: 'k' }, within(3000));
    expect(outcome).toMatchObject({ kind: 'unknown', status: 200 });
    stalled.closeAllConnections();
    stalled.close();
  });

  test('a redirect is not followed, and an endless response is not read', async () => {
    let requests = 0;
    const strange = createServer((req, res) => {
      requests++;
      if (req.url === '/v3/order') return void res.writeHead(307, { location: '/v3/order/elsewhere' }).end();
      res.writeHead(200);
      res.on('error', () => {});
      const more = () => res.destroyed || res.write('x'.repeat(1 << 20), more);
      more();
    });
    await new Promise<void>((resolve) => strange.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(strange.address() as AddressInfo).port}`;
    const client = createJunctionClient(() => ({ apiKey: 'k', baseUrl }));
    expect(await client.createOrder({ body: '{}', key: 'k' }, within())).toMatchObject({ kind: 'unknown' });
    expect(requests).toBe(1);
    expect(await client.readOrder('x', within())).toMatchObject({ kind: 'unknown' });
    strange.closeAllConnections();
    strange.close();
  });

  test('a document of twenty megabytes is read; a larger one than allowed is reported as too large', async () => {
    const press = createServer((req, res) => {
      const size = req.url!.includes('/large/') ? 40 : 20;
      res.on('error', () => {});
      res.writeHead(200, { 'content-type': 'application/pdf' }).end(Buffer.alloc(size << 20, '%PDF-'));
    });
    await new Promise<void>((resolve) => press.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(press.address() as AddressInfo).port}`;
    const reads = createJunctionReader(() => ({ apiKey: 'k', baseUrl }));
    const read = await reads.readResultPdf({ order: 'usual' }, within());
    expect([read.kind, read.kind === 'accepted' && read.value?.length]).toEqual(['accepted', 20 << 20]);
    expect(await reads.readResultPdf({ order: 'large' }, within())).toEqual({
      kind: 'unknown',
      why: '200, and the body is larger than 32 MB',
      status: 200,
    });
    press.closeAllConnections();
    press.close();
  });

  test('a refusal names the elements and contains no patient data', async () => {
    const key = randomUUID();
    const details = orderOf(user).patient_details as object;
    const refused = await create(key, { patient_details: { ...details, first_name: 'Zoë-Maria', phone_number: '5184739999' } });
    expect(refused).toMatchObject({
      kind: 'refused',
      status: 422,
      fields: ['patient_details.first_name', 'patient_details.phone_number'],
    });
    const text = JSON.stringify(refused);
    for (const value of ['Zoë-Maria', '5184739999', 'Lovelace', 'ada@example.com', '1 Main St', '1985-12-10'])
      expect(text).not.toContain(value);
  });

  test('of a free text only known words are kept', async () => {
    const echo = createServer((_req, res) => void res.writeHead(400).end('{"detail":"No lab serves Lovelace at 1 Main St, NY"}'));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    const client = createJunctionClient(() => ({ apiKey: 'k', baseUrl }));
    const outcome = await client.createOrder({ body: JSON.stringify(orderOf(user)), key: 'k' }, within());
    expect(outcome).toMatchObject({ kind: 'refused', why: '400 text with: no lab serves at' });
    echo.close();
  });

  test('a refused connection is an unknown outcome', async () => {
    const client = createJunctionClient(() => ({ apiKey: 'k', baseUrl: 'http://127.0.0.1:1' }));
    expect(await client.createOrder({ body: '{}', key: 'k' }, within())).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('no response'),
    });
  });
});

describe('the look-up of an order', () => {
  test('finds it by its passthrough among more orders than a page holds', async () => {
    const other = await fixture.client.ensureUser('patient-2', within());
    if (other.kind !== 'accepted') throw new Error(other.why);
    for (let n = 0; n < 120; n++) {
      const body = JSON.stringify(orderOf(other.value, { passthrough: `order-${n}` }));
      await fixture.client.createOrder({ body, key: `many-${n}` }, within());
    }
    const find = (passthrough: string) => fixture.client.findOrder({ userId: other.value, passthrough }, within());
    expect(await find('order-3')).toMatchObject({ kind: 'accepted', value: { passthrough: 'order-3' } });
    expect(await find('order-none')).toEqual({ kind: 'accepted', value: undefined });
    const ofTeam = (from: number) =>
      fixture.client.findOrder({ since: new Date(Date.now() + from).toISOString(), passthrough: 'order-3' }, within());
    expect(await ofTeam(-3_600_000)).toMatchObject({ kind: 'accepted', value: { passthrough: 'order-3' } });
    expect(await ofTeam(3_600_000)).toEqual({ kind: 'accepted', value: undefined });
  });

  test('a list that cannot be read is no proof of absence', async () => {
    fixture.addFaults({ operation: 'orders', kind: 'cut', when: 'after' });
    const sought = { userId: user, passthrough: 'x' };
    expect(await fixture.client.findOrder(sought, within())).toMatchObject({ kind: 'unknown' });
  });
});

test('without an account every operation is unauthorised, and nothing is sent', async () => {
  const client = createJunctionClient(() => undefined);
  expect(await client.createOrder({ body: '{}', key: 'k' }, within())).toEqual({
    kind: 'unauthorised',
    why: '401 JUNCTION_API_KEY is not set',
  });
  expect(await client.listPhysicians(within())).toMatchObject({ kind: 'unauthorised' });
});

test('an order can be read and cancelled; a second cancellation, and a read of an unknown order, are refused', async () => {
  const key = randomUUID();
  const created = await create(key);
  if (created.kind !== 'accepted') throw new Error(created.why);
  const { id } = created.value;
  expect(await fixture.client.readOrder(id, within())).toEqual(created);
  expect(await fixture.client.cancelOrder(id, within())).toMatchObject({
    kind: 'accepted',
    value: { status: 'cancelled.walk_in_test.cancelled' },
  });
  expect(await fixture.client.cancelOrder(id, within())).toMatchObject({ kind: 'refused', status: 400 });
  expect(await fixture.client.readOrder(randomUUID(), within())).toMatchObject({ kind: 'refused', status: 404 });
});

describe('physicians', () => {
  test("the team's roster is read; without a team there is none", async () => {
    fixture.sandbox.state.physicians = [{ first_name: 'Ann', last_name: 'Lee', npi: '1999999984' }];
    expect(await fixture.client.listPhysicians(within())).toEqual({ kind: 'accepted', value: [{ npi: '1999999984', id: null }] });
    const teamless = createJunctionClient(() => ({ apiKey: fixture.sandbox.apiKey, baseUrl: fixture.sandbox.url }));
    expect(await teamless.listPhysicians(within())).toMatchObject({ kind: 'unauthorised' });
  });

  test('a push returns the id, reports a missing operation, and accepts "already exists"', async () => {
    const push = (path: string, key: string) =>
      fixture.client.pushPhysician(path, { body: { first_name: 'Ann', last_name: 'Lee', npi: '1' }, key }, within());
    const first = await push('/partner/{team_id}/physicians', 'k1');
    expect(first).toMatchObject({ kind: 'accepted', value: { offered: true, id: expect.any(String) } });
    expect(await push('/partner/{team_id}/physicians', 'k1')).toEqual(first);
    expect(await push('/no/such/path', 'k2')).toEqual({ kind: 'accepted', value: { offered: false, id: null } });
    fixture.addFaults({ operation: 'pushPhysician', kind: 'error', status: 409 });
    expect(await push('/partner/{team_id}/physicians', 'k3')).toEqual({ kind: 'accepted', value: { offered: true, id: null } });
    fixture.addFaults({ operation: 'pushPhysician', kind: 'error', status: 500 });
    expect(await push('/partner/{team_id}/physicians', 'k4')).toMatchObject({ kind: 'unknown' });
  });
});
