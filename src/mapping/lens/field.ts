// A compiled field: reads its value from a resource, and computes the changes of a new value. Its kinds are in field-*.ts.
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import type { Codec, CodecContext } from './codecs.ts';
import type { NameScope } from './name-scope.ts';
import type { PathTree, Slots } from './path-tree.ts';

/** The values of a resource by slot, and the server's values. */
export interface ResourceState {
  slots: unknown[][];
  env: Env;
}

/** A primitive value and its FHIR type. */
export interface StoredValue {
  type: string;
  value: unknown;
}

export interface Field {
  name: string;
  spec: FieldSpec;
  /** The property names from the top of the view to this field. */
  keyPath: string[];
  /** The fields of an object. */
  fields?: Field[];
  /** The fields of each member of a list of objects. */
  members?: Field[];
  /** The paths of these fields, from an element of the list. */
  memberPaths?: PathTree;
  codec: Codec;
  /** The paths of the field: the first is written, the others are read as fallbacks. */
  paths: WritablePath[];
  /** A map owns the elements whose `key` begins with `prefix`. */
  entryFilter?: { key: string; prefix: string };
  /** Every path that the field writes. */
  writtenPaths: WritablePath[];
  /** The primitive values that writing `value` would store, with their FHIR types. */
  toStored(value: unknown, env: Env): StoredValue[];
  /** The value to show; undefined: none. */
  read(now: ResourceState): unknown;
  /** Adds the changes that make the field show this value; undefined: unset. */
  assign(value: unknown, now: ResourceState, changes: Slots): void;
  /** Second pass, after all fields added their changes. */
  finish?(value: unknown, now: ResourceState, changes: Slots): void;
}

/** The dependencies of field builders. */
export interface FieldContext extends CodecContext {
  names: NameScope;
  /** Adds a path to the mapping's tree; returns its slot. */
  slot(path: WritablePath): number;
  /** Adds the path of a list, whose written values replace only the members that it owns. */
  listSlot: PathTree['addList'];
  /** Compiles a field; a mistake is reported with its property names, and the field is left out. */
  compileField(keyPath: string[], make: () => Field): Field[];
  /** The property names, and the path, of the enclosing object. */
  keyPath: string[];
  below?: string;
}

export type FieldBuilder = (name: string, spec: FieldSpec, context: FieldContext) => Field;

/** The fields inside an object that are not objects; any other field itself. */
export const listLeaves = (field: Field): Field[] => field.fields?.flatMap(listLeaves) ?? [field];

/** Property names → keys in the mapping file: fields.patient.fields.last_name for `patient.last_name`. */
export const toFileKeys = (at: string[]): string[] => at.flatMap((name) => ['fields', name]);

/** Compiles the paths of a field, relative to its object. */
export function compilePaths({ fhir }: FieldSpec, { names, below }: FieldContext): WritablePath[] {
  return [fhir ?? []].flat().map((text) => names.compile(below === undefined ? text : `${below}.${text}`));
}

/** Compiles the paths of a field that must have one. */
export function compileRequiredPaths(spec: FieldSpec, context: FieldContext): [main: WritablePath, ...others: WritablePath[]] {
  const [main, ...others] = compilePaths(spec, context);
  if (!main) throw new Error('it needs fhir: or at:');
  return [main, ...others];
}

export interface ElementReader {
  read(element: unknown, env: Env): unknown;
  /** The `each` paths; empty when there are none. */
  paths: WritablePath[];
}

/** Reads an element: the first `each` path with a value; without `each`, the element itself. */
export function buildElementReader({ each }: FieldSpec, type: string, names: NameScope): ElementReader {
  const paths = [each ?? []].flat().map((text) => names.compile(text, type));
  if (!paths.length) return { read: (element) => element, paths };
  const readElement = (element: unknown, env: Env): unknown => {
    for (const path of paths) for (const value of path.get(element, env)) return value;
    return undefined;
  };
  return { read: readElement, paths };
}
