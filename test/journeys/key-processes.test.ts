// Keys on two server processes: what an administrator changes at one is effective at the other within two seconds.
import { setTimeout as delay } from 'node:timers/promises';
import { SERVER_URL } from '../store/open.ts';
import { until } from '../until.ts';
import { call, type FacetProcess, killAll, migratedPlace, type Place, printed, startProcess } from './server-process.ts';

const onServer = SERVER_URL === undefined ? describe.skip : describe;
const KEY = /^ {2}([a-z]+_live_[0-9A-Za-z]{32})$/m;

onServer('keys on two servers', () => {
  let place: Place;
  let servers: (FacetProcess & { url: string })[];
  let operator: string;
  beforeAll(async () => {
    place = await migratedPlace();
    servers = await Promise.all([startProcess(place.env), startProcess(place.env)]);
    operator = KEY.exec((await printed(place.env, 'keys', 'create', '--operator', '--name', 'hosting')).join('\n'))![1]!;
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
  });

  const [one, two] = [0, 1];
  const admin = (server: number, path: string, more?: Parameters<typeof call>[2]) =>
    call(`${servers[server]!.url}/admin${path}`, operator, more);
  const patients = async (server: number, key: string) => (await call(`${servers[server]!.url}/fhir/R4/Patient`, key)).status;
  const create = async (server: number) =>
    (await admin(server, '/keys', { body: { tenant: 'demo', surface: 'fhir' } })).body as { id: string; key: string };
  /** How long a server still accepts the key, in ms. */
  const lastOpened = async (server: number, key: string): Promise<number> => {
    const from = performance.now();
    while (performance.now() - from < 20_000 && (await patients(server, key)) === 200) await delay(50);
    return performance.now() - from;
  };

  test('a key that is created at one server opens the other at once', async () => {
    const { key } = await create(one);
    expect([await patients(one, key), await patients(two, key)]).toEqual([200, 200]);
  });

  test('a key that is revoked at one server is refused by the other within two seconds', async () => {
    const { id, key } = await create(one);
    expect(await patients(two, key)).toBe(200);
    expect((await admin(one, `/keys/${id}?tenant=demo`, { method: 'DELETE' })).status).toBe(204);
    expect(await lastOpened(two, key)).toBeLessThan(2000);
    expect(await patients(two, key)).toBe(401);
  });

  test('a key that the command line rotates without overlap is refused by both within two seconds; the new key opens both', async () => {
    const { id, key } = await create(one);
    expect([await patients(one, key), await patients(two, key)]).toEqual([200, 200]);
    const lines = await printed(place.env, 'keys', 'rotate', id, '--tenant', 'demo', '--overlap', '0');
    const [, next] = KEY.exec(lines.join('\n'))!;
    expect(Math.max(...(await Promise.all([lastOpened(one, key), lastOpened(two, key)])))).toBeLessThan(2000);
    expect([await patients(one, next!), await patients(two, next!)]).toEqual([200, 200]);
  });

  test('of concurrent rotations at two servers one succeeds', async () => {
    const { id } = await create(one);
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_one, n) => admin(n % 2, `/keys/${id}/rotate?tenant=demo`, { body: {} })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  });

  test('concurrent creates with one Idempotency-Key at two servers create one key', async () => {
    const send = (n: number) =>
      admin(n % 2, '/keys', { headers: { 'Idempotency-Key': 'both' }, body: { tenant: 'demo', surface: 'fhir', name: 'both' } });
    const responses = await Promise.all(Array.from({ length: 10 }, (_one, n) => send(n)));
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 201]);
    const { keys } = (await admin(two, '/keys?tenant=demo')).body as { keys: { name: string }[] };
    expect(keys.filter(({ name }) => name === 'both')).toHaveLength(1);
  });

  test('the last use is stored within seconds, and those of a server that stops are stored', async () => {
    const { id, key } = await create(one);
    const lastUsed = async () => (await admin(one, `/keys/${id}?tenant=demo`)).body.lastUsed as string | null;
    expect(await lastUsed()).toBeNull();
    expect(await patients(two, key)).toBe(200);
    await until(async () => (await lastUsed()) !== null);
    const stored = await lastUsed();
    expect(await patients(two, key)).toBe(200);
    expect(await lastUsed()).toBe(stored);
    servers[two]!.signal('SIGTERM');
    await servers[two]!.ended;
    expect(Date.parse((await lastUsed())!)).toBeGreaterThan(Date.parse(stored!));
    const line = (await printed(place.env, 'keys', 'list', '--tenant', 'demo')).find((text) => text.startsWith(id));
    expect(line).toContain(await lastUsed());
    servers[two] = await startProcess(place.env);
  });
});
