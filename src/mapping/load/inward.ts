// Mappings without a door: what others report to us, put into resources by the same language. Nobody reads or writes them by HTTP; whoever has a report
// gives its values under the names of the fields.
import type { Profiles } from '../../fhir/profiles.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Ids } from '../ids.ts';
import { type Lens, lensOf } from '../lens/lens.ts';
import type { Env, View } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import { checkExtensions } from './check-aliases.ts';
import { checkLens } from './check-lens.ts';
import { INWARD_FILE } from './file-grammar.ts';
import type { Fault } from './loaded.ts';
import { inOneLine, read } from './mapping.ts';

/** `put`: the resource with exactly the fields the view names; a value that is undefined or null is removed, all else stays. `given`: what the mapping asks for. */
export interface Inward {
  put(view: View, into: Resource | undefined, given?: Record<string, unknown>): Resource;
  /** The names of its fields. */
  fields: string[];
}

/** Reads and checks one file; a mistake is an Error with its place. `aliases`: %name → text. */
export function inwardOf(file: string, { profiles, aliases }: { profiles: Profiles; aliases: Record<string, string> }): Inward {
  const faults: Fault[] = [];
  const source = read<MappingSpec>(file, INWARD_FILE, faults);
  if (!source) throw refusal(faults);
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: source.place(keys), text: (error as Error).message });
  const mapping = { ...source.content, path: '/', interactions: [] };
  const lens = lensOf(mapping, { aliases, ids: AS_THEY_ARE }, fault);
  checkLens(lens, mapping, fault);
  faults.push(...checkExtensions({ lens, mapping: source }, profiles));
  if (faults.length) throw refusal(faults);
  return {
    put: (view, into, given = {}) => lens.write(known(lens, view), into, { ...NO_ALIAS, ...given }, { server: true }),
    fields: lens.fields.map(({ name }) => name),
  };
}

/** Words that a table does not have stand nowhere. */
function known(lens: Lens, view: View): View {
  const refused = lens.fields.filter(({ name, codec }) => view[name] !== undefined && view[name] !== null && codec.fault?.(view[name]));
  return { ...view, ...Object.fromEntries(refused.map(({ name }) => [name, undefined])) };
}

const refusal = (faults: Fault[]): Error => new Error(`a mapping cannot be used:\n  ${faults.map(inOneLine).join('\n  ')}`);

/** Ids are our own here. */
const AS_THEY_ARE: Ids = { showId: (_type, id) => id, readId: (_type, shown) => shown };
const NO_ALIAS: Env = { alias: (_type, id) => id };
