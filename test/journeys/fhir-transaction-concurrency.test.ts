// Concurrent transactions on the same resources: each succeeds or fails as a unit, reports its outcome correctly, and never returns 500. The embedded engine
// has one connection: there, transactions run one after the other. https://hl7.org/fhir/R4/http.html#trules

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let server: Server;
let base: string;
beforeAll(async () => {
  facet = await startFacet();
  server = createServer(facet.app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir/R4`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await facet.close();
});

const CLIENTS = 16;
const ROUNDS = 6;
const headers = () => ({ Authorization: `Bearer ${facet.demo.fhir}`, 'Content-Type': 'application/fhir+json' });

interface Versioned {
  id: string;
  meta: { versionId: string; tag?: { code: string }[] };
}
interface Answer {
  status: number;
  body: { total?: number; entry?: { resource?: Versioned; response: { status: string; location?: string } }[] };
}

async function send(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(base + path, { method, headers: headers(), ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const transaction = (entry: object[]) => send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
const put = (id: string, tag: string, request: object = {}) => ({
  resource: { resourceType: 'Patient', id, meta: { tag: [{ code: tag }] } },
  request: { method: 'PUT', url: `Patient/${id}`, ...request },
});
/** What each of the clients does, in each of the rounds; all clients at once. */
const everybody = async <T>(work: (client: number, round: number) => Promise<T>): Promise<T[]> => {
  const answers: T[] = [];
  const runClient = async (client: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) answers.push(await work(client, round));
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_one, client) => runClient(client)));
  return answers;
};
/** The tags of all versions of a patient, oldest first. */
async function tagsOf(id: string): Promise<string[]> {
  const { body } = await send('GET', `/Patient/${id}/_history?_count=1000`);
  return body.entry!.map((entry) => entry.resource!.meta.tag![0]!.code).reverse();
}

test('concurrent transactions without ifMatch on the same ids in opposite orders all succeed completely', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const done = await everybody(async (client, round) => {
    const tag = `${client}-${round}`;
    const order = client % 2 ? ids : ids.toReversed();
    const { status } = await transaction(order.map((id) => put(`blind-${id}`, tag)));
    return { tag, status };
  });
  expect([...new Set(done.map(({ status }) => status))]).toEqual([200]);
  const tags = await Promise.all(ids.map((id) => tagsOf(`blind-${id}`)));
  expect(tags[0]!.toSorted()).toEqual(done.map(({ tag }) => tag).toSorted());
  for (const other of tags) expect(other).toEqual(tags[0]);
});

test('with ifMatch no update is lost, refused transactions write nothing, and responses match the stored versions', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `guarded-${name}`);
  expect((await transaction(ids.map((id) => put(id, 'first')))).status).toBe(200);
  const done = await everybody(async (client, round) => {
    const tag = `${client}-${round}`;
    const mine = ids.map((id, at) => ({ id, rank: (at * 7 + client * 5 + round * 3) % 11 })).sort((x, y) => x.rank - y.rank);
    const versions = await Promise.all(mine.slice(0, 3).map(({ id }) => send('GET', `/Patient/${id}`)));
    const entries = versions.map(({ body }) => {
      const { id, meta } = body as unknown as Versioned;
      return put(id, tag, { ifMatch: `W/"${meta.versionId}"` });
    });
    const { status, body } = await transaction(entries);
    return { tag, status, versions: body.entry?.map(({ resource }) => `${resource!.id}/${resource!.meta.versionId}`) ?? [] };
  });
  expect(done.filter(({ status }) => ![200, 409, 412].includes(status))).toEqual([]);
  const stored = new Map(await Promise.all(ids.map(async (id) => [id, await tagsOf(id)] as const)));
  for (const { tag, status, versions } of done) {
    const found = ids.flatMap((id) => stored.get(id)!.flatMap((version, at) => (version === tag ? [`${id}/${at + 1}`] : [])));
    expect({ tag, found: found.toSorted() }).toEqual({ tag, found: status === 200 ? versions.toSorted() : [] });
  }
  expect(done.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
});

test('conditional creates of the same identifiers in concurrent transactions create one resource for each identifier, and all links lead to it', async () => {
  const names = ['p', 'q', 'r', 's'];
  const done = await everybody(async (client, round) => {
    const order = client % 2 ? names : names.toReversed();
    const entries = order.map((name) => ({
      fullUrl: `urn:x:${name}`,
      resource: { resourceType: 'Patient', identifier: [{ system: 'urn:race', value: `${name}${round}` }] },
      request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:race|${name}${round}` },
    }));
    const links = {
      resourceType: 'List',
      status: 'current',
      mode: 'working',
      entry: order.map((name) => ({ item: { reference: `urn:x:${name}` } })),
    };
    return (await transaction([...entries, { resource: links, request: { method: 'POST', url: 'List' } }])).status;
  });
  expect([...new Set(done)]).toEqual([200]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const { body } = await send('GET', `/Patient?identifier=urn:race|${name}${round}&_revinclude=List:item&_count=10`);
      const [match, ...lists] = body.entry!;
      expect([match!.resource!.meta.versionId, lists.length]).toEqual(['1', CLIENTS]);
    }
  }
});

test('concurrent conditional updates of one identifier create one resource with a version for each', async () => {
  const done = await everybody(async (client, round) => {
    const resource = {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:once', value: '1' }],
      meta: { tag: [{ code: `${client}-${round}` }] },
    };
    return (await transaction([{ resource, request: { method: 'PUT', url: 'Patient?identifier=urn:once|1' } }])).status;
  });
  expect([...new Set(done)]).toEqual([200]);
  const { body } = await send('GET', '/Patient?identifier=urn:once|1');
  expect(body.entry!.map(({ resource }) => resource!.meta.versionId)).toEqual([String(CLIENTS * ROUNDS)]);
});
