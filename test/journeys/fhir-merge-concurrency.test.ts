// Merges while other requests write: no write is lost, and the references that were stored meanwhile are moved. The embedded engine has one connection: there,
// transactions run one after the other.
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

interface Body {
  total: number;
  id: string;
  active?: boolean;
  subject: { reference: string };
  link?: { type: string }[];
  component?: object[];
}
async function send(method: string, path: string, body?: object, type = 'application/fhir+json'): Promise<{ status: number; body: Body }> {
  const headers = { Authorization: `Bearer ${facet.demo.fhir}`, 'Content-Type': type };
  const response = await fetch(base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as Body };
}
const refer = (id: string) => ({ reference: `Patient/${id}` });
const merge = (source: string, target: string) =>
  send('POST', '/Patient/$merge', {
    resourceType: 'Parameters',
    parameter: [
      { name: 'source-patient', valueReference: refer(source) },
      { name: 'target-patient', valueReference: refer(target) },
    ],
  });
const observation = (subject: string) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: refer(subject) });
const countOf = async (patient: string) => (await send('GET', `/Observation?patient=${patient}&_summary=count`)).body.total;
const pair = async (source: string, target: string) => {
  for (const id of [source, target]) await send('PUT', `/Patient/${id}`, { resourceType: 'Patient', id });
};

test('observations that are created during the merge are all there, and a repeated merge leaves none with the source', async () => {
  await pair('new-s', 'new-t');
  const creations = Array.from({ length: 120 }, () => send('POST', '/Observation', observation('new-s')));
  const merged = merge('new-s', 'new-t');
  const statuses = new Set((await Promise.all(creations)).map(({ status }) => status));
  expect([(await merged).status, statuses]).toEqual([200, new Set([201])]);
  expect((await countOf('new-s')) + (await countOf('new-t'))).toBe(120);
  expect((await merge('new-s', 'new-t')).status).toBe(200);
  expect([await countOf('new-s'), await countOf('new-t')]).toEqual([0, 120]);
});

test('patches during the merge are all kept, and none brings the source back', async () => {
  await pair('patch-s', 'patch-t');
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await send('POST', '/Observation', observation('patch-s'))).body.id),
  );
  const patch = [{ op: 'add', path: '/valueString', value: 'patched' }];
  const patches = ids.map((id) => send('PATCH', `/Observation/${id}`, patch, 'application/json-patch+json'));
  const merged = merge('patch-s', 'patch-t');
  expect(new Set((await Promise.all(patches)).map(({ status }) => status))).toEqual(new Set([200]));
  expect((await merged).status).toBe(200);
  const stored = await Promise.all(ids.map((id) => send('GET', `/Observation/${id}`)));
  expect(
    new Set(stored.map(({ body }) => JSON.stringify([body.subject.reference, (body as { valueString?: string }).valueString]))),
  ).toEqual(new Set(['["Patient/patch-t","patched"]']));
});

test('eight merges of the same patients at once: one result, linked once', async () => {
  await pair('same-s', 'same-t');
  await send('POST', '/Observation', observation('same-s'));
  const merges = await Promise.all(Array.from({ length: 8 }, () => merge('same-s', 'same-t')));
  expect(merges.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
  const target = (await send('GET', '/Patient/same-t')).body;
  expect([target.link, await countOf('same-t')]).toEqual([[{ other: refer('same-s'), type: 'replaces' }], 1]);
});

test('of two merges in opposite directions one wins, and one patient stays active', async () => {
  for (let round = 0; round < 8; round++) {
    const [a, b] = [`a${round}`, `b${round}`];
    await pair(a, b);
    const statuses = (await Promise.all([merge(a, b), merge(b, a)])).map(({ status }) => status);
    expect([round, statuses.sort()]).toEqual([round, [200, 422]]);
    const actives = await Promise.all([a, b].map(async (id) => (await send('GET', `/Patient/${id}`)).body.active));
    expect(actives.filter((active) => active === false)).toHaveLength(1);
  }
});
