// Operations have the same result in JSON and in XML. https://hl7.org/fhir/R4/operations.html#executing
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

const FHIR = 'xmlns="http://hl7.org/fhir"';
const DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ada &amp; <b>Co</b><br/></p></div>';

const call = (method: Method, path: string, key = facet.demo.fhir!) =>
  request(facet.app)
    [method](`/fhir/R4${path}`)
    .set({ Authorization: `Bearer ${key}`, Accept: XML })
    .buffer(true)
    .parse(readText);
const send = (method: 'post' | 'put' | 'patch', path: string, body: string) => call(method, path).set('Content-Type', XML).send(body);

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

describe('an operation has the same result in JSON and in XML', () => {
  const patient = {
    resourceType: 'Patient',
    id: 'known',
    name: [{ family: 'Lovelace', given: ['Ada'] }],
    birthDate: '1985-12-10',
    gender: 'female',
  };
  const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
  const GENDERS = 'http://hl7.org/fhir/administrative-gender';
  const VALUE_SET = { resourceType: 'ValueSet', status: 'active', url: 'urn:v', compose: { include: [{ system: GENDERS }] } };
  beforeAll(async () => {
    await facet.put(patient).expect(201);
    await send('put', '/Observation/last', observation('last'));
  });

  test.each<['get' | 'post', string, object | undefined]>([
    ['post', '/Patient/$match', parameters({ name: 'resource', resource: patient })],
    ['get', '/Patient/known/$meta', undefined],
    ['post', '/Patient/known/$everything', parameters({ name: '_count', valueInteger: 1 })],
    ['get', '/Observation/last/$diff?from=1&to=1', undefined],
    ['get', '/Observation/$lastn?patient=known&code=http://loinc.org|1', undefined],
    ['get', `/CodeSystem/$lookup?system=${GENDERS}&code=male`, undefined],
    [
      'post',
      '/CodeSystem/$subsumes',
      parameters({ name: 'system', valueUri: GENDERS }, { name: 'codeA', valueCode: 'male' }, { name: 'codeB', valueCode: 'male' }),
    ],
    ['get', `/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender`, undefined],
    ['post', '/ValueSet/$expand', parameters({ name: 'valueSet', resource: VALUE_SET })],
    [
      'post',
      '/ValueSet/$validate-code',
      parameters({ name: 'valueSet', resource: VALUE_SET }, { name: 'system', valueUri: GENDERS }, { name: 'code', valueCode: 'male' }),
    ],
  ])('%s %s', async (method, path, body) => {
    const asJson = await (body ? facet.fhir(method, path).send(body) : facet.fhir(method, path));
    const asXml = await (body ? call(method, path).set('Content-Type', XML).send(writeXml(body)) : call(method, path));
    expect([asXml.status, withoutTimes(await toJson(asXml))]).toEqual([200, withoutTimes(asJson.body)]);
  });
});

/** Without what each response has anew: times, identifiers and encrypted links. */
const withoutTimes = (body: object): object =>
  JSON.parse(JSON.stringify(body, (name, value) => (['timestamp', 'identifier', 'url', 'link'].includes(name) ? undefined : value)));
