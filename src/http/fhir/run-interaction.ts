// Runs the interaction that a request means: the same way for a request by itself and for an entry of a Bundle.
import type { InteractionName, Route } from '../../fhir/interactions.ts';
import { notFound } from '../../fhir/outcome.ts';
import { ID } from '../../fhir/types.ts';
import { authorize } from '../middleware/authenticate.ts';
import { bundle } from './batch.ts';
import * as conditional from './conditional.ts';
import { everything, everythingByPost } from './everything.ts';
import type { FhirAnswer, FhirCall, Run } from './fhir-call.ts';
import { history } from './history.ts';
import { routeOf } from './path.ts';
import * as read from './read.ts';
import * as search from './search.ts';
import { validate } from './validate.ts';
import * as write from './write.ts';

const RUNS: Record<InteractionName, Run> = {
  bundle: (call) => bundle(call, runInteraction),
  search: search.search,
  searchByPost: search.searchByPost,
  searchAll: search.searchAll,
  searchAllByPost: search.searchAllByPost,
  searchCompartment: search.searchCompartment,
  searchCompartmentByPost: search.searchCompartmentByPost,
  searchInCompartment: search.searchCompartment,
  searchInCompartmentByPost: search.searchCompartmentByPost,
  read: read.read,
  vread: read.vread,
  history,
  typeHistory: history,
  systemHistory: history,
  validate,
  validateById: validate,
  validateStored: validate,
  everything,
  everythingByPost,
  create: write.create,
  update: write.update,
  patch: write.patch,
  delete: write.remove,
  conditionalUpdate: conditional.update,
  conditionalPatch: conditional.patch,
  conditionalDelete: conditional.remove,
};

/** Does what the request asks for, if its caller may. */
export function runInteraction(
  given: Omit<FhirCall, 'type' | 'id' | 'versionId' | 'compartment'>,
  { name, facts, parameters }: Route = routeOf(given.method, given.path),
): Promise<FhirAnswer> {
  const { type = '', id = '', versionId = '', compartment = '' } = parameters;
  if (id !== '' && !ID.test(id) && given.method !== 'PUT') throw notFound('there is no resource with this id');
  const call = { ...given, type: type as FhirCall['type'], id, versionId, compartment };
  if (facts.permission) authorize(call.context.caller, type, facts.permission);
  return RUNS[name](call);
}
