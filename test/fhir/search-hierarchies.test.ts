// :above and :below: up and down the hierarchies of places, organizations, encounters and tasks, of URLs, and of versions.
// https://hl7.org/fhir/R4/search.html#recursive, #uri, #versions
import type { Resource } from '../../src/fhir/types.ts';
import { BASE_URL, corpusOf, idsOf, parsed } from './search-corpus.ts';

const place = (id: string, partOf?: string): Resource => ({
  resourceType: 'Location',
  id,
  ...(partOf && { partOf: { reference: partOf } }),
});
const visit = (id: string, location: string, more: object = {}): Resource => ({
  resourceType: 'Encounter',
  id,
  location: [{ location: { reference: location } }],
  ...more,
});
const tagged = (id: string, meta: Record<string, unknown>): Resource => ({ resourceType: 'Patient', id, meta });
const answers = (id: string, questionnaire: string): Resource => ({ resourceType: 'QuestionnaireResponse', id, questionnaire });

const CORPUS = corpusOf([
  place('site'),
  place('building', 'Location/site'),
  place('ward', `${BASE_URL}/Location/building`),
  place('bed', 'Location/ward/_history/2'),
  place('elsewhere'),
  place('loop-a', 'Location/loop-b'),
  place('loop-b', 'Location/loop-a'),
  visit('in-bed', 'Location/bed'),
  visit('in-ward', 'Location/ward', { partOf: { reference: 'Encounter/in-bed' } }),
  visit('on-site', 'Location/site'),
  visit('away', 'Location/elsewhere'),
  visit('lost', 'Location/missing'),
  visit('round', 'Location/loop-a'),
  { resourceType: 'Observation', id: 'taken', encounter: { reference: 'Encounter/in-ward' } },
  tagged('core', { profile: ['http://acme.org/fhir/StructureDefinition/patient|3.1'], source: 'http://acme.org/feed/7' }),
  tagged('other', { profile: ['http://acme.org/fhirish', 'urn:oid:1.2'] }),
  answers('v1.0', 'http://acme.org/q|1.0'),
  answers('v1.1', 'http://acme.org/q|1.1'),
  answers('v10', 'http://acme.org/q|10'),
  answers('none', 'http://acme.org/q'),
]);

const encoded = (search: string): string => search.replace(/\|/g, '%7C');

test.each<[string, string[]]>([
  ['Encounter?location:below=site', ['in-bed', 'in-ward', 'on-site']],
  ['Encounter?location:below=Location/ward', ['in-bed', 'in-ward']],
  [`Encounter?location:below=${BASE_URL}/Location/building`, ['in-bed', 'in-ward']],
  ['Encounter?location:below=bed,elsewhere', ['in-bed', 'away']],
  ['Encounter?location:below=missing', ['lost']],
  ['Encounter?location:below=loop-b', ['round']],
  ['Encounter?location:above=bed', ['in-bed', 'in-ward', 'on-site']],
  ['Encounter?location:above=building', ['on-site']],
  ['Encounter?location:above=missing', ['lost']],
  ['Location?partof:below=building', ['ward', 'bed']],
  ['Location?partof:above=building', ['building', 'ward']],
  ['Observation?encounter:below=in-bed', ['taken']],
  ['Observation?encounter.location:below=building', ['taken']],
  ['Location?_has:Encounter:location:location:below=ward', ['ward', 'bed']],
  // URLs: the search term begins the value, or the value begins the search term
  ['Patient?_profile:below=http://acme.org/fhir/', ['core']],
  ['Patient?_profile:below=http://acme.org/fhir', ['core', 'other']],
  ['Patient?_profile:below=http://acme.org/fhir/StructureDefinition/patient|3', ['core']],
  ['Patient?_profile:below=http://acme.org/FHIR', []],
  ['Patient?_profile:below=http://other.org/,http://acme.org/fhiri', ['other']],
  ['Patient?_profile:above=http://acme.org/fhirish/more', ['other']],
  ['Patient?_profile:above=http://acme.org/fhir/StructureDefinition/patient/_history/5', ['core']],
  ['Patient?_profile:above=http://acme.org/fhir', []],
  ['Patient?_source:below=http://acme.org/', ['core']],
  ['Patient?_source:above=http://acme.org/feed/77', ['core']],
  // versions of a canonical
  ['QuestionnaireResponse?questionnaire:below=http://acme.org/q', ['v1.0', 'v1.1', 'v10', 'none']],
  ['QuestionnaireResponse?questionnaire:below=http://acme.org/q|1', ['v1.0', 'v1.1']],
  ['QuestionnaireResponse?questionnaire:below=http://acme.org/q|1.1', ['v1.1']],
  ['QuestionnaireResponse?questionnaire=http://acme.org/q|1', []],
])('%s', (search, ids) => {
  expect(idsOf(encoded(search), CORPUS)).toEqual(ids);
});

test.each([
  ['Encounter?location:below=Patient/x', 'location:below takes an id or Type/id of Location'],
  ['Encounter?location:below=http://elsewhere.org/Location/1', 'location:below takes an id or Type/id of Location'],
  ['Observation?patient:below=x', 'patient takes no modifier :below'],
  ['QuestionnaireResponse?questionnaire:above=http://acme.org/q', 'questionnaire takes no modifier :above'],
  ['Patient?_profile:below=urn:oid:1.2', '_profile:below supports only URLs'],
  ['Patient?_profile:above=acme', '_profile:above supports only URLs'],
  [`Patient?_profile:below=http://acme.org/${'x'.repeat(500)}`, '_profile:below supports only URLs of at most 512 characters'],
  ['Patient?_profile:below=http://acme.org/%F4%8F%BF%BF', '_profile:below supports only URLs'],
])('%s is refused', (search, text) => {
  expect(() => parsed(search)).toThrow(text);
});
