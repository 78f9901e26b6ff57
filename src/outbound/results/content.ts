// What a report holds after another result has come: the markers of that result, and what it held before and was not taken back.
import type { Part } from './report.ts';
import { isReported, type NameSystems, reported } from './same-marker.ts';
import type { Standing } from './standing.ts';

export interface Content {
  /** Each under the id of its Observation. */
  markers: Part[];
  /** References that a correction has taken back. */
  takenBack: string[];
  /** References that stay beside the markers. */
  kept: string[];
}

interface About {
  systems: NameSystems;
  /** The result holds everything of the journey. */
  whole: boolean;
  corrected: boolean;
  /** The order is the only one of its journey. */
  alone: boolean;
}

export function contentOf(told: Part[], stands: Standing, { systems, whole, corrected, alone }: About): Content {
  const correcting = corrected && whole;
  const { markers, replaced } = reported(told, stands.markers, { ...systems, whole, correcting });
  const now = new Set([...markers.map(({ id }) => id), ...replaced].map((id) => `Observation/${id}`));
  const gone = stands.references.filter((reference) => !now.has(reference));
  const markerAt = new Map(stands.markers.map((one) => [`Observation/${one.id}`, one]));
  // of a journey the newest sample's value alone may be told: that of an earlier one is not taken back by that
  const earlier = (reference: string): boolean => !alone && isReported(markerAt.get(reference)!, markers, systems);
  const takenBack = correcting ? gone.filter((reference) => markerAt.has(reference) && !earlier(reference)) : [];
  return { markers, takenBack, kept: gone.filter((reference) => !takenBack.includes(reference)) };
}
