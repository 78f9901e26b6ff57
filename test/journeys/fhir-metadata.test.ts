// The parameters of /metadata. https://hl7.org/fhir/R4/http.html#capabilities
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const get = (query: string) => facet.fhir('get', `/metadata${query}`);

test.each(['', '?mode=full', '?mode=normative', '?_summary=false', '?_format=json', '?_pretty=true'])(
  'metadata%s is the whole statement',
  async (query) => {
    const { status, body } = await get(query);
    expect([status, body]).toEqual([200, (await get('')).body]);
    expect(body).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' });
  },
);

test.each([
  ['?mode=everything', 'invalid', 'mode must be full, normative, terminology'],
  ['?mode=full&mode=full', 'invalid', 'mode may occur only once'],
  ['?_count=1', 'not-supported', 'metadata takes mode, _format, _pretty, _summary and _elements'],
  ['?_summary=everything', 'invalid', '_summary must be true, text, data, count or false'],
])('metadata%s is refused', async (query, code, text) => {
  const { status, body } = await get(query);
  expect([status, body.issue[0].code, body.issue[0].diagnostics]).toEqual([400, code, text]);
});

test('mode=terminology is the TerminologyCapabilities: what each terminology operation takes, and the code systems of R4', async () => {
  const { status, headers, body } = await get('?mode=terminology');
  expect([status, body.resourceType, body.kind]).toEqual([200, 'TerminologyCapabilities', 'instance']);
  expect(body.codeSystem).toContainEqual({
    uri: 'http://hl7.org/fhir/administrative-gender',
    version: [{ code: '4.0.1', isDefault: true }],
    subsumption: true,
  });
  const { fhir } = facet;
  for (const { name } of body.expansion.parameter) {
    const refused = await fhir('get', `/ValueSet/$expand?${name}=`);
    expect([name, refused.body.issue[0].diagnostics]).not.toEqual([name, expect.stringContaining('the parameters of $expand are')]);
  }
  expect((await get('?mode=terminology').set('If-None-Match', headers.etag!)).status).toBe(304);
  const { issue } = (await fhir('post', '/TerminologyCapabilities/$validate').send(body)).body;
  expect(issue.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
  const part = (await get('?mode=terminology&_elements=expansion')).body;
  expect(Object.keys(part).sort()).toEqual(['date', 'expansion', 'kind', 'meta', 'resourceType', 'status']);
  const xml = await get('?mode=terminology&_format=xml');
  expect([xml.status, xml.text.slice(0, 80)]).toEqual([200, expect.stringContaining('<TerminologyCapabilities')]);
});

test('_pretty indents, and _format=xml returns XML', async () => {
  expect((await get('?_pretty=true')).text).toContain('\n  "status": "active"');
  const xml = await get('?_format=xml');
  expect([xml.status, xml.headers['content-type']]).toEqual([200, 'application/fhir+xml; charset=utf-8']);
});

test('_elements returns these and the mandatory elements, and _summary the summary, both marked as a part', async () => {
  const { body } = await get('?_elements=software');
  expect(Object.keys(body).sort()).toEqual(['date', 'fhirVersion', 'format', 'kind', 'meta', 'resourceType', 'software', 'status']);
  expect(body.meta.tag[0].code).toBe('SUBSETTED');
  const summary = (await get('?_summary=true')).body;
  expect([summary.meta.tag[0].code, summary.rest[0].mode, summary.rest[0].resource[0].interaction]).toEqual([
    'SUBSETTED',
    'server',
    undefined,
  ]);
  expect((await get('?_elements=shoe')).status).toBe(400);
});

test('a part has an ETag of its own, also by HEAD', async () => {
  const [whole, part] = [await get(''), await get('?_elements=software')];
  expect(part.headers.etag).not.toBe(whole.headers.etag);
  const again = (query: string, etag: string) => get(query).set('If-None-Match', etag);
  expect((await again('?_elements=software', part.headers.etag!)).status).toBe(304);
  expect((await again('?_elements=software', whole.headers.etag!)).status).toBe(200);
  const head = await facet.fhir('head', '/metadata?_elements=software');
  expect([head.status, head.headers.etag]).toEqual([200, part.headers.etag]);
});
