// What FHIR leaves to us, read from fhir-profiles/: our own extensions, code systems, naming systems and search parameters, and a list of those that
// others define. https://hl7.org/fhir/R4/profiling.html. Nothing may point at a definition that is not here.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readMember } from './json-values.ts';
import type { Definition as CheckedWith } from './profile/definition.ts';
import { stripDefinition } from './profile/strip-definition.ts';
import type { SearchParameterResource } from './search/definitions.ts';
import type { CodeSystem, ValueSet } from './terminology/value-set.ts';

/** A definition that something may point at. */
interface DefinitionEntry {
  kind: 'extension' | 'code system' | 'naming system' | 'value set' | 'third-party definition';
  /** The file it stands in. */
  file: string;
  /** Types of the value of an extension of ours; absent where it is not known. */
  values?: string[];
  /** Elements an extension of ours may stand on (`Patient`, `Practitioner.qualification`). */
  contexts?: string[];
}

export interface Profiles {
  /** URL → what it means. */
  definitions: ReadonlyMap<string, DefinitionEntry>;
  searchParameters: SearchParameterResource[];
  /** Value sets and code systems of ours. */
  terminology: (ValueSet | CodeSystem)[];
  /** Our own profiles, value sets and code systems, to check resources with. */
  checked: CheckedWith[];
}

interface Resource {
  resourceType: string;
  url?: string;
  uniqueId?: { value: string }[];
  context?: { expression: string }[];
  differential?: { element: { path: string; type?: { code: string }[] }[] };
}

/** Reads all definitions of directories of YAML (or JSON) files; a directory that is not there has none, but for the first. */
export function loadProfiles(directory: string, ...more: string[]): Profiles {
  return readProfiles([directory, ...more.filter((one) => existsSync(one))].flatMap(listDefinitionFiles));
}

function listDefinitionFiles(directory: string): { name: string; text: string }[] {
  const names = readdirSync(directory).filter((name) => /\.(ya?ml|json)$/.test(name));
  return names.sort().map((name) => ({ name: join(directory, name), text: readFileSync(join(directory, name), 'utf8') }));
}

/** The definitions in these files: one resource per YAML document, or a list of what others define (`- { url, what }`). A mistake is an Error naming the file. */
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
  const resource = content as Resource;
  const rule = Object.hasOwn(DEFINITION_READERS, resource.resourceType) ? DEFINITION_READERS[resource.resourceType] : undefined;
  if (!rule)
    throw new Error(`${file}: ${resource.resourceType ?? 'a document without resourceType'} is no kind of definition that is read here`);
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
