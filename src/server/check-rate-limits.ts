// Whether FACET_RATE_LIMITS speaks of surfaces that there are: a limit for one that is misspelt would be none.
import type { Config } from '../config.ts';
import { formatKnownNames } from '../fhir/closest-name.ts';
import type { Surface } from '../mapping/shape.ts';

/** Refuses the name of a surface that is not served; the FHIR API has no limit. */
export function checkRateLimits({ rateLimits }: Config, surfaces: readonly Surface[]): void {
  const known = surfaces.map(({ name }) => name);
  for (const name of Object.keys(rateLimits))
    if (!known.includes(name)) throw new Error(`FACET_RATE_LIMITS: no vendor's API is called ${name}${formatKnownNames(name, known)}`);
}
