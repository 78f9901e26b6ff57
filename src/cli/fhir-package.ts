// A FHIR package as it is published: a .tgz in npm form, or the folder it unpacks to. https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'tar';
import { isObject } from '../fhir/json-values.ts';
import type { Definition } from '../fhir/profile/definition.ts';
import { stripDefinition } from '../fhir/profile/strip-definition.ts';
import { toMessage } from '../mapping/diagnostics.ts';
import type { DefinitionPackage } from '../store/definitions.ts';
import { AdminError } from './admin-command.ts';

/** The definitions of a package. `unused`: how many resources of other kinds it has. */
interface ReadPackage {
  package: DefinitionPackage;
  unused: number;
}

const R4 = /^4\.0(?:\.\d+)?$/;

/** Reads a package. A path that leads to no package for R4 is an AdminError. */
export function readPackage(path: string): ReadPackage {
  const files = readFiles(path);
  const text = files.get('package.json');
  if (text === undefined)
    throw new AdminError(`${path} has no package/package.json: a FHIR package is a .tgz in npm form, or the folder it unpacks to`);
  const manifest = parseJson(text, 'package.json');
  const { name, version, depends } = readManifest(isObject(manifest) ? manifest : {}, path);
  const found = new Map<string, Definition>();
  let unused = 0;
  for (const [file, content] of files) {
    if (!isDefinitionFile(file)) continue;
    const definition = readDefinition(content, file);
    if (definition) found.set(`${definition.resourceType} ${definition.url}`, definition);
    else unused++;
  }
  if (!found.size) throw new AdminError(`${path} has no StructureDefinition, ValueSet, CodeSystem or ConceptMap`);
  return { package: { name, version, depends, definitions: [...found.values()].sort(byUrl).map(toStored) }, unused };
}

const byUrl = (a: Definition, b: Definition): number => (a.url < b.url ? -1 : 1);

const toStored = (definition: Definition) => ({
  kind: definition.resourceType,
  url: definition.url,
  version: definition.version,
  type: definition.resourceType === 'StructureDefinition' ? definition.type : undefined,
  body: JSON.stringify(definition),
});

/** Name → content of the files in the folder `package`. Subfolders (examples) are left out. */
function readFiles(path: string): Map<string, string> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new AdminError(`there is no file or folder ${path}`);
  return found.isDirectory() ? readFolder(existsSync(join(path, 'package', 'package.json')) ? join(path, 'package') : path) : readTgz(path);
}

const readFolder = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

/** Warnings about entries of kinds that a package does not need. */
const HARMLESS_WARNING = /^TAR_ENTRY_(INFO|UNSUPPORTED)$/;

/**
 * Reads the archive in memory. Nothing is unpacked to the disk, so a path in the archive cannot overwrite a file. An archive without compression is read too:
 * browsers and proxies may decompress a download.
 */
function readTgz(path: string): Map<string, string> {
  const contents = new Map<string, Buffer[]>();
  const parser = new Parser();
  let hasEnd = false;
  parser.on('nullBlock', () => {
    hasEnd = true;
  });
  parser.on('warn', (code, message) => {
    if (!HARMLESS_WARNING.test(code)) throw new Error(String(message));
  });
  parser.on('entry', (entry) => {
    const name = /^(?:\.\/)?package\/([^/]+)$/.exec(entry.path)?.[1];
    if (name === undefined || !/^(Old|Contiguous)?File$/.test(entry.type)) return void entry.resume();
    const chunks: Buffer[] = [];
    contents.set(name, chunks);
    entry.on('data', (chunk: Buffer) => chunks.push(chunk));
  });
  const bytes = readFileSync(path);
  const malformed = new AdminError(`${path} is not a .tgz archive, or it is truncated: download it again`);
  try {
    parser.end(bytes);
  } catch {
    // the texts of the library are about blocks and checksums
    throw malformed;
  }
  // an archive ends with an empty block
  if (!hasEnd) throw malformed;
  return new Map([...contents].map(([name, chunks]) => [name, Buffer.concat(chunks).toString('utf8')]));
}

const isDefinitionFile = (name: string): boolean => name.endsWith('.json') && name !== 'package.json' && !name.startsWith('.');

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AdminError(`${file} in the package is not JSON`);
  }
}

function readDefinition(text: string, file: string): Definition | undefined {
  const value = parseJson(text, file);
  try {
    const definition = stripDefinition(value);
    return definition && isBaseType(definition) ? undefined : definition;
  } catch (error) {
    throw new AdminError(`${file} in the package cannot be used: ${toMessage(error)}`);
  }
}

/** Whether to skip a definition: R4's own types are built in, and logical models do not describe resources. */
const isBaseType = (definition: Definition): boolean =>
  definition.resourceType === 'StructureDefinition' && definition.derivation === 'specialization';

function readManifest(manifest: Record<string, unknown>, path: string): Pick<DefinitionPackage, 'name' | 'version' | 'depends'> {
  const { name, version, dependencies } = manifest;
  if (typeof name !== 'string' || typeof version !== 'string') throw new AdminError(`package.json in ${path} has no name and version`);
  const versions = [manifest.fhirVersions ?? manifest['fhir-version-list'] ?? []].flat().map(String);
  if (versions.length && !versions.some((version) => R4.test(version)))
    throw new AdminError(`${name}#${version} is for FHIR ${versions.join(', ')}, and this server supports R4 (4.0.1)`);
  const depends = Object.entries(isObject(dependencies) ? dependencies : {}).map(([other, its]) => [other, String(its)]);
  return { name, version, depends: Object.fromEntries(depends) };
}
