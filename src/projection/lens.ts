// Compiles a mapping into a lens: `read` (lens-read.ts) is resource → view, `write` (lens-write.ts) is view → resource. Both are pure.
import type { Path } from '../fhir/path.ts';
import type { Resource } from '../fhir/types.ts';
import type { CodecContext } from './codecs.ts';
import { DERIVATIONS } from './derivations.ts';
import type { Field } from './field.ts';
import { fieldOf } from './field-of.ts';
import { type Also, type Parts, type Rows, viewOf } from './lens-read.ts';
import { written } from './lens-write.ts';
import { type Names, namesOf } from './names.ts';
import { pathTree } from './path-tree.ts';
import type { Env, View } from './shape.ts';
import type { AlsoSpec, MappingSpec, RowSpec } from './spec.ts';

export interface Lens {
  names: Names;
  fields: Field[];
  /** The fields that are no objects, those inside of objects among them. */
  leaves: Field[];
  also: Also[];
  rows: Rows | undefined;
  /** `all`: the fields that are never shown, too. */
  read(resource: Resource, env: Env, options?: { all?: boolean }): View;
  /** `server`: exactly the fields the view names are written, read-only ones too; otherwise all that a client may write, a missing one is unset. */
  write(view: View, into: Resource | undefined, env: Env, options?: { server?: boolean }): Resource;
}

/** Compiles a mapping. `fault` is told what is wrong, with the keys that lead to it in the file; what can be compiled is. */
export function lensOf(
  mapping: MappingSpec,
  context: Omit<CodecContext, 'resource'>,
  fault: (keys: string[], error: unknown) => void,
): Lens {
  const names = namesOf(mapping, context.aliases);
  const tree = pathTree();
  const slot = (path: Path): number => tree.slot(path);
  const attempt = <T>(keys: string[], make: () => T): T[] => {
    try {
      return [make()];
    } catch (error) {
      fault(keys, error);
      return [];
    }
  };
  const make = { ...context, resource: mapping.resource, names, slot, at: [] };
  const fields = Object.entries(mapping.fields).flatMap(([name, spec]) => attempt(['fields', name], () => fieldOf(name, spec, make)));
  const also = (mapping.also ?? []).flatMap((spec, nth) => attempt(['also', String(nth)], () => alsoOf(spec, names)));
  const [rows] = mapping.row ? attempt(['row'], () => rowsOf(mapping.row!, names)) : [];
  const leaves = fields.flatMap(leavesOf);
  const links = new Map(leaves.flatMap((field) => linkSlot(field, names, slot)));
  const parts: Parts = { mapping, names, tree, fields, also, rows, links };
  return {
    names,
    fields,
    leaves,
    also,
    rows,
    read: (resource, env, { all = false } = {}) => viewOf(parts, resource, { env, all }),
    write: (view, into, env, { server = false } = {}) => written(parts, view, { into, env, server }),
  };
}

const leavesOf = (field: Field): Field[] => field.fields?.flatMap(leavesOf) ?? [field];

const alsoOf = (spec: AlsoSpec, names: Names): Also => ({
  spec,
  path: names.path(spec.fhir),
  while: spec.while === undefined ? undefined : names.path(spec.while),
});

function linkSlot(field: Field, names: Names, slot: (path: Path) => number): [Field, number][] {
  return field.spec.link ? [[field, slot(names.path(field.spec.link.to))]] : [];
}

function rowsOf({ each, by, key, as }: RowSpec, names: Names): Rows {
  const elements = names.path(each);
  const keyOf = names.path(by, elements.type);
  const rule = DERIVATIONS[as];
  if (!rule) throw new Error(`there is no derivation ${as}`);
  return {
    name: key,
    keys: (resource) => [...new Set(elements.get(resource).flatMap((element) => onlyOne(keyOf.get(element))))] as string[],
    of: (view) => rule.partsOf(String(view[key]))[rule.names[0]!]![0]!,
  };
}

/** An element with two keys is no item: it would be two. */
const onlyOne = (values: unknown[]): unknown[] => (values.length === 1 ? values : []);
