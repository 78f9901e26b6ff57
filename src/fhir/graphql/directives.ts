// The directives of a query: GraphQL's own, and those of FHIR that change the form of the result. https://hl7.org/fhir/R4/graphql.html#flattening
import {
  DirectiveLocation,
  type FieldNode,
  GraphQLDirective,
  GraphQLIncludeDirective,
  GraphQLNonNull,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  GraphQLString,
  getDirectiveValues,
} from 'graphql';
import type { GraphqlEnvironment } from './environment.ts';
import type { GraphqlNode } from './node.ts';

const defineDirective = (name: string, description: string, args = {}): GraphQLDirective =>
  new GraphQLDirective({ name, description, args, locations: [DirectiveLocation.FIELD] });

const SLICE = defineDirective(
  'slice',
  'Appends "." and the result of the FHIRPath expression for each element to the names of its fields.',
  {
    path: { type: new GraphQLNonNull(GraphQLString) },
  },
);

export const DIRECTIVES = [
  GraphQLSkipDirective,
  GraphQLIncludeDirective,
  defineDirective('first', 'Only the first element of a list.'),
  defineDirective('flatten', 'Leaves out the field. Its children take its place, as lists if the field is a list.'),
  defineDirective('singleton', 'A single value in place of a list. More than one value is an error.'),
  SLICE,
];

export const hasDirective = ({ directives }: FieldNode, name: string): boolean =>
  directives?.some((directive) => directive.name.value === name) ?? false;

type Nodes = readonly (GraphqlNode | undefined)[];

/** Applies `@first` and `@slice` to a list that a field has read. The suffixes of slices are kept for the change of the result's form (reshape.ts). */
export function applyListDirectives<N extends Nodes>(nodes: N, environment: GraphqlEnvironment, info: GraphQLResolveInfo): Nodes {
  const chosen = isFirstOnly(info.fieldNodes) ? nodes.slice(0, 1) : nodes;
  const sliced = info.fieldNodes.find((node) => hasDirective(node, 'slice'));
  if (sliced) {
    const { path } = getDirectiveValues(SLICE, sliced, info.variableValues)!;
    const evaluate = environment.compileFhirPath(String(path));
    const suffixes = chosen.map((node, at) => {
      const value = node && evaluate(node, at)[0]?.value;
      return value === undefined || typeof value === 'object' ? '' : `.${String(value)}`;
    });
    environment.recordSlices(toPathText(info.path), suffixes);
  }
  return chosen;
}

/** A path in the result: `.name.0.given`. */
const toPathText = ({ prev, key }: GraphQLResolveInfo['path']): string => `${prev ? toPathText(prev) : ''}.${key}`;

/** Whether one of the nodes of a field has `@first`. */
export const isFirstOnly = (nodes: readonly FieldNode[]): boolean => nodes.some((node) => hasDirective(node, 'first'));
