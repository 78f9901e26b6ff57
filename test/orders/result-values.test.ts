// Printed laboratory values as FHIR values: each kind of result, units, reference ranges and times; every text becomes valid R4.

import { parseExactJson, stringifyJson, toPlainJson } from '../../src/fhir/json.ts';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { validateResource } from '../../src/fhir/validation/validate.ts';
import { toFhirDateTime, toFhirInstant } from '../../src/junction/fhir-date-time.ts';
import { markAbsentTimes } from '../../src/orders/results/absent-times.ts';
import { parseMarker } from '../../src/orders/results/biomarker.ts';
import { parseReport, type ReportSubject } from '../../src/orders/results/parse-report.ts';
import { parseExactNumber } from '../../src/orders/results/value-fields.ts';
import { loadResultMappings } from '../../src/server/integrations.ts';
import fc from '../fast-check.ts';
import { findUsCoreErrors } from './us-core-results.ts';

const mappings = loadResultMappings(loadProfiles('fhir-profiles'));
const SUBJECT: ReportSubject = {
  idBase: '6d0c7a1e-0000-4000-8000-000000000001',
  transaction: 'j',
  order: '6d0c7a1e-0000-4000-8000-000000000002',
  request: 'ServiceRequest/one',
  patient: 'Patient/ada',
  sampleType: 'serum',
  correcting: false,
  laboratory: undefined,
  units: mappings.units,
  reportedAt: '2026-11-21T12:00:00Z',
};
const around = { ...SUBJECT, collected: undefined, specimens: new Map(), laboratory: { name: 'Quest Diagnostics', clia: '05D0000000' } };
const GIVEN = { providerSystem: 'http://example.org/provider/quest' };

/** The Observation of one result, as the text that is stored. */
const written = (result: object): string =>
  stringifyJson(mappings.biomarker.write(parseMarker(parseExactJson(JSON.stringify(result)), around).view, undefined, GIVEN));
const observed = (result: object): Resource => JSON.parse(written({ name: 'TSH', slug: 'tsh', ...result })) as Resource;
const valid = (resource: Resource): unknown[] =>
  validateResource(toPlainJson(resource) as Resource, resource.resourceType as ServedType).filter(
    ({ severity }) => severity === 'error' || severity === 'fatal',
  );

describe('a value', () => {
  test.each([
    ['numeric', '2.10', 'mIU/L', '"valueQuantity":{"value":2.10,"unit":"mIU/L","code":"m[IU]/L","system":"http://unitsofmeasure.org"}'],
    ['numeric', '100', 'mg/dl', '"valueQuantity":{"value":100,"unit":"mg/dl","code":"mg/dL","system":"http://unitsofmeasure.org"}'],
    ['numeric', '5', 'G/L', '"valueQuantity":{"value":5,"unit":"G/L"}'],
    ['numeric', '0.10', 'furlongs', '"valueQuantity":{"value":0.10,"unit":"furlongs"}'],
    ['numeric', '-3', null, '"valueQuantity":{"value":-3}'],
    ['numeric', '.5', null, '"valueQuantity":{"value":0.5}'],
    ['numeric', '12345678901234567890.10', null, '"valueQuantity":{"value":12345678901234567890.10}'],
    [
      'range',
      '<1.20',
      'ng/mL',
      '"valueQuantity":{"value":1.20,"comparator":"<","unit":"ng/mL","code":"ng/mL","system":"http://unitsofmeasure.org"}',
    ],
    ['range', '>= 60', null, '"valueQuantity":{"value":60,"comparator":">="}'],
    ['numeric', '≤5', null, '"valueQuantity":{"value":5,"comparator":"<="}'],
    [
      'range',
      '1.0-2.50',
      'g/dL',
      '"valueRange":{"low":{"value":1.0,"unit":"g/dL","code":"g/dL","system":"http://unitsofmeasure.org"},"high":{"value":2.50,',
    ],
    ['range', '0 to 5', null, '"valueRange":{"low":{"value":0},"high":{"value":5}}'],
    ['range', '1:80', 'titer', '"valueRatio":{"numerator":{"value":1,"unit":"titer"},"denominator":{"value":80}}'],
    ['range', '<1:40', null, '"valueRatio":{"numerator":{"value":1,"comparator":"<"},"denominator":{"value":40}}'],
    ['range', '1:080', null, '"valueString":"1:080"'],
    ['comment', '1:80', null, '"valueString":"1:80"'],
    ['numeric', '1,234', 'mg/dL', '"valueString":"1,234 mg/dL"'],
    ['numeric', '5.', null, '"valueString":"5."'],
    ['numeric', '007', null, '"valueString":"007"'],
    ['range', '5-1', null, '"valueString":"5-1"'],
    ['numeric', 'NOT DETECTED', null, '"valueString":"NOT DETECTED"'],
    ['comment', '12', null, '"valueString":"12"'],
    [
      'coded_value',
      'A',
      null,
      '"valueCodeableConcept":{"coding":[{"system":"https://loop.health/fhir/CodeSystem/junction-coded-value","code":"A"}],"text":"A"}',
    ],
    [
      'coded_value',
      'Non-Reactive',
      null,
      '"code":"Non-Reactive"},{"system":"http://snomed.info/sct","code":"131194007"}],"text":"Non-Reactive"}',
    ],
    ['coded_value', 'a  b', null, '"valueCodeableConcept":{"text":"a  b"}'],
    ['hologram', '1.50', null, '"valueQuantity":{"value":1.50}'],
  ])('%s %j %s: %s', (type, result, unit, expected) => {
    expect(written({ name: 'TSH', type, result, unit })).toContain(expected);
  });

  test('that is missing or blank is absent, and says so', () => {
    for (const result of ['', '  ', null, undefined])
      expect(observed({ type: 'numeric', result })).toMatchObject({ dataAbsentReason: { coding: [{ code: 'unknown' }] } });
  });

  test('sent as a JSON number keeps its digits', () => {
    const { view } = parseMarker(
      parseExactJson('{"name":"x","type":"numeric","result":2.10,"min_range_value":1.00,"reference_range":"1.00-3"}'),
      around,
    );
    expect(stringifyJson(mappings.biomarker.write(view, undefined, GIVEN))).toMatch(/"value":2\.10.*"value":1\.00/);
  });
});

describe('a reference range', () => {
  const range = (reference_range: string | null, min: number | null = 1, max: number | null = 5) =>
    (
      observed({ type: 'numeric', result: '2', reference_range, min_range_value: min, max_range_value: max }).referenceRange as object[]
    )?.[0];
  test.each([
    ['1-5', { low: { value: 1 }, high: { value: 5 }, text: '1-5' }],
    ['1 - 5 mg/dL', { low: { value: 1 }, high: { value: 5 }, text: '1 - 5 mg/dL' }],
    ['<5', { text: '<5' }],
    ['<=5', { high: { value: 5 }, text: '<=5' }],
    ['> OR = 1', { low: { value: 1 }, text: '> OR = 1' }],
    ['>1', { text: '>1' }],
    ['Negative', { text: 'Negative' }],
  ])('%s has the bounds that the text includes', (text, expected) => {
    expect(range(text)).toEqual(expected);
  });

  test('without a text says the bounds and claims none', () => {
    expect([range(null), range(null, null), range(null, 1, null), range(null, null, null)]).toEqual([
      { text: '1 - 5' },
      { text: 'up to 5' },
      { text: 'from 1' },
      undefined,
    ]);
  });
});

test.each([
  ['normal', false, false, 'N'],
  ['abnormal', true, false, 'H'],
  ['abnormal', false, true, 'L'],
  ['abnormal', false, false, 'A'],
  ['critical', true, null, 'HH'],
  ['critical', null, true, 'LL'],
  ['critical', null, null, 'AA'],
  ['unknown', true, false, undefined],
  ['constructor', true, false, undefined],
])('%s (above: %s, below: %s) is interpreted as %s', (interpretation, above, below, code) => {
  const found = observed({ type: 'numeric', result: '2', interpretation, is_above_max_range: above, is_below_min_range: below });
  expect((found.interpretation as { coding: { code: string }[] }[])?.[0]?.coding[0]?.code).toBe(code);
});

test.each([
  ['abnormal', 'High', 'H'],
  ['abnormal', 'l', 'L'],
  ['abnormal', 'Positive', 'A'],
  ['critical', 'LL', 'LL'],
  ['critical', 'Panic  High', 'HH'],
  ['normal', 'H', 'N'],
  ['unknown', 'HH', 'HH'],
  ['unknown', 'POS', undefined],
  ['unknown', '', undefined],
])('%s with the flag %j of the laboratory is %s', (interpretation, source_interpretation, code) => {
  const result = { name: 'TSH', type: 'numeric', result: '2', interpretation, source_interpretation };
  const { view, critical } = parseMarker(result, around);
  expect([view.interpretation, view.source_word, critical]).toEqual([
    code,
    source_interpretation === '' ? undefined : source_interpretation.trim(),
    ['HH', 'LL', 'AA'].includes(code ?? ''),
  ]);
});

test('the performer is the laboratory that measured the marker, or that of the report with its CLIA number', () => {
  const performer = (performing_laboratory: string | null) => observed({ type: 'numeric', result: '2', performing_laboratory }).performer;
  const ofReport = {
    display: 'Quest Diagnostics',
    identifier: { value: '05D0000000', system: 'urn:oid:2.16.840.1.113883.4.7' },
    type: 'Organization',
  };
  expect([performer('Nichols Institute'), performer('Quest Diagnostics'), performer(null)]).toEqual([
    [{ display: 'Nichols Institute', type: 'Organization' }],
    [ofReport],
    [ofReport],
  ]);
});

test('without a reported laboratory, the performer is the laboratory that has the order', () => {
  const { report, markers } = parseReport({ metadata: {}, results: [{ name: 'A', result: '1' }] }, { ...SUBJECT, laboratory: 'Labcorp' })!;
  expect([report.view.laboratory, markers[0]!.view.laboratory]).toEqual(['Labcorp', 'Labcorp']);
});

test('the reason for a missing time is stated beside what others have stored there, and goes when there is a time', () => {
  const reason = { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' };
  const own = { url: 'http://example.org/own', valueString: 'x' };
  const marked = markAbsentTimes({ resourceType: 'DiagnosticReport', _issued: { id: 'a', extension: [own] } } as Resource);
  expect(marked).toEqual({
    resourceType: 'DiagnosticReport',
    _effectiveDateTime: { extension: [reason] },
    _issued: { id: 'a', extension: [own, reason] },
  });
  expect(markAbsentTimes(marked)).toEqual(marked);
  const period = { start: '2026-11-21' };
  expect(markAbsentTimes({ ...marked, issued: '2026-11-21T12:00:00Z', effectivePeriod: period } as Resource)).toEqual({
    resourceType: 'DiagnosticReport',
    issued: '2026-11-21T12:00:00Z',
    _issued: { id: 'a', extension: [own] },
    effectivePeriod: period,
  });
});

test('a LOINC code is stored only if it was reported and is valid', () => {
  const codes = (loinc: unknown) =>
    (observed({ type: 'numeric', result: '1', loinc }).code as { coding: { system: string }[] }).coding.map(({ system }) => system);
  expect(codes('3016-3')[0]).toBe('http://loinc.org');
  for (const loinc of [null, undefined, 'n/a', '']) expect(codes(loinc)).not.toContain('http://loinc.org');
});

test.each([
  ['2026-11-21', '2026-11-21', undefined],
  ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
  ['2026-11-21T10:00:00+0000', '2026-11-21T10:00:00+00:00', '2026-11-21T10:00:00+00:00'],
  ['2026-11-21 10:00', '2026-11-21', undefined],
  ['2026-11-21T10:00:00', '2026-11-21', undefined],
  ['18/08/1993', undefined, undefined],
  ['2026-02-30', undefined, undefined],
  [{ timestamp: '2026-11-21T10:00:00Z', timezone_offset: -18_000 }, '2026-11-21T05:00:00-05:00', '2026-11-21T05:00:00-05:00'],
  [{ timestamp: '2026-11-21T10:00:00', timezone_offset: -300 }, '2026-11-21T05:00:00-05:00', '2026-11-21T05:00:00-05:00'],
  [{ timestamp: '2026-11-21T10:00:00+00:00', timezone_offset: 0 }, '2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
  [{ timestamp: 'soon', timezone_offset: 0 }, undefined, undefined],
  [null, undefined, undefined],
])('%j is the dateTime %s and the instant %s', (given, dateTime, instant) => {
  expect([toFhirDateTime(given), toFhirInstant(given)]).toEqual([dateTime, instant]);
});

test('every decimal without leading zeros becomes a number with the same digits', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?$/), (text) => stringifyJson(parseExactNumber(text)) === text),
    { numRuns: 500 },
  );
});

test('markers of one report have different ids, which are stable', () => {
  const results = [
    { name: 'A', result: '1' },
    { name: 'A', result: '2' },
    { name: 'A', result: '1', source_sample_id: 's' },
    { name: 'B', slug: 'A', result: '3' },
  ];
  const ids = () => parseReport({ metadata: {}, results }, SUBJECT)!.markers.map(({ id }) => id);
  expect([new Set(ids()).size, ids()]).toEqual([4, ids()]);
});

test('a sample without a type states that it is unknown, until the type is reported', () => {
  const write = (sampleType: string | undefined, into?: Resource) => {
    const { samples } = parseReport(
      { metadata: { specimen_number: '1' }, results: [{ name: 'A', result: '1' }] },
      { ...SUBJECT, sampleType },
    )!;
    return mappings.sample.write(samples[0]!.view, into);
  };
  const unknown = write(undefined);
  expect(unknown.type).toEqual({ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown' }] });
  expect(write('serum', unknown).type).toEqual({ text: 'serum', coding: [{ system: 'http://snomed.info/sct', code: '119364003' }] });
  expect(write('plasma', unknown).type).toEqual({ text: 'plasma' });
});

test('a sample keeps its control number, and what the laboratory notes about the patient and the sample', () => {
  const clinical_information = { fasting: true, notes: 'Hemolyzed.', information: null, total_volume: '1500 mL' };
  const sample_information = { s1: { control_number: 'C-9', clinical_information }, s2: { clinical_information: { fasting: 'no' } } };
  const { samples } = parseReport({ metadata: {}, results: [{ name: 'A', result: '1' }], sample_information }, SUBJECT)!;
  const [first, second] = samples.map(({ view }) => mappings.sample.write(view, undefined));
  expect(first).toMatchObject({
    identifier: [{ value: 'C-9' }],
    collection: { fastingStatusCodeableConcept: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0916', code: 'F' }] } },
    note: [{ authorString: 'laboratory', text: 'Hemolyzed.\nTotal volume: 1500 mL' }],
  });
  expect([second!.identifier, second!.collection, second!.note]).toEqual([undefined, undefined, undefined]);
});

/** What a sender might write anywhere. */
const anything = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1.5,
    '',
    ' ',
    '2.10',
    '<5',
    '1-2',
    '1:80',
    'POS',
    'High',
    '2026-11-21',
    '3016-3',
    'mg/dL',
    'critical',
    [],
    {},
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const FIELDS = [
  'name',
  'slug',
  'result',
  'type',
  'unit',
  'timestamp',
  'notes',
  'reference_range',
  'min_range_value',
  'max_range_value',
  'loinc',
];
const MORE = [
  'is_above_max_range',
  'interpretation',
  'source_interpretation',
  'provider_id',
  'source_markers',
  'performing_laboratory',
  'source_sample_id',
];
const marker = fc.record(Object.fromEntries([...FIELDS, ...MORE].map((name) => [name, anything])), { requiredKeys: [] });
const metadata = fc.record(
  Object.fromEntries(
    ['status', 'interpretation', 'laboratory', 'clia_#', 'date_reported', 'date_collected', 'specimen_number'].map((name) => [
      name,
      anything,
    ]),
  ),
  { requiredKeys: [] },
);
const samples = fc.dictionary(
  fc.string({ maxLength: 5 }),
  fc.oneof(
    anything,
    fc.record({
      sample_id: anything,
      date_collected: anything,
      date_received: anything,
      control_number: anything,
      clinical_information: anything,
    }),
  ),
  { maxKeys: 2 },
);

test('every laboratory text becomes valid R4 and conforms to US Core', () => {
  fc.assert(
    fc.property(fc.array(marker, { maxLength: 4 }), metadata, samples, (results, meta, sample_information) => {
      const result = parseExactJson(JSON.stringify({ metadata: meta, results, missing_results: results, sample_information })) as Record<
        string,
        unknown
      >;
      const parts = parseReport(result, SUBJECT);
      if (!parts) return;
      const resources = [
        ...parts.markers.map(({ view }) => mappings.biomarker.write(view, undefined, GIVEN)),
        ...parts.samples.map(({ view }) => mappings.sample.write(view, undefined)),
        markAbsentTimes(
          mappings.report.write({ ...parts.report.view, status: 'final', order: SUBJECT.order, results: ['Observation/1'] }, undefined),
        ),
      ];
      for (const resource of resources) expect([...valid(resource), ...findUsCoreErrors(resource)]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
