// Refused Subscriptions, each with the element, and the allowed endpoints. https://hl7.org/fhir/R4/subscription-definitions.html
import type { FhirError } from '../../src/fhir/outcome.ts';
import { readHistory } from '../../src/interactions/history.ts';
import { read, vread } from '../../src/interactions/read.ts';
import { search } from '../../src/interactions/search.ts';
import { type AddressPolicy, createGuardedLookup, isPrivateAddress } from '../../src/messaging/address-policy.ts';
import { buildUpdateUrl, parseChannel } from '../../src/subscriptions/channel.ts';
import { sendWebhookRequest } from '../../src/subscriptions/webhook-request.ts';
import { openBeforeEach } from '../orders/open-before-each.ts';
import { observation, openSubscriptionFixture, type SubscriptionFixture } from './subscription-fixture.ts';

let fixture: SubscriptionFixture;
openBeforeEach(openSubscriptionFixture, (opened) => {
  fixture = opened;
});

const refusal = async (work: Promise<unknown>) => {
  const error = (await work.then(
    () => undefined,
    (error: FhirError) => error,
  )) as FhirError | undefined;
  return error ? [error.kind, error.issues[0]!.expression?.[0], error.message] : 'taken';
};
const readRefusal = (more: Parameters<SubscriptionFixture['subscribe']>[1], caller = {}) =>
  refusal(fixture.subscribe('s', more, fixture.contextOf(caller)));

test('criteria must be a supported search of a supported type; the error names the rule', async () => {
  const invalid: [string, RegExp][] = [
    ['AuditEvent?outcome=0', /a resource type that is not served/],
    ['/Observation?status=final', /a resource type that is not served/],
    ['Observation?shoesize=9', /no search parameter shoesize/],
    ['Observation?status:near=x', /takes no modifier :near/],
    ['Observation?date=yesterday', /date/],
    ['Observation?_include=Observation:subject', /criteria take no _include/],
    ['Observation?_sort=date', /criteria take no _sort/],
    ['Observation?_count=1', /criteria take no _count/],
    ['Subscription?status=active', /cannot search Subscriptions/],
  ];
  for (const [criteria, text] of invalid)
    expect([criteria, await readRefusal({ criteria })]).toEqual([criteria, ['rule', 'Subscription.criteria', expect.stringMatching(text)]]);
  for (const criteria of ['Observation', 'Observation?', 'DiagnosticReport?status=final', 'Observation?_has:Provenance:target:_id=x'])
    expect([criteria, await readRefusal({ criteria })]).toEqual([criteria, 'taken']);
});

test('a channel is a rest-hook with a payload of FHIR JSON or none', async () => {
  const invalid: [object, string][] = [
    [{ type: 'email' }, 'type'],
    [{ type: 'websocket' }, 'type'],
    [{ payload: 'application/fhir+xml' }, 'payload'],
    [{ payload: 'text/plain' }, 'payload'],
    [{ endpoint: undefined }, 'endpoint'],
    [{ endpoint: '/relative' }, 'endpoint'],
    [{ endpoint: 'ftp://example.org' }, 'endpoint'],
    [{ endpoint: 'http://example.org/hook' }, 'endpoint'],
    [{ endpoint: 'https://user:pw@example.org/' }, 'endpoint'],
    [{ endpoint: 'https://example.org/?a=b' }, 'endpoint'],
    [{ endpoint: 'https://example.org/#a' }, 'endpoint'],
    [{ header: ['no colon'] }, 'header[0]'],
    [{ header: ['a: b', 'Host: elsewhere'] }, 'header[1]'],
    [{ header: ['webhook-signature: v1,x'] }, 'header[0]'],
    [{ header: ['Content-Length: 3'] }, 'header[0]'],
    [{ header: ['a: b\r\nc: d'] }, 'header[0]'],
    [{ header: Array.from({ length: 21 }, (_one, n) => `x-${n}: y`) }, 'header'],
  ];
  for (const [channel, element] of invalid)
    expect([channel, await readRefusal({ channel })]).toEqual([channel, ['rule', `Subscription.channel.${element}`, expect.any(String)]]);
  expect(await readRefusal({ channel: { endpoint: 'https://example.org/hook?a=b', payload: undefined } })).toBe('taken');
});

test('only the server sets active and error; a client may repeat the current status', async () => {
  for (const status of ['active', 'error'])
    expect(await readRefusal({ status })).toEqual(['rule', 'Subscription.status', expect.any(String)]);
  expect(await readRefusal({ error: 'x' })).toEqual(['rule', 'Subscription.error', expect.any(String)]);
  expect(await readRefusal({ end: '2026-11-21T11:59:59Z' })).toEqual(['rule', 'Subscription.end', expect.any(String)]);
  await fixture.subscribe('s', { status: 'off' });
  expect(await readRefusal({ status: 'active' })).toEqual(['rule', 'Subscription.status', expect.any(String)]);
  await fixture.subscribe('s');
  await fixture.put({ ...(await fixture.read('Subscription', 's')), reason: 'another' });
  expect(await fixture.read('Subscription', 's')).toMatchObject({ status: 'active', reason: 'another', meta: { versionId: '4' } });
  await fixture.put(observation('a'));
  expect(await fixture.notify()).toHaveLength(1);
});

test('criteria and payload must be within the scopes of the key', async () => {
  const scopes = (...list: string[]) => ({ scopes: ['system/Subscription.cruds', ...list] });
  expect(await readRefusal({}, scopes('system/Patient.rs'))).toEqual(['forbidden', undefined, expect.stringMatching(/Observation/)]);
  expect(await readRefusal({}, scopes('system/Observation.s'))).toEqual(['forbidden', undefined, expect.stringMatching(/payload/)]);
  expect(await readRefusal({ channel: { payload: undefined } }, scopes('system/Observation.s'))).toBe('taken');
  const chain = { criteria: 'Observation?subject:Patient.family=x' };
  expect(await readRefusal(chain, scopes('system/Observation.rs'))).toEqual(['forbidden', undefined, expect.stringMatching(/Patient/)]);
  expect(await readRefusal(chain, scopes('system/Observation.rs', 'system/Patient.s'))).toBe('taken');
});

test('the values of channel headers are visible only to keys that may update Subscriptions', async () => {
  await fixture.subscribe('s', { channel: { header: ['Authorization: Bearer abc', 'X-Other: def'] } });
  const seenBy = async (scope: string) => {
    const context = fixture.contextOf({ scopes: [scope] });
    const found = await search(context, { type: 'Subscription', parameters: [], handling: 'strict' });
    const past = await readHistory(context, { type: 'Subscription', count: 10 });
    const id = { type: 'Subscription' as const, id: 's' };
    const rows = [await read(context, id), await vread(context, { ...id, versionId: '1' }), ...found.rows, ...past.rows];
    return [...new Set(rows.flatMap(({ body }) => (JSON.parse(body!) as { channel: { header: string[] } }).channel.header))];
  };
  expect(await seenBy('system/Subscription.rs')).toEqual(['Authorization: hidden', 'X-Other: hidden']);
  expect(await seenBy('system/*.rus')).toEqual(['Authorization: Bearer abc', 'X-Other: def']);
});

const channel = (endpoint: string, reach: AddressPolicy) => {
  try {
    return parseChannel({ channel: { type: 'rest-hook', endpoint } }, reach).endpoint;
  } catch (error) {
    return (error as FhirError).message;
  }
};

test('in production an endpoint must be https and public, unless the configuration lists its host', () => {
  const production = (...hosts: string[]): AddressPolicy => ({ production: true, privateHosts: new Set(hosts) });
  const development: AddressPolicy = { production: false, privateHosts: new Set() };
  const inside = ['10.0.0.7', '172.20.1.1', '192.168.1.1', '169.254.169.254', '127.0.0.1', '100.64.0.1', '0.0.0.0', '[::1]', '[fd00::1]'];
  const mapped = [
    '[fe80::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[2002:a00:1::]',
    'localhost',
    'a.localhost',
    '2130706433',
    '0x7f.1',
  ];
  for (const host of [...inside, ...mapped]) {
    expect([host, channel(`https://${host}/`, production())]).toEqual([host, expect.stringMatching(/private address/)]);
    expect([host, channel(`https://${host}/`, development)]).toEqual([host, `https://${host}/`]);
  }
  for (const host of ['8.8.8.8', '[2606:4700::1111]', 'example.org', '172.32.0.1'])
    expect([host, channel(`https://${host}/`, production())]).toEqual([host, `https://${host}/`]);
  expect(channel('https://10.0.0.7/', production('10.0.0.7'))).toBe('https://10.0.0.7/');
  for (const endpoint of ['http://127.0.0.1:1/', 'http://example.org/'])
    expect(channel(endpoint, production('127.0.0.1'))).toMatch(/must use https/);
  expect(['8.8.8.8', '2606:4700::1111', '224.0.0.1', 'ff02::1'].map(isPrivateAddress)).toEqual([false, false, true, true]);
  // the relay of old that leads from IPv4 to 2002::/16, and addresses for documents
  expect(['192.88.99.1', '192.88.98.1', '3fff::1', '3fff:fff::1', '3fff:1000::1'].map(isPrivateAddress)).toEqual([
    true,
    false,
    true,
    true,
    false,
  ]);
});

/** What becomes of looking up the name of this machine. */
const lookedUp = (reach: AddressPolicy) =>
  new Promise((resolve) => createGuardedLookup(reach)('localhost', { all: true }, (error, found) => resolve(error?.code ?? found)));

test('in production a name that resolves to a private address is refused when the request is sent', async () => {
  const { receiver } = fixture;
  const url = new URL(receiver.url);
  const to = (host: string, reach: AddressPolicy, ms = 60_000) =>
    sendWebhookRequest({ method: 'POST', url: new URL(`http://${host}:${url.port}/`), headers: [], body: '' }, reach, ms);
  const production = { production: true, privateHosts: new Set<string>() };
  const why = 'the endpoint is a private address';
  expect(await to('127.0.0.1', production)).toEqual({ ok: false, why });
  expect(await to('localhost', production)).toEqual({ ok: false, why });
  expect(await lookedUp(production)).toBe('EPRIVATE');
  expect(await to('localhost', { production: true, privateHosts: new Set(['localhost']) })).toEqual({ ok: true });
  expect(receiver.got).toHaveLength(1);
  const silent = { production: false, privateHosts: new Set<string>() };
  receiver.answer = () => 'never';
  expect(await to('127.0.0.1', silent, 50)).toEqual({ ok: false, why: 'no response in time' });
  await receiver.close();
  expect(await to('127.0.0.1', silent)).toEqual({ ok: false, why: 'no response (ECONNREFUSED)' });
});

test('an update is sent to the resource under the base URL, with or without a final slash', () => {
  expect(buildUpdateUrl('https://example.org/fhir/', { type: 'Patient', id: 'a.b' }).href).toBe('https://example.org/fhir/Patient/a.b');
});
