// resource → view: one walk over the resource finds what all paths of a mapping lead to, and each field shows its part of it.

import type { Resource } from '../../fhir/types.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env, RowItems, View } from '../shape.ts';
import type { AlsoSpec, FieldSpec, MappingSpec } from '../spec.ts';
import type { Field, ResourceState } from './field.ts';
import type { NameScope } from './name-scope.ts';
import type { PathTree } from './path-tree.ts';

/** Written, never shown. */
export interface HiddenWrite {
  spec: AlsoSpec;
  path: WritablePath;
  slot: number;
  while: { path: WritablePath; slot: number } | undefined;
  /** Where what is written stands already. */
  copied: { path: WritablePath; slot: number } | undefined;
}

/** A compiled mapping from inside. */
export interface LensParts {
  mapping: MappingSpec;
  names: NameScope;
  tree: PathTree;
  fields: Field[];
  idName: string;
  also: HiddenWrite[];
  rows: RowItems | undefined;
  /** Field → the slot of the reference that its name is linked to. */
  links: ReadonlyMap<Field, number>;
  /** Field → whether what it shows is said by others already (`omit: implied`). */
  implied: ReadonlyMap<Field, (shown: unknown) => boolean>;
}

/** What the resource holds, with the names bound that this mapping uses. `view`: what is about to be written. */
export function readState({ names, rows, tree }: LensParts, resource: Resource, { env, view }: { env: Env; view?: View }): ResourceState {
  const bound: Env = rows || names.boundElements.length ? { ...env } : env;
  if (rows && bound[rows.name] === undefined)
    bound[rows.name] = view?.[rows.name] === undefined ? rows.readKeys(resource)[0] : rows.readKey(view);
  for (const { name, first } of names.boundElements) bound[name] = first(resource, bound);
  return { slots: tree.read(resource, bound, view !== undefined), env: bound };
}

/** The view of a resource: every documented key, whether it has a value or not. `all`: the keys that are never shown, too. `bare`: nothing stands for a missing value. */
export function readView(parts: LensParts, resource: Resource, { env, all, bare }: { env: Env; all: boolean; bare: boolean }): View {
  const now = readState(parts, resource, { env });
  const view: View = {};
  for (const field of parts.fields) {
    if (field.spec.writeOnly && !all) continue;
    const shown = field.read(now);
    if (!all && field.spec.omit !== undefined && (shown === undefined || parts.implied.get(field)?.(shown))) continue;
    view[field.name] = shown ?? (bare ? null : toUnsetValue(field.spec));
  }
  return view;
}

/** What is shown for a missing value, if the vendor says. */
export function findDefault({ default: standard }: FieldSpec): unknown {
  return isServerValue(standard) || isUnset(standard) ? undefined : standard;
}

/** How a field without a value is shown. */
export function toUnsetValue(spec: FieldSpec): unknown {
  const { type, list } = spec;
  const standard = findDefault(spec);
  if (standard !== undefined) return standard;
  if (type === 'string[]' || list !== undefined) return [];
  return type === 'object' ? {} : null;
}

/** `%now`: known when an item is made. */
export const isServerValue = (value: unknown): value is string => typeof value === 'string' && value.startsWith('%');

/** What is to be stored of a value: an empty text that is shown for a missing one stands for nothing. */
export const toStoredValue = (value: unknown): unknown => (isUnset(value) || value === '' ? undefined : value);

/** Null, an empty list and an empty map say that there is no value. */
export const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
