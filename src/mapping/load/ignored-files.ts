// Files under mappings/ that nobody would read, each told with what to do: a misspelled ending, a vendor without a surface, examples of nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Diagnostic } from '../diagnostics.ts';

/** A file, and where it stands. */
interface FoundFile {
  name: string;
  file: string;
  /** The names of the folders below the mappings that lead to it. */
  folders: string[];
  /** Whether its vendor has a surface. */
  surfaced: boolean;
}

/** Told in this order, one of a file. */
const IGNORE_RULES: ((standing: FoundFile, directory: string) => string | false)[] = [
  ({ name, surfaced, file }) =>
    /\.(yml|YAML|YML)$/.test(name) &&
    (surfaced || looksLikeShape(file) || name.startsWith('surface.')) &&
    `only files that end in .yaml are read: name it ${name.replace(/\.\w+$/, '.yaml')}`,
  ({ folders, file }) =>
    folders.length === 0 &&
    looksLikeShape(file) &&
    'a mapping stands in the folder of its vendor: move it into one, beside its surface.yaml',
  ({ folders, file }) =>
    folders.length > 1 && looksLikeShape(file) && `folders in the folder of a vendor are not read: move it up into ${folders[0]}/`,
  ({ folders, surfaced, file }, directory) =>
    folders.length === 1 &&
    !surfaced &&
    looksLikeShape(file) &&
    `the folder has no surface.yaml, which says what all bodies of the vendor have in common: write ${toShownPath(directory, folders)}/surface.yaml ("facet mapping new" begins one)`,
  ({ name, surfaced, folders, file }) =>
    surfaced &&
    folders.length === 1 &&
    name.endsWith('.examples.yaml') &&
    !existsSync(file.replace(/\.examples\.yaml$/, '.yaml')) &&
    `examples of nothing: there is no ${name.replace('.examples', '')} beside it; name it as the mapping that it is about`,
];

/** What stands under a directory of mappings and is not read, though somebody meant it to be. */
export function findIgnoredFiles(directory: string): Diagnostic[] {
  return listYamlFiles(directory, []).flatMap((one) => {
    const text = IGNORE_RULES.map((rule) => rule(one, directory)).find(Boolean);
    return text ? [{ place: `${one.file}:1`, text }] : [];
  });
}

/** Definitions are read elsewhere. */
const isSkipped = (name: string): boolean => name === 'fhir-profiles' || name === 'node_modules' || name.startsWith('.');

function listYamlFiles(directory: string, folders: string[]): FoundFile[] {
  const here = join(directory, ...folders);
  const surfaced = folders.length > 0 && existsSync(join(directory, folders[0]!, 'surface.yaml'));
  return readdirSync(here, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    if (isSkipped(name)) return [];
    if (entry.isDirectory()) return folders.length < 2 ? listYamlFiles(directory, [...folders, name]) : [];
    return /\.ya?ml$/i.test(name) ? [{ name, file: join(here, name), folders, surfaced }] : [];
  });
}

/** A mapping with a door: what others report to us is a mapping, too, and has no path. */
function looksLikeShape(file: string): boolean {
  const text = readFileSync(file, 'utf8');
  return /^path:/m.test(text) && /^fields:/m.test(text);
}

const toShownPath = (directory: string, folders: string[]): string => relative('.', join(directory, ...folders));
