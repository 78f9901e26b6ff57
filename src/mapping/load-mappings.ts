// Loads the mappings for a server: their surfaces and shapes, and the OpenAPI document of each surface.

import { loadShapes } from './load/check-mappings.ts';
import type { LoadOptions } from './load/loaded.ts';
import { buildOpenApi } from './openapi/document.ts';
import { buildTouchRules } from './query/joins.ts';
import type { Mappings } from './shape.ts';

/** Everything under a directory, checked. Throws one Error that lists every mistake. */
export function loadMappings(directory: string, options: LoadOptions): Mappings {
  const loaded = loadShapes(directory, options);
  return {
    surfaces: loaded.surfaces.map(({ surface }) => surface),
    shapes: loaded.shapes.map(({ shape }) => shape),
    openApi: (name, facts) => {
      const found = loaded.surfaces.find(({ surface }) => surface.name === name);
      const shapes = loaded.shapes.filter(({ shape }) => shape.surface === found?.surface);
      return found && buildOpenApi(found, shapes, facts);
    },
    touches: loaded.shapes.flatMap(({ mapping }) => buildTouchRules(mapping.content)),
  };
}
