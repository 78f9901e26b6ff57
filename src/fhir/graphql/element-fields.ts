// The fields of the elements of a type, from the element facts. https://hl7.org/fhir/R4/graphql.html#fields
import {
  GraphQLBoolean,
  type GraphQLFieldConfig,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLString,
} from 'graphql';
import { type ElementInfo, findElement, isPrimitive, listElementNames } from '../elements.ts';
import { toList } from '../json-values.ts';
import { type ClientFhirPath, meetsFhirPath } from './client-fhirpath.ts';
import { applyListDirectives, isFirstOnly } from './directives.ts';
import type { GraphqlEnvironment } from './environment.ts';
import { type GraphqlNode, toChildNode } from './node.ts';

export type NodeField = GraphQLFieldConfig<GraphqlNode, GraphqlEnvironment>;
type FieldArguments = Readonly<Record<string, unknown>>;

/** The names of a document. Undefined: all names, for introspection. */
export type UsedNames = ReadonlySet<string> | undefined;

/** The GraphQL name of a type: `PatientContact` for `Patient.contact`. `Element`, the sibling of a primitive, is ElementBase as in the schema of the specification. */
export function toTypeName(type: string): string {
  if (type === 'Element') return 'ElementBase';
  if (type === 'SimpleQuantity') return 'Quantity';
  return type.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Primitive type → scalar. The others have a scalar of their own name, whose values are those of FHIR's JSON. */
const BUILT_IN: Readonly<Record<string, GraphQLScalarType>> = {
  string: GraphQLString,
  boolean: GraphQLBoolean,
  integer: GraphQLInt,
  positiveInt: GraphQLInt,
  unsignedInt: GraphQLInt,
  id: GraphQLID,
};
const SCALARS = new Map<string, GraphQLScalarType>();

export function findScalar(type: string): GraphQLScalarType {
  if (Object.hasOwn(BUILT_IN, type)) return BUILT_IN[type]!;
  const known = SCALARS.get(type);
  if (known) return known;
  const scalar = new GraphQLScalarType({
    name: type,
    description: `https://hl7.org/fhir/R4/datatypes.html#${type}`,
    // the JSON value as stored, so that decimals keep their digits
    coerceOutputValue: (value) => value,
  });
  SCALARS.set(type, scalar);
  return scalar;
}

/** The names of the fields of a type that a document uses, siblings of primitives included. */
export function listFieldNames(type: string, names: UsedNames): string[] {
  if (names) return [...names].filter((name) => findElement(type, name) !== undefined);
  return listElementNames(type).flatMap((name) => (findElement(type, `_${name}`) ? [name, `_${name}`] : [name]));
}

/** `findType`: the GraphQL type of a type with elements. */
export function buildElementField(type: string, name: string, names: UsedNames, findType: (type: string) => GraphQLOutputType): NodeField {
  const facts = findElement(type, name)!;
  const [valueType] = facts.types as [string];
  const output = isPrimitive(valueType) ? findScalar(valueType) : findType(valueType);
  return {
    type: facts.list ? new GraphQLList(output) : output,
    // "Primitive fields SHALL NOT have any arguments at all", and this server has none for their siblings and for single elements (inferred)
    ...(isNavigable(name, facts) && { args: buildListArguments(valueType, names) }),
    resolve: (node, args, environment, info) => {
      const exact = node.exact[name];
      if (exact === undefined || exact === null) return null;
      const items = toList(exact);
      if (!environment.countValues(1 + items.length)) return null;
      if (isPrimitive(valueType)) return facts.list && isFirstOnly(info.fieldNodes) ? items.slice(0, 1) : exact;
      if (!facts.list) return toChildNode(node, valueType, exact, node.plain[name]);
      const plain = toList(node.plain[name]);
      const children = items.map((item, at) => toChildNode(node, valueType, item, plain[at]));
      return applyListDirectives(selectItems(children, args, environment), environment, info);
    },
  };
}

const isNavigable = (name: string, { list, types }: ElementInfo): boolean => list && !name.startsWith('_') && !isPrimitive(types[0]!);

const ARGUMENT_TYPES: Readonly<Record<string, GraphQLInputType>> = {
  boolean: GraphQLBoolean,
  integer: GraphQLInt,
  positiveInt: GraphQLInt,
  unsignedInt: GraphQLInt,
};

/** https://hl7.org/fhir/R4/graphql.html#list: a FHIRPath expression, the value of a primitive in the element, an offset and a count. */
function buildListArguments(type: string, names: UsedNames): Record<string, { type: GraphQLInputType; description?: string }> {
  const primitives = listFieldNames(type, names).flatMap((name) => {
    const [valueType] = name.startsWith('_') ? [] : findElement(type, name)!.types;
    return valueType !== undefined && isPrimitive(valueType) ? [[name, valueType] as const] : [];
  });
  return {
    ...Object.fromEntries(primitives.map(([name, valueType]) => [name, { type: ARGUMENT_TYPES[valueType] ?? GraphQLString }])),
    fhirpath: { type: GraphQLString, description: 'Only elements for which this FHIRPath expression is true, or exists.' },
    _offset: { type: GraphQLInt, description: 'Leaves out this number of elements.' },
    _count: { type: GraphQLInt, description: 'At most this number of elements.' },
  };
}

/** "If a filter is applied …, the offset and count apply to the filtered list." */
function selectItems(
  items: (GraphqlNode | undefined)[],
  { fhirpath, _offset, _count, ...values }: FieldArguments,
  environment: GraphqlEnvironment,
): (GraphqlNode | undefined)[] {
  const expression = typeof fhirpath === 'string' ? environment.compileFhirPath(fhirpath) : undefined;
  const wanted = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  const chosen =
    expression || wanted.length ? items.filter((item, at) => item && hasValues(item, wanted) && meets(item, at, expression)) : items;
  const start = typeof _offset === 'number' ? Math.max(0, _offset) : 0;
  return chosen.slice(start, typeof _count === 'number' ? start + Math.max(0, _count) : undefined);
}

const meets = (item: GraphqlNode, at: number, expression: ClientFhirPath | undefined): boolean =>
  expression === undefined || meetsFhirPath(expression(item, at));

/** Whether each named primitive has the value. Of a list, one must have it. */
const hasValues = ({ plain }: GraphqlNode, wanted: [name: string, value: unknown][]): boolean =>
  wanted.every(([name, value]) => [plain[name]].flat().some((own) => own !== undefined && String(own) === String(value)));
