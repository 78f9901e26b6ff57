// Changes the form of a result by the directives @flatten, @singleton and @slice. @first is applied when a list is read.
// https://hl7.org/fhir/R4/graphql.html#flattening
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLInterfaceType,
  GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isObject, toList } from '../json-values.ts';
import { businessRule } from '../outcome.ts';
import { hasDirective } from './directives.ts';

/** A field of the result, by its name there. `types`: the names of its type, which differ only between fragments on different types. */
interface FieldShape {
  isFlat: boolean;
  isSingle: boolean;
  isSliced: boolean;
  types: Set<string>;
  children: Map<string, FieldShape>;
}

type Shapes = Map<string, FieldShape>;

/** The path of a list in the result → the suffix of each of its elements. */
type Slices = ReadonlyMap<string, string[]>;

/** The values that have the same name in the new result. */
interface Collated {
  values: unknown[];
  isList: boolean;
  types: ReadonlySet<string>;
}

/** `isList`: the names of an element are lists, because a list above it is flattened. `suffix`: of the slices above. `path`: in the result before the change. */
interface Place {
  isList: boolean;
  suffix: string;
  path: string;
}

const FORM_DIRECTIVES = ['flatten', 'singleton', 'slice'];

/** The result in the form that the directives ask for. `names`: the names in the document. */
export function reshapeResult(
  data: unknown,
  query: { document: DocumentNode; names: ReadonlySet<string>; operationName: string | undefined },
  { schema, slices }: { schema: GraphQLSchema; slices: Slices },
): unknown {
  const { document, names, operationName } = query;
  if (!isObject(data) || !FORM_DIRECTIVES.some((name) => names.has(name))) return data;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const operation = document.definitions.find(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && (operationName === undefined || definition.name?.value === operationName),
  );
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return data;
  const shapes: Shapes = new Map();
  collectShapes(shapes, operation.selectionSet, schema.getQueryType()!, { fragments, schema });
  return reshapeObject(data, shapes, slices, '');
}

type Owner = GraphQLObjectType | GraphQLInterfaceType;

/** Collects the fields of a selection, those of its fragments included. */
function collectShapes(
  shapes: Shapes,
  { selections }: SelectionSetNode,
  owner: Owner,
  source: { fragments: ReadonlyMap<string, FragmentDefinitionNode>; schema: GraphQLSchema },
): void {
  const { fragments, schema } = source;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) addShape(shapes, selection, owner, source);
    else {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      collectShapes(shapes, fragment.selectionSet, isOwner(condition) ? condition : owner, source);
    }
  }
}

const isOwner = (type: unknown): type is Owner => type instanceof GraphQLObjectType || type instanceof GraphQLInterfaceType;

function addShape(shapes: Shapes, field: FieldNode, owner: Owner, source: Parameters<typeof collectShapes>[3]): void {
  const name = field.alias?.value ?? field.name.value;
  const definition = owner.getFields()[field.name.value];
  const type = definition && getNamedType(definition.type);
  const known = shapes.get(name);
  const shape: FieldShape = {
    isFlat: hasDirective(field, 'flatten') || (known?.isFlat ?? false),
    isSingle: hasDirective(field, 'singleton') || (known?.isSingle ?? false),
    isSliced: hasDirective(field, 'slice') || (known?.isSliced ?? false),
    types: (known?.types ?? new Set()).add(type?.name ?? 'String'),
    children: known?.children ?? new Map(),
  };
  shapes.set(name, shape);
  if (field.selectionSet && isOwner(type)) collectShapes(shape.children, field.selectionSet, type, source);
}

function reshapeObject(data: Record<string, unknown>, shapes: Shapes, slices: Slices, path: string): Record<string, unknown> {
  const collated = new Map<string, Collated>();
  collateFields(collated, data, { shapes, slices }, { isList: false, suffix: '', path });
  return Object.fromEntries([...collated].map(([name, { values, isList }]) => [name, isList ? values : (values[0] ?? null)]));
}

function collateFields(
  collated: Map<string, Collated>,
  data: Record<string, unknown>,
  source: { shapes: Shapes; slices: Slices },
  place: Place,
): void {
  const { shapes, slices } = source;
  for (const [name, shape] of shapes) {
    const value = data[name];
    if (value === undefined) continue;
    const path = `${place.path}.${name}`;
    const isList = Array.isArray(value);
    const items = isList ? toList(value) : [value];
    const suffixes = shape.isSliced ? slices.get(path) : undefined;
    if (shape.isSliced && !suffixes && items.some((item) => item !== null))
      throw businessRule(`@slice can be used on lists of elements only, not on ${name}`);
    // the name of an empty list is in the result, but not if it has a place among flattened ones
    if (!items.length && !shape.isFlat && !place.isList && !shape.isSingle)
      addValue(collated, name + place.suffix, shape, { isList: true });
    for (const [at, item] of items.entries()) {
      const suffix = place.suffix + (suffixes?.[at] ?? '');
      const itemPath = isList ? `${path}.${at}` : path;
      if (shape.isFlat) {
        if (isObject(item))
          collateFields(collated, item, { shapes: shape.children, slices }, { isList: place.isList || isList, suffix, path: itemPath });
      } else if (item !== null || !(place.isList || isList)) {
        const reshaped = isObject(item) && shape.children.size ? reshapeObject(item, shape.children, slices, itemPath) : item;
        addValue(collated, name + suffix, shape, { isList: (place.isList || isList) && !shape.isSingle, value: reshaped });
      }
    }
  }
}

function addValue(
  collated: Map<string, Collated>,
  name: string,
  { types }: FieldShape,
  { isList, ...given }: { isList: boolean; value?: unknown },
): void {
  const known = collated.get(name);
  const entry: Collated = { values: known?.values ?? [], isList: isList || (known?.isList ?? false), types: known?.types ?? types };
  if ('value' in given) entry.values.push(given.value);
  collated.set(name, entry);
  // "all the collated children must have the same FHIR type. The server SHALL return an error if they don't"
  if (known && known.types !== types && ![...types].every((type) => known.types.has(type)))
    throw businessRule(`@flatten brings values of different types together as ${name}: name one of them with an alias`);
  // "The server SHALL return an error if there is more than one value when flattening"
  if (!entry.isList && entry.values.length > 1)
    throw businessRule(`${name} has more than one value: leave out @singleton, or select one value`);
}
