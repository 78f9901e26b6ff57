// The FHIR API in XML: every interaction takes and returns it, and an error has the format that the client asked for. https://hl7.org/fhir/R4/http.html#mime-type
import request from 'supertest';
import { parseXml } from '../../src/fhir/xml/parse-xml.ts';
import { writeXml } from '../../src/fhir/xml/write-xml.ts';
import { type Method, type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { bodyLimit: 1024 * 1024 });
});
afterAll(() => facet.close());

const XML = 'application/fhir+xml';
const JSON_TYPE = 'application/fhir+json';
const FHIR = 'xmlns="http://hl7.org/fhir"';
const DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ada &amp; <b>Co</b><br/></p></div>';

const call = (method: Method, path: string, key = facet.demo.fhir!) =>
  request(facet.app)
    [method](`/fhir/R4${path}`)
    .set({ Authorization: `Bearer ${key}`, Accept: XML })
    .buffer(true)
    .parse(readText);
const send = (method: 'post' | 'put' | 'patch', path: string, body: string) => call(method, path).set('Content-Type', XML).send(body);
const get = (path: string) => call('get', path);

/** supertest gives the text of unknown media types only with a parser of its own. */
function readText(res: request.Response, done: (error: Error | null, text: string) => void): void {
  const stream = res as unknown as NodeJS.ReadableStream;
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks).toString()));
}

/** The JSON of an XML response, which must be named as XML. */
async function toJson({ body, headers }: request.Response): Promise<ReturnType<typeof JSON.parse>> {
  expect(headers['content-type']).toBe(`${XML}; charset=utf-8`);
  return (await parseXml(body)).plain;
}

const observation = (id: string, value = '1.00'): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Observation ${FHIR}><id value="${id}"/><text><status value="generated"/>${DIV}</text><status value="final"/>` +
  `<code><text value="x"/></code><valueQuantity><value value="${value}"/></valueQuantity></Observation>`;

test('a resource is created, read, updated and read as JSON; digits and narrative stay', async () => {
  const created = await send('put', '/Observation/digits', observation('digits'));
  expect([created.status, created.headers.etag]).toEqual([201, 'W/"1"']);
  expect(await toJson(created)).toMatchObject({ id: 'digits', meta: { versionId: '1' }, text: { div: DIV } });
  expect(created.body).toContain('<value value="1.00"/>');
  expect(created.body).toContain(DIV);
  const json = await facet.fhir('get', '/Observation/digits');
  expect([json.headers['content-type'], json.text.includes('"value":1.00'), json.body.text.div]).toEqual([
    `${JSON_TYPE}; charset=utf-8`,
    true,
    DIV,
  ]);
  expect((await get('/Observation/digits')).body).toBe(created.body);
  const same = await send('put', '/Observation/digits', created.body);
  expect([same.status, same.headers.etag]).toEqual([200, 'W/"1"']);
  const updated = await send('put', '/Observation/digits', observation('digits', '1.0'));
  expect([updated.status, updated.headers.etag]).toEqual([200, 'W/"2"']);
  expect((await get('/Observation/digits/_history/1')).body).toBe(created.body);
});

test('create, conditional create and conditional update take XML', async () => {
  const patient = (family: string) =>
    `<Patient ${FHIR}><identifier><system value="urn:s"/><value value="1"/></identifier><name><family value="${family}"/></name></Patient>`;
  const created = await send('post', '/Patient', patient('A'));
  const { id } = await toJson(created);
  expect([created.status, created.headers.location]).toEqual([201, expect.stringContaining(`/Patient/${id}/_history/1`)]);
  const again = await send('post', '/Patient', patient('A')).set('If-None-Exist', 'identifier=urn:s|1');
  expect([again.status, (await toJson(again)).id]).toEqual([200, id]);
  const updated = await send('put', '/Patient?identifier=urn:s%7C1', patient('B'));
  expect([updated.status, (await toJson(updated)).name]).toEqual([200, [{ family: 'B' }]]);
  expect(
    (await send('put', `/Patient/${id}`, patient('C').replace('<identifier>', `<id value="${id}"/><identifier>`)).set('If-Match', 'W/"1"'))
      .status,
  ).toBe(412);
});

test.each([
  ['return=minimal', ''],
  ['return=OperationOutcome', 'OperationOutcome'],
  ['return=representation', 'Observation'],
])('Prefer: %s', async (prefer, type) => {
  const response = await send('put', '/Observation/prefer', observation('prefer')).set('Prefer', prefer);
  if (type === '') expect(response.body).toBe('');
  else expect((await toJson(response)).resourceType).toBe(type);
});

test('a FHIRPath Patch in XML changes the resource, and the response is XML', async () => {
  await send('put', '/Observation/patch', observation('patch'));
  const part = [
    { name: 'type', valueCode: 'replace' },
    { name: 'path', valueString: 'Observation.value.value' },
    { name: 'value', valueDecimal: JSON.rawJSON('2.50') },
  ];
  const response = await send(
    'patch',
    '/Observation/patch',
    writeXml({ resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }),
  );
  expect([response.status, response.body.includes('<value value="2.50"/>')]).toEqual([200, true]);
  const xmlPatch = await call('patch', '/Observation/patch').set('Content-Type', 'application/xml-patch+xml').send('<diff/>');
  expect([xmlPatch.status, xmlPatch.headers['accept-patch']]).toEqual([415, expect.stringContaining(XML)]);
});

test('searches by GET and POST and histories are Bundles in XML, with their links', async () => {
  await send('put', '/Observation/listed', observation('listed'));
  for (const path of ['/Observation?_id=listed', '/Observation/listed/_history', '/Observation/_history?_count=1']) {
    const bundle = await toJson(await get(path));
    expect([path, bundle.resourceType, bundle.entry.length > 0, bundle.link[0].relation]).toEqual([path, 'Bundle', true, 'self']);
    expect(bundle.entry[0].resource).toMatchObject({ resourceType: 'Observation', valueQuantity: { value: 1 } });
  }
  const form = call('post', '/Observation/_search').set('Content-Type', 'application/x-www-form-urlencoded');
  expect((await toJson(await form.send('_id=listed'))).entry).toHaveLength(1);
});

test('a _format in the form of a search has precedence over Accept', async () => {
  const form = (body: string) =>
    call('post', '/Observation/_search').set({ 'Content-Type': 'application/x-www-form-urlencoded', Accept: JSON_TYPE }).send(body);
  expect((await toJson(await form('_id=none&_format=xml'))).type).toBe('searchset');
  expect((await form('_id=none&_format=ttl')).status).toBe(406);
});

test('_summary, _elements and _pretty apply to XML', async () => {
  await send('put', '/Observation/part', observation('part'));
  expect(Object.keys(await toJson(await get('/Observation/part?_elements=status')))).toEqual([
    'resourceType',
    'id',
    'meta',
    'status',
    'code',
  ]);
  expect(await toJson(await get('/Observation/part?_summary=text'))).toMatchObject({
    meta: { tag: [{ code: 'SUBSETTED' }] },
    text: { div: DIV },
  });
  const [plain, pretty] = [await get('/Observation/part'), await get('/Observation/part?_pretty=true')];
  expect(pretty.body).toContain('\n  <status value="final"/>\n');
  expect(await toJson(pretty)).toEqual(await toJson(plain));
});

test('a transaction and a batch in XML are answered in XML', async () => {
  const bundle = (type: string, urls: string[]): string =>
    writeXml({
      resourceType: 'Bundle',
      type,
      entry: urls.map((url, at) => ({
        fullUrl: `urn:uuid:0000000${at}-0000-4000-8000-000000000000`,
        resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' }, valueQuantity: { value: JSON.rawJSON('3.10') } },
        request: { method: 'POST', url },
      })),
    });
  const done = await toJson(
    await send('post', '', bundle('transaction', ['Observation', 'Observation'])).set('Prefer', 'return=representation'),
  );
  expect(done).toMatchObject({
    type: 'transaction-response',
    entry: [{ response: { status: '201 Created' } }, { response: { status: '201 Created' } }],
  });
  const batch = await send('post', '', bundle('batch', ['Observation', 'Nothing']));
  expect((await toJson(batch)).entry).toMatchObject([
    { response: { status: '201 Created' } },
    { response: { status: '404 Not Found', outcome: { resourceType: 'OperationOutcome' } } },
  ]);
  expect(batch.body).toContain('<value value="3.10"/>');
});

test('operations take and return XML', async () => {
  await send('put', '/Patient/all', `<Patient ${FHIR}><id value="all"/></Patient>`);
  const parameters = {
    resourceType: 'Parameters',
    parameter: [{ name: 'resource', resource: { resourceType: 'Observation', status: 'wrong' } }],
  };
  const validated = await toJson(await send('post', '/Observation/$validate', writeXml(parameters)));
  expect(validated.issue.map(({ expression }: { expression: string[] }) => expression[0])).toContain('Observation.status');
  expect((await toJson(await send('post', '/Patient/$validate', `<Patient ${FHIR}><active value="yes"/></Patient>`))).issue).toMatchObject([
    { severity: 'error', expression: ['Patient.active'] },
  ]);
  expect((await toJson(await get('/Patient/all/$everything'))).entry[0].resource.id).toBe('all');
  const type = { resourceType: 'Parameters', parameter: [{ name: '_type', valueCode: 'Patient' }] };
  expect((await toJson(await send('post', '/Patient/all/$everything', writeXml(type)))).entry).toHaveLength(1);
});

test('$validate reports a fault of the resource with 200, and refuses a document that is not well-formed', async () => {
  const validate = (body: string) => send('post', '/Patient/$validate', body);
  const order = await validate(`<Patient ${FHIR}><gender value="male"/><active value="true"/></Patient>`);
  expect([order.status, (await toJson(order)).issue]).toEqual([
    200,
    [expect.objectContaining({ severity: 'error', code: 'structure', expression: ['Patient'] })],
  ]);
  expect((await validate(`<Patient ${FHIR}><shoe value="a"/></Patient>`)).status).toBe(200);
  for (const body of [`<Patient ${FHIR}>`, `<!DOCTYPE a><Patient ${FHIR}/>`, '{"resourceType":"Patient"}'])
    expect((await validate(body)).status).toBe(400);
});

test('a fault in an entry of a Bundle names the entry, and nothing of the Bundle is stored', async () => {
  const entry = (content: string) =>
    `<entry><resource><Patient><id value="of-bundle"/>${content}</Patient></resource><request><method value="PUT"/><url value="Patient/of-bundle"/></request></entry>`;
  const response = await send('post', '', `<Bundle ${FHIR}><type value="batch"/>${entry('')}${entry('<name><shoe/></name>')}</Bundle>`);
  expect([response.status, (await toJson(response)).issue[0].expression]).toEqual([400, ['Bundle.entry[1].resource.name[0].shoe']]);
  expect((await get('/Patient/of-bundle')).status).toBe(404);
});

test('the CapabilityStatement lists XML and is sent as XML to anyone who asks', async () => {
  const response = await request(facet.app).get('/fhir/R4/metadata').set('Accept', XML).buffer(true).parse(readText);
  const statement = await toJson(response);
  expect(statement.format).toEqual([JSON_TYPE, 'json', XML, 'xml']);
  const { body, headers } = await request(facet.app).get('/fhir/R4/metadata');
  expect(statement).toEqual(body);
  expect([headers.etag, headers.vary]).toEqual([response.headers.etag, 'Accept']);
});

describe('the format of a response', () => {
  const typeOf = async (accept: string, path = '/Patient?_id=none') => {
    const { status, headers } = await request(facet.app)
      .get(`/fhir/R4${path}`)
      .set({ Authorization: `Bearer ${facet.demo.fhir}`, Accept: accept });
    return status === 200 ? headers['content-type']!.split(';')[0] : status;
  };

  test.each([
    [XML, XML],
    ['application/xml', 'application/xml'],
    ['text/xml', 'text/xml'],
    ['application/xml+fhir', XML],
    [`${XML};q=0.5, ${JSON_TYPE};q=0.8`, JSON_TYPE],
    [`${JSON_TYPE};q=0.5, ${XML}`, XML],
    [`${XML};q=0, */*`, JSON_TYPE],
    [`text/turtle, ${XML};q=0.1`, XML],
    [`${XML}; fhirVersion=4.0`, XML],
    [`${XML}; fhirVersion=3.0`, 406],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', 'application/xml'],
    ['text/turtle', 406],
  ])('Accept: %s', async (accept, type) => {
    expect(await typeOf(accept)).toBe(type);
  });

  test.each([
    ['xml', XML],
    ['text/xml', 'text/xml'],
    ['application/xml', 'application/xml'],
    ['application/fhir+xml', XML],
    ['application/fhir%2Bxml', XML],
    ['json', JSON_TYPE],
  ])('_format=%s has precedence over Accept', async (format, type) => {
    expect(await typeOf('text/turtle', `/Patient?_id=none&_format=${format}`)).toBe(type);
  });

  test('HEAD has the length of the XML, and If-None-Match leads to 304', async () => {
    await send('put', '/Observation/head', observation('head'));
    const [whole, head] = [await get('/Observation/head'), await call('head', '/Observation/head')];
    expect([head.headers['content-type'], Number(head.headers['content-length'])]).toEqual([
      whole.headers['content-type'],
      Buffer.byteLength(whole.body),
    ]);
    const unchanged = await get('/Observation/head').set('If-None-Match', whole.headers.etag!);
    expect([unchanged.status, unchanged.body, unchanged.headers.vary]).toEqual([304, '', 'Accept']);
  });
});

describe('errors', () => {
  test.each<[string, number, () => request.Test]>([
    ['an unknown id', 404, () => get('/Patient/nobody')],
    ['an unknown type', 404, () => get('/Nothing')],
    ['an unknown parameter', 400, () => get('/Patient?shoe=1')],
    ['no key', 401, () => get('/Patient').set('Authorization', '')],
    ['a wrong method', 405, () => send('put', '/Patient/x/_history', '<a/>')],
    ['a wrong media type', 415, () => call('post', '/Patient').set('Content-Type', 'text/turtle').send('x')],
    ['another FHIR version', 415, () => call('post', '/Patient').set('Content-Type', `${XML}; fhirVersion=3.0`).send('x')],
    ['another charset', 415, () => call('post', '/Patient').set('Content-Type', `${XML}; charset=iso-8859-1`).send('x')],
    ['malformed XML', 400, () => send('post', '/Patient', '<Patient')],
    ['JSON that is named as XML', 400, () => send('post', '/Patient', '{"resourceType":"Patient"}')],
    ['an empty body', 400, () => send('post', '/Patient', ' ')],
    ['another resource type', 400, () => send('post', '/Patient', `<Group ${FHIR}/>`)],
    ['a resource that is not valid', 400, () => send('post', '/Patient', `<Patient ${FHIR}><gender value="x"/></Patient>`)],
    ['a document type', 400, () => send('post', '/Patient', `<!DOCTYPE a><Patient ${FHIR}/>`)],
    [
      'a body over the limit',
      413,
      () => send('post', '/Patient', `<Patient ${FHIR}><name><text value="${'x'.repeat(1024 * 1024)}"/></name></Patient>`),
    ],
    ['a URL that is not well-formed', 400, () => get('/%E0%A4%A')],
    ['another base', 404, () => request(facet.app).get('/fhir/R5/Patient').set('Accept', XML).buffer(true).parse(readText)],
  ])('%s is an OperationOutcome in XML', async (_what, status, send) => {
    const response = await send();
    expect([response.status, await toJson(response)]).toEqual([status, expect.objectContaining({ resourceType: 'OperationOutcome' })]);
  });

  test('an error is JSON if the client accepts no format of this server', async () => {
    const { status, headers, body } = await request(facet.app)
      .get('/fhir/R4/Patient')
      .set({ Authorization: `Bearer ${facet.demo.fhir}`, Accept: 'text/turtle' });
    expect([status, headers['content-type'], body.resourceType]).toEqual([406, `${JSON_TYPE}; charset=utf-8`, 'OperationOutcome']);
  });

  test('an error names the place in the document and the element, and no value', async () => {
    const body = `<Patient ${FHIR}>\n  <name>\n    <familie value="Lovelace"/>\n  </name>\n</Patient>`;
    const { issue } = await toJson(await send('post', '/Patient', body));
    expect(issue).toEqual([
      {
        severity: 'error',
        code: 'structure',
        details: { text: 'there is an element here that R4 does not define (did you mean family?) (line 3, column 31)' },
        diagnostics: expect.any(String),
        expression: ['Patient.name[0].familie'],
      },
    ]);
  });

  test('a wrong value in XML is refused like the same value in JSON', async () => {
    const json = { resourceType: 'Patient', active: 'yes', birthDate: '1970-13-01', multipleBirthInteger: 'x', name: [{ use: 'x' }] };
    const asJson = await facet.fhir('post', '/Patient').send(json);
    const asXml = await send('post', '/Patient', writeXml(json));
    expect([asXml.status, await toJson(asXml)]).toEqual([asJson.status, asJson.body]);
  });
});

describe('Binary', () => {
  const upload = (type: string, body: string) =>
    request(facet.app)
      .put('/fhir/R4/Binary/b')
      .set({ Authorization: `Bearer ${facet.demo.fhir}`, 'Content-Type': type, Prefer: 'return=representation', Accept: JSON_TYPE })
      .send(body);
  const BINARY = `<Binary ${FHIR}><id value="b"/><contentType value="text/plain"/><data value="QWRh"/></Binary>`;

  test('a Binary resource in XML is stored as the resource, other XML as content', async () => {
    expect((await upload(XML, BINARY)).body).toMatchObject({ contentType: 'text/plain', data: 'QWRh' });
    expect((await upload(XML, `<Patient ${FHIR}/>`)).body).toMatchObject({ contentType: XML });
    const cda = '<!DOCTYPE ClinicalDocument><ClinicalDocument xmlns="urn:hl7-org:v3"/>';
    for (const type of ['application/xml', 'text/xml', 'application/hl7-cda+xml'])
      expect((await upload(type, cda)).body).toMatchObject({ contentType: type, data: Buffer.from(cda).toString('base64') });
  });

  test('a client that accepts FHIR’s XML or names it in _format gets the resource, a browser the content', async () => {
    await upload(XML, BINARY);
    for (const read of [
      get('/Binary/b'),
      get('/Binary/b?_format=xml').set('Accept', '*/*'),
      get('/Binary/b?_format=application/fhir%2Bxml'),
    ])
      expect((await toJson(await read)).data).toBe('QWRh');
    const browser = await get('/Binary/b').set('Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');
    expect([browser.headers['content-type'], browser.body]).toEqual(['text/plain', 'Ada']);
    expect((await get('/Binary/b').set('Accept', 'application/xml')).status).toBe(406);
  });
});

test('another tenant does not see a resource in XML, and vendors’ APIs stay JSON', async () => {
  await send('put', '/Observation/own', observation('own'));
  const foreign = await call('get', '/Observation/own', facet.other.fhir);
  expect([foreign.status, (await toJson(foreign)).issue[0].code]).toEqual([404, 'not-found']);
  const vendor = await request(facet.app).get('/clinik/v1/patients').set({ 'x-api-key': facet.demo.clinik!, Accept: XML });
  expect([vendor.status, vendor.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
});
