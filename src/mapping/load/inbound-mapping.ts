// Inbound mappings: they write what another system reports (a laboratory's results) into resources, in the same language. They have no HTTP endpoint.

import type { Profiles } from '../../fhir/profiles.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Diagnostic, formatDiagnostic, toMessage } from '../diagnostics.ts';
import type { IdCodec } from '../lens/id-codec.ts';
import { buildLens, type Lens } from '../lens/lens.ts';
import type { Env, View } from '../shape.ts';
import { checkExtensions } from './check-aliases.ts';
import { checkLens } from './check-lens.ts';
import { readInboundFile } from './read-file.ts';

/** `write`: writes exactly the fields of the view; undefined or null removes a value. `variables`: the values of the mapping's `given:` names. */
export interface InboundMapping {
  write(view: View, into: Resource | undefined, variables?: Record<string, unknown>): Resource;
  /** The names of its fields. */
  fields: string[];
}

/** Reads and checks one file; throws with the place of each mistake. `aliases`: %name → text. */
export function loadInboundMapping(
  file: string,
  { profiles, aliases }: { profiles: Profiles; aliases: Record<string, string> },
): InboundMapping {
  const faults: Diagnostic[] = [];
  const source = readInboundFile(file, faults);
  if (!source) throw toLoadError(faults);
  const fault = (keys: string[], error: unknown): void => void faults.push({ place: source.locate(keys), text: toMessage(error) });
  const mapping = { ...source.content, path: '/', interactions: [] };
  const lens = buildLens(mapping, { aliases, ids: IDENTITY_IDS }, fault);
  checkLens(lens, mapping, fault);
  faults.push(...checkExtensions({ lens, mapping: { ...source, content: mapping } }, profiles));
  if (faults.length) throw toLoadError(faults);
  return {
    write: (view, into, variables = {}) => lens.write(omitInvalidWords(lens, view), into, { ...NO_ALIAS, ...variables }, { server: true }),
    fields: lens.fields.map(({ name }) => name),
  };
}

/** Drops words that the code table of a field does not have. */
function omitInvalidWords(lens: Lens, view: View): View {
  const invalid = lens.fields.filter(({ name, codec }) => view[name] !== undefined && view[name] !== null && codec.validate?.(view[name]));
  return { ...view, ...Object.fromEntries(invalid.map(({ name }) => [name, undefined])) };
}

const toLoadError = (faults: Diagnostic[]): Error => new Error(`a mapping cannot be used:\n  ${faults.map(formatDiagnostic).join('\n  ')}`);

/** Ids are FHIR ids. */
const IDENTITY_IDS: IdCodec = { encodeId: (_type, id) => id, decodeId: (_type, id) => id };
const NO_ALIAS: Env = { alias: (_type, id) => id };
