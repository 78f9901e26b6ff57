// Parses a result of Junction: the report, its samples and its markers, each as the fields of the mappings in mappings/junction.
// https://docs.junction.com/lab/results/result-formats

import { v5 } from 'uuid';
import { toList, toRecord } from '../../fhir/json-values.ts';
import { toFhirDateTime, toFhirInstant } from '../../junction/fhir-date-time.ts';
import { readTextField, toReportedText } from '../../junction/json-fields.ts';
import type { View } from '../../mapping/shape.ts';
import { type Laboratory, type Marker, parseMarker, parseMissingMarker, type ReportElements, type SampleReference } from './biomarker.ts';

export interface ReportSubject {
  /** The ids of all resources of the report are derived from this id (existing-results.ts). */
  idBase: string;
  /** Junction's id of the order transaction, if known. */
  transaction: string | undefined;
  order: string;
  request: string;
  patient: string | undefined;
  /** Junction's code: serum, urine … */
  sampleType: string | undefined;
  /** The name of the laboratory that has the order. */
  laboratory: string | undefined;
  units: ReadonlyMap<string, string>;
  /** A complete correction: if it is empty, everything was withdrawn. */
  correcting: boolean;
  /** The report time, if the result has none with a zone. */
  reportedAt: string | undefined;
}

/** A resource of a report. */
export interface ReportPart {
  id: string;
  view: View;
  /** Of a marker: the ids of the panels that it belongs to. */
  panels?: string[];
}

export interface ParsedReport {
  /** `partial` or `final`. */
  status: string;
  report: ReportPart;
  samples: ReportPart[];
  /** Including missing ones. */
  markers: ReportPart[];
  /** The ordered markers, of which those with several markers are panels (panels.ts). */
  panels: ReportPart[];
  critical: boolean;
}

/** The UUID namespace of result ids: the same result always has the same ids. */
const RESULT_NAMESPACE = '4f0c7c3e-6f0e-4a58-9a57-1d0f9a4a9b5e';

export const toReportId = (idBase: string): string => v5(`${idBase}/report`, RESULT_NAMESPACE);
export const toDocumentId = (idBase: string): string => v5(`${idBase}/document`, RESULT_NAMESPACE);

/** Undefined if the result is empty. */
export function parseReport(result: Record<string, unknown>, subject: ReportSubject): ParsedReport | undefined {
  const measured = toList(result.results);
  const missing = toList(result.missing_results);
  const metadata = toRecord(result.metadata);
  const emptied = subject.correcting && Array.isArray(result.results) && metadata.status === 'final';
  if (!measured.length && !missing.length && !emptied) return undefined;
  const samples = parseSamples(result, metadata, subject);
  const collected = samples.find(({ taken }) => taken.collected !== undefined)?.taken.collected;
  const specimens = new Map(samples.flatMap(({ numbers, taken }) => numbers.map((number) => [number, taken] as const)));
  const laboratory = parseLaboratory(metadata, subject);
  const shared: ReportElements = {
    request: subject.request,
    patient: subject.patient,
    collected,
    specimens,
    laboratory,
    units: subject.units,
  };
  const markers = [...measured.map((json) => parseMarker(json, shared)), ...missing.map((json) => parseMissingMarker(json, shared))];
  const interpretation = readTextField(metadata, 'interpretation');
  return {
    status: readTextField(metadata, 'status') ?? 'final',
    report: { id: toReportId(subject.idBase), view: toReportFields(metadata, subject, { samples, collected, laboratory }) },
    samples: samples.map(({ id, view }) => ({ id, view })),
    markers: assignIds(markers, subject.idBase),
    panels: listPanels(markers, subject.idBase),
    critical: interpretation === 'critical' || markers.some((marker) => marker.critical),
  };
}

const parseLaboratory = (metadata: Record<string, unknown>, { laboratory }: ReportSubject): Laboratory => ({
  name: toReportedText(metadata.laboratory) ?? toReportedText(laboratory),
  clia: toReportedText(metadata['clia_#']) ?? toReportedText(metadata.clia_number),
});

/** Laboratories sometimes send a key twice: the position distinguishes them. */
function assignIds(markers: Marker[], idBase: string): ReportPart[] {
  const counts = new Map<string, number>();
  return markers.map(({ key, view, sources }) => {
    const index = counts.get(key) ?? 0;
    counts.set(key, index + 1);
    return {
      id: v5(`${idBase}/marker/${key}${index ? `/${index}` : ''}`, RESULT_NAMESPACE),
      view,
      panels: sources.map((source) => toPanelId(source, idBase)),
    };
  });
}

const listPanels = (markers: Marker[], idBase: string): ReportPart[] => [
  ...new Map(
    markers.flatMap(({ sources }) => sources).map((view) => [toPanelId(view, idBase), { id: toPanelId(view, idBase), view }]),
  ).values(),
];

/** By the laboratory's code, or Junction's name. */
const toPanelId = ({ provider_id, slug, name }: View, idBase: string): string =>
  v5(`${idBase}/panel/${provider_id ?? slug ?? name}`, RESULT_NAMESPACE);

interface Sample extends ReportPart {
  /** Sample numbers by which a marker may refer to it. */
  numbers: string[];
  taken: SampleReference;
  reported: string | undefined;
}

function parseSamples(result: Record<string, unknown>, metadata: Record<string, unknown>, subject: ReportSubject): Sample[] {
  const listed = Object.entries(toRecord(result.sample_information)).map(([key, value]) => ({ key, sample: toRecord(value) }));
  const number = readTextField(metadata, 'specimen_number');
  const unlisted = number === undefined ? [] : [{ key: number, sample: {} }];
  return (listed.length ? listed : unlisted).map(({ key, sample }) => parseSample(key, sample, { metadata, subject }));
}

function parseSample(
  key: string,
  sample: Record<string, unknown>,
  { metadata, subject }: { metadata: Record<string, unknown>; subject: ReportSubject },
): Sample {
  const number = readTextField(sample, 'sample_id') ?? key;
  const id = v5(`${subject.idBase}/sample/${key}`, RESULT_NAMESPACE);
  const collected = toFhirDateTime(sample.date_collected) ?? toFhirDateTime(metadata.date_collected);
  const view = {
    number: toReportedText(number),
    patient: subject.patient,
    request: subject.request,
    sample_type: toReportedText(subject.sampleType),
    code: toReportedText(subject.sampleType),
    type_absent: toReportedText(subject.sampleType) === undefined ? 'unknown' : undefined,
    collected,
    received: toFhirDateTime(sample.date_received) ?? toFhirDateTime(metadata.date_received),
    control_number: toReportedText(sample.control_number),
    ...parseClinicalInformation(toRecord(sample.clinical_information)),
  };
  const reported = toFhirInstant(sample.date_reported);
  return { id, view, numbers: [...new Set([key, number])], taken: { reference: `Specimen/${id}`, collected }, reported };
}

function parseClinicalInformation({ fasting, notes, information, total_volume }: Record<string, unknown>): View {
  const volume = toReportedText(total_volume);
  const texts = [toReportedText(notes), toReportedText(information), volume && `Total volume: ${volume}`];
  return { fasting: fasting === true ? 'F' : undefined, note: texts.filter((text) => text !== undefined).join('\n') || undefined };
}

function toReportFields(
  metadata: Record<string, unknown>,
  subject: ReportSubject,
  { samples, collected, laboratory }: { samples: Sample[]; collected: string | undefined; laboratory: Laboratory },
): View {
  return {
    ...(subject.transaction !== undefined && { transaction: subject.transaction }),
    request: subject.request,
    patient: subject.patient,
    collected: collected ?? toFhirDateTime(metadata.date_collected),
    reported: samples.find(({ reported }) => reported)?.reported ?? toFhirInstant(metadata.date_reported) ?? subject.reportedAt,
    laboratory: laboratory.name,
    clia: laboratory.clia,
    specimens: samples.map(({ id }) => `Specimen/${id}`),
    interpretation: toReportedText(metadata.interpretation),
  };
}
