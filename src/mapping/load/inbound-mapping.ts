// Mappings without a door: what others report to us, put into resources by the same language. Nobody reads or writes them by HTTP; whoever has a report
// gives its values under the names of the fields.

import type { Profiles } from '../../fhir/profiles.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Diagnostic, formatDiagnostic } from '../diagnostics.ts';
import type { IdCodec } from '../lens/id-codec.ts';
import { buildLens, type Lens } from '../lens/lens.ts';
import type { Env, View } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import { checkExtensions } from './check-aliases.ts';
import { checkLens } from './check-lens.ts';
import { INBOUND_MAPPING_SCHEMA } from './file-grammar.ts';
import { readChecked } from './read-file.ts';

/** `put`: the resource with exactly the fields the view names; a value that is undefined or null is removed, all else stays. `given`: what the mapping asks for. */
export interface InboundMapping {
  write(view: View, into: Resource | undefined, given?: Record<string, unknown>): Resource;
  /** The names of its fields. */
  fields: string[];
}

/** Reads and checks one file; a mistake is an Error with its place. `aliases`: %name → text. */
export function loadInboundMapping(
  file: string,
  { profiles, aliases }: { profiles: Profiles; aliases: Record<string, string> },
): InboundMapping {
  const faults: Diagnostic[] = [];
  const source = readChecked<MappingSpec>(file, INBOUND_MAPPING_SCHEMA, faults);
  if (!source) throw toLoadError(faults);
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: source.locate(keys), text: (error as Error).message });
  const mapping = { ...source.content, path: '/', interactions: [] };
  const lens = buildLens(mapping, { aliases, ids: IDENTITY_IDS }, fault);
  checkLens(lens, mapping, fault);
  faults.push(...checkExtensions({ lens, mapping: source }, profiles));
  if (faults.length) throw toLoadError(faults);
  return {
    write: (view, into, given = {}) => lens.write(omitInvalidWords(lens, view), into, { ...NO_ALIAS, ...given }, { server: true }),
    fields: lens.fields.map(({ name }) => name),
  };
}

/** Words that a table does not have stand nowhere. */
function omitInvalidWords(lens: Lens, view: View): View {
  const refused = lens.fields.filter(({ name, codec }) => view[name] !== undefined && view[name] !== null && codec.validate?.(view[name]));
  return { ...view, ...Object.fromEntries(refused.map(({ name }) => [name, undefined])) };
}

const toLoadError = (faults: Diagnostic[]): Error => new Error(`a mapping cannot be used:\n  ${faults.map(formatDiagnostic).join('\n  ')}`);

/** Ids are our own here. */
const IDENTITY_IDS: IdCodec = { encodeId: (_type, id) => id, decodeId: (_type, shown) => shown };
const NO_ALIAS: Env = { alias: (_type, id) => id };
