// Runs the interaction that a request means: the same way for a request by itself and for an entry of a Bundle.
import type { InteractionName } from '../fhir/interactions.ts';
import { authorize } from './authenticate.ts';
import { bundle } from './fhir-bundle.ts';
import type { FhirAnswer, FhirCall, Run } from './fhir-call.ts';
import { routeOf } from './fhir-path.ts';
import * as read from './fhir-read.ts';
import * as write from './fhir-write.ts';

const RUNS: Record<InteractionName, Run> = {
  bundle: (call) => bundle(call, perform),
  search: read.search,
  searchByPost: read.searchByPost,
  read: read.read,
  vread: read.vread,
  history: read.history,
  create: write.create,
  update: write.update,
  delete: write.remove,
};

/** Does what the request asks for, if its caller may. */
export function perform(given: Omit<FhirCall, 'type' | 'id' | 'versionId'>): Promise<FhirAnswer> {
  const { name, facts, parameters } = routeOf(given.method, given.path);
  const { type = '', id = '', versionId = '' } = parameters;
  const call = { ...given, type: type as FhirCall['type'], id, versionId };
  if (facts.permission) authorize(call.context.caller, type, facts.permission);
  return RUNS[name](call);
}
