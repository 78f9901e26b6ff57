// Runs a GraphQL query: reads the document, builds its schema, validates and executes it. https://hl7.org/fhir/R4/graphql.html
// This file and the library are loaded with the first query.
import { execute, type GraphQLError } from 'graphql';
import { compileClientFhirPath, meetsFhirPath } from '../../fhir/graphql/client-fhirpath.ts';
import { checkOperation, parseGraphqlDocument, quoteArguments } from '../../fhir/graphql/document.ts';
import type { GraphqlEnvironment } from '../../fhir/graphql/environment.ts';
import type { GraphqlNode } from '../../fhir/graphql/node.ts';
import { reshapeResult } from '../../fhir/graphql/reshape.ts';
import { buildGraphqlSchema } from '../../fhir/graphql/schema.ts';
import { validateDocument } from '../../fhir/graphql/validation-rules.ts';
import { type FhirError, notFound } from '../../fhir/outcome.ts';
import { isServed, type ServedType } from '../../fhir/types.ts';
import type { Context } from '../context.ts';
import type { PageTokens } from '../page-token.ts';
import { GraphqlBudget } from './budget.ts';
import { GraphqlReads } from './reads.ts';
import { findSchemaResult, keepSchemaResult, toSchemaKey } from './schema-results.ts';
import { GraphqlSearches } from './searches.ts';

export interface GraphqlRequest {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
  /** The resource at whose path the query is. Absent: the query is of the system. */
  instance?: { type: ServedType; id: string };
}

/** The data, of introspection as JSON text, or the errors. A result with errors has no data: "the server returns an error instead of the graph output". */
export type GraphqlResult = { data: unknown } | { json: string } | { errors: readonly GraphQLError[] };

/** Throws a FhirError, or GraphQL's error about the syntax, if the query cannot be run. */
export async function runGraphqlQuery(context: Context, pageTokens: PageTokens, request: GraphqlRequest): Promise<GraphqlResult> {
  const parsed = parseGraphqlDocument(request.query);
  const schemaKey = toSchemaKey(parsed.document, request);
  if (schemaKey === undefined) return runDocument(context, pageTokens, { ...request, parsed });
  const kept = findSchemaResult(context.registry, schemaKey);
  if (kept !== undefined) return { json: kept };
  const result = await runDocument(context, pageTokens, { ...request, parsed });
  if (!('data' in result)) return result;
  const json = JSON.stringify(result.data);
  keepSchemaResult(context.registry, schemaKey, json);
  return { json };
}

type DocumentResult = Exclude<GraphqlResult, { json: string }>;

async function runDocument(
  context: Context,
  pageTokens: PageTokens,
  { variables, operationName, instance, parsed }: GraphqlRequest & { parsed: ReturnType<typeof parseGraphqlDocument> },
): Promise<DocumentResult> {
  const schema = buildGraphqlSchema({
    registry: context.registry,
    names: parsed.isIntrospection ? undefined : parsed.names,
    ...(instance && { instanceType: instance.type }),
  });
  const document = quoteArguments(parsed.document, schema);
  const errors = validateDocument(schema, document);
  if (errors.length) return { errors };
  checkOperation(document, operationName);
  const ended = new AbortController();
  const slices = new Map<string, string[]>();
  const { environment, reads } = buildEnvironment(context, pageTokens, { slices, onExceeded: (error) => ended.abort(error) });
  const rootValue = instance && (await reads.read(instance.type, instance.id));
  try {
    const result = await execute({
      schema,
      document,
      rootValue,
      contextValue: environment,
      abortSignal: ended.signal,
      ...(variables && { variableValues: variables }),
      ...(operationName !== undefined && { operationName }),
    });
    if (result.errors?.length) return { errors: result.errors };
    return { data: reshapeResult(result.data, { document, names: parsed.names, operationName }, { schema, slices }) };
  } catch (error) {
    // the reason is the error of the limit at which the request was ended
    throw ended.signal.aborted ? ended.signal.reason : error;
  }
}

function buildEnvironment(
  context: Context,
  pageTokens: PageTokens,
  { slices, onExceeded }: { slices: Map<string, string[]>; onExceeded: (error: FhirError) => void },
): { environment: GraphqlEnvironment; reads: GraphqlReads } {
  const budget = new GraphqlBudget(onExceeded);
  const reads = new GraphqlReads(context, budget);
  const expressions = new Map<string, ReturnType<typeof compileClientFhirPath>>();
  const compile = (text: string) => {
    const compiled = expressions.get(text) ?? compileClientFhirPath(text);
    expressions.set(text, compiled);
    return compiled;
  };
  const meets = (text: string, node: GraphqlNode, index: number): boolean => meetsFhirPath(compile(text)(node, index));
  const searches = new GraphqlSearches({ context, budget, pageTokens, meets });
  const environment: GraphqlEnvironment = {
    countValues: (count) => budget.countValues(count),
    compileFhirPath: compile,
    recordSlices: (path, suffixes) => void slices.set(path, suffixes),
    read: async (type, id) => {
      if (!isServed(type)) throw notFound(`this server does not serve ${type}`);
      return reads.read(type, id);
    },
    resolveReference: (reference, options) => reads.resolve(reference, options),
    searchList: (search) => searches.list(search),
    searchConnection: (search) => searches.connect(search),
  };
  return { environment, reads };
}
