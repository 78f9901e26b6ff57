// One documented field, compiled: what it shows of a resource, and what must change in the resource for it to show another value. The kinds of field are
// in field-*.ts.
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import type { Codec, CodecContext } from './codecs.ts';
import type { NameScope } from './name-scope.ts';
import type { PathTree, Slots } from './path-tree.ts';

/** What a resource holds in the slots of a mapping, and what the server knows beside it. */
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
  /** The names that lead to it from the top of the view. */
  keyPath: string[];
  /** The fields of an object. */
  fields?: Field[];
  /** The fields of each member of a list of objects. */
  members?: Field[];
  codec: Codec;
  /** Where it stands: the first is written, the others are fallbacks when reading. */
  paths: WritablePath[];
  /** A map: its own are the elements whose `key` begins with `prefix`. */
  entryFilter?: { key: string; prefix: string };
  /** Every path it writes. */
  writtenPaths: WritablePath[];
  /** The primitive values that showing `value` would put into the resource, with their FHIR types. */
  toStored(value: unknown, env: Env): StoredValue[];
  /** What is shown; undefined: nothing is there. */
  read(now: ResourceState): unknown;
  /** Notes in `changes` what must change to show this; undefined: it shall be unset. */
  assign(value: unknown, now: ResourceState, changes: Slots): void;
  /** Once all fields have noted their changes: what is still missing for it to show this. */
  finish?(value: unknown, now: ResourceState, changes: Slots): void;
}

/** What the makers of fields are given. */
export interface FieldContext extends CodecContext {
  names: NameScope;
  /** The slot of a path in the mapping's tree. */
  slot(path: WritablePath): number;
  /** The slot of a list: what a field notes there takes the places of its `own` members, whatever other fields write beside them. */
  listSlot: PathTree['addList'];
  /** Makes a field; what is wrong with one is told with the names that lead to it, and it is left out. */
  compileField(keyPath: string[], make: () => Field): Field[];
  /** The names, and the path, of the object the field is in. */
  keyPath: string[];
  below?: string;
}

export type FieldBuilder = (name: string, spec: FieldSpec, context: FieldContext) => Field;

/** The fields that are no objects, in one; itself when it is none. */
export const listLeaves = (field: Field): Field[] => field.fields?.flatMap(listLeaves) ?? [field];

/** The keys of a field in its file: `patient.last_name` stands at fields.patient.fields.last_name. */
export const toFileKeys = (at: string[]): string[] => at.flatMap((name) => ['fields', name]);

/** The paths of a field, in the object it belongs to. */
export function compilePaths({ fhir }: FieldSpec, { names, below }: FieldContext): WritablePath[] {
  return [fhir ?? []].flat().map((text) => names.compile(below === undefined ? text : `${below}.${text}`));
}

export interface ElementReader {
  read(element: unknown, env: Env): unknown;
  /** The `each` paths; empty when there are none. */
  paths: WritablePath[];
}

/** Looks into an element: the first of the `each` paths with a value; without `each` the element itself. */
export function buildElementReader({ each }: FieldSpec, type: string, names: NameScope): ElementReader {
  const ways = [each ?? []].flat().map((text) => names.compile(text, type));
  if (!ways.length) return { read: (element) => element, paths: ways };
  const look = (element: unknown, env: Env): unknown => {
    for (const way of ways) for (const value of way.get(element, env)) return value;
    return undefined;
  };
  return { read: look, paths: ways };
}
