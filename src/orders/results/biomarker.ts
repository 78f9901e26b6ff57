// Converts a biomarker of a result, or an expected one that is missing, to the fields of mappings/junction/biomarker.yaml.
// https://docs.junction.com/lab/results/result-formats

import { toList, toRecord } from '../../fhir/json-values.ts';
import { toFhirInstant } from '../../junction/fhir-date-time.ts';
import { readTextField, toReportedText } from '../../junction/json-fields.ts';
import type { View } from '../../mapping/shape.ts';
import { toAbsentFields, toReferenceRangeFields, toValueFields, type Unit } from './value-fields.ts';

/** What all markers of a report share. */
export interface ReportElements {
  request: string;
  patient: string | undefined;
  /** The collection time of markers without a sample. */
  collected: string | undefined;
  /** By the laboratory's sample number. */
  specimens: ReadonlyMap<string, SampleReference>;
  /** The laboratory of the report. */
  laboratory: Laboratory;
  /** Laboratory's unit, normalized → UCUM. */
  units: ReadonlyMap<string, string>;
}

export interface Laboratory {
  name: string | undefined;
  /** Its CLIA number. */
  clia: string | undefined;
}

export interface SampleReference {
  reference: string;
  collected: string | undefined;
}

export interface Marker {
  /** Identifies the marker within its report, also in later results. */
  key: string;
  view: View;
  critical: boolean;
  /** The name fields of the ordered markers that it belongs to. */
  sources: View[];
}

const LOINC = /^\d{1,7}-\d$/;

/** One of `results[]`. */
export function parseMarker(value: unknown, shared: ReportElements): Marker {
  const result = toRecord(value);
  const unit = parseUnit(result.unit, shared.units);
  const sample = readTextField(result, 'source_sample_id');
  const sampleRef = sample === undefined ? findOnlySample(shared.specimens) : shared.specimens.get(sample);
  const { code, sourceText } = toInterpretation(result);
  const view = {
    ...toNameFields(result, shared),
    collected: sampleRef ? sampleRef.collected : shared.collected,
    status: 'final',
    ...toValueFields(readTextField(result, 'type'), result.result, unit),
    ...toReferenceRangeFields({ range: result.reference_range, min: result.min_range_value, max: result.max_range_value }, unit),
    specimen: sampleRef?.reference,
    timestamp: toFhirInstant(result.timestamp),
    ...toPerformerFields(toReportedText(result.performing_laboratory), shared.laboratory),
    interpretation: code,
    source_word: sourceText,
    note: toReportedText(result.notes),
    tag: result.source_markers === null ? 'unsolicited' : undefined,
  };
  return {
    key: toMarkerKey(result, sample),
    view,
    critical: code !== undefined && CRITICAL_CODES.has(code),
    sources: parseSources(result, shared),
  };
}

/** One of `missing_results[]`: a cancelled Observation shows that a value was expected. */
export function parseMissingMarker(value: unknown, shared: ReportElements): Marker {
  const missing = toRecord(value);
  const failure = readTextField(missing, 'inferred_failure_type');
  const note = [failure, toReportedText(missing.note)].filter((text) => text !== undefined).join(': ');
  const view = {
    ...toNameFields(missing, shared),
    collected: shared.collected,
    status: 'cancelled',
    ...toPerformerFields(undefined, shared.laboratory),
    ...toAbsentFields(failure === 'non_failure' ? 'not-performed' : 'error'),
    ...toReferenceRangeFields({ range: null, min: null, max: null }, NO_UNIT),
    ...{
      specimen: undefined,
      timestamp: undefined,
      interpretation: undefined,
      source_word: undefined,
      tag: undefined,
    },
    note: note === '' ? undefined : note,
  };
  return { key: toMarkerKey(missing, undefined), view, critical: false, sources: parseSources(missing, shared) };
}

const parseSources = (result: Record<string, unknown>, shared: ReportElements): View[] =>
  toList(result.source_markers).map((source) => {
    const { loinc: _unknown, ...fields } = toNameFields(toRecord(source), shared);
    return fields;
  });

/** The laboratory that measured the marker, by default that of the report. The CLIA number belongs to the latter. */
const toPerformerFields = (performing: string | undefined, { name, clia }: Laboratory): View => ({
  laboratory: performing ?? name,
  clia: performing === undefined || performing === name ? clia : undefined,
});

function toNameFields(result: Record<string, unknown>, { request, patient }: ReportElements): View {
  const loinc = readTextField(result, 'loinc');
  return {
    name: toReportedText(result.name) ?? toReportedText(result.slug) ?? 'unnamed',
    loinc: loinc !== undefined && LOINC.test(loinc) ? loinc : undefined,
    slug: toCode(result.slug),
    provider_id: toCode(result.provider_id),
    request,
    patient,
  };
}

/** https://hl7.org/fhir/R4/datatypes.html#code */
const toCode = (value: unknown): string | undefined => toReportedText(value)?.replace(/\s+/g, ' ');

/** By the laboratory's code, or Junction's name, and by sample. */
const toMarkerKey = (result: Record<string, unknown>, sample: string | undefined): string =>
  [readTextField(result, 'provider_id') ?? readTextField(result, 'slug') ?? readTextField(result, 'name') ?? '', sample ?? ''].join('|');

const findOnlySample = (specimens: ReportElements['specimens']): SampleReference | undefined =>
  specimens.size === 1 ? [...specimens.values()][0] : undefined;

/** Junction's interpretation, and the side of the range → https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html */
const INTERPRETATIONS: Record<string, { above: string; below: string; neither: string }> = {
  normal: { above: 'N', below: 'N', neither: 'N' },
  abnormal: { above: 'H', below: 'L', neither: 'A' },
  critical: { above: 'HH', below: 'LL', neither: 'AA' },
};

/** The codes of critical values. */
export const CRITICAL_CODES: ReadonlySet<string> = new Set(['HH', 'LL', 'AA']);

/** Flags that laboratories print → the same code system; HL7 v2 has the same codes. https://terminology.hl7.org/CodeSystem-v2-0078.html */
const FLAGS = new Map([
  ...['N', 'H', 'L', 'HH', 'LL', 'A', 'AA'].map((code) => [code.toLowerCase(), code] as const),
  ...([
    ['normal', 'N'],
    ['high', 'H'],
    ['low', 'L'],
    ['critical high', 'HH'],
    ['critical low', 'LL'],
  ] as const),
  ...([
    ['panic high', 'HH'],
    ['panic low', 'LL'],
    ['abnormal', 'A'],
    ['critical abnormal', 'AA'],
  ] as const),
]);

/** Junction decides how severe a value is. The laboratory's flag adds the side of the range, and counts alone if Junction has no interpretation. */
function toInterpretation(result: Record<string, unknown>): { code: string | undefined; sourceText: string | undefined } {
  const sourceText = toReportedText(result.source_interpretation);
  const flag = FLAGS.get((sourceText ?? '').toLowerCase().replace(/\s+/g, ' '));
  const interpretation = readTextField(result, 'interpretation') ?? '';
  const isKnown = Object.hasOwn(INTERPRETATIONS, interpretation);
  return { code: isKnown ? INTERPRETATIONS[interpretation]![findSide(result, flag)] : flag, sourceText };
}

function findSide(result: Record<string, unknown>, flag: string | undefined): 'above' | 'below' | 'neither' {
  if (result.is_above_max_range === true) return 'above';
  if (result.is_below_min_range === true) return 'below';
  return flag?.startsWith('H') ? 'above' : flag?.startsWith('L') ? 'below' : 'neither';
}

const NO_UNIT: Unit = { unit: undefined, ucum: undefined };

/** Spaces in a unit have no meaning; case has. */
export const normalizeUnit = (unit: string): string => unit.replace(/\s+/g, '');

function parseUnit(value: unknown, units: ReadonlyMap<string, string>): Unit {
  const unit = toReportedText(value);
  return unit === undefined ? NO_UNIT : { unit, ucum: units.get(normalizeUnit(unit)) };
}
