// The limits of a GraphQL request. A short query can ask for far more work than a REST request, so its parts, results and time are bounded.
// https://hl7.org/fhir/R4/graphql.html does not define limits; docs/decisions/0040-graphql.md gives the reasons for these.
export const GRAPHQL_LIMITS = {
  /** Words and marks of the query. */
  tokens: 5000,
  /** Brackets inside each other. */
  brackets: 100,
  /** Fields, after every fragment is put in its place. */
  fields: 1000,
  /** Levels of fields. */
  depth: 20,
  /** Resources that are read, each once. */
  resources: 1000,
  /** Searches. References of one level are not searches: they are read together. */
  searches: 100,
  /** Values in the result. */
  values: 200_000,
  /** Duration in milliseconds. */
  duration: 20_000,
  /** Characters of a FHIRPath expression. */
  fhirpath: 500,
} as const;
