// Two tenants, and every operation of the OpenAPI documents with each of its parameters: each response to one tenant is the same, whether another tenant has
// resources with the same ids or nothing at all. With both walls between tenants, and with each alone. docs/decisions/0050-tenant-walls.md
import { type FuzzOperation, readOperations } from '../../scripts/fuzz/operations.ts';
import { SERVER_URL } from '../store/open.ts';
import { findDifferences, findSecrets } from './differences.ts';
import { fill } from './fill.ts';
import { toOperationName } from './requests.ts';
import { listExampleResources, markCopies } from './resources.ts';
import { selectOperations } from './selection.ts';
import { startWalkServer, type WalkServer } from './servers.ts';
import { createWalked, send, type Walked, type WalkTarget, walkOperations } from './walk.ts';

const EXAMPLES = listExampleResources();

let server: WalkServer;
let all: FuzzOperation[];
/** The walk of a tenant while no other has anything. */
let baseline: Walked;
beforeAll(async () => {
  server = await startWalkServer();
  all = await readOperations(server.facet.url);
  baseline = await walk(server.other);
});
afterAll(() => server.facet.close());

/** Once while the tenant has nothing, so that every id in the documents is that of no resource or of another tenant, and once with resources of its own. */
async function walk(target: WalkTarget): Promise<Walked> {
  const operations = selectOperations(all);
  const walked = createWalked();
  await walkOperations(target, operations, { walked, name: 'empty', withParameters: () => true });
  expect(await fill(target, EXAMPLES)).toBeGreaterThan(250);
  await walkOperations(target, operations, { walked, name: 'filled', withParameters: ({ path }) => /[{$]/.test(path) });
  return walked;
}

/** The walk of the tenant demo, while the other one has all resources, and copies with a marker. */
async function walkBesideOther({ demo, other }: WalkServer): Promise<Walked> {
  expect(await fill(other, [...EXAMPLES, ...markCopies(EXAMPLES)])).toBeGreaterThan(500);
  return walk(demo);
}

async function walkOn(walls: Parameters<typeof startWalkServer>[0]): Promise<Walked> {
  const started = await startWalkServer(walls);
  try {
    return await walkBesideOther(started);
  } finally {
    await started.facet.close();
  }
}

test('with the condition of the store alone, no response depends on another tenant', async () => {
  const walked = await walkBesideOther(server);
  expect(walked.seen.size).toBeGreaterThan(2000);
  expect([findDifferences(baseline, walked), findSecrets(walked)]).toEqual([{}, []]);
});

test('a link to a page of another tenant is refused like one that nobody made', async () => {
  expect(baseline.pages.length).toBeGreaterThan(3);
  for (const { door, path } of baseline.pages) {
    const ask = (link: string) => send(server.demo, { door, operation: '', method: 'GET', path: link, headers: {} });
    const [foreign, unknown] = [await ask(path), await ask(path.replace(/(_page|cursor)=[^&]+/, '$1=x'))];
    expect([path, foreign.shown, foreign.text.includes('"entry"')]).toEqual([path, unknown.shown, false]);
  }
});

const onServer = SERVER_URL === undefined ? test.skip : test;
onServer.each([
  ['with the views of FACET_RLS=on alone', { condition: false, rls: 'on' }],
  ['with both walls', { rls: 'on' }],
] as const)('%s, no response depends on another tenant', async (_name, walls) => {
  const walked = await walkOn(walls);
  expect([findDifferences(baseline, walked), findSecrets(walked)]).toEqual([{}, []]);
});

test('without a wall, the walk finds the other tenant through every API', async () => {
  const walked = await walkOn({ condition: false });
  const different = Object.keys(findDifferences(baseline, walked));
  const count = (door: string): number => different.filter((request) => request.split(' ')[2] === door).length;
  expect([count('fhir') > 100, count('clinik') > 50, count('loop') > 2, count('jump') > 4]).toEqual([true, true, true, true]);
  expect(findSecrets(walked).length).toBeGreaterThan(10);
});

test('every operation succeeds in the walk, except those that are listed with a reason', () => {
  const names = new Set(all.map(toOperationName));
  const failed = [...names].filter((name) => !baseline.succeeded.has(name) && !name.startsWith('admin '));
  expect(failed.toSorted()).toEqual(Object.keys(NEVER_SUCCESSFUL).toSorted());
});

test('the administration refuses the key of a tenant at every operation', () => {
  const responses = [...baseline.seen].filter(([request]) => request.split(' ')[2] === 'admin');
  expect(responses.length).toBeGreaterThan(20);
  expect(responses.filter(([, response]) => !/^40[13]\n/.test(response))).toEqual([]);
});

const TERMINOLOGY = 'the documents have no example of its parameters';
const PATIENT_KEY = 'needs the key of a patient';

/** Operation → why no request of the walk succeeds. Their error responses are compared. */
const NEVER_SUCCESSFUL: Record<string, string> = {
  'fhir get /.well-known/smart-configuration': 'no issuer is configured',
  'fhir get /:type/$lastn': 'needs a patient and a code',
  'fhir get /:type/{id}/$graphql': 'its query is about the resource, and that of the system is not',
  'fhir post /:type/$merge': 'the other patient of its example is not stored',
  ...Object.fromEntries(
    ['$expand', '$lookup', '$subsumes', '$translate', '$validate-code'].flatMap((name) =>
      [
        `get /:type/${name}`,
        `post /:type/${name}`,
        ...(name === '$lookup' ? [] : [`get /:type/{id}/${name}`, `post /:type/{id}/${name}`]),
      ].map((operation) => [`fhir ${operation}`, TERMINOLOGY]),
    ),
  ),
  'loop get /v1/lab-orders/{id}': 'the order of the example has no Task',
  'loop post /v1/lab-orders': 'needs the contacts of the patient, a registered physician and a catalogue',
  'loop post /v1/patients/me/age-verification': PATIENT_KEY,
  'loop post /v1/patients/me/ruo-acknowledgement': PATIENT_KEY,
  'loop post /v1/patients/{patient_id}/providers': 'its example names a Practitioner that no example describes',
  'loop post /v1/researcher-acknowledgements': PATIENT_KEY,
  'other get /fhir/R5/Patient': 'is not served',
  'other get /console/session/callback/name': 'no issuer is configured',
  'other get /console/session/login/name': 'no issuer is configured',
  'other post /console/session': 'only a page of the console may sign in',
  'other post /v1/webhooks/junction/name': 'there is no account with this name',
  'other post /webhooks/junction': 'the account has no secret',
};
