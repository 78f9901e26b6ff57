// Loads the mappings for a server: their surfaces and shapes, and the OpenAPI document of each surface.

import type { SearchRegistry } from '../fhir/search/registry.ts';
import { explainShape } from './explain/explain-shape.ts';
import { explainSurface } from './explain/explain-surface.ts';
import { loadShapes } from './load/check-mappings.ts';
import type { LoadedShape, LoadedSurface, LoadOptions } from './load/loaded.ts';
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
    ...buildExplanations(loaded, options.registry),
    touches: loaded.shapes.flatMap(({ mapping }) => buildTouchRules(mapping.content)),
  };
}

/** They are made when they are asked for: a page for people needs some of them, and no other request any. */
function buildExplanations(
  { surfaces, shapes }: { surfaces: LoadedSurface[]; shapes: LoadedShape[] },
  registry: SearchRegistry,
): Pick<Mappings, 'explainSurface' | 'explainShape'> {
  const shapesOf = (name: string): LoadedShape[] => shapes.filter(({ shape }) => shape.surface.name === name);
  return {
    explainSurface(name) {
      const found = surfaces.find(({ surface }) => surface.name === name);
      return found && explainSurface(found, shapesOf(name));
    },
    explainShape(surface, name) {
      const found = shapesOf(surface).find(({ shape }) => shape.name === name);
      return found && explainShape(found, registry);
    },
  };
}
