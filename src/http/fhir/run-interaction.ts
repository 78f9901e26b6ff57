// Runs the interaction of an HTTP request or of an entry of a Bundle.
import type { InteractionName, InteractionRoute } from '../../fhir/interactions.ts';
import { notFound } from '../../fhir/outcome.ts';
import { ID_PATTERN } from '../../fhir/types.ts';
import { authorize } from '../middleware/authorize.ts';
import { handleBundle } from './batch.ts';
import * as conditional from './conditional-update-delete.ts';
import { handleDiff } from './diff.ts';
import { handleEverything, handleEverythingByPost } from './everything.ts';
import type { FhirCall, FhirResponse, InteractionHandler } from './fhir-call.ts';
import { handleGraphql } from './graphql.ts';
import { handleHistory } from './history.ts';
import { handleLastObservations, handleLastObservationsByPost } from './last-observations.ts';
import { handleMatch } from './match.ts';
import { handleMerge } from './merge.ts';
import * as meta from './meta.ts';
import { findRoute, toPathNames } from './path.ts';
import * as read from './read.ts';
import * as search from './search.ts';
import * as terminology from './terminology.ts';
import { handleValidate } from './validate.ts';
import * as write from './write.ts';

const HANDLERS: Record<InteractionName, InteractionHandler> = {
  bundle: (call) => handleBundle(call, runInteraction),
  search: search.handleSearch,
  searchByPost: search.handleSearchByPost,
  searchAll: search.handleSearchAll,
  searchAllByPost: search.handleSearchAllByPost,
  searchCompartment: search.handleSearchCompartment,
  searchCompartmentByPost: search.handleSearchCompartmentByPost,
  searchInCompartment: search.handleSearchCompartment,
  searchInCompartmentByPost: search.handleSearchCompartmentByPost,
  read: read.handleRead,
  vread: read.handleVread,
  history: handleHistory,
  typeHistory: handleHistory,
  systemHistory: handleHistory,
  validate: handleValidate,
  validateById: handleValidate,
  validateStored: handleValidate,
  everything: handleEverything,
  everythingByPost: handleEverythingByPost,
  meta: meta.handleMeta,
  metaByPost: meta.handleMeta,
  metaOfVersion: meta.handleMetaOfVersion,
  metaAdd: meta.handleMetaAdd,
  metaDelete: meta.handleMetaDelete,
  diff: handleDiff,
  graphql: handleGraphql,
  graphqlByPost: handleGraphql,
  graphqlOfInstance: handleGraphql,
  graphqlOfInstanceByPost: handleGraphql,
  lastObservations: handleLastObservations,
  lastObservationsByPost: handleLastObservationsByPost,
  match: handleMatch,
  merge: handleMerge,
  expand: terminology.handleExpand,
  expandByPost: terminology.handleExpand,
  expandOfStored: terminology.handleExpand,
  expandOfStoredByPost: terminology.handleExpand,
  validateCodeInValueSet: terminology.handleValidateCodeInValueSet,
  validateCodeInValueSetByPost: terminology.handleValidateCodeInValueSet,
  validateCodeInValueSetOfStored: terminology.handleValidateCodeInValueSet,
  validateCodeInValueSetOfStoredByPost: terminology.handleValidateCodeInValueSet,
  validateCodeInCodeSystem: terminology.handleValidateCodeInCodeSystem,
  validateCodeInCodeSystemByPost: terminology.handleValidateCodeInCodeSystem,
  validateCodeInCodeSystemOfStored: terminology.handleValidateCodeInCodeSystem,
  validateCodeInCodeSystemOfStoredByPost: terminology.handleValidateCodeInCodeSystem,
  lookup: terminology.handleLookup,
  lookupByPost: terminology.handleLookup,
  subsumes: terminology.handleSubsumes,
  subsumesByPost: terminology.handleSubsumes,
  subsumesOfStored: terminology.handleSubsumes,
  subsumesOfStoredByPost: terminology.handleSubsumes,
  translate: terminology.handleTranslate,
  translateByPost: terminology.handleTranslate,
  translateOfStored: terminology.handleTranslate,
  translateOfStoredByPost: terminology.handleTranslate,
  create: write.handleCreate,
  update: write.handleUpdate,
  patch: write.handlePatch,
  delete: write.handleDelete,
  conditionalUpdate: conditional.handleConditionalUpdate,
  conditionalPatch: conditional.handleConditionalPatch,
  conditionalDelete: conditional.handleConditionalDelete,
};

/** Runs the interaction of a request, if its caller has the permission (403). */
export function runInteraction(
  parts: Omit<FhirCall, 'type' | 'id' | 'versionId' | 'compartment'>,
  route: InteractionRoute = findRoute(parts.method, parts.path),
): Promise<FhirResponse> {
  const { name, definition } = route;
  const call = { ...parts, ...toPathNames(route) };
  const { id, type } = call;
  if (id !== '' && !ID_PATTERN.test(id) && parts.method !== 'PUT') throw notFound('there is no resource with this id');
  if (definition.permission) authorize(call.context.caller, type, definition.permission);
  write.checkWriteParameters(name, call.query);
  return HANDLERS[name](call);
}
