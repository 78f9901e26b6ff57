// What came of an order, written where a reader looks: the ServiceRequest (its id at the laboratory network, and the network's word for where it stands)
// and the Task. Runs inside the transaction that settles the outbox entry. https://hl7.org/fhir/R4/task.html#statemachine
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import { pickLaterTime } from '../../junction/fhir-date-time.ts';
import { toTaskStatus } from '../../junction/order-status.ts';
import type { Systems } from '../systems.ts';

export type ResourceEdit = (resource: Resource) => Resource;

const ORIGINAL_TEXT_URL = 'http://hl7.org/fhir/StructureDefinition/originalText';

/** The network's word beside FHIR's code for it; undefined: the code says it all. */
export function withOriginalStatus(request: Resource, status: string, word: string | undefined): Resource {
  const { _status, ...plain } = request as Resource & { _status?: { extension?: { url: string }[] } };
  const others = (_status?.extension ?? []).filter(({ url }) => url !== ORIGINAL_TEXT_URL);
  const extension = word === undefined ? others : [...others, { url: ORIGINAL_TEXT_URL, valueString: word }];
  const { extension: _former, ...rest } = _status ?? {};
  const beside = { ...rest, ...(extension.length && { extension }) };
  return { ...plain, status, ...(Object.keys(beside).length && { _status: beside }) };
}

/** One identifier of this system. */
export function withIdentifier(resource: Resource, system: string, value: string): Resource {
  const others = toList(resource.identifier).filter((identifier) => !isObject(identifier) || identifier.system !== system);
  return { ...resource, identifier: [...others, { system, value }] };
}

/** How the two resources change. The same object back: no change. */
export interface OrderEdit {
  request: ResourceEdit;
  task: ResourceEdit;
}

const unchanged: ResourceEdit = (resource) => resource;

/** When a Task was changed: not before it was made, which another process may have done whose clock is ahead (inv-1). */
export const buildLastModified = ({ authoredOn }: Resource, at: string): { lastModified: string } => ({
  lastModified: pickLaterTime(at, typeof authoredOn === 'string' ? authoredOn : undefined),
});

/** A Task's status, and why; the reason for the one before goes with that one. https://hl7.org/fhir/R4/task-definitions.html#Task.statusReason */
export const withTaskStatus = ({ statusReason: _former, ...task }: Resource, status: string, why?: string): Resource =>
  why === undefined ? { ...task, status } : { ...task, status, statusReason: { text: why } };

/**
 * The network has accepted the order. `status`: the network's status, phase first (`received.…`). A request that was revoked, and a Task that was cancelled,
 * during the attempt stay so.
 */
export function buildAcceptedEdit(
  systems: Systems,
  { id, status = 'received' }: { id: string; status?: string | undefined },
  at: string,
): OrderEdit {
  const businessStatus = { coding: [{ system: systems.status, code: status }] };
  const told: ResourceEdit = (request) =>
    request.status === 'active' ? withOriginalStatus(request, 'active', status.split('.')[0]!) : request;
  return {
    request: (request) => withIdentifier(told(request), systems.order, id),
    task: (task) => ({
      ...withTaskStatus(withIdentifier(task, systems.order, id), task.status === 'cancelled' ? 'cancelled' : 'received'),
      businessStatus,
      ...buildLastModified(task, at),
    }),
  };
}

/** Statuses of a request that is neither over nor a draft. https://hl7.org/fhir/R4/valueset-request-status.html */
const OPEN_STATUSES = new Set<unknown>(['active', 'on-hold', 'unknown']);
export const isOpenRequest = ({ status }: Resource): boolean => OPEN_STATUSES.has(status);

/** The network will not take it. R4 has no "failed" for a request: it is revoked, and the word says why. */
export const buildRefusedEdit = (reason: string, at: string): OrderEdit => ({
  request: (request) => (isOpenRequest(request) ? withOriginalStatus(request, 'revoked', 'failed') : request),
  task: (task) => ({ ...withTaskStatus(task, 'rejected', reason), ...buildLastModified(task, at) }),
});

/** The order waits for a person: `what` to show, and why. A cancelled Task stays: it may be the only record of the withdrawal. */
export const buildOnHoldEdit =
  (what: string, at: string, why?: string): ResourceEdit =>
  (task) =>
    task.status === 'cancelled'
      ? task
      : { ...withTaskStatus(task, 'on-hold', why), businessStatus: { text: what }, ...buildLastModified(task, at) };

/** The order is unconfirmed and not tried any more. `reason`: the outcome of the last attempt. */
export const buildUnconfirmedEdit = (reason: string, at: string): OrderEdit => ({
  request: unchanged,
  task: buildOnHoldEdit('submission-unconfirmed', at, reason),
});

/** The order was cancelled before it was sent, or at the network. A request whose Task was cancelled is revoked, too. */
export const buildCancelledEdit = (at: string): OrderEdit => ({
  request: (request) => (isOpenRequest(request) ? withOriginalStatus(request, 'revoked', undefined) : request),
  task: (task) => (task.status === 'cancelled' ? task : { ...withTaskStatus(task, 'cancelled'), ...buildLastModified(task, at) }),
});

/** The network has refused the cancellation: the laboratory has begun. `status`: the network's status, which a cancelled Task shows again. */
export const buildCancellationRefusedEdit = (reason: string, status: string | undefined, at: string): OrderEdit => ({
  request: unchanged,
  task: (task) => ({
    ...task,
    ...(task.status === 'cancelled' && status !== undefined && { status: toTaskStatus(status) }),
    note: [...toList(task.note), { time: at, text: `cancelling was refused: ${reason}` }],
    ...buildLastModified(task, at),
  }),
});

/** Writes what came of it; a resource that is gone is left alone, and one that says so already gets no new version. */
export async function editResource(context: Context, type: ServedType, id: string, edit: ResourceEdit): Promise<void> {
  await readModifyWrite(context, { type, id, edit });
}
