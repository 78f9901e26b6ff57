// A result as the network tells it, taken apart: what stands in the report, its samples, its markers; each as the fields of the mappings in mappings/junction.
// https://docs.junction.com/lab/results/result-formats

import { v5 } from 'uuid';
import { listOf } from '../../fhir/json-values.ts';
import { objectOf, textIn, textOf } from '../../junction/json-accessors.ts';
import { dateTimeOf, instantOf } from '../../junction/moment.ts';
import type { View } from '../../mapping/shape.ts';
import { type Marker, markerOf, missingOf, type Surroundings, type Taken } from './biomarker.ts';

/** What a result is written for. */
export interface Subject {
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
export interface Part {
  id: string;
  view: View;
}

export interface ReportParts {
  /** `partial` or `final`, as told. */
  status: string;
  report: Part;
  samples: Part[];
  /** Missing ones among them. */
  markers: Part[];
  critical: boolean;
}

/** The namespace of the ids of results, minted once for this project: the same result has the same ids, whoever applies it. */
const RESULTS = '4f0c7c3e-6f0e-4a58-9a57-1d0f9a4a9b5e';

export const reportId = (journey: string): string => v5(`${journey}/report`, RESULTS);
export const documentId = (journey: string): string => v5(`${journey}/document`, RESULTS);

/** Undefined: there is nothing in it yet. */
export function reportParts(result: Record<string, unknown>, subject: Subject): ReportParts | undefined {
  const given = listOf(result.results);
  const lacking = listOf(result.missing_results);
  const metadata = objectOf(result.metadata);
  const emptied = subject.correcting && Array.isArray(result.results) && metadata.status === 'final';
  if (!given.length && !lacking.length && !emptied) return undefined;
  const samples = samplesOf(result, metadata, subject);
  const collected = samples.find(({ view }) => view.collected !== undefined)?.view.collected as string | undefined;
  const specimens = new Map(samples.flatMap(({ numbers, taken }) => numbers.map((number) => [number, taken] as const)));
  const around: Surroundings = { request: subject.request, patient: subject.patient, collected, specimens, units: subject.units };
  const markers = [...given.map((one) => markerOf(one, around)), ...lacking.map((one) => missingOf(one, around))];
  const interpretation = textIn(metadata, 'interpretation');
  return {
    status: textIn(metadata, 'status') ?? 'final',
    report: { id: reportId(subject.journey), view: reportView(metadata, subject, { samples, collected }) },
    samples: samples.map(({ id, view }) => ({ id, view })),
    markers: identified(markers, subject.journey),
    critical: interpretation === 'critical' || markers.some((marker) => marker.critical),
  };
}

/** Two of the same key, as laboratories sometimes send, are told apart by their place. */
function identified(markers: Marker[], journey: string): Part[] {
  const counts = new Map<string, number>();
  return markers.map(({ key, view }) => {
    const nth = counts.get(key) ?? 0;
    counts.set(key, nth + 1);
    return { id: v5(`${journey}/marker/${key}${nth ? `/${nth}` : ''}`, RESULTS), view };
  });
}

interface Sample extends Part {
  /** What a marker may call it. */
  numbers: string[];
  taken: Taken;
  reported: string | undefined;
}

function samplesOf(result: Record<string, unknown>, metadata: Record<string, unknown>, subject: Subject): Sample[] {
  const told = Object.entries(objectOf(result.sample_information)).map(([key, value]) => ({ key, sample: objectOf(value) }));
  const number = textIn(metadata, 'specimen_number');
  const all = told.length ? told : number === undefined ? [] : [{ key: number, sample: {} as Record<string, unknown> }];
  return all.map(({ key, sample }) => sampleOf(key, sample, { metadata, subject }));
}

function sampleOf(
  key: string,
  sample: Record<string, unknown>,
  { metadata, subject }: { metadata: Record<string, unknown>; subject: Subject },
): Sample {
  const number = textIn(sample, 'sample_id') ?? key;
  const id = v5(`${subject.journey}/sample/${key}`, RESULTS);
  const collected = dateTimeOf(sample.date_collected) ?? dateTimeOf(metadata.date_collected);
  const view = {
    number: textOf(number),
    patient: subject.patient,
    request: subject.request,
    sample_type: textOf(subject.sampleType),
    code: textOf(subject.sampleType),
    collected,
    received: dateTimeOf(sample.date_received) ?? dateTimeOf(metadata.date_received),
  };
  const reported = instantOf(sample.date_reported);
  return { id, view, numbers: [...new Set([key, number])], taken: { reference: `Specimen/${id}`, collected }, reported };
}

function reportView(
  metadata: Record<string, unknown>,
  subject: Subject,
  { samples, collected }: { samples: Sample[]; collected: string | undefined },
): View {
  return {
    ...(subject.transaction !== undefined && { journey: subject.transaction }),
    request: subject.request,
    patient: subject.patient,
    collected: collected ?? dateTimeOf(metadata.date_collected),
    reported: samples.find(({ reported }) => reported)?.reported ?? instantOf(metadata.date_reported) ?? subject.reportedAt,
    laboratory: textOf(metadata.laboratory),
    clia: textOf(metadata['clia_#']) ?? textOf(metadata.clia_number),
    specimens: samples.map(({ id }) => `Specimen/${id}`),
    interpretation: textOf(metadata.interpretation),
  };
}
