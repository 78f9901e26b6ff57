// What a report holds after another result has come: the markers of that result, and what it held before and was not taken back.
import type { Resource } from '../../fhir/types.ts';
import type { ExistingResults } from './existing-results.ts';
import { isMarkerReported, isMeasured, type MarkerSystems, matchMarkers, readSpecimenReference } from './marker-identity.ts';
import type { ReportPart } from './report.ts';

interface ReportContent {
  /** Each under the id of its Observation. */
  markers: ReportPart[];
  /** References that a correction has taken back. */
  takenBack: string[];
  /** References that stay beside the markers. */
  kept: string[];
}

interface MergeOptions {
  systems: MarkerSystems;
  /** The result holds everything of the journey. */
  whole: boolean;
  corrected: boolean;
  /** The order is the only one of its journey. */
  alone: boolean;
  /** It is one order's own result, and of a later order of the journey there are results. */
  outrun: boolean;
}

export function mergeReportContent(
  told: ReportPart[],
  stands: ExistingResults,
  { systems, whole, corrected, alone, outrun }: MergeOptions,
): ReportContent {
  const correcting = corrected && whole;
  const news = outrun ? told.filter((part) => !isFromAnotherSample(part, stands.markers)) : told;
  const { markers, replaced } = matchMarkers(news, stands.markers, { ...systems, whole, correcting });
  const now = new Set([...markers.map(({ id }) => id), ...replaced].map((id) => `Observation/${id}`));
  const gone = stands.references.filter((reference) => !now.has(reference));
  const markerAt = new Map(stands.markers.map((one) => [`Observation/${one.id}`, one]));
  // of a journey the newest sample's value alone may be told: that of an earlier one is not taken back by that
  const earlier = (reference: string): boolean => !alone && isMarkerReported(markerAt.get(reference)!, markers, systems);
  const takenBack = correcting ? gone.filter((reference) => markerAt.has(reference) && !earlier(reference)) : [];
  return { markers, takenBack, kept: gone.filter((reference) => !takenBack.includes(reference)) };
}

/** What stands under its id was measured, and not of the sample that this one is known to be of. */
function isFromAnotherSample({ id, view }: ReportPart, markers: Resource[]): boolean {
  const one = markers.find((marker) => marker.id === id && isMeasured(marker));
  return one !== undefined && (view.specimen === undefined || readSpecimenReference(one) !== view.specimen);
}
