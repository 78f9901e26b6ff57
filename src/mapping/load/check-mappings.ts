// Reads and checks everything under mappings/: a folder for each vendor with a `surface.yaml`, and a `<shape>.yaml` for each documented body. All mistakes are reported
// together, with file, line and key.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { isServed } from '../../fhir/types.ts';
import { explainUnservedType } from '../../fhir/unserved-type.ts';
import { compileOrReport, type Diagnostic, formatDiagnostic, toMessage } from '../diagnostics.ts';
import type { MappingSpec } from '../spec.ts';
import { buildShape } from './build-shape.ts';
import { checkExtensions } from './check-aliases.ts';
import { checkRoutes, checkShapeReferences } from './check-between-shapes.ts';
import { checkFollows, checkMany } from './check-create.ts';
import { checkLens } from './check-lens.ts';
import { checkExcept, checkLists } from './check-lists.ts';
import { checkPerson } from './check-person.ts';
import { checkPrefer } from './check-prefer.ts';
import { checkSearches } from './check-searches.ts';
import { expandCodeTables } from './code-tables.ts';
import { findIgnoredFiles } from './ignored-files.ts';
import { loadSurface } from './load-surface.ts';
import type { LoadContext, LoadedShape, LoadedSurface, LoadOptions } from './loaded.ts';
import { readMappingFile } from './read-file.ts';
import type { SourceFile } from './yaml-file.ts';

/** The shapes with lenses and source files; throws one Error with every mistake. */
export function loadShapes(directory: string, options: LoadOptions): { surfaces: LoadedSurface[]; shapes: LoadedShape[] } {
  const { surfaces, shapes, faults } = readMappings(directory, options);
  if (faults.length) throw new Error(`the mappings cannot be used:\n  ${faults.map(formatDiagnostic).join('\n  ')}`);
  return { surfaces, shapes };
}

/** Everything under mappings/ that could be loaded, and every mistake. */
export interface LoadResult {
  surfaces: LoadedSurface[];
  shapes: LoadedShape[];
  faults: Diagnostic[];
}

/** Reads everything under a directory; returns mistakes, does not throw. */
export function readMappings(directory: string, options: LoadOptions): LoadResult {
  const faults = findIgnoredFiles(directory);
  const surfaces = listVendorFolders(directory).flatMap((vendor) => loadSurface(join(directory, vendor), vendor, { ...options, faults }));
  surfaces.sort((a, b) => a.source.content.order - b.source.content.order);
  const shapes = surfaces.flatMap((surface) => surface.files.flatMap((file) => loadShape(file, surface, { ...options, faults })));
  const diagnostics = [...faults, ...checkRoutes(shapes)];
  // references to shapes are checked once all shapes are loaded; a mistake in a shape that others take over (`like:`) is reported once
  return {
    surfaces,
    shapes,
    faults: diagnostics.length
      ? [...new Map(diagnostics.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic])).values()]
      : checkShapeReferences(shapes),
  };
}

const listVendorFolders = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'surface.yaml')))
    .sort();

function loadShape(file: string, surface: LoadedSurface, { faults, ...options }: LoadContext): LoadedShape[] {
  const written = readMappingFile(file, faults);
  if (!written) return [];
  const known = faults.length;
  const content = expandCodeTables(written.content, (keys, error) => faults.push({ place: written.locate(keys), text: toMessage(error) }));
  if (faults.length > known) return [];
  const compiled = compileShape({ ...written, content }, surface, options);
  faults.push(...compiled.faults);
  return compiled.loaded ? [compiled.loaded] : [];
}

/** Compiles and checks one mapping; `loaded` is undefined when it cannot be compiled. The file name is the name of the shape. */
export function compileShape(
  mapping: SourceFile<MappingSpec>,
  { surface, source, tables }: LoadedSurface,
  { profiles, registry, externalSteps }: LoadOptions,
): { loaded?: LoadedShape; faults: Diagnostic[] } {
  const faults: Diagnostic[] = [];
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: mapping.locate(keys), text: toMessage(error) });
  const { resource } = mapping.content;
  if (!isServed(resource)) {
    fault(['resource'], new Error(explainUnservedType(resource)));
    return { faults };
  }
  if (isServerPath(mapping.content.path))
    fault(['path'], new Error('paths below /admin and /console are those of the server itself: write another path'));
  const name = mapping.file.replace(/^.*[\\/]|\.yaml$/g, '');
  const compiled = compileOrReport(
    () =>
      buildShape({
        name,
        mapping: mapping.content,
        resource,
        surface,
        surfaceSpec: source.content,
        tables,
        locateLine: mapping.locateLine,
        fault,
      }),
    (error) => fault([], error),
  );
  if (!compiled || faults.length) return { faults };
  const loaded = { ...compiled, mapping, surface: source };
  checkLens(compiled.lens, mapping.content, fault);
  checkFollows(compiled.lens, mapping.content, fault);
  checkPrefer(compiled.lens, mapping.content, fault);
  checkMany(compiled.lens, mapping.content, fault);
  const { port } = mapping.content;
  if (port !== undefined && externalSteps && !externalSteps.includes(port))
    fault(
      ['port'],
      new Error(`there is no external step ${port}${formatSuggestion(port, externalSteps)}; there are ${externalSteps.join(', ')}`),
    );
  checkLists(compiled.lens, mapping.content, { page: source.content.page, fault });
  checkPerson(compiled.lens.leaves, mapping.content, fault);
  checkSearches(compiled.lens, mapping.content, { registry, fault });
  if (!faults.length) checkExcept(compiled.lens, mapping.content, { registry, fault });
  return { loaded, faults: [...faults, ...checkExtensions(loaded, profiles)] };
}

/** The administration of keys and tenants is below the first path, the console below the second. */
const isServerPath = (path: string): boolean => ['/admin', '/console'].some((own) => path === own || path.startsWith(`${own}/`));
