// Finds the Observation of a reported marker. The laboratory may identify a marker more precisely the second time: first without code or sample, or as missing,
// and later measured. A report that a marker is missing never replaces a measured value.
import type { Observation } from '@medplum/fhirtypes';
import type { ReportPart } from './parse-report.ts';

export interface MarkerSystems {
  /** The beginning of the code systems of laboratories' own codes. */
  providerSystem: string;
  markerSystem: string;
}

interface MatchedMarkers {
  /** Each with the id of its Observation. */
  markers: ReportPart[];
  /** Ids of Observations of missing markers that have been measured now. */
  replaced: string[];
}

/** `existing`: the Observations of the report. `whole`: the result is complete. `correcting`: markers that it does not contain were withdrawn. */
export function matchMarkers(
  markers: ReportPart[],
  existing: Observation[],
  { whole, correcting, ...systems }: MarkerSystems & { whole: boolean; correcting: boolean },
): MatchedMarkers {
  const reportedIds = new Set(markers.map(({ id }) => id));
  const unmatched = new Map(
    existing
      .filter(({ id, status }) => !reportedIds.has(id!) && status !== 'entered-in-error')
      .map((observation) => [observation.id!, observation]),
  );
  const measured = new Set(existing.filter(isMeasured).map(({ id }) => id));
  const known = new Set(existing.map(({ id }) => id));
  const findSame = (part: ReportPart) =>
    [...unmatched.values()].filter((observation) => isSameMarker(readPartNames(part), readObservationNames(observation, systems)));
  const matched = markers.flatMap((part): ReportPart[] => {
    const missing = part.view.status === 'cancelled';
    const earlier = known.has(part.id) ? [] : findSame(part);
    if (missing && !correcting && (measured.has(part.id) || earlier.some(isMeasured))) return [];
    const { specimen } = readPartNames(part);
    const hasSample = (observation: Observation) => [undefined, specimen].includes(readObservationNames(observation, systems).specimen);
    const replaceable = earlier.find((observation) => !isMeasured(observation) || (whole && !missing && hasSample(observation)));
    if (!replaceable) return [part];
    unmatched.delete(replaceable.id!);
    return [{ ...part, id: replaceable.id! }];
  });
  const replaced = matched.flatMap((part) =>
    part.view.status === 'cancelled' ? [] : findSame(part).filter((observation) => !isMeasured(observation)),
  );
  return { markers: matched, replaced: replaced.map(({ id }) => id!) };
}

/** Whether the result contains this marker, of whichever sample. */
export const isMarkerReported = (observation: Observation, markers: ReportPart[], systems: MarkerSystems): boolean =>
  markers.some((part) => isSameMarker({ ...readPartNames(part), specimen: undefined }, readObservationNames(observation, systems)));

export const isMeasured = ({ status }: Observation): boolean => status !== 'cancelled' && status !== 'entered-in-error';

/** Whether results have created this Observation as a panel: a group that people have made has no code of the lab network. */
export const isPanel = ({ hasMember, code }: Observation, { providerSystem, markerSystem }: MarkerSystems): boolean =>
  hasMember !== undefined &&
  (code.coding ?? []).some(({ system }) => system === markerSystem || system?.startsWith(providerSystem) === true);

interface MarkerNames {
  /** The most specific first. */
  names: (string | undefined)[];
  specimen: string | undefined;
}

const readPartNames = ({ view: { provider_id, slug, name, specimen } }: ReportPart): MarkerNames => ({
  names: [provider_id, slug, name].map(toText),
  specimen: toText(specimen),
});

const toText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function readObservationNames(observation: Observation, { providerSystem, markerSystem }: MarkerSystems): MarkerNames {
  const { coding = [], text } = observation.code ?? {};
  const provider = coding.find(({ system }) => system?.startsWith(providerSystem));
  const slug = coding.find(({ system }) => system === markerSystem);
  return { names: [provider?.code, slug?.code, text], specimen: observation.specimen?.reference };
}

/** By the most specific name that both have. Two samples are two measurements. */
function isSameMarker(markerNames: MarkerNames, other: MarkerNames): boolean {
  if (markerNames.specimen !== undefined && other.specimen !== undefined && markerNames.specimen !== other.specimen) return false;
  const shared = markerNames.names.findIndex((name, index) => name !== undefined && other.names[index] !== undefined);
  return shared >= 0 && markerNames.names[shared] === other.names[shared];
}
