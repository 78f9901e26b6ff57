// Observation/$lastn: groups, ties, order, filters, GET and POST, limits, scopes and tenants, and the same result as sorting in memory.
// https://hl7.org/fhir/R4/observation-operation-lastn.html
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
  await store('ann', [
    ['w1', 'weight', '2024-01-01'],
    ['w2', 'weight', '2024-03-01'],
    ['w3', 'weight', '2024-02-01'],
    ['h1', 'height', '2024-01-15'],
    ['t1', 'temp', '2024-05-01T10:00:00Z'],
    ['t2', 'temp', '2024-05-01T12:00:00+02:00'],
    ['t3', 'temp', '2024-04-01'],
  ]);
  await store('bob', [['b1', 'weight', '2025-01-01']]);
});
afterAll(() => facet.close());

type Row = [id: string, code: string, at: string | undefined, more?: object];
interface Bundle {
  total: number;
  link: { url: string }[];
  entry?: { resource: { id: string }; search: { mode: string } }[];
  issue: { details: { text: string } }[];
}
const call = (method: Method, path: string, key?: string) => facet.fhir(method, path, key);
const toObservation = (subject: string, [id, code, at, more]: Row) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  category: [{ coding: [{ code: 'vital-signs' }] }],
  code: { coding: [{ system: 'urn:codes', code }] },
  subject: { reference: `Patient/${subject}` },
  ...(at && { effectiveDateTime: at }),
  ...more,
});
async function store(subject: string, rows: Row[]): Promise<void> {
  const entry = rows.map((row) => ({ resource: toObservation(subject, row), request: { method: 'PUT', url: `Observation/${row[0]}` } }));
  await call('post', '').send({ resourceType: 'Bundle', type: 'transaction', entry }).expect(200);
}
const last = async (query: string, key?: string) => (await call('get', `/Observation/$lastn?${query}`, key)).body as Bundle;
const idsOf = ({ entry = [] }: Bundle): string[] => entry.map(({ resource }) => resource.id);

test('the last observation of each code, the most recent first; both of equal times', async () => {
  const body = await last('patient=ann&category=vital-signs');
  expect([idsOf(body), body.total]).toEqual([['t2', 't1', 'w2', 'h1'], 4]);
  expect(new Set(body.entry!.map(({ search }) => search.mode))).toEqual(new Set(['match']));
  expect(body.link[0]!.url).toBe('http://facet.test/fhir/R4/Observation/$lastn?patient=ann&category=vital-signs');
});

test.each<[string, string[]]>([
  ['subject=Patient/ann&category=vital-signs&max=2', ['t2', 't1', 'w2', 'w3', 'h1']],
  ['patient=ann&category=vital-signs&max=3', ['t2', 't1', 't3', 'w2', 'w3', 'h1', 'w1']],
  ['patient=ann&code=urn:codes|weight&max=2', ['w2', 'w3']],
  ['patient=ann&code=urn:codes|weight&date=lt2024-03', ['w3']],
  ['patient=ann&category=vital-signs&code:not=weight&status=final', ['t2', 't1', 'h1']],
  ['patient=ann&combo-code=urn:codes|height', ['h1']],
  ['patient=ann,bob&code=weight', ['b1']],
  ['patient=nobody&category=vital-signs', []],
])('?%s returns %j', async (query, ids) => {
  expect(idsOf(await last(query))).toEqual(ids);
});

test('an observation without a time is the last of its code, and not tied with others', async () => {
  await store('undated', [
    ['u1', 'weight', undefined],
    ['u2', 'weight', undefined],
    ['u3', 'weight', '2000'],
    ['u4', 'height', undefined],
    ['u5', 'height', undefined],
  ]);
  expect(idsOf(await last('patient=undated&category=vital-signs'))).toEqual(['u3', 'u5']);
  expect(idsOf(await last('patient=undated&category=vital-signs&max=2'))).toEqual(['u3', 'u5', 'u4', 'u2']);
});

test('codes with a shared coding are one group, also through a third observation', async () => {
  const both = { code: { coding: ['a', 'b'].map((code) => ({ system: 'urn:codes', code })) } };
  await store('mixed', [
    ['m1', 'a', '2024-01-03'],
    ['m2', 'b', '2024-01-02'],
    ['m3', 'x', '2024-01-01', both],
    ['m4', 'c', '2023-01-01', { code: { text: 'only text' } }],
    ['m5', 'c', '2022-01-01', { code: { text: 'only text' } }],
  ]);
  expect(idsOf(await last('patient=mixed&category=vital-signs&max=1'))).toEqual(['m1', 'm4']);
  expect(idsOf(await last('patient=mixed&category=vital-signs&max=2'))).toEqual(['m1', 'm2', 'm4', 'm5']);
});

test('POST takes the parameters in a Parameters resource, HEAD only the headers, _elements a part', async () => {
  const parameter = [
    { name: 'patient', valueString: 'Patient/ann' },
    { name: 'code', valueCode: 'urn:codes|weight' },
    { name: 'max', valuePositiveInt: 2 },
  ];
  const posted = await call('post', '/Observation/$lastn').send({ resourceType: 'Parameters', parameter });
  expect([posted.status, idsOf(posted.body)]).toEqual([200, ['w2', 'w3']]);
  const number = '{"name":"value-quantity","valueDecimal":5.40}';
  const exact = await call('post', '/Observation/$lastn')
    .set('Content-Type', 'application/fhir+json')
    .send(
      `{"resourceType":"Parameters","parameter":[{"name":"patient","valueString":"ann"},{"name":"code","valueCode":"weight"},${number}]}`,
    );
  expect(exact.body.link[0].url).toContain('value-quantity=5.40');
  const head = await call('head', '/Observation/$lastn?patient=ann&code=weight');
  expect([head.status, head.text]).toEqual([200, undefined]);
  const { entry } = await last('patient=ann&code=height&_elements=status&_format=json');
  expect(entry!.map(({ resource }) => Object.keys(resource).sort())).toEqual([['code', 'id', 'meta', 'resourceType', 'status']]);
});

test.each<[string, string]>([
  ['category=vital-signs', 'patient or subject'],
  ['patient=ann', 'category, code'],
  ['subject:missing=false&category:missing=false', 'patient or subject, without :missing'],
  ['patient.gender:not=male&category=vital-signs', 'patient or subject, without :missing'],
  ['subject:Patient.active:missing=true&code=x', 'patient or subject, without :missing'],
  ['patient=ann&code=x&max=0', 'max must be'],
  ['patient=ann&code=x&max=1&max=2', 'max may occur only once'],
  ['patient=ann&code=x&_sort=date', '_sort'],
  ['patient=ann&code=x&_count=5', '_count'],
  ['patient=ann&code=x&colour=red', 'colour'],
])('?%s is 400 and the error names %s', async (query, name) => {
  const { status, body } = await call('get', `/Observation/$lastn?${query}`);
  expect([status, body.issue[0].details.text]).toEqual([400, expect.stringContaining(name)]);
});

test('it needs the scope for searching observations, and for the types of chains; another tenant has nothing', async () => {
  const patients = await facet.keyWith('fhir', ['system/Patient.rs']);
  const observations = await facet.keyWith('fhir', ['system/Observation.s']);
  expect((await call('get', '/Observation/$lastn?patient=ann&code=weight', patients)).status).toBe(403);
  expect(idsOf(await last('patient=ann&code=weight', observations))).toEqual(['w2']);
  expect((await call('get', '/Observation/$lastn?patient.name=x&code=weight', observations)).status).toBe(403);
  expect(idsOf(await last('patient=ann&category=vital-signs', facet.other.fhir!))).toEqual([]);
});

test('entries of a batch and of a transaction read it', async () => {
  for (const type of ['batch', 'transaction']) {
    const entry = [{ request: { method: 'GET', url: 'Observation/$lastn?patient=ann&code=weight' } }];
    const { body } = await call('post', '').send({ resourceType: 'Bundle', type, entry });
    expect([type, idsOf(body.entry[0].resource)]).toEqual([type, ['w2']]);
  }
});

test('more than 1,000 observations are refused (413) with the remedy, never cut', async () => {
  for (let part = 0; part < 3; part++)
    await store(
      'many',
      Array.from({ length: 334 }, (_one, n): Row => [`many-${part}-${n}`, `c${part}-${n}`, '2024-01-01']),
    );
  const { status, body } = await call('get', '/Observation/$lastn?patient=many&category=vital-signs');
  expect([status, body.issue[0].details.text]).toEqual([413, expect.stringContaining('fewer codes')]);
  expect(idsOf(await last('patient=many&code=c0-1'))).toEqual(['many-0-1']);
});

test('random observations: the same result as grouping and sorting them in memory', async () => {
  const days = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-02', undefined];
  const rows = Array.from({ length: 160 }, (_one, n): Row => {
    const at = days[(n * 7 + 3) % 5];
    return [`r${String(n).padStart(3, '0')}`, `code${(n * 11) % 6}`, at];
  });
  await store('random', rows);
  for (const max of [1, 2, 5, 40]) {
    // newest first; of equal times the one stored last first
    const sorted = rows.toReversed().sort((a, b) => ((b[2] ?? '') < (a[2] ?? '') ? -1 : Number((b[2] ?? '') > (a[2] ?? ''))));
    const expected = sorted.filter(([id, code, at]) => {
      const group = sorted.filter(([, other]) => other === code);
      const place = at === undefined ? group.findIndex(([other]) => other === id) : group.findIndex(([, , other]) => other === at);
      return place < max;
    });
    expect([max, idsOf(await last(`patient=random&category=vital-signs&max=${max}`))]).toEqual([max, expected.map(([id]) => id)]);
  }
});
