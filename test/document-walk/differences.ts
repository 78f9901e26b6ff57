// Compares the walks of two tenants.
import { SECRET } from './resources.ts';
import type { Walked } from './walk.ts';

const LONGEST = 600;

/** Request → the responses of both walks, where they differ. */
export const findDifferences = (before: Walked, after: Walked): Record<string, (string | undefined)[]> =>
  Object.fromEntries(
    [...after.seen]
      .filter(([request, response]) => response !== before.seen.get(request))
      .map(([request, response]) => [request, [before.seen.get(request), response].map((text) => text?.slice(0, LONGEST))]),
  );

/** The responses with a text that only other resources have. */
export const findSecrets = ({ texts }: Walked): string[] =>
  texts.filter((text) => text.includes(SECRET)).map((text) => text.slice(0, LONGEST));
