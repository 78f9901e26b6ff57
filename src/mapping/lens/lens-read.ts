// Resource → view: one walk over the resource reads all paths of a mapping, then each field shows its part.

import type { Resource } from '../../fhir/types.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env, RowItems, View } from '../shape.ts';
import type { AlsoSpec, FieldSpec, MappingSpec } from '../spec.ts';
import type { Field, ResourceState } from './field.ts';
import type { NameScope } from './name-scope.ts';
import type { PathTree } from './path-tree.ts';

/** A value that is written and never shown (`also:`). */
export interface HiddenWrite {
  spec: AlsoSpec;
  path: WritablePath;
  slot: number;
  while: { path: WritablePath; slot: number } | undefined;
  /** The path that is copied (`copyOf:`). */
  copied: { path: WritablePath; slot: number } | undefined;
}

/** The parts of a compiled mapping. */
export interface LensParts {
  mapping: MappingSpec;
  names: NameScope;
  tree: PathTree;
  fields: Field[];
  idName: string;
  also: HiddenWrite[];
  rows: RowItems | undefined;
  /** Field → slot of the reference that its name sets (`link:`). */
  links: ReadonlyMap<Field, number>;
  /** Field → whether other fields show all of its value (`omit: implied`). */
  implied: ReadonlyMap<Field, (shown: unknown) => boolean>;
}

/** Reads the values of all paths, with the row key and chosen elements bound. `view`: the view of a write. */
export function readState({ names, rows, tree }: LensParts, resource: Resource, { env, view }: { env: Env; view?: View }): ResourceState {
  const bound: Env = rows || names.boundElements.length ? { ...env } : env;
  if (rows && bound[rows.name] === undefined)
    bound[rows.name] = view?.[rows.name] === undefined ? rows.readKeys(resource)[0] : rows.readKey(view);
  for (const { name, first } of names.boundElements) bound[name] = first(resource, bound);
  return { slots: tree.read(resource, bound, view !== undefined), env: bound };
}

/** The view of a resource, with every documented key. `all`: with write-only fields. `bare`: without defaults. */
export function readView(parts: LensParts, resource: Resource, { env, all, bare }: { env: Env; all: boolean; bare: boolean }): View {
  const now = readState(parts, resource, { env });
  const view: View = {};
  for (const field of parts.fields) {
    if (field.spec.writeOnly && !all) continue;
    const value = field.read(now);
    if (!all && field.spec.omit !== undefined && (value === undefined || parts.implied.get(field)?.(value))) continue;
    view[field.name] = value ?? (bare ? null : toUnsetValue(field.spec));
  }
  return view;
}

/** The default of a field, unless the server provides it. */
export function findDefault({ default: standard }: FieldSpec): unknown {
  return isServerValue(standard) || isUnset(standard) ? undefined : standard;
}

/** How a field without a value is shown: its default, an empty list or map, or null. */
export function toUnsetValue(spec: FieldSpec): unknown {
  const { type, list } = spec;
  const standard = findDefault(spec);
  if (standard !== undefined) return standard;
  if (type === 'string[]' || list !== undefined) return [];
  return type === 'object' ? {} : null;
}

/** Whether a default is a value that the server provides when an item is created (`%now`). */
export const isServerValue = (value: unknown): value is string => typeof value === 'string' && value.startsWith('%');

/** The value to store: nothing for an empty text, which FHIR does not allow. */
export const toStoredValue = (value: unknown): unknown => (isUnset(value) || value === '' ? undefined : value);

/** Whether there is no value: null, an empty list or an empty map. */
export const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
