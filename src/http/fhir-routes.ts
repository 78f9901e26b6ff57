// Runs the interaction that a request means: the same way for a request by itself and for an entry of a Bundle.
import type { InteractionName } from '../fhir/interactions.ts';
import { notFound } from '../fhir/outcome.ts';
import { ID } from '../fhir/types.ts';
import { authorize } from './authenticate.ts';
import { bundle } from './fhir-bundle.ts';
import type { FhirAnswer, FhirCall, Run } from './fhir-call.ts';
import * as conditional from './fhir-conditional.ts';
import { history } from './fhir-history.ts';
import { routeOf } from './fhir-path.ts';
import * as read from './fhir-read.ts';
import * as write from './fhir-write.ts';

const RUNS: Record<InteractionName, Run> = {
  bundle: (call) => bundle(call, perform),
  search: read.search,
  searchByPost: read.searchByPost,
  read: read.read,
  vread: read.vread,
  history,
  typeHistory: history,
  systemHistory: history,
  create: write.create,
  update: write.update,
  patch: write.patch,
  delete: write.remove,
  conditionalUpdate: conditional.update,
  conditionalPatch: conditional.patch,
  conditionalDelete: conditional.remove,
};

/** Does what the request asks for, if its caller may. */
export function perform(given: Omit<FhirCall, 'type' | 'id' | 'versionId'>): Promise<FhirAnswer> {
  const { name, facts, parameters } = routeOf(given.method, given.path);
  const { type = '', id = '', versionId = '' } = parameters;
  if (id !== '' && !ID.test(id) && given.method !== 'PUT') throw notFound('there is no resource with this id');
  const call = { ...given, type: type as FhirCall['type'], id, versionId };
  if (facts.permission) authorize(call.context.caller, type, facts.permission);
  return RUNS[name](call);
}
