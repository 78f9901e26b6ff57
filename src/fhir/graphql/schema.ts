// The GraphQL schema, from the facts of the definitions. A schema of all 144 types with their searches is large, so each request gets one with only the names that
// its document has. Introspection gets the whole schema, whose types are kept. https://hl7.org/fhir/R4/graphql.html, docs/decisions/0040-graphql.md
import {
  GraphQLBoolean,
  GraphQLID,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { findElement, isResourceType, listResourceTypes } from '../elements.ts';
import type { SearchRegistry } from '../search/registry.ts';
import { DIRECTIVES } from './directives.ts';
import { buildElementField, findScalar, listFieldNames, type NodeField, toTypeName, type UsedNames } from './element-fields.ts';
import type { GraphqlEnvironment } from './environment.ts';
import type { GraphqlNode } from './node.ts';
import { buildConnectionType, buildReverseFields, buildRootFields, type SearchableTypes } from './search-fields.ts';

interface SchemaOptions {
  registry: SearchRegistry;
  /** The names in the document. Undefined: the schema for introspection, with all names. */
  names: UsedNames;
  /** The type of the resource at whose path the query is. Undefined: the query is of the system. */
  instanceType?: string;
}

/** Builds the schema of a request. */
export function buildGraphqlSchema({ registry, names, instanceType }: SchemaOptions): GraphQLSchema {
  const { query, findObject, anyResource } = names ? buildTypes(registry, names) : findWholeTypes(registry);
  return new GraphQLSchema({
    query: instanceType === undefined ? query : findObject(instanceType),
    types: [...anyResource, GraphQLID],
    directives: DIRECTIVES,
    // the names of a document may leave a type without fields, and buildSharedFields adds fields that not all types have
    assumeValid: true,
  });
}

interface SchemaTypes {
  query: GraphQLObjectType;
  findObject(type: string): GraphQLObjectType;
  /** All resource types, if the document has a resource of any type. */
  anyResource: readonly GraphQLObjectType[];
}

const wholeTypes = new WeakMap<SearchRegistry, SchemaTypes>();

/** The types for introspection. They are kept: building them takes 0.4 s, and they need 34 MB. */
function findWholeTypes(registry: SearchRegistry): SchemaTypes {
  const types = wholeTypes.get(registry) ?? buildTypes(registry, undefined);
  wholeTypes.set(registry, types);
  return types;
}

function buildTypes(registry: SearchRegistry, names: UsedNames): SchemaTypes {
  const objects = new Map<string, GraphQLObjectType>();
  const connections = new Map<string, GraphQLObjectType>();
  // only these names lead to resources whose type is not known before
  const hasAnyResource = !names || ['resource', 'contained', 'Resource'].some((name) => names.has(name));

  const findType = (type: string): GraphQLOutputType => (type === 'Resource' ? resource : findObject(type));
  const findObject = (type: string): GraphQLObjectType => findOrAdd(objects, toTypeName(type), () => buildObject(type));
  const findConnection = (type: string): GraphQLObjectType =>
    findOrAdd(connections, type, () => buildConnectionType(type, findObject(type)));
  const types: SearchableTypes = { registry, names, findType, findConnection };

  const buildElementFields = (type: string): Record<string, NodeField> =>
    Object.fromEntries(listFieldNames(type, names).map((name) => [name, buildElementField(type, name, names, findType)]));

  const buildObject = (type: string): GraphQLObjectType =>
    new GraphQLObjectType<GraphqlNode, GraphqlEnvironment>({
      name: toTypeName(type),
      extensions: { fhirType: type },
      interfaces: () => (isResourceType(type) && hasAnyResource ? [resource] : []),
      fields: () => ({
        ...buildElementFields(type),
        ...(isResourceType(type) && { resourceType: RESOURCE_TYPE, ...buildReverseFields(types, type) }),
        ...(type === 'Reference' && { resource: buildTargetField(resource) }),
      }),
    });

  const resource: GraphQLInterfaceType = new GraphQLInterfaceType({
    name: 'Resource',
    fields: () => ({ ...buildSharedFields(names, findType), resourceType: RESOURCE_TYPE }),
    resolveType: (node: GraphqlNode) => toTypeName(node.type),
  });

  return {
    query: new GraphQLObjectType<unknown, GraphqlEnvironment>({ name: 'Query', fields: () => buildRootFields(types) }),
    findObject,
    anyResource: hasAnyResource ? listResourceTypes().map(findObject) : [],
  };
}

function findOrAdd<T>(known: Map<string, T>, name: string, build: () => T): T {
  const found = known.get(name) ?? build();
  known.set(name, found);
  return found;
}

const RESOURCE_TYPE: NodeField = { type: findScalar('code'), resolve: ({ plain }) => plain.resourceType };

/** https://hl7.org/fhir/R4/graphql.html#references */
const buildTargetField = (resource: GraphQLInterfaceType): NodeField => ({
  type: resource,
  args: {
    optional: { type: GraphQLBoolean, description: 'true: null if the reference cannot be resolved. Otherwise this is an error.' },
    type: { type: new GraphQLList(GraphQLString), description: 'Only resources of these types; otherwise null.' },
  },
  resolve: (reference, { optional, type }, environment) =>
    environment.resolveReference(reference, { optional: optional === true, ...(type && { types: type }) }),
});

const COMMON_ELEMENTS = ['id', 'meta', 'implicitRules', '_implicitRules', 'language', '_language'];

/**
 * The fields of a resource of any type. A query may select an element of the target of a reference without its type, as in the example `resource {active}` of the
 * specification. So the schema of a document also has each of its names that means the same in all types that have such an element.
 */
function buildSharedFields(names: UsedNames, findType: (type: string) => GraphQLOutputType): Record<string, NodeField> {
  const fields: Record<string, NodeField> = {};
  for (const name of names ?? COMMON_ELEMENTS) {
    const owners = listResourceTypes().filter((type) => findElement(type, name));
    const meanings = new Set(owners.map((type) => describeElement(type, name)));
    if (meanings.size === 1) fields[name] = buildElementField(owners[0]!, name, names, findType);
  }
  return fields;
}

const describeElement = (type: string, name: string): string => {
  const { list, types } = findElement(type, name)!;
  return `${list} ${types[0]}`;
};
