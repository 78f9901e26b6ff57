// What an example is tried on.

import type { Profiles } from '../../fhir/profiles.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import type { Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { Shape, View } from '../../mapping/shape.ts';
import type { FieldSamples } from './different-value.ts';

/** An example, the mapping it belongs to, and what it may need beside that. */
export interface ExampleContext {
  loaded: LoadedShape;
  example: Example;
  world: World;
  samples: FieldSamples;
}

/** What is left out: the place in the mapping file, and what an example must show. */
export interface CoverageGap {
  keys: string[];
  text: string;
}

/** What an example may need besides its own mapping. */
export interface World {
  shapes: LoadedShape[];
  profiles: Profiles;
  registry: SearchRegistry;
}

/** What a request says of each of its items; most requests have one. */
export const readRequestItems = ({ batch, pickKnownFields }: Shape, request: View): View[] =>
  batch?.splitRequest(pickKnownFields(request)) ?? [pickKnownFields(request)];

/** What the request of an example says of its item; where a request lists many, it lists one. */
export function readRequestItem(shape: Shape, request: View): View {
  const items = readRequestItems(shape, request);
  if (items.length !== 1) throw new Error('request: has one item, whose resource is stated; show more of them by several: and items:');
  return items[0]!;
}
