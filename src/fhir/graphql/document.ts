// Reads a GraphQL document: its syntax, its size with all fragments in place, and the forms that the examples of FHIR have and GraphQL has not.
// https://hl7.org/fhir/R4/graphql.html
import {
  type ArgumentNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  Kind,
  Lexer,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  Source,
  type StringValueNode,
  TokenKind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { invalid, tooCostly } from '../outcome.ts';
import { GRAPHQL_LIMITS } from './limits.ts';

interface GraphqlDocument {
  document: DocumentNode;
  /** The names of all fields, arguments and types in it. */
  names: ReadonlySet<string>;
  isIntrospection: boolean;
}

/** Parses a query. Refuses what is no GraphQL (400), and what is too large (422). */
export function parseGraphqlDocument(text: string): GraphqlDocument {
  const document = mergeTypedTargets(parseSyntax(text));
  const names = new Set<string>();
  visit(document, { Name: ({ value }) => void names.add(value) });
  measureDocument(document);
  return { document, names, isIntrospection: names.has('__schema') || names.has('__type') };
}

function parseSyntax(text: string): DocumentNode {
  try {
    checkBrackets(text);
    return parse(text, { maxTokens: GRAPHQL_LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (/more than \d+ tokens/.test(error.message)) throw tooCostly(`a query has at most ${GRAPHQL_LIMITS.tokens} words and marks`);
    throw error;
  }
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** The parser calls itself for each bracket, and has no limit for that. */
function checkBrackets(text: string): void {
  const lexer = new Lexer(new Source(text));
  let [depth, tokens] = [0, 0];
  for (let { kind } = lexer.advance(); kind !== TokenKind.EOF && tokens++ < GRAPHQL_LIMITS.tokens; { kind } = lexer.advance()) {
    if (OPENING.has(kind) && ++depth > GRAPHQL_LIMITS.brackets)
      throw tooCostly(`a query has at most ${GRAPHQL_LIMITS.brackets} brackets inside each other`);
    if (CLOSING.has(kind)) depth--;
  }
}

/** Lists of introspection, each of which may be selected only twice: every level multiplies the size of the result. */
const INTROSPECTION_LISTS = new Set([
  '__schema',
  'types',
  'fields',
  'args',
  'inputFields',
  'interfaces',
  'enumValues',
  'possibleTypes',
  'directives',
]);
/** Fields of introspection that may be selected this often, because only they are small. */
const MOST_TYPES_BY_NAME = 10;

/** Counts the fields as they are executed. Fragments that use each other in a circle are left to the validation. */
function measureDocument({ definitions }: DocumentNode): void {
  const fragments = new Map(
    definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])),
  );
  const counts = new Map<string, number>();
  let fields = 0;
  const measure = ({ selections }: SelectionSetNode, depth: number, open: readonly string[]): void => {
    if (depth > GRAPHQL_LIMITS.depth) throw tooCostly(`a query has at most ${GRAPHQL_LIMITS.depth} levels of fields`);
    for (const selection of selections) {
      if (++fields > GRAPHQL_LIMITS.fields)
        throw tooCostly(`a query has at most ${GRAPHQL_LIMITS.fields} fields, with those of its fragments in each of their places`);
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        if (fragment && !open.includes(selection.name.value)) measure(fragment.selectionSet, depth, [...open, selection.name.value]);
      } else {
        if (selection.kind === Kind.FIELD) counts.set(selection.name.value, (counts.get(selection.name.value) ?? 0) + 1);
        if (selection.selectionSet) measure(selection.selectionSet, depth + (selection.kind === Kind.FIELD ? 1 : 0), open);
      }
    }
  };
  for (const definition of definitions) if (definition.kind === Kind.OPERATION_DEFINITION) measure(definition.selectionSet, 1, []);
  const isIntrospection = counts.has('__schema') || counts.has('__type');
  const repeated = [...INTROSPECTION_LISTS].find((name) => (counts.get(name) ?? 0) > 2);
  if (isIntrospection && (repeated !== undefined || (counts.get('__type') ?? 0) > MOST_TYPES_BY_NAME))
    throw tooCostly('a query of the schema selects each of its lists at most twice, and __type at most ten times: send several queries');
}

/**
 * `resource(type: Patient) {…}` selects elements of Patient without naming it in a fragment, and may stand twice with different types. GraphQL allows neither, so
 * these fields become one field with a fragment for each type. https://hl7.org/fhir/R4/graphql.html#references
 */
const mergeTypedTargets = (document: DocumentNode): DocumentNode =>
  visit(document, { SelectionSet: { leave: (node) => ({ ...node, selections: mergeSelections(node.selections) }) } });

function mergeSelections(selections: readonly SelectionNode[]): SelectionNode[] {
  const targets = selections.flatMap((selection) => readTypedTarget(selection) ?? []);
  const groups = Map.groupBy(targets, ({ field, optional }) => `${field.alias?.value ?? ''} ${optional}`);
  return selections.flatMap((selection): SelectionNode[] => {
    const group = [...groups.values()].find((members) => members.some(({ field }) => field === selection));
    if (!group) return [selection];
    return group[0]!.field === selection ? [buildTypedField(group)] : [];
  });
}

interface TypedTarget {
  field: FieldNode;
  types: string[];
  selectionSet: SelectionSetNode;
  optional: boolean;
}

/** A field `resource` whose `type` is written in the query, without directives. */
function readTypedTarget(selection: SelectionNode): TypedTarget | undefined {
  if (selection.kind !== Kind.FIELD || selection.name.value !== 'resource' || selection.directives?.length) return undefined;
  const { arguments: given = [], selectionSet } = selection;
  const [type, optional] = ['type', 'optional'].map((name) => given.find((argument) => argument.name.value === name)?.value);
  const types = type && readNames(type);
  if (!types || !selectionSet || (optional && optional.kind !== Kind.BOOLEAN) || given.length > (optional ? 2 : 1)) return undefined;
  return { field: selection, types, selectionSet, optional: optional?.value ?? false };
}

function readNames(value: ArgumentNode['value']): string[] | undefined {
  if (value.kind === Kind.ENUM || value.kind === Kind.STRING) return [value.value];
  if (value.kind !== Kind.LIST) return undefined;
  const names = value.values.map(readNames);
  return names.every((name) => name !== undefined) ? names.flat() : undefined;
}

const toName = (value: string) => ({ kind: Kind.NAME, value }) as const;
const toText = (value: string): StringValueNode => ({ kind: Kind.STRING, value });

function buildTypedField(group: TypedTarget[]): FieldNode {
  const { field, optional } = group[0]!;
  const buildArgument = (name: string, value: ConstValueNode): ArgumentNode => ({ kind: Kind.ARGUMENT, name: toName(name), value });
  const types = group.flatMap((target) => target.types.map(toText));
  return {
    ...field,
    arguments: [
      buildArgument('type', { kind: Kind.LIST, values: types }),
      buildArgument('optional', { kind: Kind.BOOLEAN, value: optional }),
    ],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: group.flatMap((target) =>
        target.types.map((type) => ({
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: { kind: Kind.NAMED_TYPE, name: toName(type) },
          selectionSet: target.selectionSet,
        })),
      ),
    },
  };
}

/** The examples of the specification write codes and ids without quotes: `name(use: official)`, `Patient(id: example)`, `_id: [1, 2, example]`. */
export function quoteArguments(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const typeInfo = new TypeInfo(schema);
  const quote = ({ value }: { value: string | boolean }): StringValueNode | undefined => {
    const type = typeInfo.getInputType();
    return type && ['String', 'ID'].includes(getNamedType(type).name) ? toText(String(value)) : undefined;
  };
  return visit(document, visitWithTypeInfo(typeInfo, { EnumValue: quote, IntValue: quote, FloatValue: quote, BooleanValue: quote }));
}

/** Refuses (400) a document without the operation that is to run, and mutations. */
export function checkOperation({ definitions }: DocumentNode, operationName: string | undefined): void {
  const operations = definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? [definition] : []));
  if (operations.some(({ operation }) => operation !== 'query'))
    throw invalid('only queries are served: write by the REST interactions create, update, patch and delete');
  if (operationName === undefined && operations.length !== 1) throw invalid('name the operation to run in operationName');
  if (operationName !== undefined && !operations.some(({ name }) => name?.value === operationName))
    throw invalid('operationName is not the name of an operation in the query');
}
