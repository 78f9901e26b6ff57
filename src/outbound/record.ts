// What came of an order, written where a reader looks: the ServiceRequest (its id at the laboratory network, and the network's word for where it stands)
// and the Task. Runs inside the transaction that settles the outbox entry. https://hl7.org/fhir/R4/task.html#statemachine
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context } from '../resource/context.ts';
import { rewrite } from '../resource/rewrite.ts';

/** Where things are written: naming systems and code systems that stand in the mappings and profiles, not here. */
export interface Systems {
  /** Identifier of the order at the network, on ServiceRequest and Task. */
  order: string;
  /** Code system of the network's own status, on `Task.businessStatus`. */
  status: string;
}

type Change = (resource: Resource) => Resource;

const ORIGINAL_TEXT = 'http://hl7.org/fhir/StructureDefinition/originalText';

/** The network's word beside FHIR's code for it. */
function withWord(request: Resource, status: string, word: string): Resource {
  const beside = (request._status ?? {}) as { extension?: { url: string }[] };
  const others = (beside.extension ?? []).filter(({ url }) => url !== ORIGINAL_TEXT);
  return { ...request, status, _status: { ...beside, extension: [...others, { url: ORIGINAL_TEXT, valueString: word }] } };
}

/** One identifier of this system. */
function withIdentifier(resource: Resource, system: string, value: string): Resource {
  const others = ((resource.identifier ?? []) as { system?: string }[]).filter((identifier) => identifier.system !== system);
  return { ...resource, identifier: [...others, { system, value }] };
}

/** How the two resources change. The same object back: no change. */
export interface Edit {
  request: Change;
  task: Change;
}

const same: Change = (resource) => resource;

/** The order stands at the network. `status`: in its own words, phase first (`received.…`). A request that was revoked meanwhile stays revoked. */
export function accepted(systems: Systems, { id, status = 'received' }: { id: string; status?: string | undefined }, at: string): Edit {
  const businessStatus = { coding: [{ system: systems.status, code: status }] };
  const told: Change = (request) => (request.status === 'active' ? withWord(request, 'active', status.split('.')[0]!) : request);
  return {
    request: (request) => withIdentifier(told(request), systems.order, id),
    task: (task) => ({ ...withIdentifier(task, systems.order, id), status: 'received', businessStatus, lastModified: at }),
  };
}

/** The network will not take it. R4 has no "failed" for a request: it is revoked, and the word says why. */
export const refused = (reason: string, at: string): Edit => ({
  request: (request) => (request.status === 'active' ? withWord(request, 'revoked', 'failed') : request),
  task: (task) => ({ ...task, status: 'rejected', statusReason: { text: reason }, lastModified: at }),
});

/** Nobody could confirm it, and it is no longer tried. */
export const abandoned = (at: string): Edit => ({
  request: same,
  task: (task) => ({ ...task, status: 'on-hold', businessStatus: { text: 'submission-unconfirmed' }, lastModified: at }),
});

/** It was called off before it was sent, or the network has cancelled it. */
export const calledOff = (at: string): Edit => ({ request: same, task: (task) => ({ ...task, status: 'cancelled', lastModified: at }) });

/** The network would not cancel it: the laboratory has begun. */
export const stillRunning = (reason: string, at: string): Edit => ({
  request: same,
  task: (task) => ({
    ...task,
    note: [...((task.note as object[]) ?? []), { time: at, text: `cancelling was refused: ${reason}` }],
    lastModified: at,
  }),
});

/** Writes what came of it; a resource that is gone is left alone, and one that says so already gets no new version. */
export async function change(context: Context, type: ServedType, id: string, edit: Change): Promise<void> {
  await rewrite(context, { type, id, edit });
}
