// Loads the surface of a vendor: `surface.yaml` and its code tables (`tables:`).

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toRecord, toText } from '../../fhir/json-values.ts';
import { type Diagnostic, toMessage } from '../diagnostics.ts';
import { type CodeTables, removeSpaces } from '../lens/derivations.ts';
import { buildSurface } from '../response/surface.ts';
import type { SurfaceSpec } from '../spec.ts';
import { checkAliases } from './check-aliases.ts';
import type { LoadContext, LoadedSurface } from './loaded.ts';
import { readSurfaceFile } from './read-file.ts';
import { readYaml, type SourceFile } from './yaml-file.ts';

/** Paths of the server itself, and kinds of API keys: no vendor may have one of these names. */
const RESERVED_NAMES = new Set(['admin', 'console', 'docs', 'fhir', 'healthz', 'openapi', 'operator', 'readyz', 'schemas']);

/** The surface in a folder, and its mapping files; a mistake is reported. Empty when it cannot be read. */
export function loadSurface(folder: string, name: string, { profiles, faults }: LoadContext): LoadedSurface[] {
  const source = readSurfaceFile(join(folder, 'surface.yaml'), faults);
  if (!source) return [];
  if (RESERVED_NAMES.has(name))
    faults.push({ place: source.locate([]), text: `${name} is a name of the server itself: give the folder another name` });
  const surface = buildSurface(name, source.content, (keys, error) => faults.push({ place: source.locate(keys), text: toMessage(error) }));
  faults.push(...checkAliases(source, profiles));
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'surface.yaml' && !file.endsWith('.examples.yaml'));
  return [{ surface, source, tables: readTables(source, faults), files: files.sort().map((file) => join(folder, file)) }];
}

/** Reads the code tables; a file that is missing or not a table is reported. */
function readTables(source: SourceFile<SurfaceSpec>, faults: Diagnostic[]): CodeTables {
  const entries = Object.entries(source.content.tables ?? {}).flatMap(([name, file]) => {
    try {
      return [[name, readTable(join(dirname(source.file), file))] as const];
    } catch (error) {
      faults.push({ place: source.locate(['tables', name]), text: toMessage(error) });
      return [];
    }
  });
  return Object.fromEntries(entries);
}

function readTable(file: string): ReadonlyMap<string, string> {
  const entries = Object.entries(toRecord(readYaml(file).content));
  if (!entries.length || entries.some(([, code]) => typeof code !== 'string'))
    throw new Error(`${file} is not a table: write a line text: code for each text`);
  return new Map(entries.map(([text, code]) => [removeSpaces(text), toText(code)]));
}
