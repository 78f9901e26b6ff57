// Loads everything under mappings/: one folder per vendor with a `surface.yaml`, one `<shape>.yaml` per documented body. A mistake stops the start, and
// is told with file, line and key; all of them at once.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { isServed, SERVED_TYPES } from '../../fhir/types.ts';
import { compileOrReport, type Diagnostic, formatDiagnostic, toMessage } from '../diagnostics.ts';
import type { MappingFile, MappingSpec } from '../spec.ts';
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
import { MAPPING_SCHEMA } from './file-grammar.ts';
import { findIgnoredFiles } from './ignored-files.ts';
import { loadSurface } from './load-surface.ts';
import type { LoadContext, LoadedShape, LoadedSurface, LoadOptions } from './loaded.ts';
import { readChecked } from './read-file.ts';
import type { SourceFile } from './yaml-file.ts';

/** The same with the lenses and files behind the shapes. */
export function loadShapes(directory: string, options: LoadOptions): { surfaces: LoadedSurface[]; shapes: LoadedShape[] } {
  const { surfaces, shapes, faults } = readMappings(directory, options);
  if (faults.length) throw new Error(`the mappings cannot be used:\n  ${faults.map(formatDiagnostic).join('\n  ')}`);
  return { surfaces, shapes };
}

/** What stands under mappings/: what can be used of it, and every mistake. */
export interface LoadResult {
  surfaces: LoadedSurface[];
  shapes: LoadedShape[];
  faults: Diagnostic[];
}

/** Reads everything under a directory; a mistake is told, not thrown. */
export function readMappings(directory: string, options: LoadOptions): LoadResult {
  const faults = findIgnoredFiles(directory);
  const surfaces = listVendorFolders(directory).flatMap((vendor) => loadSurface(join(directory, vendor), vendor, { ...options, faults }));
  surfaces.sort((a, b) => a.source.content.order - b.source.content.order);
  const shapes = surfaces.flatMap((one) => one.files.flatMap((file) => loadShape(file, one, { ...options, faults })));
  const alone = [...faults, ...checkRoutes(shapes)];
  // a shape with a mistake is not there: what others say of it is looked at when it is
  // a mistake in what another shape is like is one, and not one for each
  return {
    surfaces,
    shapes,
    faults: alone.length ? [...new Map(alone.map((one) => [formatDiagnostic(one), one])).values()] : checkShapeReferences(shapes),
  };
}

const listVendorFolders = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'surface.yaml')))
    .sort();

function loadShape(file: string, surface: LoadedSurface, { faults, ...options }: LoadContext): LoadedShape[] {
  const written = readChecked<MappingFile>(file, MAPPING_SCHEMA, faults);
  if (!written) return [];
  const known = faults.length;
  const content = expandCodeTables(written.content, (keys, error) => faults.push({ place: written.locate(keys), text: toMessage(error) }));
  if (faults.length > known) return [];
  const made = compileShape({ ...written, content }, surface, options);
  faults.push(...made.faults);
  return made.loaded ? [made.loaded] : [];
}

/** One mapping, compiled and checked; what cannot be compiled is not there. The name of the shape is that of its file. */
export function compileShape(
  mapping: SourceFile<MappingSpec>,
  { surface, source, tables }: LoadedSurface,
  { profiles, registry, ports }: LoadOptions,
): { loaded?: LoadedShape; faults: Diagnostic[] } {
  const faults: Diagnostic[] = [];
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: mapping.locate(keys), text: toMessage(error) });
  const { resource } = mapping.content;
  if (!isServed(resource)) {
    fault(
      ['resource'],
      new Error(`${resource} is not served${formatSuggestion(resource, SERVED_TYPES)}; there are ${SERVED_TYPES.join(', ')}`),
    );
    return { faults };
  }
  const name = mapping.file.replace(/^.*[\\/]|\.yaml$/g, '');
  const made = compileOrReport(
    () => buildShape({ name, mapping: mapping.content, surface, surfaceSpec: source.content, tables, fault }),
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
    fault(['port'], new Error(`there is no outside step ${port}${formatSuggestion(port, ports)}; there are ${ports.join(', ')}`));
  checkLists(made.lens, mapping.content, { page: source.content.page, fault });
  checkPerson(made.lens.leaves, mapping.content, fault);
  checkSearches(made.lens, mapping.content, { registry, fault });
  if (!faults.length) checkExcept(made.lens, mapping.content, { registry, fault });
  return { loaded, faults: [...faults, ...checkExtensions(loaded, profiles)] };
}
