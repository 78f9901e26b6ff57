// The context of the checks of an example, and the gaps that they report.

import type { Profiles } from '../../fhir/profiles.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import type { FieldSamples } from '../../mapping/explain/samples.ts';
import type { Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { readRequestItems } from '../../mapping/request/request-items.ts';
import type { Shape, View } from '../../mapping/shape.ts';

/** An example, its mapping, and all other loaded mappings. */
export interface ExampleContext {
  loaded: LoadedShape;
  example: Example;
  world: World;
  samples: FieldSamples;
}

/** Something that no example covers: its keys in the mapping file, and the example that is missing. */
export interface CoverageGap {
  keys: string[];
  text: string;
}

/** All loaded mappings and FHIR definitions. */
export interface World {
  shapes: LoadedShape[];
  profiles: Profiles;
  registry: SearchRegistry;
}

/** The only item of a request. Throws when a batch request has several. */
export function readRequestItem(shape: Shape, request: View): View {
  const items = readRequestItems(shape, request);
  if (items.length !== 1) throw new Error('request: has one item, whose resource is stated; show more of them by several: and items:');
  return items[0]!;
}
