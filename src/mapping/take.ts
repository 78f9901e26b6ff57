// What a list takes of all that is found: a page, all of it where the vendor prints no paging, or the first alone.
// docs/decisions/0017-vendor-lists.md
import type { Shape } from './shape.ts';
import type { MappingSpec } from './spec.ts';

/** One answer holds no more than this, whatever a mapping says: nobody reads a database by one request. */
export const MOST_AT_ONCE = 10_000;

/** `take` and `most` of a shape. */
export const takeOf = ({ take, most }: MappingSpec): Pick<Shape, 'take' | 'most'> => ({
  take: take ?? 'page',
  most: most ?? MOST_AT_ONCE,
});
