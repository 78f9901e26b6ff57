// Loads everything under mappings/: one folder per vendor with a `surface.yaml`, one `<shape>.yaml` per documented body. A mistake stops the start, and
// is told with file, line and key; all of them at once.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { didYouMean } from '../../fhir/closest-name.ts';
import type { Profiles } from '../../fhir/profiles.ts';
import type { Registry } from '../../fhir/search/parameters.ts';
import { isServed, SERVED_TYPES } from '../../fhir/types.ts';
import { attempt } from '../attempt.ts';
import { touchesOf } from '../joins.ts';
import { openApiOf } from '../openapi/document.ts';
import type { Mappings } from '../shape.ts';
import { shapeOf } from '../shape-of.ts';
import type { MappingFile, MappingSpec, SurfaceSpec } from '../spec.ts';
import { surfaceOf } from '../surface.ts';
import { checkAliases, checkExtensions } from './check-aliases.ts';
import { checkExcept } from './check-except.ts';
import { checkFollows } from './check-follows.ts';
import { checkLens } from './check-lens.ts';
import { checkLists } from './check-lists.ts';
import { checkMany } from './check-many.ts';
import { checkBeside, checkPerson } from './check-person.ts';
import { checkPrefer } from './check-prefer.ts';
import { checkRoutes } from './check-routes.ts';
import { checkSearches } from './check-searches.ts';
import { withTables } from './code-tables.ts';
import { applyExtends } from './extends.ts';
import { MAPPING_FILE, SURFACE_FILE } from './file-grammar.ts';
import { grammarFaults } from './grammar-fault.ts';
import type { Fault, LoadedShape, LoadedSurface } from './loaded.ts';
import { readSource, type Source } from './source.ts';
import { tablesOf } from './tables.ts';
import { unreadFiles } from './unread.ts';

interface LoadOptions {
  profiles: Profiles;
  registry: Registry;
  /** The outside steps that there are; absent: whatever a mapping names is taken for one. */
  ports?: readonly string[];
}

/** Everything under a directory, checked. Throws one Error that lists every mistake. */
export function loadMappings(directory: string, options: LoadOptions): Mappings {
  const loaded = loadShapes(directory, options);
  return {
    surfaces: loaded.surfaces.map(({ surface }) => surface),
    shapes: loaded.shapes.map(({ shape }) => shape),
    openApi: (name, facts) => {
      const one = loaded.surfaces.find(({ surface }) => surface.name === name);
      const shapes = loaded.shapes.filter(({ shape }) => shape.surface === one?.surface);
      return one && openApiOf(one, shapes, facts);
    },
    touches: loaded.shapes.flatMap(({ mapping }) => touchesOf(mapping.content)),
  };
}

/** The same with the lenses and files behind the shapes. */
export function loadShapes(directory: string, options: LoadOptions): { surfaces: LoadedSurface[]; shapes: LoadedShape[] } {
  const { surfaces, shapes, faults } = readMappings(directory, options);
  if (faults.length) throw new Error(`the mappings cannot be used:\n  ${faults.map(inOneLine).join('\n  ')}`);
  return { surfaces, shapes };
}

export const inOneLine = ({ place, text }: Fault): string => (place.includes(' ') ? `${place}: ${text}` : `${place} ${text}`);

/** What stands under mappings/: what can be used of it, and every mistake. */
export interface Readings {
  surfaces: LoadedSurface[];
  shapes: LoadedShape[];
  faults: Fault[];
}

/** Reads everything under a directory; a mistake is told, not thrown. */
export function readMappings(directory: string, options: LoadOptions): Readings {
  const faults = unreadFiles(directory);
  const surfaces = folders(directory).flatMap((vendor) => loadSurface(join(directory, vendor), vendor, { ...options, faults }));
  surfaces.sort((a, b) => a.source.content.order - b.source.content.order);
  const shapes = surfaces.flatMap((one) => one.files.flatMap((file) => loadShape(file, one, { ...options, faults })));
  const alone = [...faults, ...checkRoutes(shapes)];
  // a shape with a mistake is not there: what others say of it is looked at when it is
  // a mistake in what another shape is like is one, and not one for each
  return {
    surfaces,
    shapes,
    faults: alone.length ? [...new Map(alone.map((one) => [inOneLine(one), one])).values()] : checkBeside(shapes),
  };
}

interface Loading extends LoadOptions {
  /** What is wrong so far. */
  faults: Fault[];
}

const folders = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'surface.yaml')))
    .sort();

function loadSurface(folder: string, name: string, { profiles, faults }: Loading): LoadedSurface[] {
  const source = read<SurfaceSpec>(join(folder, 'surface.yaml'), SURFACE_FILE, faults);
  if (!source) return [];
  const surface = surfaceOf(name, source.content, (keys, error) => faults.push({ place: source.place(keys), text: messageOf(error) }));
  faults.push(...checkAliases(source, profiles));
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'surface.yaml' && !file.endsWith('.examples.yaml'));
  return [{ surface, source, tables: tablesOf(source, faults), files: files.sort().map((file) => join(folder, file)) }];
}

function loadShape(file: string, surface: LoadedSurface, { faults, ...options }: Loading): LoadedShape[] {
  const written = read<MappingFile>(file, MAPPING_FILE, faults);
  if (!written) return [];
  const known = faults.length;
  const content = withTables(written.content, (keys, error) => faults.push({ place: written.place(keys), text: messageOf(error) }));
  if (faults.length > known) return [];
  const made = compileShape({ ...written, content }, surface, options);
  faults.push(...made.faults);
  return made.loaded ? [made.loaded] : [];
}

/** One mapping, compiled and checked; what cannot be compiled is not there. The name of the shape is that of its file. */
export function compileShape(
  mapping: Source<MappingSpec>,
  { surface, source, tables }: LoadedSurface,
  { profiles, registry, ports }: LoadOptions,
): { loaded?: LoadedShape; faults: Fault[] } {
  const faults: Fault[] = [];
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: mapping.place(keys), text: messageOf(error) });
  const { resource } = mapping.content;
  if (!isServed(resource)) {
    fault(['resource'], new Error(`${resource} is not served${didYouMean(resource, SERVED_TYPES)}; there are ${SERVED_TYPES.join(', ')}`));
    return { faults };
  }
  const name = mapping.file.replace(/^.*[\\/]|\.yaml$/g, '');
  const made = attempt(
    () => shapeOf({ name, mapping: mapping.content, surface, surfaceSpec: source.content, tables, fault }),
    (error) => fault([], error),
  );
  if (!made || faults.length) return { faults };
  const loaded = { ...made, mapping, surface: source };
  checkLens(made.lens, mapping.content, fault);
  checkFollows(made.lens, mapping.content, fault);
  checkPrefer(made.lens, mapping.content, fault);
  checkMany(made.lens, mapping.content, fault);
  const { port } = mapping.content;
  if (port !== undefined && ports && !ports.includes(port))
    fault(['port'], new Error(`there is no outside step ${port}${didYouMean(port, ports)}; there are ${ports.join(', ')}`));
  checkLists(made.lens, mapping.content, { page: source.content.page, fault });
  checkPerson(made.lens.leaves, mapping.content, fault);
  checkSearches(made.lens, mapping.content, { registry, fault });
  if (!faults.length) checkExcept(made.lens, mapping.content, { registry, fault });
  return { loaded, faults: [...faults, ...checkExtensions(loaded, profiles)] };
}

/** Compiles each grammar once. `renamed` says of words what became of them: it is for the texts (grammar-fault.ts), and checks nothing. */
const GRAMMARS = new Ajv2020({
  keywords: ['renamed'],
  validateSchema: false,
  allErrors: true,
  verbose: true,
  strictRequired: false,
  allowUnionTypes: true,
  formats: {
    regex: (text: string) =>
      attempt(
        () => new RegExp(text, 'u'),
        () => {},
      ) !== undefined,
  },
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads a file and checks its grammar; undefined when something is wrong with it. */
export function read<T>(file: string, grammar: object, faults: Fault[]): Source<T> | undefined {
  const source = attempt(
    () => applyExtends(readSource<T>(file)),
    (error) => faults.push({ place: messageOf(error).split(' ')[0]!, text: messageOf(error).replace(/^\S+ /, '') }),
  );
  if (!source) return undefined;
  const accepts = GRAMMARS.compile(grammar);
  if (accepts(source.content)) return source;
  faults.push(...grammarFaults(accepts.errors ?? []).map(({ keys, text }) => ({ place: source.place(keys), text })));
  return undefined;
}
