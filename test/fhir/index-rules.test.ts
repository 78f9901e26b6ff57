// A change of the index rules is detected, so that resources are indexed again: by the definition of a parameter, or by the version of its kind.
import { createHash } from 'node:crypto';
import { buildIndexRules, findChangedParameters, INDEXING_VERSIONS } from '../../src/fhir/indexing/index-rules.ts';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';

/** One of everything that is indexed. Leave them as they are: what is made of them is compared with what was. */
const SAMPLES: Resource[] = [
  {
    resourceType: 'Patient',
    id: 'p',
    meta: { tag: [{ system: 'urn:tags', code: 'Vip' }], profile: ['http://example.org/p|1.0'], source: 'urn:import:7' },
    active: true,
    gender: 'female',
    birthDate: '1980-05',
    deceasedDateTime: '2020-03-01T10:00:00.5+02:00',
    name: [{ family: 'de la Müller-Ødegård', given: ['Ann  María', 'O’Neil'] }, { text: 'Nan' }],
    telecom: [
      { system: 'phone', value: '+1 555 0100', use: 'home' },
      { system: 'email', value: 'Ann@Example.com' },
    ],
    address: [{ line: ['5 Hill Rd'], city: 'Köln', postalCode: '50667', country: 'DE', use: 'home' }],
    identifier: [
      { system: 'urn:mrn', value: 'A|1', type: { coding: [{ system: 'urn:types', code: 'MR' }], text: 'Record' } },
      { value: 'x' },
    ],
    generalPractitioner: [{ reference: 'Practitioner/lee/_history/3' }, { reference: 'https://elsewhere.example/Practitioner/x' }],
    managingOrganization: { identifier: { system: 'urn:org', value: '7' } },
  },
  {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }], text: 'K' },
    subject: { reference: 'Patient/p' },
    effectivePeriod: { start: '2024-03' },
    valueQuantity: { value: 5.4, comparator: '<', unit: 'mmol/l', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    component: [
      { code: { coding: [{ code: 'a' }] }, valueQuantity: { value: 1, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' } },
      { code: { coding: [{ code: 'b' }] }, valueCodeableConcept: { coding: [{ code: 'yes' }] } },
    ],
  },
  { resourceType: 'Location', id: 'l', name: 'Ward', position: { longitude: 8.5, latitude: 47.3 }, partOf: { reference: 'Location/m' } },
  {
    resourceType: 'ServiceRequest',
    id: 's',
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/p' },
    instantiatesUri: ['http://example.org/a/b'],
    instantiatesCanonical: ['http://example.org/plan|1.0'],
    occurrenceTiming: { event: ['2024-01-01', '2024-02-01'] },
  },
];

/** What is made of the samples by each kind, and the number of the kind at that time. */
const KNOWN: Record<string, string> = {
  token: '1 b932df6c4c9bd628',
  string: '2 deed2cdff9685d5b',
  date: '1 924eecc5a8ffe03e',
  reference: '1 9e39de5631ea436d',
  uri: '1 8f9e495ff394ddd7',
  number: '1 210e130878aabaf4',
  quantity: '1 26df99e84ff93f47',
  composite: '1 3e9b334a535e89c3',
  special: '1 ae245f98c30c749b',
};

const registry = buildRegistry([]);

/** What the parameters of a kind make: what goes missing from the rows without them. */
function madeBy(kind: string): string {
  const without = {
    ...registry,
    listIndexed: (type: string) => registry.listIndexed(type).filter((parameter) => parameter.type !== kind),
    listParts: (type: string) => (kind === 'composite' ? [] : registry.listParts(type)),
  };
  const made = SAMPLES.map((sample) => {
    const [all, rest] = [buildIndexRows(sample, registry), buildIndexRows(sample, without)];
    return Object.entries(all).flatMap(([name, rows]) => {
      if (!Array.isArray(rows)) return [];
      const left = new Set((rest[name as keyof typeof rest] as unknown[]).map((row) => JSON.stringify(row)));
      const own = rows.map((row) => JSON.stringify(row)).filter((row) => !left.has(row));
      return own.length ? [[name, own.sort()]] : [];
    });
  });
  return createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16);
}

test.each(Object.keys(INDEXING_VERSIONS))(
  'the rows of %s parameters are unchanged, or their version in index-rules.ts is increased (then update both here)',
  (kind) => {
    expect(`${INDEXING_VERSIONS[kind as keyof typeof INDEXING_VERSIONS]} ${madeBy(kind)}`).toBe(KNOWN[kind]);
  },
);

test('exactly the new and the changed definitions are reported, by their codes', () => {
  const parameter = { url: 'urn:x', code: 'marital', base: ['Patient'], type: 'token', expression: 'Patient.maritalStatus' };
  const of = (custom: Parameters<typeof buildRegistry>[0]) =>
    buildIndexRules(buildRegistry(custom)).find(({ type }) => type === 'Patient')!;
  const [none, one, other] = [of([]), of([parameter]), of([{ ...parameter, expression: 'Patient.communication.language' }])];
  expect(new Set([none, one, other].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  expect([
    findChangedParameters(one, none.parameters),
    findChangedParameters(other, one.parameters),
    findChangedParameters(none, one.parameters),
  ]).toEqual([['marital'], ['marital'], []]);
  expect(of([parameter])).toEqual(one);
  expect(Object.keys(none.parameters)).not.toContain('_id');
});
