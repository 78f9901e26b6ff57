// Merges a result into the existing content of a report: its markers, and the former ones that were not withdrawn.
import type { Observation } from '@medplum/fhirtypes';
import type { ExistingResults } from './existing-results.ts';
import { isMarkerReported, isMeasured, type MarkerSystems, matchMarkers } from './marker-identity.ts';
import type { ReportPart } from './parse-report.ts';

interface ReportContent {
  /** Each with the id of its Observation. */
  markers: ReportPart[];
  /** References that a correction has withdrawn. */
  withdrawn: string[];
  /** Existing references that stay in the report. */
  preserved: string[];
}

interface MergeOptions {
  systems: MarkerSystems;
  /** The result covers all orders of the transaction. */
  whole: boolean;
  corrected: boolean;
  /** The transaction has no other order. */
  onlyOrder: boolean;
  /** The result covers only this order, and a later order of the transaction has results. */
  superseded: boolean;
}

export function mergeReportContent(
  reported: ReportPart[],
  existing: ExistingResults,
  { systems, whole, corrected, onlyOrder, superseded }: MergeOptions,
): ReportContent {
  const correcting = corrected && whole;
  const relevant = superseded ? reported.filter((part) => !isFromAnotherSample(part, existing.markers)) : reported;
  const { markers, replaced } = matchMarkers(relevant, existing.markers, { ...systems, whole, correcting });
  const current = new Set([...markers.map(({ id }) => id), ...replaced].map((id) => `Observation/${id}`));
  const absent = existing.references.filter((reference) => !current.has(reference));
  const markerAt = new Map(existing.markers.map((marker) => [`Observation/${marker.id}`, marker]));
  // the result of a transaction may contain only the newest sample's value: this does not withdraw the value of an earlier sample
  const isEarlierSample = (reference: string): boolean => !onlyOrder && isMarkerReported(markerAt.get(reference)!, markers, systems);
  const withdrawn = correcting ? absent.filter((reference) => markerAt.has(reference) && !isEarlierSample(reference)) : [];
  return { markers, withdrawn, preserved: absent.filter((reference) => !withdrawn.includes(reference)) };
}

/** The existing Observation of this id was measured in another sample, as far as known. */
function isFromAnotherSample({ id, view }: ReportPart, markers: Observation[]): boolean {
  const earlier = markers.find((marker) => marker.id === id && isMeasured(marker));
  return earlier !== undefined && (view.specimen === undefined || earlier.specimen?.reference !== view.specimen);
}
