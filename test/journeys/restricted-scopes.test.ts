// Scopes for a part of the resources of a type: `patient/` scopes of access tokens, and scopes with a query. What they do not cover does not exist: every response
// is the same whether the other resources are there or not. docs/decisions/0052-restricted-scopes.md
import request, { type Response } from 'supertest';
import { AUDIENCE, startIssuer, type TestIssuer } from '../access-tokens/issuer-fixture.ts';
import { type Running, startFacet } from './running-server.ts';
import { ANNS, BOBS, SECRET } from './two-patients.ts';

let issuer: TestIssuer;
let facet: Running;
beforeAll(async () => {
  issuer = await startIssuer();
  facet = await startFacet({ FACET_ISSUERS: JSON.stringify([{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo' }]) });
  for (const resource of ANNS) expect((await facet.put(resource)).status).toBe(201);
});
afterAll(async () => {
  await facet.close();
  await issuer.close();
});

const TYPES = ANNS.map(({ resourceType }) => resourceType);

const annsToken = () => issuer.token({ scope: 'patient/*.cruds', patient: 'ann' });
const laboratoryToken = () =>
  issuer.token({ scope: 'system/Observation.cruds?category=laboratory system/Patient.rs?identifier=urn:mrn|Lovelace' });

/** Values that both patients' resources have, by the type of the search parameter, and values of the other patient. */
const VALUES: Record<string, string[]> = {
  token: ['female', 'final', 'finished', `urn:mrn|${SECRET}`, '718-7', 'vital-signs'],
  string: [SECRET.toLowerCase()],
  date: ['ge1970-01-01', '2026-01-02'],
  quantity: ['13.5', 'gt1||g/dL'],
  reference: ['Patient/bob', 'Encounter/bob-enc', 'Observation/bob-obs'],
  composite: ['718-7$gt1'],
};

interface Statement {
  rest: [
    {
      resource: {
        type: string;
        searchParam?: { name: string; type: string }[];
        searchInclude?: string[];
        searchRevInclude?: string[];
      }[];
    },
  ];
}

/** Every search parameter, inclusion and chain of the types that both patients have, from the CapabilityStatement. */
async function listReads(): Promise<string[]> {
  const { rest } = (await facet.fhir('get', '/metadata')).body as Statement;
  const served = rest[0].resource.filter(({ type }) => TYPES.includes(type));
  expect(served).toHaveLength(TYPES.length);
  const ofParameter = (type: string, { name, type: kind }: { name: string; type: string }): string[] => [
    ...(VALUES[kind] ?? []).map((value) => `/${type}?${name}=${encodeURIComponent(value)}`),
    ...(kind === 'token' ? [`/${type}?${name}:not=nothing`] : []),
    ...(kind === 'reference' ? [`/${type}?${name}:Patient.name=${SECRET}`, `/${type}?${name}:Patient.gender=female`] : []),
    ...['true', 'false'].map((missing) => `/${type}?${name}:missing=${missing}`),
    `/${type}?_sort=${name}`,
  ];
  return served.flatMap(({ type, searchParam = [], searchInclude = [], searchRevInclude = [] }) => [
    `/${type}`,
    `/${type}?_summary=count`,
    `/${type}?_total=estimate&_count=1`,
    `/${type}?_include=*&_revinclude=*`,
    `/${type}?_include:iterate=*&_revinclude:iterate=*`,
    `/${type}/_history`,
    ...searchInclude.map((value) => `/${type}?_include=${value}`),
    ...searchRevInclude.filter((value) => TYPES.includes(value.split(':')[0]!)).map((value) => `/${type}?_revinclude=${value}`),
    ...searchParam
      .filter(({ name }) => !['_filter', '_text', '_content', '_query', '_list', '_has'].includes(name))
      .flatMap((parameter) => ofParameter(type, parameter)),
  ]);
}

const OTHER_READS = [
  ...TYPES.flatMap((type) => {
    const id = BOBS.find(({ resourceType }) => resourceType === type)!.id;
    return [`/${type}/${id}`, `/${type}/${id}/_history`, `/${type}/${id}/_history/1`, `/${type}/${id}/$meta`, `/Patient/bob/${type}`];
  }),
  '/Patient?_has:Observation:subject:code=718-7',
  '/Patient?_has:Observation:subject:category=vital-signs',
  '/Patient?_has:Observation:subject:_has:DiagnosticReport:result:status=final',
  '/Observation?encounter.subject:Patient.name=zanzibar',
  '/Observation?_filter=code eq 718-7',
  `/Patient?_filter=name co "${SECRET.toLowerCase()}"`,
  '/Patient/bob/$everything',
  '/Patient/ann/$everything',
  '/Patient/ann/*',
  '/Encounter/bob-enc/*',
  '/Observation/$lastn?code=718-7',
  '/Observation/$lastn?subject=Patient/bob&code=718-7',
  '/?_type=Patient,Observation',
  `/?_type=Patient&name=${SECRET}`,
  '/_history',
  '/Encounter?location:below=Location/1',
];
const POSTS: [path: string, body: object][] = [
  ['/$graphql', { query: '{ PatientList { id name { family } } ObservationList(code: "718-7") { id } }' }],
  ['/$graphql', { query: '{ Patient(id: "bob") { id } }' }],
  ['/$graphql', { query: '{ DiagnosticReport(id: "ann-rep") { result { resource { ... on Observation { id } } } } }' }],
  [
    '/Patient/$match',
    {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: { resourceType: 'Patient', name: [{ family: SECRET }], birthDate: '1980-01-02' } }],
    },
  ],
  [
    '/',
    {
      resourceType: 'Bundle',
      type: 'batch',
      entry: ['Patient/bob', 'Observation?code=718-7', 'Observation/bob-obs/_history', 'Patient?_summary=count'].map((url) => ({
        request: { method: 'GET', url },
      })),
    },
  ],
];

/** What a client sees of a response, without what differs from request to request. */
const toSeen = ({ status, body, text }: Response): string =>
  `${status} ${JSON.stringify(body ?? text).replace(/"(lastUpdated|timestamp|id|fullUrl)":"[0-9TZ:.-]{20,}"|[?&](_page|after|page)=[^"&]+|urn:uuid:[0-9a-f-]+/g, '')}`;

async function walk(token: string): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for (const path of [...(await listReads()), ...OTHER_READS])
    seen.set(path, toSeen(await facet.fhir('get', encodeURI(decodeURI(path)), token)));
  for (const [at, [path, body]] of POSTS.entries())
    seen.set(`POST ${path} ${at}`, toSeen(await facet.fhir('post', path, token).send(body)));
  return seen;
}

describe.each([
  ['a patient/ scope', () => annsToken(), 200],
  ['scopes with a query', () => laboratoryToken(), 20],
])('%s', (_name, token, leastFound) => {
  afterEach(async () => {
    for (const { resourceType, id } of BOBS.toReversed()) await facet.fhir('delete', `/${resourceType}/${id}`);
  });

  test('every response is the same, whether the other resources are there or not', async () => {
    const before = await walk(await token());
    expect([...before.values()].filter((text) => text.includes('Lovelace')).length).toBeGreaterThan(leastFound);
    for (const resource of BOBS) expect((await facet.put(resource)).status).toBeLessThan(300);
    const after = await walk(await token());
    expect(Object.fromEntries([...after].filter(([path, text]) => text !== before.get(path)))).toEqual({});
    expect([...after.values()].join()).not.toContain(`"family":"${SECRET}`);
    // the walk finds the other resources with a scope that covers them
    const all = await walk(await issuer.token({ scope: 'system/*.rs' }));
    expect([...all.values()].filter((text) => text.includes(SECRET)).length).toBeGreaterThan(200);
  }, 240_000);
});

test.each([
  ['system/Observation.rs?category=laboratory', 201],
  ['system/Observation.rs?category:not=vital-signs&subject=Patient/ann', 201],
  ['system/Observation.rs?date=ge2000', 400],
  ['system/Observation.rs?unknown=1', 400],
  ['system/Observation.rs?_count=1', 400],
  ['system/Observation.rs?subject.name=x', 400],
])('POST /admin/keys with the scope %s: %i', async (scope, status) => {
  const response = await request(facet.app)
    .post('/admin/keys')
    .set('Authorization', `Bearer ${await facet.keyWith('admin', [])}`)
    .send({ surface: 'fhir', scopes: [scope] });
  expect([response.status, response.text]).toEqual([status, expect.stringMatching(status === 201 ? /"scopes"/ : /category=laboratory/)]);
});

describe('which scopes apply', () => {
  const read = async (path: string, claims: Record<string, unknown>) => (await facet.fhir('get', path, await issuer.token(claims))).status;

  test.each<[string, Record<string, unknown>, string, number]>([
    ['a patient/ scope without a patient', { scope: 'patient/*.rs' }, '/Patient/ann', 403],
    ['a type outside of the patient compartment', { scope: 'patient/*.rs', patient: 'ann' }, '/Organization?name=x', 403],
    ['a letter that is missing', { scope: 'patient/Observation.s', patient: 'ann' }, '/Observation/ann-obs', 403],
    ['a type that is missing', { scope: 'patient/Condition.rs', patient: 'ann' }, '/Observation/ann-obs', 403],
    ['SMART 1', { scope: 'patient/Observation.read', patient: 'ann' }, '/Observation/ann-obs', 200],
    [
      'the compartment and a query: both must hold',
      { scope: 'patient/Observation.rs?category=vital-signs', patient: 'ann' },
      '/Observation/ann-obs',
      404,
    ],
    [
      'two queries: one must hold',
      { scope: 'system/Observation.rs?category=vital-signs system/Observation.rs?category=laboratory' },
      '/Observation/ann-obs',
      200,
    ],
    ['a wider scope beside it', { scope: 'patient/*.rs system/Observation.rs', patient: 'bob' }, '/Observation/ann-obs', 200],
    ['a query that is not supported', { scope: 'system/Observation.rs?date=ge2000' }, '/Observation/ann-obs', 404],
    ['a query with an unknown parameter', { scope: 'system/Observation.rs?unknown=1' }, '/Observation/ann-obs', 404],
    ['a query with a result parameter', { scope: 'system/Observation.rs?_count=1' }, '/Observation/ann-obs', 404],
    ['a query that excludes', { scope: 'system/Observation.rs?category:not=vital-signs' }, '/Observation/ann-obs', 200],
    ['a query on a reference', { scope: 'system/Observation.rs?subject=Patient/bob' }, '/Observation/ann-obs', 404],
    ['a query for all types', { scope: 'system/*.rs?_tag=x' }, '/Observation/ann-obs', 403],
    ['the audit', { scope: 'system/AuditEvent.rs?type=rest patient/AuditEvent.rs', patient: 'ann' }, '/AuditEvent', 403],
  ])('%s', async (_name, claims, path, status) => {
    expect(await read(path, claims)).toBe(status);
  });
});
