// The table of interactions, from which routes, permissions, Bundle entries and the CapabilityStatement are derived.
// https://hl7.org/fhir/R4/http.html#summary, codes: https://hl7.org/fhir/R4/valueset-type-restful-interaction.html
import type { Permission } from './access-scope.ts';
import { OPERATIONS, type Operation } from './operations.ts';

/** `codes`: the interaction codes in the CapabilityStatement. `permission` is absent if the handler checks the permissions itself. HEAD is routed like GET. */
export interface InteractionDefinition {
  /** The operation it calls. https://hl7.org/fhir/R4/operations.html */
  operation?: Operation;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  codes: readonly string[];
  permission?: Permission;
}

/** If two paths match a request, the first one has precedence. */
export const INTERACTIONS = {
  bundle: { method: 'POST', path: '/', codes: ['transaction', 'batch'] },
  searchAll: { method: 'GET', path: '/', codes: ['search-system'] },
  searchAllByPost: { method: 'POST', path: '/_search', codes: ['search-system'] },
  graphql: { method: 'GET', path: '/$graphql', codes: [], operation: OPERATIONS.graphql },
  graphqlByPost: { method: 'POST', path: '/$graphql', codes: [], operation: OPERATIONS.graphql },
  systemHistory: { method: 'GET', path: '/_history', codes: ['history-system'] },
  typeHistory: { method: 'GET', path: '/:type/_history', codes: ['history-type'], permission: 'r' },
  searchByPost: { method: 'POST', path: '/:type/_search', codes: ['search-type'], permission: 's' },
  expand: { method: 'GET', path: '/ValueSet/$expand', codes: [], operation: OPERATIONS.expand },
  expandByPost: { method: 'POST', path: '/ValueSet/$expand', codes: [], operation: OPERATIONS.expand },
  validateCodeInValueSet: { method: 'GET', path: '/ValueSet/$validate-code', codes: [], operation: OPERATIONS.validateCodeInValueSet },
  validateCodeInValueSetByPost: {
    method: 'POST',
    path: '/ValueSet/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInValueSet,
  },
  validateCodeInCodeSystem: {
    method: 'GET',
    path: '/CodeSystem/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInCodeSystem,
  },
  validateCodeInCodeSystemByPost: {
    method: 'POST',
    path: '/CodeSystem/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInCodeSystem,
  },
  lookup: { method: 'GET', path: '/CodeSystem/$lookup', codes: [], operation: OPERATIONS.lookup },
  lookupByPost: { method: 'POST', path: '/CodeSystem/$lookup', codes: [], operation: OPERATIONS.lookup },
  subsumes: { method: 'GET', path: '/CodeSystem/$subsumes', codes: [], operation: OPERATIONS.subsumes },
  subsumesByPost: { method: 'POST', path: '/CodeSystem/$subsumes', codes: [], operation: OPERATIONS.subsumes },
  translate: { method: 'GET', path: '/ConceptMap/$translate', codes: [], operation: OPERATIONS.translate },
  translateByPost: { method: 'POST', path: '/ConceptMap/$translate', codes: [], operation: OPERATIONS.translate },
  validate: { method: 'POST', path: '/:type/$validate', codes: [], permission: 'r', operation: OPERATIONS.validate },
  lastObservations: { method: 'GET', path: '/Observation/$lastn', codes: [], operation: OPERATIONS.lastn },
  lastObservationsByPost: { method: 'POST', path: '/Observation/$lastn', codes: [], operation: OPERATIONS.lastn },
  match: { method: 'POST', path: '/Patient/$match', codes: [], operation: OPERATIONS.match },
  merge: { method: 'POST', path: '/Patient/$merge', codes: [], operation: OPERATIONS.merge },
  search: { method: 'GET', path: '/:type', codes: ['search-type'], permission: 's' },
  conditionalUpdate: { method: 'PUT', path: '/:type', codes: ['update'], permission: 'u' },
  conditionalPatch: { method: 'PATCH', path: '/:type', codes: ['patch'], permission: 'u' },
  conditionalDelete: { method: 'DELETE', path: '/:type', codes: ['delete'], permission: 'd' },
  create: { method: 'POST', path: '/:type', codes: ['create'], permission: 'c' },
  history: { method: 'GET', path: '/:type/:id/_history', codes: ['history-instance'], permission: 'r' },
  expandOfStored: { method: 'GET', path: '/ValueSet/:id/$expand', codes: [], operation: OPERATIONS.expand },
  expandOfStoredByPost: { method: 'POST', path: '/ValueSet/:id/$expand', codes: [], operation: OPERATIONS.expand },
  validateCodeInValueSetOfStored: {
    method: 'GET',
    path: '/ValueSet/:id/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInValueSet,
  },
  validateCodeInValueSetOfStoredByPost: {
    method: 'POST',
    path: '/ValueSet/:id/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInValueSet,
  },
  validateCodeInCodeSystemOfStored: {
    method: 'GET',
    path: '/CodeSystem/:id/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInCodeSystem,
  },
  validateCodeInCodeSystemOfStoredByPost: {
    method: 'POST',
    path: '/CodeSystem/:id/$validate-code',
    codes: [],
    operation: OPERATIONS.validateCodeInCodeSystem,
  },
  subsumesOfStored: { method: 'GET', path: '/CodeSystem/:id/$subsumes', codes: [], operation: OPERATIONS.subsumes },
  subsumesOfStoredByPost: { method: 'POST', path: '/CodeSystem/:id/$subsumes', codes: [], operation: OPERATIONS.subsumes },
  translateOfStored: { method: 'GET', path: '/ConceptMap/:id/$translate', codes: [], operation: OPERATIONS.translate },
  translateOfStoredByPost: { method: 'POST', path: '/ConceptMap/:id/$translate', codes: [], operation: OPERATIONS.translate },
  validateById: { method: 'POST', path: '/:type/:id/$validate', codes: [], permission: 'r', operation: OPERATIONS.validate },
  validateStored: { method: 'GET', path: '/:type/:id/$validate', codes: [], permission: 'r', operation: OPERATIONS.validate },
  everything: { method: 'GET', path: '/Patient/:id/$everything', codes: [], operation: OPERATIONS.everything },
  everythingByPost: { method: 'POST', path: '/Patient/:id/$everything', codes: [], operation: OPERATIONS.everything },
  meta: { method: 'GET', path: '/:type/:id/$meta', codes: [], permission: 'r', operation: OPERATIONS.meta },
  metaByPost: { method: 'POST', path: '/:type/:id/$meta', codes: [], permission: 'r', operation: OPERATIONS.meta },
  metaOfVersion: { method: 'GET', path: '/:type/:id/_history/:versionId/$meta', codes: [], permission: 'r', operation: OPERATIONS.meta },
  metaAdd: { method: 'POST', path: '/:type/:id/$meta-add', codes: [], permission: 'u', operation: OPERATIONS.metaAdd },
  metaDelete: { method: 'POST', path: '/:type/:id/$meta-delete', codes: [], permission: 'u', operation: OPERATIONS.metaDelete },
  diff: { method: 'GET', path: '/:type/:id/$diff', codes: [], permission: 'r', operation: OPERATIONS.diff },
  graphqlOfInstance: { method: 'GET', path: '/:type/:id/$graphql', codes: [], operation: OPERATIONS.graphql },
  graphqlOfInstanceByPost: { method: 'POST', path: '/:type/:id/$graphql', codes: [], operation: OPERATIONS.graphql },
  searchCompartment: { method: 'GET', path: '/:compartment/:id/*', codes: [] },
  searchCompartmentByPost: { method: 'POST', path: '/:compartment/:id/_search', codes: [] },
  searchInCompartment: { method: 'GET', path: '/:compartment/:id/:type', codes: [], permission: 's' },
  searchInCompartmentByPost: { method: 'POST', path: '/:compartment/:id/:type/_search', codes: [], permission: 's' },
  vread: { method: 'GET', path: '/:type/:id/_history/:versionId', codes: ['vread'], permission: 'r' },
  read: { method: 'GET', path: '/:type/:id', codes: ['read'], permission: 'r' },
  update: { method: 'PUT', path: '/:type/:id', codes: ['update'], permission: 'u' },
  patch: { method: 'PATCH', path: '/:type/:id', codes: ['patch'], permission: 'u' },
  delete: { method: 'DELETE', path: '/:type/:id', codes: ['delete'], permission: 'd' },
} as const satisfies Record<string, InteractionDefinition>;

export type InteractionName = keyof typeof INTERACTIONS;

/** An interaction, and the parameters in the path. */
export interface InteractionRoute extends Interaction {
  parameters: Readonly<Record<string, string>>;
}

interface Interaction {
  name: InteractionName;
  definition: InteractionDefinition;
}

/** The interactions of a path by method, and the parameters in the path. */
export interface MatchedPath {
  methods: ReadonlyMap<string, Interaction>;
  parameters: Readonly<Record<string, string>>;
}

// the assertion: Object.entries returns the keys as string
const INTERACTION_ROWS = (Object.entries(INTERACTIONS) as [InteractionName, InteractionDefinition][]).map(([name, definition]) => ({
  name,
  definition,
}));

const PATHS = [...Map.groupBy(INTERACTION_ROWS, ({ definition }) => definition.path)].map(([path, rows]) => ({
  segments: path.split('/').slice(1).filter(Boolean),
  methods: new Map(rows.map((row) => [row.definition.method, row])),
}));

const PATHS_BY_LENGTH = Map.groupBy(PATHS, ({ segments }) => segments.length);

/** Matches a path relative to the base, percent-encoded. Undefined: no interaction has such a path. */
export function matchPath(path: string): MatchedPath | undefined {
  const given = path.split('/').slice(1).map(decodeURIComponent);
  if (given.at(-1) === '') given.pop();
  const place = PATHS_BY_LENGTH.get(given.length)?.find(({ segments }) => matchesSegments(segments, given));
  return place && { methods: place.methods, parameters: readPathParameters(place.segments, given) };
}

/** The methods of a path, as Allow lists them. */
export const listMethods = ({ methods }: MatchedPath): string[] =>
  [...methods.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : method));

/** The method of the interaction that handles a request. https://hl7.org/fhir/R4/http.html#head */
export const toRoutedMethod = (method: string): string => (method === 'HEAD' ? 'GET' : method);

const matchesSegments = (segments: string[], given: string[]): boolean =>
  segments.every((segment, at) => (segment.startsWith(':') ? !given[at]!.startsWith('_') || segment !== ':id' : segment === given[at]));

function readPathParameters(segments: string[], given: string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) if (segment.startsWith(':')) parameters[segment.slice(1)] = given[at]!;
  return parameters;
}
