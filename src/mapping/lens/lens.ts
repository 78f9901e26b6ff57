// Compiles a mapping into a lens: `read` (lens-read.ts) is resource → view, `write` (lens-write.ts) is view → resource. Both are pure.

import { toText } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env, ReadOptions, RowItems, View, WriteOptions } from '../shape.ts';
import type { AlsoSpec, MappingSpec, RowSpec } from '../spec.ts';
import type { CodecContext } from './codecs.ts';
import { findDerivation } from './derivations.ts';
import { type Field, listLeaves, toFileKeys } from './field.ts';
import { buildField } from './field-builder.ts';
import { findImpliedFields } from './field-forms.ts';
import { type HiddenWrite, type LensParts, readView } from './lens-read.ts';
import { writeView } from './lens-write.ts';
import { type FieldLineage, traceView } from './lineage.ts';
import { buildNameScope, type NameScope } from './name-scope.ts';
import { buildPathTree, type PathTree } from './path-tree.ts';

export interface Lens {
  names: NameScope;
  fields: Field[];
  /** The field with the id: the one called `id`, else the one whose path is the resource's id. */
  idName: string;
  /** All fields that are not objects, including those inside objects; a list of objects counts as one field. */
  leaves: Field[];
  /** The leaves of the members of each list of objects, including nested lists. Their paths begin at the list's elements. */
  lists: { list: Field; leaves: Field[] }[];
  also: HiddenWrite[];
  rows: RowItems | undefined;
  read(resource: Resource, env: Env, options?: ReadOptions): View;
  /** The elements that each field of the view is read from. */
  trace(resource: Resource, env: Env): FieldLineage[];
  write(view: View, into: Resource | undefined, env: Env, options?: WriteOptions): Resource;
}

/** Compiles a mapping. Mistakes are reported with their keys in the file; the rest is compiled. */
export function buildLens(
  mapping: MappingSpec,
  context: Omit<CodecContext, 'resource'>,
  fault: (keys: string[], error: unknown) => void,
): Lens {
  const names = buildNameScope(mapping, context.aliases);
  const tree = buildPathTree(mapping.resource);
  const attempt = <T>(keys: string[], make: () => T): T[] => {
    try {
      return [make()];
    } catch (error) {
      fault(keys, error);
      return [];
    }
  };
  const inField = (at: string[], field: () => Field): Field[] => attempt(toFileKeys(at), field);
  const make = {
    ...context,
    resource: mapping.resource,
    names,
    slot: (path: WritablePath) => tree.addPath(path),
    listSlot: tree.addList,
    keyPath: [],
    compileField: inField,
  };
  const fields = Object.entries(mapping.fields).flatMap(([name, spec]) => inField([name], () => buildField(name, spec, make)));
  const also = (mapping.also ?? []).flatMap((spec, index) => attempt(['also', String(index)], () => buildHiddenWrite(spec, names, tree)));
  const [rows] = mapping.row ? attempt(['row'], () => buildRowItems(mapping.row!, names)) : [];
  const leaves = fields.flatMap(listLeaves);
  for (const { spec, writtenPaths: places } of leaves) if (!spec.readOnly) places.forEach(tree.protect);
  for (const { path } of also) tree.protect(path);
  const links = new Map(leaves.flatMap((field) => addLinkSlot(field, names, tree)));
  const parts: LensParts = {
    mapping,
    names,
    tree,
    fields,
    idName: findIdName(fields),
    also,
    rows,
    links,
    implied: findImpliedFields(fields),
  };
  return {
    names,
    fields,
    idName: findIdName(fields),
    leaves,
    lists: leaves.flatMap(collectLists),
    also,
    rows,
    read: (resource, env, { all = false, bare = false } = {}) => readView(parts, resource, { env, all, bare }),
    trace: (resource, env) => traceView(parts, resource, env),
    write: (view, into, env, { server = false, bare = false } = {}) => writeView(parts, view, { into, env, server, bare }),
  };
}

/** The name of the field with an item's id. */
const findIdName = (fields: Field[]): string =>
  (fields.find(({ name }) => name === 'id') ?? fields.find(({ paths: [main] }) => main?.text === 'id'))?.name ?? 'id';

function collectLists(list: Field): Lens['lists'] {
  if (!list.members) return [];
  const leaves = list.members.flatMap(listLeaves);
  return [{ list, leaves }, ...leaves.flatMap(collectLists)];
}

function buildHiddenWrite(spec: AlsoSpec, names: NameScope, tree: PathTree): HiddenWrite {
  const compileWithSlot = (text: string): { path: WritablePath; slot: number } => {
    const path = names.compile(text);
    return { path, slot: tree.addPath(path, true) };
  };
  const at = (text: string | undefined) => (text === undefined ? undefined : compileWithSlot(text));
  return { spec, ...compileWithSlot(spec.fhir), while: at(spec.while), copied: at(spec.copyOf) };
}

function addLinkSlot(field: Field, names: NameScope, tree: PathTree): [Field, number][] {
  return field.spec.link ? [[field, tree.addPath(names.compile(field.spec.link.to), true)]] : [];
}

function buildRowItems({ elements: all, by, key, as }: RowSpec, names: NameScope): RowItems {
  const elements = names.compile(all);
  const keyOf = names.compile(by, elements.type);
  const rule = findDerivation(as);
  return {
    name: key,
    readKeys: (resource) => [
      ...new Set(
        elements
          .get(resource)
          .flatMap((element) => onlyOne(keyOf.get(element)))
          .map(toText),
      ),
    ],
    readKey: (view) => rule.split(String(view[key]))[rule.names[0]!]![0]!,
  };
}

/** Drops the keys of an element with two keys: it is not an item. */
const onlyOne = (values: unknown[]): unknown[] => (values.length === 1 ? values : []);
