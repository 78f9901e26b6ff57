// A result as the network tells it, taken apart: what stands in the report, its samples, its markers; each as the fields of the mappings in mappings/junction.
// https://docs.junction.com/lab/results/result-formats

import { v5 } from 'uuid';
import { toList } from '../../fhir/json-values.ts';
import { toFhirDateTime, toFhirInstant } from '../../junction/fhir-date-time.ts';
import { readTextField, toJsonObject, toReportedText } from '../../junction/json-fields.ts';
import type { View } from '../../mapping/shape.ts';
import { type Marker, parseMarker, parseMissingMarker, type ReportElements, type SampleReference } from './biomarker.ts';

/** What a result is written for. */
export interface ReportSubject {
  /** What all ids are made of (existing-results.ts). */
  journey: string;
  /** What the network calls the journey, where it says so. */
  transaction: string | undefined;
  order: string;
  /** References as they are written. */
  request: string;
  patient: string | undefined;
  /** Serum, urine …, in the network's word. */
  sampleType: string | undefined;
  units: ReadonlyMap<string, string>;
  /** A correction that holds everything: when nothing is in it, all is taken back. */
  correcting: boolean;
  /** When the network says that it was reported, if the result does not say so with a zone. */
  reportedAt: string | undefined;
}

/** One resource of a report: its id, and the fields of its mapping. */
export interface ReportPart {
  id: string;
  view: View;
}

export interface ParsedReport {
  /** `partial` or `final`, as told. */
  status: string;
  report: ReportPart;
  samples: ReportPart[];
  /** Missing ones among them. */
  markers: ReportPart[];
  critical: boolean;
}

/** The namespace of the ids of results, minted once for this project: the same result has the same ids, whoever applies it. */
const RESULT_NAMESPACE = '4f0c7c3e-6f0e-4a58-9a57-1d0f9a4a9b5e';

export const toReportId = (journey: string): string => v5(`${journey}/report`, RESULT_NAMESPACE);
export const toDocumentId = (journey: string): string => v5(`${journey}/document`, RESULT_NAMESPACE);

/** Undefined: there is nothing in it yet. */
export function parseReport(result: Record<string, unknown>, subject: ReportSubject): ParsedReport | undefined {
  const given = toList(result.results);
  const lacking = toList(result.missing_results);
  const metadata = toJsonObject(result.metadata);
  const emptied = subject.correcting && Array.isArray(result.results) && metadata.status === 'final';
  if (!given.length && !lacking.length && !emptied) return undefined;
  const samples = parseSamples(result, metadata, subject);
  const collected = samples.find(({ view }) => view.collected !== undefined)?.view.collected as string | undefined;
  const specimens = new Map(samples.flatMap(({ numbers, taken }) => numbers.map((number) => [number, taken] as const)));
  const around: ReportElements = { request: subject.request, patient: subject.patient, collected, specimens, units: subject.units };
  const markers = [...given.map((one) => parseMarker(one, around)), ...lacking.map((one) => parseMissingMarker(one, around))];
  const interpretation = readTextField(metadata, 'interpretation');
  return {
    status: readTextField(metadata, 'status') ?? 'final',
    report: { id: toReportId(subject.journey), view: toReportFields(metadata, subject, { samples, collected }) },
    samples: samples.map(({ id, view }) => ({ id, view })),
    markers: assignIds(markers, subject.journey),
    critical: interpretation === 'critical' || markers.some((marker) => marker.critical),
  };
}

/** Two of the same key, as laboratories sometimes send, are told apart by their place. */
function assignIds(markers: Marker[], journey: string): ReportPart[] {
  const counts = new Map<string, number>();
  return markers.map(({ key, view }) => {
    const nth = counts.get(key) ?? 0;
    counts.set(key, nth + 1);
    return { id: v5(`${journey}/marker/${key}${nth ? `/${nth}` : ''}`, RESULT_NAMESPACE), view };
  });
}

interface Sample extends ReportPart {
  /** What a marker may call it. */
  numbers: string[];
  taken: SampleReference;
  reported: string | undefined;
}

function parseSamples(result: Record<string, unknown>, metadata: Record<string, unknown>, subject: ReportSubject): Sample[] {
  const told = Object.entries(toJsonObject(result.sample_information)).map(([key, value]) => ({ key, sample: toJsonObject(value) }));
  const number = readTextField(metadata, 'specimen_number');
  const all = told.length ? told : number === undefined ? [] : [{ key: number, sample: {} as Record<string, unknown> }];
  return all.map(({ key, sample }) => parseSample(key, sample, { metadata, subject }));
}

function parseSample(
  key: string,
  sample: Record<string, unknown>,
  { metadata, subject }: { metadata: Record<string, unknown>; subject: ReportSubject },
): Sample {
  const number = readTextField(sample, 'sample_id') ?? key;
  const id = v5(`${subject.journey}/sample/${key}`, RESULT_NAMESPACE);
  const collected = toFhirDateTime(sample.date_collected) ?? toFhirDateTime(metadata.date_collected);
  const view = {
    number: toReportedText(number),
    patient: subject.patient,
    request: subject.request,
    sample_type: toReportedText(subject.sampleType),
    code: toReportedText(subject.sampleType),
    collected,
    received: toFhirDateTime(sample.date_received) ?? toFhirDateTime(metadata.date_received),
  };
  const reported = toFhirInstant(sample.date_reported);
  return { id, view, numbers: [...new Set([key, number])], taken: { reference: `Specimen/${id}`, collected }, reported };
}

function toReportFields(
  metadata: Record<string, unknown>,
  subject: ReportSubject,
  { samples, collected }: { samples: Sample[]; collected: string | undefined },
): View {
  return {
    ...(subject.transaction !== undefined && { journey: subject.transaction }),
    request: subject.request,
    patient: subject.patient,
    collected: collected ?? toFhirDateTime(metadata.date_collected),
    reported: samples.find(({ reported }) => reported)?.reported ?? toFhirInstant(metadata.date_reported) ?? subject.reportedAt,
    laboratory: toReportedText(metadata.laboratory),
    clia: toReportedText(metadata['clia_#']) ?? toReportedText(metadata.clia_number),
    specimens: samples.map(({ id }) => `Specimen/${id}`),
    interpretation: toReportedText(metadata.interpretation),
  };
}
