// The requests and responses of each interaction of the FHIR API, for its OpenAPI document: one row per interaction. https://hl7.org/fhir/R4/http.html
import type { InteractionName } from '../../fhir/interactions.ts';
import type { ParameterTable } from '../../fhir/operation-parameters.ts';
import type { ErrorKind } from '../../fhir/outcome.ts';
import { EXPAND } from '../../fhir/terminology-operations/expand.ts';
import { LOOKUP } from '../../fhir/terminology-operations/lookup.ts';
import type { TerminologyOperation } from '../../fhir/terminology-operations/operation.ts';
import { SUBSUMES } from '../../fhir/terminology-operations/subsumes.ts';
import { TRANSLATE } from '../../fhir/terminology-operations/translate.ts';
import { VALIDATE_CODE_IN_CODE_SYSTEM, VALIDATE_CODE_IN_VALUE_SET } from '../../fhir/terminology-operations/validate-code.ts';

/**
 * The kind of a request body. `resource`: a resource of the path's type. `upload`: the same or, for Binary, its content. `replacement`: an upload with its id.
 * `validated`: a resource or Parameters for $validate; `validatedById`: the same with an id. The others: the Parameters of an operation, by the name of their
 * example in FHIR_EXAMPLES; `parameters` has none. `graphql`: a query.
 */
type BodyKind =
  | 'resource'
  | 'upload'
  | 'replacement'
  | 'bundle'
  | 'form'
  | 'patch'
  | 'graphql'
  | 'validated'
  | 'validatedById'
  | ParametersExample
  | 'parameters';
type ParametersExample = 'Everything' | 'NoParameters' | 'Meta' | 'Match' | 'Merge' | 'LastObservations';

/** The bodies of operations that can be called without parameters, or with all of them in the URL. */
export const OPTIONAL_BODIES: ReadonlySet<BodyKind> = new Set<BodyKind>(['Everything', 'LastObservations', 'NoParameters', 'parameters']);

export interface FhirOperation {
  /** `{type}` becomes the resource type, `{a type}` the type with its article. */
  summary: string;
  /** Status → body. `written`: the resource, an OperationOutcome or nothing, by Prefer. `graphql`: the result of a query. */
  responses: Record<number, 'resource' | 'written' | 'bundle' | 'outcome' | 'parameters' | 'graphql' | 'nothing'>;
  body?: BodyKind;
  /** Optional headers of the request, by their names in HEADERS. */
  headers?: (keyof typeof HEADERS)[];
  /** Query parameters: of a search of one type, of a search of several types, of $everything, of a history, of a read (`shown`), of $validate, of $diff, of $lastn or of $graphql. */
  query?: 'search' | 'searchAll' | 'everything' | 'history' | 'shown' | 'validate' | 'diff' | 'lastn' | 'graphql';
  /** The parameters of a terminology operation. Those of primitive types can be sent in the URL. */
  parameters?: ParameterTable;
  failures: readonly ErrorKind[];
}

const WRITE: readonly ErrorKind[] = ['structure', 'invalid', 'not-supported', 'rule', 'conflict', 'too-long', 'media'];
const CONDITIONAL: readonly ErrorKind[] = ['multiple-matches', 'version-mismatch'];

/** A search of more than one type, or in a compartment. */
const SEARCH: Omit<FhirOperation, 'summary'> = {
  responses: { 200: 'bundle' },
  query: 'searchAll',
  headers: ['prefer'],
  failures: ['structure', 'invalid', 'not-supported', 'not-found', 'too-long'],
};
const SEARCH_BY_POST: Omit<FhirOperation, 'summary'> = {
  responses: { 200: 'bundle' },
  body: 'form',
  headers: ['prefer'],
  failures: ['structure', 'invalid', 'not-supported', 'not-found', 'too-long', 'media'],
};

/** An operation of the terminology service, at the path of the type. https://hl7.org/fhir/R4/terminology-service.html */
const buildTerminologyOperation = (summary: string, { parameters }: TerminologyOperation): FhirOperation => ({
  summary,
  responses: { 200: 'parameters' },
  parameters,
  failures: ['structure', 'invalid', 'not-supported', 'not-found', 'deleted', 'rule', 'too-long', 'media'],
});

const byPost = (operation: FhirOperation): FhirOperation => ({
  summary: `${operation.summary}, with the parameters in a Parameters resource`,
  responses: operation.responses,
  body: 'parameters',
  failures: operation.failures,
});

const EXPAND_OPERATION = buildTerminologyOperation('List the codes of a value set', EXPAND);
const VALIDATE_IN_VALUE_SET = buildTerminologyOperation('Check whether a code is in a value set', VALIDATE_CODE_IN_VALUE_SET);
const VALIDATE_IN_CODE_SYSTEM = buildTerminologyOperation('Check whether a code is in a code system', VALIDATE_CODE_IN_CODE_SYSTEM);
const LOOKUP_OPERATION = buildTerminologyOperation('Read what is known of a code', LOOKUP);
const SUBSUMES_OPERATION = buildTerminologyOperation('Check whether a code includes the meaning of another', SUBSUMES);
const TRANSLATE_OPERATION = buildTerminologyOperation('Translate a code by a concept map', TRANSLATE);

/** A GraphQL query of the system or of a resource. https://hl7.org/fhir/R4/graphql.html */
const buildGraphqlOperation = (summary: string): FhirOperation => ({
  summary,
  responses: { 200: 'graphql' },
  failures: ['structure', 'invalid', 'not-supported', 'not-found', 'deleted', 'rule', 'too-long', 'media'],
});
const GRAPHQL_OF_SYSTEM = buildGraphqlOperation('Query resources with GraphQL');
const GRAPHQL_OF_INSTANCE = buildGraphqlOperation('Query {a type} with GraphQL');

export const FHIR_OPERATIONS: Record<InteractionName, FhirOperation> = {
  bundle: {
    summary: 'Batch or transaction',
    responses: { 200: 'bundle' },
    body: 'bundle',
    headers: ['prefer'],
    failures: [...WRITE, ...CONDITIONAL, 'not-found', 'deleted', 'duplicate', 'method', 'upstream'],
  },
  systemHistory: {
    summary: 'History of everything',
    responses: { 200: 'bundle' },
    query: 'history',
    failures: ['invalid', 'not-supported'],
  },
  typeHistory: {
    summary: 'History of all {type} resources',
    responses: { 200: 'bundle' },
    query: 'history',
    failures: ['invalid', 'not-supported'],
  },
  searchByPost: {
    summary: 'Search {type}, with the parameters in the body',
    responses: { 200: 'bundle' },
    body: 'form',
    headers: ['prefer'],
    failures: ['structure', 'invalid', 'not-supported', 'too-long', 'media'],
  },
  search: {
    summary: 'Search {type}',
    responses: { 200: 'bundle' },
    query: 'search',
    headers: ['prefer'],
    failures: ['structure', 'invalid', 'not-supported', 'too-long'],
  },
  searchAll: { ...SEARCH, summary: 'Search several types, or everything' },
  searchAllByPost: { ...SEARCH_BY_POST, summary: 'Search several types, or everything, with the parameters in the body' },
  searchCompartment: { ...SEARCH, summary: 'Search all resources of a compartment (patient, encounter, practitioner or related person)' },
  searchCompartmentByPost: { ...SEARCH_BY_POST, summary: 'Search all resources of a compartment, with the parameters in the body' },
  searchInCompartment: { ...SEARCH, summary: 'Search the resources of one type in a compartment' },
  searchInCompartmentByPost: {
    ...SEARCH_BY_POST,
    summary: 'Search the resources of one type in a compartment, with the parameters in the body',
  },
  everything: {
    summary: 'Read the whole record of a patient, and the resources it refers to',
    responses: { 200: 'bundle' },
    query: 'everything',
    failures: ['invalid', 'not-supported', 'not-found', 'deleted', 'too-long'],
  },
  everythingByPost: {
    summary: 'Read the whole record of a patient, with the parameters in a Parameters resource',
    responses: { 200: 'bundle' },
    body: 'Everything',
    failures: ['structure', 'invalid', 'not-supported', 'not-found', 'deleted', 'too-long', 'media'],
  },
  expand: EXPAND_OPERATION,
  expandByPost: byPost(EXPAND_OPERATION),
  expandOfStored: EXPAND_OPERATION,
  expandOfStoredByPost: byPost(EXPAND_OPERATION),
  validateCodeInValueSet: VALIDATE_IN_VALUE_SET,
  validateCodeInValueSetByPost: byPost(VALIDATE_IN_VALUE_SET),
  validateCodeInValueSetOfStored: VALIDATE_IN_VALUE_SET,
  validateCodeInValueSetOfStoredByPost: byPost(VALIDATE_IN_VALUE_SET),
  validateCodeInCodeSystem: VALIDATE_IN_CODE_SYSTEM,
  validateCodeInCodeSystemByPost: byPost(VALIDATE_IN_CODE_SYSTEM),
  validateCodeInCodeSystemOfStored: VALIDATE_IN_CODE_SYSTEM,
  validateCodeInCodeSystemOfStoredByPost: byPost(VALIDATE_IN_CODE_SYSTEM),
  lookup: LOOKUP_OPERATION,
  lookupByPost: byPost(LOOKUP_OPERATION),
  subsumes: SUBSUMES_OPERATION,
  subsumesByPost: byPost(SUBSUMES_OPERATION),
  subsumesOfStored: SUBSUMES_OPERATION,
  subsumesOfStoredByPost: byPost(SUBSUMES_OPERATION),
  translate: TRANSLATE_OPERATION,
  translateByPost: byPost(TRANSLATE_OPERATION),
  translateOfStored: TRANSLATE_OPERATION,
  translateOfStoredByPost: byPost(TRANSLATE_OPERATION),
  validate: {
    summary: 'Validate {a type} without storing it',
    responses: { 200: 'outcome' },
    body: 'validated',
    query: 'validate',
    failures: ['structure', 'invalid', 'not-supported', 'too-long', 'media', 'not-found'],
  },
  validateById: {
    summary: 'Validate an update of {a type} without storing it',
    responses: { 200: 'outcome' },
    body: 'validatedById',
    query: 'validate',
    failures: ['structure', 'invalid', 'not-supported', 'too-long', 'media', 'not-found', 'deleted'],
  },
  validateStored: {
    summary: 'Validate a stored {type}',
    responses: { 200: 'outcome' },
    query: 'validate',
    failures: ['structure', 'invalid', 'not-supported', 'not-found', 'deleted'],
  },
  meta: {
    summary: 'Read the profiles, tags and security labels of {a type}',
    responses: { 200: 'parameters' },
    failures: ['not-supported', 'not-found', 'deleted'],
  },
  metaByPost: {
    summary: 'Read the profiles, tags and security labels of {a type}, by POST',
    responses: { 200: 'parameters' },
    body: 'NoParameters',
    failures: ['structure', 'not-supported', 'not-found', 'deleted', 'too-long', 'media'],
  },
  metaOfVersion: {
    summary: 'Read the profiles, tags and security labels of a version of {a type}',
    responses: { 200: 'parameters' },
    failures: ['not-supported', 'not-found', 'deleted'],
  },
  metaAdd: {
    summary: 'Add profiles, tags and security labels to {a type}',
    responses: { 200: 'parameters' },
    body: 'Meta',
    headers: ['if-match'],
    failures: [...WRITE, 'version-mismatch', 'not-found', 'deleted'],
  },
  metaDelete: {
    summary: 'Remove profiles, tags and security labels from {a type}',
    responses: { 200: 'parameters' },
    body: 'Meta',
    headers: ['if-match'],
    failures: [...WRITE, 'version-mismatch', 'not-found', 'deleted'],
  },
  diff: {
    summary: 'Compare two versions of {a type}: a FHIRPath Patch from one to the other',
    responses: { 200: 'parameters' },
    query: 'diff',
    failures: ['invalid', 'not-supported', 'not-found', 'deleted', 'rule'],
  },
  graphql: { ...GRAPHQL_OF_SYSTEM, query: 'graphql' },
  graphqlByPost: { ...GRAPHQL_OF_SYSTEM, body: 'graphql' },
  graphqlOfInstance: { ...GRAPHQL_OF_INSTANCE, query: 'graphql' },
  graphqlOfInstanceByPost: { ...GRAPHQL_OF_INSTANCE, body: 'graphql' },
  lastObservations: {
    summary: 'Read the last observations of each code, of a patient or another subject',
    responses: { 200: 'bundle' },
    query: 'lastn',
    failures: ['structure', 'invalid', 'not-supported', 'too-long'],
  },
  lastObservationsByPost: {
    summary: 'Read the last observations of each code, with the parameters in a Parameters resource',
    responses: { 200: 'bundle' },
    body: 'LastObservations',
    failures: ['structure', 'invalid', 'not-supported', 'too-long', 'media'],
  },
  match: {
    summary: 'Find the patients that may be the person of a patient, with scores',
    responses: { 200: 'bundle' },
    body: 'Match',
    failures: ['structure', 'invalid', 'not-supported', 'too-long', 'media'],
  },
  merge: {
    summary: 'Merge two patients that are the same person',
    responses: { 200: 'parameters' },
    body: 'Merge',
    failures: [...WRITE, 'not-found', 'deleted'],
  },
  conditionalUpdate: {
    summary: 'Update the {type} that a search finds, or create one',
    responses: { 200: 'written', 201: 'written' },
    body: 'resource',
    query: 'search',
    headers: ['if-match', 'if-none-match', 'prefer'],
    failures: [...WRITE, ...CONDITIONAL],
  },
  conditionalPatch: {
    summary: 'Patch the {type} that a search finds',
    responses: { 200: 'written' },
    body: 'patch',
    query: 'search',
    headers: ['if-match', 'prefer'],
    failures: [...WRITE, ...CONDITIONAL, 'not-found'],
  },
  conditionalDelete: {
    summary: 'Delete the {type} that a search finds',
    responses: { 204: 'nothing' },
    query: 'search',
    headers: ['if-match'],
    failures: ['structure', 'invalid', 'not-supported', 'conflict', ...CONDITIONAL],
  },
  create: {
    summary: 'Create {a type}',
    responses: { 200: 'written', 201: 'written' },
    body: 'upload',
    headers: ['if-none-exist', 'prefer'],
    failures: [...WRITE, ...CONDITIONAL, 'duplicate', 'upstream'],
  },
  history: {
    summary: 'History of one {type}',
    responses: { 200: 'bundle' },
    query: 'history',
    failures: ['not-found', 'invalid', 'not-supported'],
  },
  vread: {
    summary: 'Read a version of {a type}',
    responses: { 200: 'resource' },
    query: 'shown',
    failures: ['not-found', 'deleted', 'structure', 'invalid', 'not-supported'],
  },
  read: {
    summary: 'Read {a type}',
    responses: { 200: 'resource', 304: 'nothing' },
    query: 'shown',
    headers: ['if-none-match', 'if-modified-since'],
    failures: ['not-found', 'deleted', 'structure', 'invalid', 'not-supported'],
  },
  update: {
    summary: 'Update {a type}, or create it with this id',
    responses: { 200: 'written', 201: 'written' },
    body: 'replacement',
    headers: ['if-match', 'if-none-match', 'prefer'],
    failures: [...WRITE, ...CONDITIONAL],
  },
  patch: {
    summary: 'Patch {a type}',
    responses: { 200: 'written' },
    body: 'patch',
    headers: ['if-match', 'prefer'],
    failures: [...WRITE, ...CONDITIONAL, 'not-found', 'deleted'],
  },
  delete: {
    summary: 'Delete {a type}',
    responses: { 204: 'nothing' },
    headers: ['if-match'],
    failures: ['not-found', 'invalid', 'conflict', ...CONDITIONAL],
  },
};

/** Headers of requests. */
export const HEADERS = {
  'if-match': 'The expected version, such as W/"3". If the current version differs, the response is 412.',
  'if-none-match': 'On a read, the version that the client has: 304 if it is current. On a write, *: 412 if the resource exists.',
  'if-modified-since': 'On a read: 304 if the resource has not changed since then.',
  'if-none-exist': 'Search parameters. If exactly one resource matches, it is returned, and none is created.',
  prefer: 'return=minimal, return=representation or return=OperationOutcome; handling=lenient or handling=strict.',
} as const;

/** Kind of body → its media types, each with a schema and the name of an example in FHIR_EXAMPLES. */
export const BODIES: Record<BodyKind, (type: string) => Record<string, readonly [schema: string, example?: string]>> = {
  resource: (type) => ({ 'application/fhir+json': [type, type] }),
  upload: (type) => ({ 'application/fhir+json': [type, type], ...anyMedia(type) }),
  replacement: (type) => ({ 'application/fhir+json': [type, `${type}.stored`], ...anyMedia(type) }),
  bundle: () => ({ 'application/fhir+json': ['Bundle', 'Transaction'] }),
  Everything: () => buildParametersBody('Everything'),
  NoParameters: () => buildParametersBody('NoParameters'),
  Meta: () => buildParametersBody('Meta'),
  Match: () => buildParametersBody('Match'),
  Merge: () => buildParametersBody('Merge'),
  LastObservations: () => buildParametersBody('LastObservations'),
  validated: (type) => ({ 'application/fhir+json': ['AnyResource', type] }),
  validatedById: (type) => ({ 'application/fhir+json': ['AnyResource', `${type}.stored`] }),
  parameters: () => ({ 'application/fhir+json': ['AnyResource'] }),
  graphql: () => ({ 'application/json': ['GraphqlQuery', 'GraphqlQuery'], 'application/graphql': ['GraphqlText'] }),
  form: () => ({ 'application/x-www-form-urlencoded': ['SearchForm', 'SearchForm'] }),
  patch: (type) => ({
    'application/json-patch+json': ['JsonPatch', 'JsonPatch'],
    'application/fhir+json': ['AnyResource', `${type}.patch`],
  }),
};

const buildParametersBody = (example: ParametersExample) => ({ 'application/fhir+json': ['AnyResource', example] as const });

const anyMedia = (type: string) => type === 'Binary' && { '*/*': ['Content'] as const };
