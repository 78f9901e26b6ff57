// Finds files under mappings/ that would be ignored silently: a wrong extension, a vendor without a surface, examples without a mapping.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Diagnostic } from '../diagnostics.ts';

/** A file and its position. */
interface FoundFile {
  name: string;
  file: string;
  /** The folders between the mappings folder and the file. */
  folders: string[];
  /** Whether its vendor folder has a surface.yaml. */
  surfaced: boolean;
}

/** The first rule that applies is reported. */
const IGNORE_RULES: ((file: FoundFile, directory: string) => string | false)[] = [
  ({ name, surfaced, file }) =>
    /\.(yml|YAML|YML)$/.test(name) &&
    (surfaced || looksLikeShape(file) || name.startsWith('surface.')) &&
    `only files that end in .yaml are read: name it ${name.replace(/\.\w+$/, '.yaml')}`,
  ({ folders, file }) =>
    folders.length === 0 && looksLikeShape(file) && 'a mapping must be in the folder of its vendor, with surface.yaml: move it there',
  ({ folders, file }) =>
    folders.length > 1 && looksLikeShape(file) && `folders in the folder of a vendor are not read: move it up into ${folders[0]}/`,
  ({ folders, surfaced, file }, directory) =>
    folders.length === 1 &&
    !surfaced &&
    looksLikeShape(file) &&
    `the folder has no surface.yaml with the common parts of the vendor’s bodies: write ${toShownPath(directory, folders)}/surface.yaml ("facet mapping new" creates one)`,
  ({ name, surfaced, folders, file }) =>
    surfaced &&
    folders.length === 1 &&
    name.endsWith('.examples.yaml') &&
    !existsSync(file.replace(/\.examples\.yaml$/, '.yaml')) &&
    `examples without a mapping: there is no ${name.replace('.examples', '')} in this folder; name the file like its mapping`,
];

/** The ignored files under a directory of mappings. */
export function findIgnoredFiles(directory: string): Diagnostic[] {
  return listYamlFiles(directory, []).flatMap((yamlFile) => {
    const text = IGNORE_RULES.map((rule) => rule(yamlFile, directory)).find(Boolean);
    return text ? [{ place: `${yamlFile.file}:1`, text }] : [];
  });
}

/** Folders that are not searched. */
const isSkipped = (name: string): boolean => name === 'fhir-profiles' || name === 'node_modules' || name.startsWith('.');

function listYamlFiles(directory: string, folders: string[]): FoundFile[] {
  const path = join(directory, ...folders);
  const surfaced = folders.length > 0 && existsSync(join(directory, folders[0]!, 'surface.yaml'));
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    if (isSkipped(name)) return [];
    if (entry.isDirectory()) return folders.length < 2 ? listYamlFiles(directory, [...folders, name]) : [];
    return /\.ya?ml$/i.test(name) ? [{ name, file: join(path, name), folders, surfaced }] : [];
  });
}

/** Whether the text is a mapping with an endpoint; inbound mappings have no path. */
function looksLikeShape(file: string): boolean {
  const text = readFileSync(file, 'utf8');
  return /^path:/m.test(text) && /^fields:/m.test(text);
}

const toShownPath = (directory: string, folders: string[]): string => relative('.', join(directory, ...folders));
