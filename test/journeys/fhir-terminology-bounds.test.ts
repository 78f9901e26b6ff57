// Definitions that refer to each other along very many paths cost no more than their size. https://hl7.org/fhir/R4/terminology-service.html
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const LEVELS = 30;
const SYSTEM = 'http://b.test/letters';
const toUrl = (kind: string, level: number): string => `http://b.test/${kind}/${level}`;

async function store(resources: object[]): Promise<void> {
  const entry = resources.map((resource) => ({ resource, request: { method: 'POST', url: Object.values(resource)[0] } }));
  await facet.fhir('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(200);
}

async function measure(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse>; isFast: boolean }> {
  const began = performance.now();
  const { status, body } = await facet.fhir('get', path);
  return { status, body, isFast: performance.now() - began < 3000 };
}

/** Value sets that each include the next one twice. */
const buildDiamonds = (kind: string, last: object[]): object[] =>
  Array.from({ length: LEVELS }, (_none, level) => ({
    resourceType: 'ValueSet',
    url: toUrl(kind, level),
    status: 'active',
    compose: {
      include:
        level === LEVELS - 1
          ? last
          : [
              { valueSet: [toUrl(kind, level + 1)] },
              { valueSet: [toUrl(kind, level + 1)] },
              { system: SYSTEM, concept: [{ code: `c${level}` }] },
            ],
    },
  }));

test('value sets that include the next one twice are expanded once each: 2^29 paths to a value set that is not known are one refusal', async () => {
  await store(buildDiamonds('open', [{ valueSet: ['http://b.test/nothing'] }]));
  const { status, body, isFast } = await measure(`/ValueSet/$expand?url=${toUrl('open', 0)}`);
  expect([status, body.issue[0].details.text, isFast]).toEqual([400, 'the value set http://b.test/nothing is not known here', true]);
});

test('the same with codes: each code is in the expansion once', async () => {
  await store(buildDiamonds('closed', [{ system: SYSTEM, concept: [{ code: 'last' }] }]));
  const { status, body, isFast } = await measure(`/ValueSet/$expand?url=${toUrl('closed', 0)}`);
  expect([status, body.expansion.total, isFast]).toEqual([200, LEVELS, true]);
});

test('a large value set that is included very often is refused as too costly', async () => {
  const concept = Array.from({ length: 2000 }, (_none, index) => ({ code: `c${index}` }));
  await store([
    { resourceType: 'ValueSet', url: toUrl('large', 0), status: 'active', compose: { include: [{ system: SYSTEM, concept }] } },
    {
      resourceType: 'ValueSet',
      url: toUrl('often', 0),
      status: 'active',
      compose: { include: Array.from({ length: 200 }, () => ({ valueSet: [toUrl('large', 0)] })) },
    },
  ]);
  const { status, body } = await measure(`/ValueSet/$expand?url=${toUrl('often', 0)}`);
  expect([status, body.issue[0].code]).toEqual([422, 'too-costly']);
});

test('concept maps whose groups all delegate to the next map are asked once each', async () => {
  const delegate = (level: number) => ({
    source: SYSTEM,
    target: 'http://b.test/numbers',
    element: [{ code: 'other', target: [{ code: '0', equivalence: 'equal' }] }],
    unmapped: level === LEVELS - 1 ? { mode: 'fixed', code: '1' } : { mode: 'other-map', url: toUrl('map', level + 1) },
  });
  await store(
    Array.from({ length: LEVELS }, (_none, level) => ({
      resourceType: 'ConceptMap',
      url: toUrl('map', level),
      status: 'active',
      group: [delegate(level), delegate(level)],
    })),
  );
  const { status, body, isFast } = await measure(`/ConceptMap/$translate?url=${toUrl('map', 0)}&system=${SYSTEM}&code=a`);
  expect([status, body.parameter[0], isFast]).toEqual([200, { name: 'result', valueBoolean: true }, true]);
  expect(body.parameter.filter(({ name }: { name: string }) => name === 'match')).toHaveLength(1);
});
