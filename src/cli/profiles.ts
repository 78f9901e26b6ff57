// `facet profiles`: add, list and remove the FHIR packages whose profiles resources are validated against.
import { setImmediate } from 'node:timers/promises';
import { type ReportUnchecked, UnusableDefinitionError } from '../fhir/profile/definition.ts';
import { isServed } from '../fhir/types.ts';
import { createProfiles } from '../interactions/profiles.ts';
import type { Database } from '../store/database/database.ts';
import { addPackage, type DefinitionPackage, type ListedPackage, listPackages, removePackage } from '../store/definitions.ts';
import { createStore } from '../store/sql-store.ts';
import { AdminError, type AdminOperation, type DefineCommands, type RunCommand } from './admin-command.ts';
import { readPackage } from './fhir-package.ts';
import { textTable } from './text-table.ts';

export const PROFILE_OPERATIONS: Record<string, AdminOperation> = {
  'profiles add': async (database, { package: text = '' }, { now }) => {
    // type assertion: `readPackage` of the same version of the program wrote this text
    const added = JSON.parse(text) as DefinitionPackage;
    const replaced = await addPackage(database, added, now().toISOString());
    return [
      `${replaced ? 'replaced' : 'added'} ${added.name}#${added.version}; every running server uses it within a second`,
      ...(await audit(database, added)),
    ];
  },
  'profiles list': async (database) => {
    const packages = await listPackages(database);
    return packages.length
      ? textTable(['package', 'version', 'profiles', 'value sets', 'code systems', 'added'], packages.map(toRow))
      : [NONE_YET];
  },
  'profiles remove': async (database, { package: named = '' }) => {
    const [name = '', version] = named.split('#');
    const removed = await removePackage(database, name, version);
    if (!removed.length) throw new AdminError(`there is no package ${named}: facet profiles list shows the names`);
    return removed.map((version) => `removed ${name}#${version}: its profiles are not validated any more`);
  },
};

const NONE_YET = 'no packages yet: facet profiles add <folder or .tgz>';

const toRow = ({ name, version, counts, addedAt }: ListedPackage): string[] => [
  name,
  version,
  ...['StructureDefinition', 'ValueSet', 'CodeSystem'].map((kind) => String(counts[kind] ?? 0)),
  addedAt.slice(0, 16).replace('T', ' '),
];

/** Which profiles of a package can be used, and what is missing. */
interface Audit {
  usable: string[];
  notServed: Set<string>;
  unusable: string[];
  /** Kind of rule → the rules that are not supported. */
  missed: Map<string, Set<string>>;
}

/** Compiles every profile of a package, yielding to other work, and reports what cannot be validated. */
async function audit(database: Database, { name, version, depends, definitions }: DefinitionPackage): Promise<string[]> {
  const found: Audit = { usable: [], notServed: new Set(), unusable: [], missed: new Map() };
  const missed: ReportUnchecked = (kind, what) => void found.missed.set(kind, (found.missed.get(kind) ?? new Set()).add(what));
  const profiles = createProfiles([], { onUnsupported: missed });
  const store = createStore(database);
  for (const { kind, url, version: own, type = '' } of definitions) {
    if (kind !== 'StructureDefinition') continue;
    const checker = await profiles.findChecker(store, own === undefined ? url : `${url}|${own}`);
    if (!(checker instanceof UnusableDefinitionError)) found.usable.push(type);
    else if (/^[A-Z]/.test(type) && !isServed(type) && type !== 'Extension') found.notServed.add(type);
    else found.unusable.push(checker.message);
    await setImmediate();
  }
  return reportLines(found, await missingPackages(database, `${name}#${version}`, depends));
}

/** R4 itself is built in. */
const BUILT_IN = new Set(['hl7.fhir.r4.core']);

async function missingPackages(database: Database, own: string, depends: Record<string, string>): Promise<string[]> {
  const loaded = new Set((await listPackages(database)).map(({ name }) => name));
  return Object.entries(depends)
    .filter(([name]) => !loaded.has(name) && !BUILT_IN.has(name) && name !== own)
    .map(([name, version]) => `${name}#${version}`);
}

function reportLines({ usable, notServed, unusable, missed }: Audit, missing: string[]): string[] {
  const extensions = usable.filter((type) => type === 'Extension').length;
  return [
    `  ${usable.length - extensions} profiles and ${extensions} extensions are validated`,
    ...(notServed.size ? [`  not used, because the server does not serve these types: ${[...notServed].sort().join(', ')}`] : []),
    ...(missing.length ? [`  needs packages that are not loaded: ${missing.join(', ')}`] : []),
    ...unusable.map((why) => `  cannot be used: ${why}`),
    ...[...missed].map(([kind, what]) => `  not validated: ${what.size} ${kind}: ${abbreviate([...what])}`),
  ];
}

const SHOWN = 4;

const abbreviate = (names: string[]): string => names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');

const EXAMPLES = {
  add: `
Example:
  facet profiles add hl7.fhir.us.core-6.1.0.tgz`,
  remove: `
Example:
  facet profiles remove hl7.fhir.us.core#6.1.0`,
};

export const defineProfileCommands: DefineCommands = (profiles, run) => {
  profiles
    .command('add <path>')
    .description('load a FHIR R4 package: a .tgz in npm form, or the folder it unpacks to; replaces the same name and version')
    .addHelpText('after', EXAMPLES.add)
    .action((path: string) => addPackageFrom(path, run));
  profiles
    .command('list')
    .description('list the loaded packages')
    .action(() => run('profiles list', {}));
  profiles
    .command('remove <package>')
    .description('stop validating against a package: name#version, or the name alone for all its versions')
    .addHelpText('after', EXAMPLES.remove)
    .action((name: string) => run('profiles remove', { package: name }));
};

/** The package is read here; only the definitions that validation needs are sent on. */
async function addPackageFrom(path: string, run: RunCommand): Promise<void> {
  console.log(`reading ${path} …`);
  const { package: read, unused } = readPackage(path);
  const kinds = Map.groupBy(read.definitions, ({ kind }) => kind);
  const counts = [...kinds].map(([kind, list]) => `${list.length} ${kind}s`).join(', ');
  console.log(`${read.name}#${read.version}: ${counts}${unused ? `; ${unusedText(unused)}` : ''}`);
  await run('profiles add', { package: JSON.stringify(read) });
}

const unusedText = (unused: number): string =>
  unused === 1 ? '1 resource of another kind is not used' : `${unused} resources of other kinds are not used`;
