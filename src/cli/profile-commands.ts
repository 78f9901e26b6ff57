// What an operator may do to the packages of definitions that resources are checked with: add, list, remove.
import { setImmediate } from 'node:timers/promises';
import { type Missed, Unusable } from '../fhir/profile/definition.ts';
import { isServed } from '../fhir/types.ts';
import { profilesOf } from '../interactions/profiles.ts';
import type { Database } from '../store/database/database.ts';
import { addPackage, type DefinitionPackage, type ListedPackage, listPackages, removePackage } from '../store/definitions.ts';
import { storeOf } from '../store/sql-store.ts';
import type { AdminCommand } from './admin-command.ts';
import { AdminError } from './admin-error.ts';
import { textTable } from './text-table.ts';

export const PROFILE_COMMANDS: Record<string, AdminCommand> = {
  'profiles add': async (database, { package: text = '' }, { now }) => {
    const added = JSON.parse(text) as DefinitionPackage;
    const replaced = await addPackage(database, added, now().toISOString());
    return [
      `${replaced ? 'replaced' : 'added'} ${added.name}#${added.version}; every running server checks with it within a second`,
      ...(await audit(database, added)),
    ];
  },
  'profiles list': async (database) => {
    const packages = await listPackages(database);
    return packages.length
      ? textTable(['package', 'version', 'profiles', 'value sets', 'code systems', 'added'], packages.map(row))
      : [NONE_YET];
  },
  'profiles remove': async (database, { package: named = '' }) => {
    const [name = '', version] = named.split('#');
    const removed = await removePackage(database, name, version);
    if (!removed.length) throw new AdminError(`there is no package ${named}: facet profiles list`);
    return removed.map((one) => `removed ${name}#${one}: claims of its profiles are not checked any more`);
  },
};

const NONE_YET = 'no packages yet: facet profiles add <folder or .tgz>';

const row = ({ name, version, counts, addedAt }: ListedPackage): string[] => [
  name,
  version,
  ...['StructureDefinition', 'ValueSet', 'CodeSystem'].map((kind) => String(counts[kind] ?? 0)),
  addedAt.slice(0, 16).replace('T', ' '),
];

/** What a package's profiles can be checked with, and what is missing. */
interface Audit {
  usable: string[];
  notServed: Set<string>;
  unusable: string[];
  /** Kind → what of it is not known. */
  missed: Map<string, Set<string>>;
}

/** Compiles every profile of a package, between other work, and tells what cannot be checked. */
async function audit(database: Database, { name, version, depends, definitions }: DefinitionPackage): Promise<string[]> {
  const found: Audit = { usable: [], notServed: new Set(), unusable: [], missed: new Map() };
  const missed: Missed = (kind, what) => void found.missed.set(kind, (found.missed.get(kind) ?? new Set()).add(what));
  const profiles = profilesOf([], { missed });
  const store = storeOf(database);
  for (const { kind, url, version: own, type = '' } of definitions) {
    if (kind !== 'StructureDefinition') continue;
    const checker = await profiles.checker(store, own === undefined ? url : `${url}|${own}`);
    if (!(checker instanceof Unusable)) found.usable.push(type);
    else if (/^[A-Z]/.test(type) && !isServed(type) && type !== 'Extension') found.notServed.add(type);
    else found.unusable.push(checker.message);
    await setImmediate();
  }
  return report(found, await missingPackages(database, `${name}#${version}`, depends));
}

/** R4 itself is built in. */
const BUILT_IN = new Set(['hl7.fhir.r4.core']);

async function missingPackages(database: Database, own: string, depends: Record<string, string>): Promise<string[]> {
  const there = new Set((await listPackages(database)).map(({ name }) => name));
  return Object.entries(depends)
    .filter(([name]) => !there.has(name) && !BUILT_IN.has(name) && name !== own)
    .map(([name, version]) => `${name}#${version}`);
}

function report({ usable, notServed, unusable, missed }: Audit, missing: string[]): string[] {
  const extensions = usable.filter((type) => type === 'Extension').length;
  return [
    `  ${usable.length - extensions} profiles and ${extensions} extensions are checked`,
    ...(notServed.size ? [`  profiles of types that are not served are kept and not used: ${[...notServed].sort().join(', ')}`] : []),
    ...(missing.length ? [`  needs packages that are not loaded: ${missing.join(', ')}`] : []),
    ...unusable.map((why) => `  cannot be used: ${why}`),
    ...[...missed].map(([kind, what]) => `  not checked: ${what.size} ${kind}: ${shown([...what])}`),
  ];
}

const SHOWN = 4;

const shown = (names: string[]): string => names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '');
