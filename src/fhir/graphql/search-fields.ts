// The fields that search: lists and connections, of the whole system or of the resources that refer to one. https://hl7.org/fhir/R4/graphql.html#searching
import {
  type GraphQLFieldConfig,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLString,
} from 'graphql';
import { isFollowable } from '../search/reference-parameter.ts';
import type { SearchRegistry } from '../search/registry.ts';
import { isServed, SERVED_TYPES } from '../types.ts';
import { applyListDirectives, isFirstOnly } from './directives.ts';
import { findScalar, type NodeField, type UsedNames } from './element-fields.ts';
import type { GraphqlConnection, GraphqlEnvironment } from './environment.ts';
import type { GraphqlNode } from './node.ts';

type Arguments = Record<string, { type: GraphQLInputType; description?: string }>;
type RootField = GraphQLFieldConfig<unknown, GraphqlEnvironment>;

/** The GraphQL name of a search parameter: "replacing '-' in the name with '_'". */
export const toArgumentName = (code: string): string => code.replaceAll('-', '_');

/** The form of a search: `PatientList` or `PatientConnection`. */
const FORMS = ['List', 'Connection'] as const;
type Form = (typeof FORMS)[number];

/** What the schema knows of the types that searches return. */
export interface SearchableTypes {
  registry: SearchRegistry;
  names: UsedNames;
  findType(type: string): GraphQLOutputType;
  findConnection(type: string): GraphQLObjectType;
}

/** The searches that a document uses, by the names of their fields. */
function listSearches(names: UsedNames): { name: string; type: string; form: Form }[] {
  const candidates = names ? [...names] : SERVED_TYPES.flatMap((type) => FORMS.map((form) => type + form));
  return candidates.flatMap((name) => {
    const [, type, form] = /^(\w+)(List|Connection)$/.exec(name) ?? [];
    // the assertion: the expression has only these forms
    return type !== undefined && isServed(type) ? [{ name, type, form: form as Form }] : [];
  });
}

/** The fields of the system: each type by id, as a list, and as a connection. */
export function buildRootFields(types: SearchableTypes): Record<string, RootField> {
  const read = SERVED_TYPES.filter((type) => types.names?.has(type) ?? true).map((type): [string, RootField] => [
    type,
    {
      type: types.findType(type),
      args: { id: { type: new GraphQLNonNull(GraphQLID) } },
      resolve: (_root, { id }, environment) => environment.read(type, id),
    },
  ]);
  const searches = listSearches(types.names).map(({ name, type, form }): [string, RootField] => [
    name,
    {
      ...buildSearchField(types, type, form),
      args: { ...buildSearchArguments(types, type), ...(form === 'Connection' && CURSORS) },
      resolve: (_root, args, environment, info) => runSearch(environment, { type, args }, form, info),
    },
  ]);
  return Object.fromEntries([...read, ...searches]);
}

/** The searches of resources that refer to one of this type. https://hl7.org/fhir/R4/graphql.html#reverse */
export function buildReverseFields(types: SearchableTypes, focusType: string): Record<string, NodeField> {
  const fields = listSearches(types.names).flatMap(({ name, type, form }): [string, NodeField][] => {
    if (!refersTo(types, type, focusType)) return [];
    // "the 'id' argument is prohibited here as nonsensical", "the 'cursor' argument is prohibited, except at the root of query"
    const { _id, ...args } = buildSearchArguments(types, type);
    const field: NodeField = {
      ...buildSearchField(types, type, form),
      args: {
        _reference: { type: new GraphQLNonNull(GraphQLString), description: 'The search parameter that refers to the resource.' },
        ...args,
      },
      resolve: (focus, given, environment, info) => runSearch(environment, { type, args: given, focus }, form, info),
    };
    return [[name, field]];
  });
  return Object.fromEntries(fields);
}

/** The most target types of a parameter with named targets. A parameter with more has the target "Any". */
const MOST_NAMED_TARGETS = 100;

/** Whether a type may refer to another. In introspection, parameters whose targets may be of any type are left out: each would add a field to every type. */
const refersTo = ({ registry, names }: SearchableTypes, type: string, target: string): boolean =>
  registry
    .list(type)
    .some(
      (parameter) =>
        isFollowable(parameter) && parameter.targets!.includes(target) && (names || parameter.targets!.length < MOST_NAMED_TARGETS),
    );

const buildSearchField = ({ findType, findConnection }: SearchableTypes, type: string, form: Form) => ({
  type: form === 'List' ? new GraphQLList(findType(type)) : findConnection(type),
});

async function runSearch(
  environment: GraphqlEnvironment,
  search: Parameters<GraphqlEnvironment['searchList']>[0],
  form: Form,
  info: GraphQLResolveInfo,
): Promise<readonly (GraphqlNode | undefined)[] | GraphqlConnection> {
  if (form === 'Connection') return environment.searchConnection(search);
  return applyListDirectives(await environment.searchList(search), environment, info);
}

/** "Values in an array are ORed." Modifiers, chains and AND are left to `_filter`. `_include` and the like "are not supported". */
function buildSearchArguments({ registry, names }: SearchableTypes, type: string): Arguments {
  const codes = registry.list(type).map(({ code }) => toArgumentName(code));
  const own = codes.filter((code) => (names ? names.has(code) : /^[_A-Za-z]\w*$/.test(code)));
  return { ...Object.fromEntries(own.map((code) => [code, { type: new GraphQLList(GraphQLString) }])), ...RESULT_ARGUMENTS };
}

const RESULT_ARGUMENTS: Arguments = {
  _filter: { type: GraphQLString, description: 'https://hl7.org/fhir/R4/search_filter.html' },
  _list: { type: new GraphQLList(GraphQLString), description: 'The id of a List: what its entries refer to.' },
  _sort: { type: GraphQLString, description: 'Names of search parameters by comma, as in REST.' },
  _count: { type: GraphQLInt, description: 'In a list: at most this number of matches. In a connection: the size of a page.' },
  fhirpath: { type: GraphQLString, description: 'Only matches for which this FHIRPath expression is true, or exists.' },
};

/** The specification has both names. */
const CURSORS: Arguments = {
  _cursor: { type: GraphQLString, description: 'first, previous or next of a connection. No other argument is allowed with it.' },
  cursor: { type: GraphQLString, description: 'The same as _cursor.' },
};

type ConnectionField = GraphQLFieldConfig<GraphqlConnection, GraphqlEnvironment>;
const readMember = <T extends object>(name: keyof T, type: GraphQLOutputType): GraphQLFieldConfig<T, GraphqlEnvironment> => ({
  type,
  resolve: (source) => source[name] ?? null,
});

/** https://hl7.org/fhir/R4/graphql.html#searching: count, offset, pagesize, edges with mode, score and resource, and the links. */
export function buildConnectionType(type: string, resource: GraphQLOutputType): GraphQLObjectType {
  type Edge = GraphqlConnection['edges'][number];
  const edge = new GraphQLObjectType<Edge, GraphqlEnvironment>({
    name: `${type}Edge`,
    fields: {
      mode: readMember<Edge>('mode', findScalar('code')),
      score: { type: findScalar('decimal'), description: 'Always null: searches have no scores.', resolve: () => null },
      resource: readMember<Edge>('resource', resource),
    },
  });
  const fields: Record<string, ConnectionField> = {
    count: { type: GraphQLInt, description: 'The number of all matches.', resolve: (connection) => connection.count() },
    edges: {
      type: new GraphQLList(edge),
      resolve: ({ edges }, _args, _environment, info) => (isFirstOnly(info.fieldNodes) ? edges.slice(0, 1) : edges),
    },
    last: { type: GraphQLString, description: 'Always null: pages are read in order.', resolve: () => null },
  };
  for (const name of ['offset', 'pagesize'] as const) fields[name] = readMember<GraphqlConnection>(name, GraphQLInt);
  for (const name of ['first', 'previous', 'next'] as const) fields[name] = readMember<GraphqlConnection>(name, GraphQLString);
  return new GraphQLObjectType<GraphqlConnection, GraphqlEnvironment>({ name: `${type}Connection`, fields });
}
