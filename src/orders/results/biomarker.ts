// One biomarker of a result, and one that was expected and is missing, as the fields of mappings/junction/biomarker.yaml.
// https://docs.junction.com/lab/results/result-formats

import { objectOf, textIn, textOf } from '../../junction/json-accessors.ts';
import { instantOf } from '../../junction/moment.ts';
import type { View } from '../../mapping/shape.ts';
import { referenceView, type Unit, valueView, withoutValue } from './value.ts';

/** What all markers of a report share. References as they are written. */
export interface Surroundings {
  request: string;
  patient: string | undefined;
  /** When what has no sample of its own was taken. */
  collected: string | undefined;
  /** By the laboratory's number of the sample. */
  specimens: ReadonlyMap<string, Taken>;
  /** Laboratory's unit, folded → UCUM. */
  units: ReadonlyMap<string, string>;
}

/** The Specimen, as it is referred to, and when it was taken. */
export interface Taken {
  reference: string;
  collected: string | undefined;
}

/** A marker as it is to be written. */
export interface Marker {
  /** Names it among the markers of its report, the same in every report. */
  key: string;
  view: View;
  critical: boolean;
}

const LOINC = /^\d{1,7}-\d$/;

/** One of `results[]`. */
export function markerOf(given: unknown, around: Surroundings): Marker {
  const result = objectOf(given);
  const unit = unitOf(result.unit, around.units);
  const sample = textIn(result, 'source_sample_id');
  const taken = sample === undefined ? onlyOne(around.specimens) : around.specimens.get(sample);
  const { code, word } = interpreted(result);
  const view = {
    ...namesOf(result, around),
    collected: taken ? taken.collected : around.collected,
    status: 'final',
    ...valueView(textIn(result, 'type'), result.result, unit),
    ...referenceView({ range: result.reference_range, min: result.min_range_value, max: result.max_range_value }, unit),
    specimen: taken?.reference,
    timestamp: instantOf(result.timestamp),
    laboratory: textOf(result.performing_laboratory),
    interpretation: code,
    source_word: word,
    note: textOf(result.notes),
    tag: result.source_markers === null ? 'unsolicited' : undefined,
  };
  return { key: keyOf(result, sample), view, critical: textIn(result, 'interpretation') === 'critical' };
}

/** One of `missing_results[]`: kept, so that it is seen that something was expected. */
export function missingOf(given: unknown, around: Surroundings): Marker {
  const missing = objectOf(given);
  const failure = textIn(missing, 'inferred_failure_type');
  const note = [failure, textOf(missing.note)].filter((text) => text !== undefined).join(': ');
  const view = {
    ...namesOf(missing, around),
    collected: around.collected,
    status: 'cancelled',
    ...withoutValue(failure === 'non_failure' ? 'not-performed' : 'error'),
    ...referenceView({ range: null, min: null, max: null }, NO_UNIT),
    ...{
      specimen: undefined,
      timestamp: undefined,
      laboratory: undefined,
      interpretation: undefined,
      source_word: undefined,
      tag: undefined,
    },
    note: note === '' ? undefined : note,
  };
  return { key: keyOf(missing, undefined), view, critical: false };
}

function namesOf(result: Record<string, unknown>, { request, patient }: Surroundings): View {
  const loinc = textIn(result, 'loinc');
  return {
    name: textOf(result.name) ?? textOf(result.slug) ?? 'unnamed',
    loinc: loinc !== undefined && LOINC.test(loinc) ? loinc : undefined,
    slug: codeOf(result.slug),
    provider_id: codeOf(result.provider_id),
    request,
    patient,
  };
}

/** https://hl7.org/fhir/R4/datatypes.html#code */
const codeOf = (given: unknown): string | undefined => textOf(given)?.replace(/\s+/g, ' ');

/** By the laboratory's code, else Junction's name of it; a second sample of one journey has its own. */
const keyOf = (result: Record<string, unknown>, sample: string | undefined): string =>
  [textIn(result, 'provider_id') ?? textIn(result, 'slug') ?? textIn(result, 'name') ?? '', sample ?? ''].join('|');

const onlyOne = (specimens: Surroundings['specimens']): Taken | undefined =>
  specimens.size === 1 ? [...specimens.values()][0] : undefined;

/** Junction's word, and on which side of the range → https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html */
const INTERPRETATIONS: Record<string, { above: string; below: string; neither: string }> = {
  normal: { above: 'N', below: 'N', neither: 'N' },
  abnormal: { above: 'H', below: 'L', neither: 'A' },
  critical: { above: 'HH', below: 'LL', neither: 'AA' },
};

function interpreted(result: Record<string, unknown>): { code: string | undefined; word: string | undefined } {
  const side = result.is_above_max_range === true ? 'above' : result.is_below_min_range === true ? 'below' : 'neither';
  const word = textIn(result, 'interpretation') ?? '';
  return {
    code: Object.hasOwn(INTERPRETATIONS, word) ? INTERPRETATIONS[word]![side] : undefined,
    word: textOf(result.source_interpretation),
  };
}

const NO_UNIT: Unit = { unit: undefined, ucum: undefined };

/** Spaces mean nothing in a unit; case does. */
export const foldedUnit = (unit: string): string => unit.replace(/\s+/g, '');

function unitOf(given: unknown, units: ReadonlyMap<string, string>): Unit {
  const unit = textOf(given);
  return unit === undefined ? NO_UNIT : { unit, ucum: units.get(foldedUnit(unit)) };
}
