// Compiles a mapping into a lens: `read` (lens-read.ts) is resource → view, `write` (lens-write.ts) is view → resource. Both are pure.
import type { Path } from '../../fhir/path/path.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Env, ReadOptions, RowItems, View, WriteOptions } from '../shape.ts';
import type { AlsoSpec, MappingSpec, RowSpec } from '../spec.ts';
import type { CodecContext } from './codecs.ts';
import { derivationOf } from './derivations.ts';
import { type Field, keysOfField, leavesOf } from './field.ts';
import { fieldOf } from './field-of.ts';
import { type Also, type Parts, viewOf } from './lens-read.ts';
import { written } from './lens-write.ts';
import { type Names, namesOf } from './names.ts';
import { type PathTree, pathTree } from './path-tree.ts';
import { impliedIn } from './sharing.ts';

export interface Lens {
  names: Names;
  fields: Field[];
  /** The field that shows the id: the one called `id`, else the one whose place is the resource's id, whatever the vendor calls it. */
  idName: string;
  /** The fields that are no objects, those inside of objects among them; a list of objects is one. */
  leaves: Field[];
  /** The same of the members of each list of objects, lists in lists among them: their paths begin at the list's elements. */
  lists: { list: Field; leaves: Field[] }[];
  also: Also[];
  rows: RowItems | undefined;
  /** `all`: the fields that are never shown, too. `bare`: without the values that stand for missing ones. */
  read(resource: Resource, env: Env, options?: ReadOptions): View;
  /** `server`: exactly the fields the view names are written, read-only ones too; otherwise all that a client may write, a missing one is unset. `bare`: a value that stands for a missing one, too. */
  write(view: View, into: Resource | undefined, env: Env, options?: WriteOptions): Resource;
}

/** Compiles a mapping. `fault` is told what is wrong, with the keys that lead to it in the file; what can be compiled is. */
export function lensOf(
  mapping: MappingSpec,
  context: Omit<CodecContext, 'resource'>,
  fault: (keys: string[], error: unknown) => void,
): Lens {
  const names = namesOf(mapping, context.aliases);
  const tree = pathTree(mapping.resource);
  const attempt = <T>(keys: string[], make: () => T): T[] => {
    try {
      return [make()];
    } catch (error) {
      fault(keys, error);
      return [];
    }
  };
  const inField = (at: string[], field: () => Field): Field[] => attempt(keysOfField(at), field);
  const make = {
    ...context,
    resource: mapping.resource,
    names,
    slot: (path: Path) => tree.slot(path),
    list: tree.list,
    at: [],
    attempt: inField,
  };
  const fields = Object.entries(mapping.fields).flatMap(([name, spec]) => inField([name], () => fieldOf(name, spec, make)));
  const also = (mapping.also ?? []).flatMap((spec, nth) => attempt(['also', String(nth)], () => alsoOf(spec, names, tree)));
  const [rows] = mapping.row ? attempt(['row'], () => rowsOf(mapping.row!, names)) : [];
  const leaves = fields.flatMap(leavesOf);
  for (const { spec, written: places } of leaves) if (!spec.readOnly) places.forEach(tree.hold);
  for (const { path } of also) tree.hold(path);
  const links = new Map(leaves.flatMap((field) => linkSlot(field, names, tree)));
  const parts: Parts = { mapping, names, tree, fields, idName: idNameOf(fields), also, rows, links, implied: impliedIn(fields) };
  return {
    names,
    fields,
    idName: idNameOf(fields),
    leaves,
    lists: leaves.flatMap(listsIn),
    also,
    rows,
    read: (resource, env, { all = false, bare = false } = {}) => viewOf(parts, resource, { env, all, bare }),
    write: (view, into, env, { server = false, bare = false } = {}) => written(parts, view, { into, env, server, bare }),
  };
}

/** The name of the field with an item's id. */
const idNameOf = (fields: Field[]): string =>
  (fields.find(({ name }) => name === 'id') ?? fields.find(({ paths: [main] }) => main?.text === 'id'))?.name ?? 'id';

function listsIn(list: Field): Lens['lists'] {
  if (!list.members) return [];
  const leaves = list.members.flatMap(leavesOf);
  return [{ list, leaves }, ...leaves.flatMap(listsIn)];
}

function alsoOf(spec: AlsoSpec, names: Names, tree: PathTree): Also {
  const placed = (text: string): { path: Path; slot: number } => {
    const path = names.path(text);
    return { path, slot: tree.slot(path, true) };
  };
  const at = (text: string | undefined) => (text === undefined ? undefined : placed(text));
  return { spec, ...placed(spec.fhir), while: at(spec.while), copied: at(spec.copyOf) };
}

function linkSlot(field: Field, names: Names, tree: PathTree): [Field, number][] {
  return field.spec.link ? [[field, tree.slot(names.path(field.spec.link.to), true)]] : [];
}

function rowsOf({ elements: all, by, key, as }: RowSpec, names: Names): RowItems {
  const elements = names.path(all);
  const keyOf = names.path(by, elements.type);
  const rule = derivationOf(as);
  return {
    name: key,
    keys: (resource) => [...new Set(elements.get(resource).flatMap((element) => onlyOne(keyOf.get(element))))] as string[],
    of: (view) => rule.partsOf(String(view[key]))[rule.names[0]!]![0]!,
  };
}

/** An element with two keys is no item: it would be two. */
const onlyOne = (values: unknown[]): unknown[] => (values.length === 1 ? values : []);
