// Checks the surface names in FACET_RATE_LIMITS: a limit under a misspelt name would have no effect.
import type { Config } from '../config.ts';
import { formatKnownNames } from '../fhir/closest-name.ts';
import type { Surface } from '../mapping/shape.ts';

/** Throws for the name of an API that is not served. */
export function checkRateLimits({ rateLimits }: Config, surfaces: readonly Surface[]): void {
  const known = ['fhir', ...surfaces.map(({ name }) => name)];
  for (const name of Object.keys(rateLimits))
    if (!known.includes(name)) throw new Error(`FACET_RATE_LIMITS: no API is called ${name}${formatKnownNames(name, known)}`);
}
