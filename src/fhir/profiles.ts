// Reads the project's own extensions, code systems, naming systems and search parameters from fhir-profiles/, and a list of third-party definitions.
// Mappings may only use definitions that are listed here. https://hl7.org/fhir/R4/profiling.html

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readMember } from './json-values.ts';
import type { Definition as CheckedWith } from './profile/definition.ts';
import { stripDefinition } from './profile/strip-definition.ts';
import type { SearchParameterResource } from './search/definitions.ts';
import type { CodeSystem, ValueSet } from './terminology/value-set.ts';

/** A definition that mappings and resources may use. */
interface DefinitionEntry {
  kind: 'extension' | 'code system' | 'naming system' | 'value set' | 'third-party definition';
  /** The file of the definition. */
  file: string;
  /** The value types of an own extension. Absent: not known. */
  values?: string[];
  /** The elements that may have an own extension (`Patient`, `Practitioner.qualification`). */
  contexts?: string[];
}

export interface Profiles {
  /** URL → its definition. */
  definitions: ReadonlyMap<string, DefinitionEntry>;
  searchParameters: SearchParameterResource[];
  /** The project's own value sets and code systems. */
  terminology: (ValueSet | CodeSystem)[];
  /** The project's own profiles, value sets and code systems, for validation. */
  checked: CheckedWith[];
}

interface Resource {
  resourceType: string;
  url?: string;
  uniqueId?: { value: string }[];
  context?: { expression: string }[];
  differential?: { element: { path: string; type?: { code: string }[] }[] };
}

/** Reads all definitions in directories of YAML or JSON files. The first directory must exist, and the others may be missing. */
export function loadProfiles(directory: string, ...more: string[]): Profiles {
  return readProfiles([directory, ...more.filter((path) => existsSync(path))].flatMap(listDefinitionFiles));
}

function listDefinitionFiles(directory: string): { name: string; text: string }[] {
  const names = readdirSync(directory).filter((name) => /\.(ya?ml|json)$/.test(name));
  return names.sort().map((name) => ({ name: join(directory, name), text: readFileSync(join(directory, name), 'utf8') }));
}

/** Reads the definitions of files: one resource per YAML document, or a list of third-party definitions (`- { url, what }`). An Error names the file. */
export function readProfiles(files: { name: string; text: string }[]): Profiles {
  const definitions = new Map<string, DefinitionEntry>();
  const searchParameters: SearchParameterResource[] = [];
  const terminology: (ValueSet | CodeSystem)[] = [];
  const checked: CheckedWith[] = [];
  for (const { name, text } of files) {
    for (const content of parseDocuments(name, text)) {
      if (isSearchParameter(content)) searchParameters.push(content);
      if (isTerminology(content)) terminology.push(content);
      const own = stripDefinition(content);
      if (own) checked.push(own);
      for (const [url, definition] of listDefinitionEntries(content, name)) addDefinition(definitions, url, definition);
    }
  }
  return { definitions, searchParameters, terminology, checked };
}

function parseDocuments(name: string, text: string): unknown[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors ?? [];
    if (error) throw new Error(`${name}: ${error.message}`);
    return document.contents === null ? [] : [document.toJS()];
  });
}

const isTerminology = (content: unknown): content is ValueSet | CodeSystem =>
  ['ValueSet', 'CodeSystem'].includes(String(readMember(content, 'resourceType')));

const isSearchParameter = (content: unknown): content is SearchParameterResource & Resource =>
  readMember(content, 'resourceType') === 'SearchParameter';

function addDefinition(definitions: Map<string, DefinitionEntry>, url: string, definition: DefinitionEntry): void {
  const before = definitions.get(url);
  if (before) throw new Error(`${definition.file}: ${url} is defined in ${before.file} already`);
  definitions.set(url, definition);
}

function listDefinitionEntries(content: unknown, file: string): [url: string, DefinitionEntry][] {
  if (Array.isArray(content)) return content.map(({ url }) => [url, { kind: 'third-party definition', file }]);
  // the assertion: a document with another resourceType is refused below
  const resource = content as Resource;
  const rule = Object.hasOwn(DEFINITION_READERS, resource.resourceType) ? DEFINITION_READERS[resource.resourceType] : undefined;
  if (!rule)
    throw new Error(`${file}: ${resource.resourceType ?? 'a document without resourceType'} is not a supported kind of definition`);
  return rule(resource, file);
}

const buildUrlEntry =
  (kind: DefinitionEntry['kind']) =>
  ({ url }: Resource, file: string): [string, DefinitionEntry][] => [[url!, { kind, file }]];

const DEFINITION_READERS: Record<string, (resource: Resource, file: string) => [string, DefinitionEntry][]> = {
  StructureDefinition: (resource, file) => [[resource.url!, { kind: 'extension', file, ...readExtension(resource) }]],
  CodeSystem: buildUrlEntry('code system'),
  ValueSet: buildUrlEntry('value set'),
  NamingSystem: ({ uniqueId = [] }, file) => uniqueId.map(({ value }) => [value, { kind: 'naming system', file }]),
  SearchParameter: () => [],
};

/** https://hl7.org/fhir/R4/defining-extensions.html */
function readExtension({ context = [], differential }: Resource): Pick<DefinitionEntry, 'values' | 'contexts'> {
  const value = differential?.element.find(({ path }) => path === 'Extension.value[x]');
  const values = value?.type?.map(({ code }) => code);
  return { contexts: context.map(({ expression }) => expression), ...(values && { values }) };
}
