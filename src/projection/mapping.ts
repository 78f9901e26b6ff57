// Loads everything under mappings/: one folder per vendor with a `surface.yaml`, one `<shape>.yaml` per documented body. A mistake stops the start, and
// is told with file, line and key; all of them at once.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Profiles } from '../fhir/profiles.ts';
import type { Registry } from '../fhir/search-parameters.ts';
import { isServed } from '../fhir/types.ts';
import { checkAliases, checkExtensions } from './check-aliases.ts';
import { checkLens } from './check-lens.ts';
import { checkRoutes } from './check-routes.ts';
import { checkSearches } from './check-searches.ts';
import { MAPPING_FILE, SURFACE_FILE } from './file-grammar.ts';
import { touchesOf } from './joins.ts';
import type { LoadedShape, LoadedSurface } from './loaded.ts';
import { openApiOf } from './openapi.ts';
import type { Mappings } from './shape.ts';
import { shapeOf } from './shape-of.ts';
import { readSource, type Source } from './source.ts';
import type { MappingSpec, SurfaceSpec } from './spec.ts';
import { surfaceOf } from './surface.ts';

export interface LoadOptions {
  profiles: Profiles;
  registry: Registry;
}

/** Everything under a directory, checked. Throws one Error that lists every mistake. */
export function loadMappings(directory: string, options: LoadOptions): Mappings {
  const loaded = loadShapes(directory, options);
  return {
    surfaces: loaded.surfaces.map(({ surface }) => surface),
    shapes: loaded.shapes.map(({ shape }) => shape),
    openApi: new Map(
      loaded.surfaces.map((one) => [
        one.surface.name,
        openApiOf(
          one,
          loaded.shapes.filter(({ shape }) => shape.surface === one.surface),
        ),
      ]),
    ),
    touches: loaded.shapes.flatMap(({ mapping }) => touchesOf(mapping.content)),
  };
}

/** The same with the lenses and files behind the shapes. */
export function loadShapes(directory: string, options: LoadOptions): { surfaces: LoadedSurface[]; shapes: LoadedShape[] } {
  const faults: string[] = [];
  const surfaces = folders(directory).flatMap((vendor) => loadSurface(join(directory, vendor), vendor, { ...options, faults }));
  surfaces.sort((a, b) => a.source.content.order - b.source.content.order);
  const shapes = surfaces.flatMap((one) => one.files.flatMap((file) => loadShape(file, one, { ...options, faults })));
  faults.push(...checkRoutes(shapes));
  if (faults.length) throw new Error(`the mappings cannot be used:\n  ${faults.join('\n  ')}`);
  return { surfaces, shapes };
}

interface Loading extends LoadOptions {
  /** What is wrong so far. */
  faults: string[];
}

const folders = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'surface.yaml')))
    .sort();

function loadSurface(folder: string, name: string, { profiles, faults }: Loading): LoadedSurface[] {
  const source = read<SurfaceSpec>(join(folder, 'surface.yaml'), SURFACE_FILE, faults);
  if (!source) return [];
  const surface = surfaceOf(name, source.content, (keys, error) => faults.push(`${source.place(keys)}: ${messageOf(error)}`));
  faults.push(...checkAliases(source, profiles));
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'surface.yaml' && !file.endsWith('.examples.yaml'));
  return [{ surface, source, files: files.sort().map((file) => join(folder, file)) }];
}

function loadShape(file: string, { surface, source }: LoadedSurface, { profiles, registry, faults }: Loading): LoadedShape[] {
  const mapping = read<MappingSpec>(file, MAPPING_FILE, faults);
  if (!mapping) return [];
  const fault = (keys: string[], error: unknown): void => void faults.push(`${mapping.place(keys)}: ${messageOf(error)}`);
  const name = file.replace(/^.*[\\/]|\.yaml$/g, '');
  if (!isServed(mapping.content.resource)) fault(['resource'], new Error('this resource type is not served'));
  const before = faults.length;
  const made = attempt(
    () => shapeOf({ name, mapping: mapping.content, surface, surfaceSpec: source.content, fault }),
    (error) => fault([], error),
  );
  if (!made || faults.length > before) return [];
  const loaded = { ...made, mapping, surface: source };
  checkLens(made.lens, mapping.content, fault);
  checkSearches(made.lens, mapping.content, { registry, fault });
  faults.push(...checkExtensions(loaded, profiles));
  return [loaded];
}

function attempt<T>(make: () => T, fault: (error: unknown) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    fault(error);
    return undefined;
  }
}

/** Compiles each grammar once. */
const GRAMMARS = new Ajv2020({ allErrors: true, strictRequired: false, allowUnionTypes: true });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads a file and checks its grammar; undefined when something is wrong with it. */
function read<T>(file: string, grammar: object, faults: string[]): Source<T> | undefined {
  const source = attempt(
    () => readSource<T>(file),
    (error) => faults.push(messageOf(error)),
  );
  if (!source) return undefined;
  const accepts = GRAMMARS.compile(grammar);
  if (accepts(source.content)) return source;
  const wrong = (accepts.errors ?? []).map(({ instancePath, message, params }) => {
    const keys = instancePath.split('/').slice(1);
    const extra = params.additionalProperty ?? params.allowedValues?.join(', ');
    return `${source.place(params.additionalProperty ? [...keys, params.additionalProperty] : keys)}: ${message}${extra ? ` (${extra})` : ''}`;
  });
  faults.push(...new Set(wrong));
  return undefined;
}
