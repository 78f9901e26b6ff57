// What the fields of a GraphQL query need from the server. The schema is pure; a request's environment reads for it.
import type { ClientFhirPath } from './client-fhirpath.ts';
import type { GraphqlNode } from './node.ts';

/** The arguments of a search, by their GraphQL names. */
export type SearchArguments = Readonly<Record<string, unknown>>;

/** A search for resources of a type. `focus`: the resource that they must refer to (reverse references). */
export interface GraphqlSearch {
  type: string;
  args: SearchArguments;
  focus?: GraphqlNode;
}

/** A page of a search. https://hl7.org/fhir/R4/graphql.html#searching */
export interface GraphqlConnection {
  count(): Promise<number>;
  offset: number;
  pagesize: number;
  edges: { mode: 'match'; resource: GraphqlNode }[];
  first: string;
  previous?: string;
  next?: string;
}

export interface GraphqlEnvironment {
  /** Counts values of the result, and ends the request at a limit. False: it has ended, and no more values are needed. */
  countValues(count: number): boolean;
  compileFhirPath(text: string): ClientFhirPath;
  /** Keeps the suffixes of the elements of a list with `@slice`. `path`: of the list in the result. */
  recordSlices(path: string, suffixes: string[]): void;
  read(type: string, id: string): Promise<GraphqlNode>;
  /** The target of a Reference. Null: it is of none of the types, or it is optional and cannot be read. */
  resolveReference(reference: GraphqlNode, options: { types?: readonly string[]; optional: boolean }): Promise<GraphqlNode | null>;
  searchList(search: GraphqlSearch): Promise<GraphqlNode[]>;
  searchConnection(search: GraphqlSearch): Promise<GraphqlConnection>;
}
