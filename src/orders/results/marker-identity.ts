// One marker is one Observation in its report, also when the laboratory names it more exactly the second time: first without its code or its sample, or as
// missing, and later measured. What was measured is never written over by word that it is missing.
import type { Resource } from '../../fhir/types.ts';
import type { ReportPart } from './report.ts';

/** Which codings of an Observation are whose. */
export interface MarkerSystems {
  /** The code systems of laboratories' own codes begin with this. */
  providerSystem: string;
  markerSystem: string;
}

interface MatchedMarkers {
  /** Each under the id of the Observation that it is from now on. */
  markers: ReportPart[];
  /** Ids of Observations that only said that a marker was missing which is there by now. */
  replaced: string[];
}

/** `stands`: the Observations of the report. `whole`: the reading holds all there is. `correcting`: what is not in it was taken back. */
export function matchMarkers(
  markers: ReportPart[],
  stands: Resource[],
  { whole, correcting, ...systems }: MarkerSystems & { whole: boolean; correcting: boolean },
): MatchedMarkers {
  const own = new Set(markers.map(({ id }) => id));
  const others = new Map(stands.filter(({ id, status }) => !own.has(id!) && status !== 'entered-in-error').map((one) => [one.id!, one]));
  const measured = new Set(stands.filter(isMeasured).map(({ id }) => id));
  const known = new Set(stands.map(({ id }) => id));
  const same = (part: ReportPart) =>
    [...others.values()].filter((one) => isSameMarker(readPartNames(part), readObservationNames(one, systems)));
  const next = markers.flatMap((part): ReportPart[] => {
    const missing = part.view.status === 'cancelled';
    const former = known.has(part.id) ? [] : same(part);
    if (missing && !correcting && (measured.has(part.id) || former.some(isMeasured))) return [];
    const { specimen } = readPartNames(part);
    const isOf = (observation: Resource) => [undefined, specimen].includes(readObservationNames(observation, systems).specimen);
    const one = former.find((observation) => !isMeasured(observation) || (whole && !missing && isOf(observation)));
    if (!one) return [part];
    others.delete(one.id!);
    return [{ ...part, id: one.id! }];
  });
  const replaced = next.flatMap((part) => (part.view.status === 'cancelled' ? [] : same(part).filter((one) => !isMeasured(one))));
  return { markers: next, replaced: replaced.map(({ id }) => id!) };
}

/** Whether this marker is in the reading, of whichever sample. */
export const isMarkerReported = (one: Resource, markers: ReportPart[], systems: MarkerSystems): boolean =>
  markers.some((part) => isSameMarker({ ...readPartNames(part), specimen: undefined }, readObservationNames(one, systems)));

export const isMeasured = ({ status }: Resource): boolean => status !== 'cancelled' && status !== 'entered-in-error';

interface MarkerNames {
  /** The strongest first. */
  names: (string | undefined)[];
  specimen: string | undefined;
}

const readPartNames = ({ view: { provider_id, slug, name, specimen } }: ReportPart): MarkerNames => ({
  names: [provider_id, slug, name] as MarkerNames['names'],
  specimen: specimen as string | undefined,
});

function readObservationNames(one: Resource, { providerSystem, markerSystem }: MarkerSystems): MarkerNames {
  const { coding = [], text } = (one.code ?? {}) as { coding?: { system?: string; code?: string }[]; text?: string };
  const [provider, slug] = [
    coding.find(({ system }) => system?.startsWith(providerSystem)),
    coding.find(({ system }) => system === markerSystem),
  ];
  return { names: [provider?.code, slug?.code, text], specimen: readSpecimenReference(one) };
}

export const readSpecimenReference = ({ specimen }: Resource): string | undefined =>
  (specimen as { reference?: string } | undefined)?.reference;

/** By the strongest name that both have; two samples are two measurements. */
function isSameMarker(one: MarkerNames, other: MarkerNames): boolean {
  if (one.specimen !== undefined && other.specimen !== undefined && one.specimen !== other.specimen) return false;
  const shared = one.names.findIndex((name, nth) => name !== undefined && other.names[nth] !== undefined);
  return shared >= 0 && one.names[shared] === other.names[shared];
}
