// Search by composite parameters: values of one occurrence of an element. https://hl7.org/fhir/R4/search.html#composite
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { SearchParameterResource } from '../../src/fhir/search/definitions.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { BASE_URL, corpusOf, idsOf, parsed, REGISTRY } from './search-corpus.ts';

const UCUM = 'http://unitsofmeasure.org';
const LOINC = 'http://loinc.org';
const coded = (...codes: string[]) => ({
  coding: codes.map((text) => {
    const [code, system] = text.split('@');
    return { ...(system !== '' && { system: system ?? LOINC }), code };
  }),
});
const observation = (id: string, code: object, more: object): Resource => ({ resourceType: 'Observation', id, code, ...more });
const pressure = (id: string, systolic: number, diastolic: number): Resource =>
  observation(id, coded('85354-9'), {
    component: [
      { code: coded('8480-6'), valueQuantity: { value: systolic, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' } },
      { code: coded('8462-4'), valueQuantity: { value: diastolic, unit: 'mmHg', system: UCUM, code: 'mm[Hg]' } },
      { code: coded('8459-0'), valueCodeableConcept: coded('sitting@') },
    ],
  });

/** A sequence with its variants, and a window from the first start to the last end. */
const sequence = (id: string, chromosome: object, variants: [start: number, end: number][]): Resource => ({
  resourceType: 'MolecularSequence',
  id,
  coordinateSystem: 0,
  referenceSeq: {
    chromosome,
    referenceSeqId: coded(`NC_${id}@urn:sequences`),
    windowStart: variants[0]![0],
    windowEnd: variants.at(-1)![1],
  },
  variant: variants.map(([start, end]) => ({ start, end })),
});

const CORPUS = corpusOf([
  observation('potassium', coded('2823-3', 'K@urn:local'), { valueQuantity: { value: 5.4, unit: 'mmol/L', system: UCUM, code: 'mmol/L' } }),
  observation('kalium', coded('2823-3'), { valueQuantity: { value: 5500, system: UCUM, code: 'umol/L' } }),
  observation('unsaid', coded('2823-3'), { valueQuantity: { value: 6, unit: 'mmol/L' } }),
  observation('elsewhere', coded('2823-3@urn:local'), { valueQuantity: { value: 5.4, system: UCUM, code: 'mmol/L' } }),
  pressure('high', 182, 95),
  pressure('low', 95, 60),
  observation('blood', coded('883-9'), { valueCodeableConcept: coded('A@urn:abo', 'LA19710-5') }),
  observation('dated', coded('11778-8'), { valueDateTime: '2026-03' }),
  observation('spanned', coded('11778-8'), { valuePeriod: { start: '2026-01-01', end: '2026-06-30' } }),
  observation('words', coded('5778-6'), { valueString: 'Straw-coloured, CLEAR' }),
  { resourceType: 'DiagnosticReport', id: 'report', result: [{ reference: 'Observation/potassium' }] },
  {
    resourceType: 'Group',
    id: 'adults',
    characteristic: [
      { code: coded('gender@'), valueCodeableConcept: coded('mixed@') },
      { code: coded('adult@'), valueBoolean: true },
      { code: coded('smoker@'), valueBoolean: false },
    ],
  },
  {
    resourceType: 'DocumentReference',
    id: 'replacement',
    relatesTo: [
      { code: 'replaces', target: { reference: 'DocumentReference/first' } },
      { code: 'appends', target: { reference: `${BASE_URL}/DocumentReference/second/_history/3` } },
      { code: 'signs', target: { reference: 'https://elsewhere.example/fhir/DocumentReference/first' } },
      { code: 'transforms', target: { identifier: { value: 'first' } } },
    ],
  },
  sequence('one', coded('1@urn:chromosome', 'chr1@urn:local'), [
    [100, 200],
    [5000, 5000],
  ]),
  sequence('two', coded('2@urn:chromosome'), [[150, 900]]),
]);

const found = (search: string): string[] => idsOf(`${search.split('?')[0]}?${encoded(search.split(/\?(.*)/s)[1]!)}`, CORPUS);
const encoded = (query: string): string =>
  query
    .split('&')
    .map((one) => one.replace(/=(.*)/s, (_all, value: string) => `=${encodeURIComponent(value)}`))
    .join('&');

test.each<[string, string[]]>([
  // a code and a quantity
  ['Observation?code-value-quantity=2823-3$5.4', ['potassium', 'elsewhere']],
  [`Observation?code-value-quantity=${LOINC}|2823-3$gt5|${UCUM}|mmol/L`, ['potassium', 'kalium']],
  [`Observation?code-value-quantity=${LOINC}|2823-3$gt5.45|${UCUM}|mmol/L`, ['kalium']],
  [`Observation?code-value-quantity=urn:local|2823-3$gt5|${UCUM}|mmol/L`, ['elsewhere']],
  [`Observation?code-value-quantity=K$gt5|${UCUM}|mmol/L`, ['potassium']],
  [`Observation?code-value-quantity=urn:local|$gt5|${UCUM}|mmol/L`, ['potassium', 'elsewhere']],
  [`Observation?code-value-quantity=|2823-3$gt5|${UCUM}|mmol/L`, []],
  ['Observation?code-value-quantity=2823-3$gt5||mmol/L', ['potassium', 'unsaid', 'elsewhere']],
  ['Observation?code-value-quantity=2823-3$lt5', []],
  ['Observation?code-value-quantity=2823-3$5.4,2823-3$6', ['potassium', 'unsaid', 'elsewhere']],
  // both in one occurrence, not one here and one there
  ['Observation?component-code-value-quantity=8480-6$gt180', ['high']],
  ['Observation?component-code-value-quantity=8462-4$gt180', []],
  [`Observation?component-code-value-quantity=${LOINC}|8480-6$lt13|${UCUM}|kPa`, ['low']],
  ['Observation?component-code-value-quantity=8480-6$gt90&component-code-value-quantity=8462-4$lt70', ['low']],
  ['Observation?code-value-quantity=8480-6$gt1', []],
  ['Observation?combo-code-value-quantity=8480-6$gt180,2823-3$6', ['unsaid', 'high']],
  // a code and a code
  ['Observation?code-value-concept=883-9$A', ['blood']],
  [`Observation?code-value-concept=${LOINC}|883-9$urn:abo|A`, ['blood']],
  [`Observation?code-value-concept=883-9$${LOINC}|A`, []],
  [`Observation?code-value-concept=${LOINC}|$urn:abo|`, ['blood']],
  ['Observation?component-code-value-concept=8459-0$|sitting', ['high', 'low']],
  ['Observation?component-code-value-concept=8480-6$sitting', []],
  ['Observation?combo-code-value-concept=883-9$LA19710-5,8459-0$sitting', ['high', 'low', 'blood']],
  ['Group?characteristic-value=gender$mixed', ['adults']],
  ['Group?characteristic-value=adult$true', ['adults']],
  ['Group?characteristic-value=adult$false', []],
  ['Group?characteristic-value=smoker$false,gender$female', ['adults']],
  // a code and a date
  ['Observation?code-value-date=11778-8$2026-03', ['dated']],
  ['Observation?code-value-date=11778-8$ge2026-06-01', ['spanned']],
  ['Observation?code-value-date=11778-8$sa2026-02-28', ['dated']],
  ['Observation?code-value-date=11778-9$2026', []],
  // a code and a text
  ['Observation?code-value-string=5778-6$straw coloured', ['words']],
  [`Observation?code-value-string=${LOINC}|5778-6$straw`, ['words']],
  ['Observation?code-value-string=5778-6$clear', []],
  // a reference and a code: as id, Type/id or URL, with or without the base
  ['DocumentReference?relationship=DocumentReference/first$replaces', ['replacement']],
  ['DocumentReference?relationship=first$replaces', ['replacement']],
  [
    `DocumentReference?relationship=${BASE_URL}/DocumentReference/first$http://hl7.org/fhir/document-relationship-type|replaces`,
    ['replacement'],
  ],
  ['DocumentReference?relationship=first$urn:other|replaces', []],
  [`DocumentReference?relationship=${BASE_URL}/DocumentReference/first$replaces`, ['replacement']],
  ['DocumentReference?relationship=second$appends', ['replacement']],
  ['DocumentReference?relationship=DocumentReference/second/_history/2$appends', ['replacement']],
  ['DocumentReference?relationship=https://elsewhere.example/fhir/DocumentReference/first$signs', ['replacement']],
  ['DocumentReference?relationship=first$appends', []],
  ['DocumentReference?relationship=first$signs', []],
  ['DocumentReference?relationship=first$transforms', []],
  ['DocumentReference?relationship=Patient/first$replaces', []],
  ['DocumentReference?relationship=first$appends,second$appends', ['replacement']],
  // a code and two numbers
  ['MolecularSequence?chromosome-window-coordinate=1$100$5000', ['one']],
  ['MolecularSequence?chromosome-window-coordinate=1$le100$gt4999', ['one']],
  ['MolecularSequence?chromosome-window-coordinate=1$lt100$gt4999', []],
  ['MolecularSequence?chromosome-window-coordinate=1$le100$gt5000', []],
  ['MolecularSequence?chromosome-window-coordinate=urn:local|chr1$100$5000', ['one']],
  ['MolecularSequence?chromosome-window-coordinate=urn:chromosome|chr1$100$5000', []],
  ['MolecularSequence?chromosome-window-coordinate=urn:chromosome|$ge100$le5000', ['one', 'two']],
  ['MolecularSequence?chromosome-window-coordinate=1$ge100$le5000,2$ge100$le5000', ['one', 'two']],
  ['MolecularSequence?referenceseqid-window-coordinate=urn:sequences|NC_two$150$900', ['two']],
  ['MolecularSequence?referenceseqid-window-coordinate=urn:sequences|NC_one$150$900', []],
  // the code of the whole resource, and both numbers of one variant
  ['MolecularSequence?chromosome-variant-coordinate=chr1$100$200', ['one']],
  ['MolecularSequence?chromosome-variant-coordinate=chr1$100$5000', []],
  ['MolecularSequence?chromosome-variant-coordinate=chr1$gt100$le5000', ['one']],
  ['MolecularSequence?chromosome-variant-coordinate=2$100$200', []],
  ['MolecularSequence?referenceseqid-variant-coordinate=NC_two$lt200$gt800', ['two']],
  // at the end of a chain, and through one
  [`DiagnosticReport?result.code-value-quantity=${LOINC}|2823-3$gt5.3|${UCUM}|mmol/L`, ['report']],
  ['Observation?_has:DiagnosticReport:result:_id=report&code-value-quantity=2823-3$gt5', ['potassium']],
])('%s', (search, ids) => {
  expect(found(search)).toEqual(ids);
});

test.each([
  ['Observation?code-value-quantity=2823-3', 'code-value-quantity takes 2 values with a $ between them'],
  ['Observation?code-value-quantity=2823-3$5$6', 'code-value-quantity takes 2 values with a $ between them'],
  ['Observation?code-value-quantity=2823-3$five', 'code-value-quantity must be a number'],
  ['Observation?code-value-quantity=a|b|c$5', 'code-value-quantity must be code, system|code'],
  ['Observation?code-value-date=2823-3$yesterday', 'code-value-date must be a date'],
  ['Observation?code-value-string=2823-3$', 'code-value-string needs a value'],
  ['DocumentReference?relationship=first', 'relationship takes 2 values with a $ between them'],
  ['DocumentReference?relationship=not an id$replaces', 'relationship must be an id, Type/id, or an absolute URL'],
  ['MolecularSequence?chromosome-variant-coordinate=1$2', 'chromosome-variant-coordinate takes 3 values with a $ between them'],
  ['MolecularSequence?chromosome-variant-coordinate=1$2$x', 'chromosome-variant-coordinate must be a number'],
])('%s is refused: %s', (search, text) => {
  expect(() => parsed(search)).toThrow(text);
});

test('a literal $ is escaped with a backslash', () => {
  const resource = observation('money', coded('a$b@'), { valueCodeableConcept: coded('c@') });
  const corpus = corpusOf([resource]);
  expect(idsOf('Observation?code-value-concept=a%5C$b$c', corpus)).toEqual(['money']);
  expect(() => parsed('Observation?code-value-concept=a$b$c')).toThrow('takes 2 values');
});

test('of hundreds of codes, at most sixteen are indexed for composites', () => {
  const many = coded(...Array.from({ length: 500 }, (_one, at) => `c${at}`));
  const { tokens, composites } = buildIndexRows(
    observation('x', many, { valueCodeableConcept: many, component: [{ code: many, valueQuantity: { value: 1 } }] }),
    REGISTRY,
  );
  expect(tokens.length).toBeLessThan(10_000);
  expect(composites).toHaveLength(16);
});

test('a part that several parameters share is indexed once', () => {
  const rows = buildIndexRows(pressure('x', 120, 80), REGISTRY);
  expect(rows.composites).toHaveLength(2);
  expect(REGISTRY.listParts('Observation')).toHaveLength(6);
  expect(REGISTRY.listParts('Patient')).toEqual([]);
});

const PERIOD = 'http://hl7.org/fhir/SearchParameter/PractitionerRole-date';
const OWN: SearchParameterResource = {
  url: 'http://example.org/SearchParameter/role-code-period',
  code: 'role-code-period',
  base: ['PractitionerRole'],
  type: 'composite',
  expression: "PractitionerRole.extension.where(url='http://example.org/x|y')",
  component: [
    { definition: 'http://hl7.org/fhir/SearchParameter/PractitionerRole-role', expression: 'value.ofType(CodeableConcept)' },
    { definition: 'http://hl7.org/fhir/SearchParameter/PractitionerRole-active', expression: 'value.ofType(boolean)' },
  ],
};

test("a project's own composite works like those of the specification", () => {
  const registry = buildRegistry([
    {
      ...OWN,
      expression: 'PractitionerRole',
      component: [
        { ...OWN.component![0]!, expression: 'code' },
        { ...OWN.component![1]!, expression: 'active' },
      ],
    },
  ]);
  const role = (id: string, active: boolean): Resource => ({ resourceType: 'PractitionerRole', id, active, code: [coded('doctor@')] });
  const corpus = corpusOf([role('on', true), role('off', false)], registry);
  expect(idsOf('PractitionerRole?role-code-period=doctor$true', corpus, registry)).toEqual(['on']);
});

test("a project's own composite may have several references and ranges, and no code", () => {
  const registry = buildRegistry([
    {
      ...OWN,
      code: 'at-since',
      expression: 'PractitionerRole',
      component: [
        { definition: 'http://hl7.org/fhir/SearchParameter/PractitionerRole-location', expression: 'location' },
        { definition: PERIOD, expression: 'period' },
      ],
    },
    {
      ...OWN,
      url: 'http://example.org/SearchParameter/series',
      code: 'series',
      base: ['ImmunizationRecommendation'],
      expression: 'ImmunizationRecommendation.recommendation',
      component: [
        { definition: 'http://hl7.org/fhir/SearchParameter/ImmunizationRecommendation-date', expression: 'dateCriterion.value' },
        { definition: 'http://hl7.org/fhir/SearchParameter/MolecularSequence-variant-start', expression: 'doseNumber.ofType(positiveInt)' },
        { definition: 'http://hl7.org/fhir/SearchParameter/MolecularSequence-variant-end', expression: 'seriesDoses.ofType(positiveInt)' },
        { definition: 'http://hl7.org/fhir/SearchParameter/Organization-name', expression: 'series' },
      ],
    },
  ]);
  const role = (id: string, locations: string[], start: string): Resource => ({
    ...{ resourceType: 'PractitionerRole', id, period: { start } },
    location: locations.map((reference) => ({ reference })),
  });
  const roles = corpusOf([role('here', ['Location/a', 'Location/b'], '2020'), role('there', ['Location/c'], '2020')], registry);
  expect(idsOf('PractitionerRole?at-since=b$2021', roles, registry)).toEqual([]);
  expect(idsOf('PractitionerRole?at-since=b$ge2021', roles, registry)).toEqual(['here']);
  expect(idsOf('PractitionerRole?at-since=Location/c$ge2021,Location/a$ge2021', roles, registry)).toEqual(['here', 'there']);
  const dose = (at: number, of: number, value: string) => ({
    ...{ doseNumberPositiveInt: at, seriesDosesPositiveInt: of, series: 'Primary series' },
    dateCriterion: [{ value }],
  });
  const doses = corpusOf(
    [{ resourceType: 'ImmunizationRecommendation', id: 'x', recommendation: [dose(1, 3, '2026-01-01'), dose(2, 3, '2026-06-01')] }],
    registry,
  );
  expect(idsOf('ImmunizationRecommendation?series=2026-06$2$3$prim', doses, registry)).toEqual(['x']);
  expect(idsOf('ImmunizationRecommendation?series=2026-06$ge1$gt2$primary', doses, registry)).toEqual(['x']);
  expect(idsOf('ImmunizationRecommendation?series=2026-06$1$3$prim', doses, registry)).toEqual([]);
  expect(idsOf('ImmunizationRecommendation?series=2026-06$2$3$second', doses, registry)).toEqual([]);
});

test.each<[string, Partial<SearchParameterResource>, string]>([
  [
    'a component like nothing that is known',
    { component: [{ definition: 'urn:x', expression: 'code' }] },
    'its component refers to an unknown search parameter urn:x',
  ],
  ['one component alone', { component: [OWN.component![0]!] }, 'a composite needs two or more components'],
  [
    'a component that is a URI',
    { component: [OWN.component![0]!, { definition: 'http://hl7.org/fhir/SearchParameter/Resource-profile', expression: 'url' }] },
    'components of type uri are not served',
  ],
  [
    'two components that are dates',
    { component: ['1', '2'].map(() => ({ definition: PERIOD, expression: 'value.ofType(Period)' })) },
    'one component of type quantity or two of type number, one of type date and one of type string',
  ],
  [
    'a component that finds nothing of its kind',
    { component: [OWN.component![0]!, { ...OWN.component![1]!, expression: 'value.ofType(Period)' }] },
    'its expression value.ofType(Period) finds no element of Extension that a token parameter can index',
  ],
])('%s is refused, naming the definition', (_case, change, problem) => {
  const build = (): unknown => buildRegistry([{ ...OWN, ...change }]);
  expect(build).toThrow(problem);
  expect(build).toThrow(OWN.url);
});
