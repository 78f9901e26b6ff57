// The extensions that R4 itself defines: the element they stand on and the type of their value. https://hl7.org/fhir/R4/extensibility-registry.html
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
const birthTime = (value: object) => ({
  birthDate: '1985-12-10',
  _birthDate: { extension: [{ url: `${CORE}patient-birthTime`, ...value }] },
});
const geolocation = (latitude: object) => ({
  address: [
    { city: 'Ely' },
    {
      city: 'Bath',
      extension: [
        {
          url: `${CORE}geolocation`,
          extension: [
            { url: 'latitude', ...latitude },
            { url: 'longitude', valueDecimal: 1 },
          ],
        },
      ],
    },
  ],
});
const patient = (elements: object) => ({ resourceType: 'Patient', id: 'p', ...elements });
const issuesOf = ({ body }: { body: { issue: { expression: string[]; diagnostics: string }[] } }) =>
  body.issue.map(({ expression, diagnostics }) => [expression.join(), diagnostics]);

test.each<[string, object, [string, string][]]>([
  ['a value of another type', birthTime({ valueString: '23:30' }), [['Patient.birthDate.extension[0].value', 'valueDateTime is expected']]],
  [
    'an extension on another element',
    {
      extension: [
        { url: 'urn:other', valueString: 'x' },
        { url: `${CORE}patient-birthTime`, valueDateTime: '1985-12-10' },
      ],
    },
    [['Patient.extension[1]', 'this extension is allowed on Patient.birthDate only']],
  ],
  [
    'a nested extension with a value of another type',
    geolocation({ valueString: '51.4' }),
    [['Patient.address[1].extension[0].extension[0].value', 'valueDecimal is expected']],
  ],
  [
    'a value beside nested extensions that the definition does not have',
    { address: [{ extension: [{ url: `${CORE}geolocation`, valueString: '51.4 1' }] }] },
    [['Patient.address[0].extension[0].value', 'this extension has nested extensions, and no value']],
  ],
  [
    'one of several types, in a contained resource',
    {
      generalPractitioner: [{ reference: '#c' }],
      contained: [
        {
          resourceType: 'Practitioner',
          id: 'c',
          birthDate: '1970',
          _birthDate: { extension: [{ url: `${CORE}data-absent-reason`, valueString: 'unknown' }] },
        },
      ],
    },
    [['Patient.contained[0].birthDate.extension[0].value', 'valueCode is expected']],
  ],
])('%s is 422, and $validate reports it', async (_what, elements, issues) => {
  const put = await facet.put(patient(elements));
  expect([put.status, put.body.issue[0].code, issuesOf(put)]).toEqual([422, 'structure', issues]);
  expect(issuesOf(await facet.fhir('post', '/Patient/$validate').send(patient(elements)).expect(200))).toEqual(issues);
  const entry = { resource: patient(elements), request: { method: 'PUT', url: 'Patient/p' } };
  const transaction = await facet.fhir('post', '/').send({ resourceType: 'Bundle', type: 'transaction', entry: [entry] });
  expect([transaction.status, transaction.body.issue[0].expression[0]]).toEqual([
    422,
    issues[0]![0].replace('Patient', 'Bundle.entry[0].resource'),
  ]);
  expect((await facet.fhir('get', '/Patient/p')).status).toBe(404);
});

test('a patch cannot add what a write refuses', async () => {
  await facet.put({ resourceType: 'Patient', id: 'patched', birthDate: '1985' }).expect(201);
  const value = birthTime({ valueString: 'noon' })._birthDate;
  const patched = await facet
    .fhir('patch', '/Patient/patched')
    .set('Content-Type', 'application/json-patch+json')
    .send(JSON.stringify([{ op: 'add', path: '/_birthDate', value }]));
  expect([patched.status, issuesOf(patched)[0]![0]]).toEqual([422, 'Patient.birthDate.extension[0].value']);
});

test.each<[string, object]>([
  ['the value that R4 defines', birthTime({ valueDateTime: '1985-12-10T23:30:00Z' })],
  ['a value without content but with an extension', birthTime({ _valueDateTime: { extension: [{ url: 'urn:x', valueBoolean: true }] } })],
  ['nested extensions', geolocation({ valueDecimal: 51.4 })],
  ['an extension of any element', { _gender: { extension: [{ url: `${CORE}data-absent-reason`, valueCode: 'masked' }] } }],
  [
    'an extension of a type, on an element of a subtype',
    { _language: { extension: [{ url: `${CORE}rendering-xhtml`, valueString: 'x' }] } },
  ],
  ['an extension that R4 does not define, with the same base', { extension: [{ url: `${CORE}patient-shoeSize`, valueInteger: 42 }] }],
  ['a name of Object, which is no extension', { extension: [{ url: `${CORE}constructor`, valueInteger: 42 }] }],
  ['an extension of another publisher', { extension: [{ url: 'http://example.org/patient-birthTime', valueString: 'x' }] }],
])('accepted: %s', async (_what, elements) => {
  expect((await facet.put({ resourceType: 'Patient', ...elements, id: 'ok' })).body).toMatchObject(elements);
});
