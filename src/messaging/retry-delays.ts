// When what did not go through is tried again: a short outage costs seconds, a long one little load.

const SHORTEST_MS = 1000;

/**
 * A tenth of its age from now, a second at least and `longest` (ms) at most, and somewhere between half of that and all of it (`random`: 0 to 1). `since`: from
 * when it counts, in ms.
 */
export function nextRetryAt(since: number, now: Date, { longest, random }: { longest: number; random: number }): Date {
  const wait = Math.min(Math.max((now.getTime() - since) / 10, SHORTEST_MS), longest);
  return new Date(now.getTime() + wait * (0.5 + random / 2));
}
