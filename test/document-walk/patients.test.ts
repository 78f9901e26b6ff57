// Keys whose scopes cover a part of each type, and every operation of the OpenAPI documents: each response is the same, whether the other resources are there or
// not. Two tenants walk: one has what the scopes cover, the other has hidden resources beside it. docs/decisions/0052-restricted-scopes.md
import { type FuzzOperation, readOperations } from '../../scripts/fuzz/operations.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { createApiKey } from '../../src/store/api-keys.ts';
import { createTenant } from '../../src/store/tenants.ts';
import type { Keys } from '../journeys/running-server.ts';
import { findDifferences, findSecrets } from './differences.ts';
import { fill } from './fill.ts';
import { listExampleResources, markCopies, type StoredExample } from './resources.ts';
import { selectOperations } from './selection.ts';
import { startWalkServer, toTarget, type WalkServer } from './servers.ts';
import { createWalked, type Walked, type WalkTarget, walkOperations } from './walk.ts';

const [SYSTEM, CODE] = ['urn:walk', 'visible'];
const SCOPES = SERVED_TYPES.map((type) => `system/${type}.cruds?_tag=${SYSTEM}|${CODE}`);
const EXAMPLES = listExampleResources();
const COPIES = markCopies(EXAMPLES);
const COVERED = EXAMPLES.map((one): StoredExample => ({ ...one, meta: { tag: [{ system: SYSTEM, code: CODE }] } }));

let server: WalkServer;
let operations: FuzzOperation[];
beforeAll(async () => {
  server = await startWalkServer();
  operations = selectOperations(await readOperations(server.facet.url));
});
afterAll(() => server.facet.close());

/** A tenant with these resources, with keys for all of them, and with keys for a part. */
async function addTenant(slug: string, resources: StoredExample[]): Promise<{ whole: WalkTarget; restricted: WalkTarget }> {
  const { facet } = server;
  const at = '2026-01-01T00:00:00.000Z';
  const tenant = (await createTenant(facet.store.database, { slug, name: slug, brand: 'main', at }))!.id;
  const createKeys = async (scopes: string[]): Promise<WalkTarget> => {
    const keys: Keys = {};
    for (const [surface, example] of Object.entries(facet.demo)) {
      const prefix = example.slice(0, example.lastIndexOf('_') + 1);
      keys[surface] = (await createApiKey(facet.store.database, { tenant, surface, scopes, prefix, at })).text;
    }
    return toTarget(facet.url, keys);
  };
  const whole = await createKeys(['*']);
  if (resources.length) expect(await fill(whole, resources)).toBeGreaterThan(resources.length * 0.8);
  return { whole, restricted: await createKeys(SCOPES) };
}

async function walk(target: WalkTarget, chosen = operations, withParameters = (_one: FuzzOperation): boolean => true): Promise<Walked> {
  const walked = createWalked();
  await walkOperations(target, chosen, { walked, name: '', withParameters });
  return walked;
}

const succeededAt = ({ seen }: Walked, door: string): number =>
  [...seen].filter(([request, response]) => request.split(' ')[2] === door && response.startsWith('2')).length;

test('hidden resources at every id of the documents change no response', async () => {
  const [alone, beside] = [await addTenant('alone', []), await addTenant('beside', [...EXAMPLES, ...COPIES])];
  const [before, after] = [await walk(alone.restricted), await walk(beside.restricted)];
  expect(after.seen.size).toBeGreaterThan(1500);
  expect([findDifferences(before, after), findSecrets(after)]).toEqual([{}, []]);
  // keys for all resources show them
  const reads = operations.filter(({ method }) => method === 'get');
  expect(findSecrets(await walk(beside.whole, reads, () => false)).length).toBeGreaterThan(10);
});

test('hidden resources beside the covered ones change no response', async () => {
  const [alone, beside] = [await addTenant('covered-alone', COVERED), await addTenant('covered-beside', [...COVERED, ...COPIES])];
  const withParameters = ({ door, path }: FuzzOperation): boolean => door !== 'fhir' || /[{$]/.test(path);
  const [before, after] = [
    await walk(alone.restricted, operations, withParameters),
    await walk(beside.restricted, operations, withParameters),
  ];
  expect([findDifferences(before, after), findSecrets(after)]).toEqual([{}, []]);
  expect([succeededAt(after, 'fhir') > 100, succeededAt(after, 'clinik') > 30]).toEqual([true, true]);
});
