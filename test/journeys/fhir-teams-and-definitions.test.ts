// CareTeam and ActivityDefinition are found by each of their search parameters. https://hl7.org/fhir/R4/careteam.html#search, https://hl7.org/fhir/R4/activitydefinition.html#search
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const usage = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/usage-context-type', code });

const TEAM = {
  resourceType: 'CareTeam',
  id: 'kidney',
  identifier: [{ system: 'http://example.org/teams', value: '12' }],
  status: 'active',
  category: [coded('http://loinc.org', 'LA27976-2')],
  subject: { reference: 'Patient/ann' },
  encounter: { reference: 'Encounter/visit' },
  period: { start: '2024-05-01', end: '2024-08' },
  participant: [
    { member: { reference: 'Practitioner/lee' }, onBehalfOf: { reference: 'Organization/clinic' } },
    { member: { reference: 'Patient/ann' } },
  ],
};

const DEFINITION = {
  resourceType: 'ActivityDefinition',
  id: 'tsh',
  url: 'http://example.org/ActivityDefinition/tsh',
  identifier: [{ system: 'http://example.org/tests', value: 'tsh' }],
  version: '1.1',
  name: 'ThyroidStimulatingHormone',
  title: 'Thyroid-stimulating hormone',
  status: 'active',
  date: '2024-05-01',
  publisher: 'Example Laboratory',
  description: 'Measures the hormone in serum',
  useContext: [
    { code: usage('focus'), valueCodeableConcept: coded('http://snomed.info/sct', '40930008') },
    { code: usage('age'), valueRange: { low: { value: 18, unit: 'a', system: 'http://unitsofmeasure.org', code: 'a' } } },
  ],
  jurisdiction: [coded('urn:iso:std:iso:3166', 'US')],
  effectivePeriod: { start: '2024-01-01', end: '2024-12-31' },
  topic: [coded('http://example.org/topics', 'thyroid')],
  library: ['http://example.org/Library/ranges'],
  relatedArtifact: ['composed-of', 'depends-on', 'derived-from', 'predecessor', 'successor'].map((type) => ({
    type,
    resource: `http://example.org/ActivityDefinition/${type}`,
  })),
  kind: 'ServiceRequest',
  code: coded('http://loinc.org', '3016-3'),
};

/** Type → its own parameter → a value it is found by, and one it is not. */
const ASKED: Record<string, Record<string, [string, string]>> = {
  CareTeam: {
    category: ['http://loinc.org|LA27976-2', 'LA27977-0'],
    date: ['2024', '2024-06'],
    encounter: ['Encounter/visit', 'Encounter/other'],
    identifier: ['http://example.org/teams|12', '13'],
    participant: ['Practitioner/lee', 'Practitioner/ann'],
    patient: ['ann', 'lee'],
    status: ['active', 'inactive'],
    subject: ['Patient/ann', 'Group/ann'],
  },
  ActivityDefinition: {
    'composed-of': ['http://example.org/ActivityDefinition/composed-of', 'http://example.org/ActivityDefinition/successor'],
    context: ['http://snomed.info/sct|40930008', 'adult'],
    'context-quantity': ['ge18|http://unitsofmeasure.org|a', 'lt10|http://unitsofmeasure.org|a'],
    'context-type': ['focus', 'venue'],
    'context-type-quantity': ['age$ge18|http://unitsofmeasure.org|a', 'focus$ge18|http://unitsofmeasure.org|a'],
    'context-type-value': ['focus$40930008', 'age$40930008'],
    date: ['2024-05-01', 'gt2024-05-01'],
    'depends-on': ['http://example.org/Library/ranges', 'http://example.org/Library/other'],
    'derived-from': ['http://example.org/ActivityDefinition/derived-from', 'http://example.org/ActivityDefinition/predecessor'],
    description: ['measures', 'serum'],
    effective: ['2024', '2025'],
    identifier: ['tsh', 'http://example.org/teams|tsh'],
    jurisdiction: ['urn:iso:std:iso:3166|US', 'GB'],
    name: ['thyroid', 'hormone'],
    predecessor: ['http://example.org/ActivityDefinition/predecessor', 'http://example.org/ActivityDefinition/tsh'],
    publisher: ['example lab', 'lab'],
    status: ['active', 'retired'],
    successor: ['http://example.org/ActivityDefinition/successor', 'http://example.org/ActivityDefinition/predecessor'],
    title: ['thyroid', 'tsh'],
    topic: ['http://example.org/topics|thyroid', 'kidney'],
    url: ['http://example.org/ActivityDefinition/tsh', 'http://example.org/ActivityDefinition'],
    version: ['1.1', '1'],
  },
};

let facet: Running;
const send = (method: 'get' | 'put', path: string, body?: object) =>
  request(facet.app)[method](`/fhir/R4/${path}`).set({ 'x-api-key': facet.demo.fhir!, 'Content-Type': 'application/fhir+json' }).send(body);
const find = async (query: string) => {
  const { status, body } = await send('get', query);
  return [status, (body.entry ?? []).map(({ resource }: { resource: { id: string } }) => resource.id)];
};

beforeAll(async () => {
  facet = await startFacet();
  for (const resource of [TEAM, DEFINITION]) await send('put', `${resource.resourceType}/${resource.id}`, resource).expect(201);
});
afterAll(() => facet.close());

test.each(Object.entries(ASKED))(
  '%s: each R4 search parameter finds it by its value, and not by another value',
  async (type, parameters) => {
    const { body } = await send('get', 'metadata');
    const { searchParam } = body.rest[0].resource.find((resource: { type: string }) => resource.type === type);
    const own = searchParam
      .filter(({ name, definition }: Record<string, string>) => definition?.startsWith('http://hl7.org/fhir/') && !name?.startsWith('_'))
      .map(({ name }: { name: string }) => name);
    expect(own.sort()).toEqual(Object.keys(parameters).sort());
    const id = type === 'CareTeam' ? TEAM.id : DEFINITION.id;
    for (const [name, [value, another]] of Object.entries(parameters)) {
      expect([name, await find(`${type}?${name}=${encodeURIComponent(value)}`)]).toEqual([name, [200, [id]]]);
      expect([name, await find(`${type}?${name}=${encodeURIComponent(another)}`)]).toEqual([name, [200, []]]);
    }
  },
);

test('a care team is in the compartments of its patient and its participants', async () => {
  expect(await find('Patient/ann/CareTeam')).toEqual([200, ['kidney']]);
  expect(await find('Practitioner/lee/CareTeam')).toEqual([200, ['kidney']]);
  expect(await find('Practitioner/ann/CareTeam')).toEqual([200, []]);
});

test('a patient cannot take part on behalf of an organization (ctm-1)', async () => {
  const participant = [{ member: { reference: 'Patient/ann' }, onBehalfOf: { reference: 'Organization/clinic' } }];
  const { status, body } = await send('put', 'CareTeam/kidney', { ...TEAM, participant });
  expect([status, body.issue[0].expression]).toEqual([400, ['CareTeam.participant[0]']]);
});
