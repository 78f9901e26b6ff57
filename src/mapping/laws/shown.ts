// What an example is tried on.

import type { Example, World } from '../example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Samples } from './another-value.ts';

/** An example, the mapping it belongs to, and what it may need beside that. */
export interface Shown {
  loaded: LoadedShape;
  example: Example;
  world: World;
  samples: Samples;
}
