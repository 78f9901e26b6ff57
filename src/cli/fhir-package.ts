// A FHIR package as it is published: a .tgz in npm form, or the folder it unpacks to. https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Definition } from '../fhir/profile/definition.ts';
import { stripDefinition } from '../fhir/profile/strip-definition.ts';
import type { DefinitionPackage } from '../store/definitions.ts';
import { AdminError } from './admin-command.ts';
import { filesOfTgz } from './tar.ts';

/** What was found in a package. `unused`: resources of other kinds. */
interface ReadPackage {
  package: DefinitionPackage;
  unused: number;
}

interface Manifest {
  name?: unknown;
  version?: unknown;
  fhirVersions?: unknown;
  'fhir-version-list'?: unknown;
  dependencies?: Record<string, string>;
}

const R4 = /^4\.0(?:\.\d+)?$/;

/** Reads it all. What is no package, or none for R4, is refused in one sentence. */
export function readPackage(path: string): ReadPackage {
  const files = filesOf(path);
  const text = files.get('package.json');
  if (text === undefined)
    throw new AdminError(`${path} has no package/package.json: a FHIR package is a .tgz in npm form, or the folder it unpacks to`);
  const manifest = parsed(text, 'package.json') as Manifest;
  const { name, version } = named(manifest, path);
  const found = new Map<string, Definition>();
  let unused = 0;
  for (const [file, content] of files) {
    if (!isDefinitionFile(file)) continue;
    const definition = definitionIn(content, file);
    if (definition) found.set(`${definition.resourceType} ${definition.url}`, definition);
    else unused++;
  }
  if (!found.size) throw new AdminError(`${path} has no StructureDefinition, ValueSet or CodeSystem: there is nothing to check with`);
  return {
    package: { name, version, depends: manifest.dependencies ?? {}, definitions: [...found.values()].sort(byUrl).map(newDefinition) },
    unused,
  };
}

const byUrl = (a: Definition, b: Definition): number => (a.url < b.url ? -1 : 1);

const newDefinition = (one: Definition) => ({
  kind: one.resourceType,
  url: one.url,
  version: one.version,
  type: one.resourceType === 'StructureDefinition' ? one.type : undefined,
  body: JSON.stringify(one),
});

/** Files of the package's own folder by name; examples and other folders are left out. */
function filesOf(path: string): Map<string, string> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new AdminError(`there is no file or folder ${path}`);
  if (found.isDirectory()) return filesIn(existsSync(join(path, 'package', 'package.json')) ? join(path, 'package') : path);
  try {
    const all = [...filesOfTgz(readFileSync(path))].flatMap(([name, content]): [string, string][] => {
      const own = /^(?:\.\/)?package\/([^/]+)$/.exec(name)?.[1];
      return own === undefined ? [] : [[own, content.toString('utf8')]];
    });
    return new Map(all);
  } catch (error) {
    throw new AdminError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

const filesIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]),
  );

const isDefinitionFile = (name: string): boolean => name.endsWith('.json') && name !== 'package.json' && !name.startsWith('.');

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AdminError(`${file} in the package is no JSON`);
  }
}

function definitionIn(text: string, file: string): Definition | undefined {
  try {
    const definition = stripDefinition(parsed(text, file));
    return definition && isR4Itself(definition) ? undefined : definition;
  } catch (error) {
    throw error instanceof AdminError ? error : new AdminError(`${file} in the package cannot be used: ${(error as Error).message}`);
  }
}

/** R4's own types are built in; logical models describe other things. */
const isR4Itself = (definition: Definition): boolean =>
  definition.resourceType === 'StructureDefinition' && definition.derivation === 'specialization';

function named({ name, version, ...rest }: Manifest, path: string): { name: string; version: string } {
  if (typeof name !== 'string' || typeof version !== 'string') throw new AdminError(`package.json in ${path} has no name and version`);
  const versions = [rest.fhirVersions ?? rest['fhir-version-list'] ?? []].flat().map(String);
  if (versions.length && !versions.some((one) => R4.test(one)))
    throw new AdminError(`${name}#${version} is for FHIR ${versions.join(', ')}, and this server speaks R4 (4.0.1)`);
  return { name, version };
}
