// `facet mapping new`: creates the files of a new shape, and of a new vendor, from a sample of its JSON.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isServed } from '../fhir/types.ts';
import { explainUnservedType } from '../fhir/unserved-type.ts';
import { toQualifiedName } from '../mapping/load/loaded.ts';
import { buildFirstExample, buildScaffold } from '../mapping-tools/scaffold/files.ts';
import { findMappingsFolder, type MappingFolders, readMappingFiles } from './mapping-files.ts';
import { shownPath, withArticle } from './terminal.ts';

const NAME = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;

/** Writes the files; returns the lines to print. Throws when a file exists. The sample is read last. */
export async function newMapping(
  name: string,
  readSample: () => Promise<string>,
  { resource, ...places }: MappingFolders & { resource?: string },
): Promise<string[]> {
  if (!NAME.test(name)) throw new Error('name it vendor/shape, in lower-case letters, digits and "-": acme/customer');
  if (resource !== undefined && !isServed(resource)) throw new Error(explainUnservedType(resource));
  const directory = places.mappings ?? findMappingsFolder();
  const [vendor = '', shape = ''] = name.split('/');
  const folder = join(directory, vendor);
  const file = (end: string): string => join(folder, `${shape}${end}`);
  for (const path of [file('.yaml'), file('.examples.yaml')]) if (existsSync(path)) throw new Error(`${shownPath(path)} is there already`);
  const sample = sampleOf(await readSample());
  const scaffold = buildScaffold({ vendor, shape, sample, resource });
  if (resource === undefined && scaffold.mapped.every((name) => name === 'id'))
    throw new Error('nothing in the sample says which FHIR resource it is: name one, --resource Observation');
  mkdirSync(directory, { recursive: true });
  readMappingFiles(places); // throws before anything is written when the mappings cannot be read
  const isNew = !existsSync(join(folder, 'surface.yaml'));
  mkdirSync(folder, { recursive: true });
  if (isNew) writeFileSync(join(folder, 'surface.yaml'), scaffold.surface);
  writeFileSync(file('.yaml'), scaffold.mapping);
  const loaded = readMappingFiles(places).shapes.find((shape) => toQualifiedName(shape) === name);
  if (loaded) writeFileSync(file('.examples.yaml'), buildFirstExample(loaded, sample));
  const { mapped, unplaced } = scaffold;
  return [
    ...(isNew ? [`wrote ${shownPath(join(folder, 'surface.yaml'))}`] : []),
    `wrote ${shownPath(file('.yaml'))}: ${withArticle(scaffold.resource)}; ${mapped.length} of ${mapped.length + unplaced.length} properties have a path`,
    ...(loaded ? [`wrote ${shownPath(file('.examples.yaml'))}: a first example from the sample`] : []),
    ...(unplaced.length ? [`without a path: ${unplaced.join(', ')}`] : []),
    `next: look at every line, then "facet mapping check ${name}"`,
  ];
}

/** The sample object: the whole JSON, the first member of a list, or the first member of the only list in an envelope. */
function sampleOf(text: string): Record<string, unknown> {
  const found = innermost(JSON.parse(text));
  if (typeof found !== 'object' || found === null || Array.isArray(found) || !Object.keys(found).length)
    throw new Error('the sample must be a JSON object with properties, or a list of such objects');
  return { ...found };
}

function innermost(value: unknown): unknown {
  if (Array.isArray(value)) return value[0];
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [only] = inner.filter(([, member]) => typeof member === 'object' && member !== null);
  const isEnvelope =
    inner.length <= 4 && only !== undefined && (only[0] === 'data' || Array.isArray(only[1])) && typeof innermost(only[1]) === 'object';
  return isEnvelope ? innermost(only[1]) : value;
}
