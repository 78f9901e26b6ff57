// The status of a request, and the edits of the ServiceRequest and its Task that record the progress of an order: the order's id and status at the lab network. They
// run inside the transaction that updates the outbox entry. https://hl7.org/fhir/R4/task.html#statemachine, https://hl7.org/fhir/R4/request.html#statemachine

import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import { pickLaterTime } from '../../junction/fhir-date-time.ts';
import { toTaskStatus } from '../../junction/order-status.ts';
import type { Systems } from '../systems.ts';

export type ResourceEdit = (resource: Resource) => Resource;

const ORIGINAL_TEXT_URL = 'http://hl7.org/fhir/StructureDefinition/originalText';

/** Sets the status, and the lab network's term for it in an extension; undefined: the FHIR code alone is exact. */
export function withOriginalStatus(request: Resource, status: string, originalStatus: string | undefined): Resource {
  // Resource does not declare the primitive extensions of a status, and the stored request is valid FHIR
  const { _status, ...withoutExtension } = request as Resource & { _status?: { extension?: { url: string }[] } };
  const others = (_status?.extension ?? []).filter(({ url }) => url !== ORIGINAL_TEXT_URL);
  const extension = originalStatus === undefined ? others : [...others, { url: ORIGINAL_TEXT_URL, valueString: originalStatus }];
  const { extension: _former, ...rest } = _status ?? {};
  const primitive = { ...rest, ...(extension.length && { extension }) };
  return { ...withoutExtension, status, ...(Object.keys(primitive).length && { _status: primitive }) };
}

/** Replaces the identifiers of this system by one. */
export function withIdentifier(resource: Resource, system: string, value: string): Resource {
  const others = toList(resource.identifier).filter((identifier) => !isObject(identifier) || identifier.system !== system);
  return { ...resource, identifier: [...others, { system, value }] };
}

/** The edits of both resources. An edit that returns the same object changes nothing. */
export interface OrderEdit {
  request: ResourceEdit;
  task: ResourceEdit;
}

const unchanged: ResourceEdit = (resource) => resource;

/** Task.lastModified is never before authoredOn, which another process with a faster clock may have set (FHIR invariant inv-1). */
export const buildLastModified = ({ authoredOn }: Resource, at: string): { lastModified: string } => ({
  lastModified: pickLaterTime(at, typeof authoredOn === 'string' ? authoredOn : undefined),
});

/** Sets the status and its reason, and removes the reason of the former status. https://hl7.org/fhir/R4/task-definitions.html#Task.statusReason */
export const withTaskStatus = ({ statusReason: _former, ...task }: Resource, status: string, why?: string): Resource =>
  why === undefined ? { ...task, status } : { ...task, status, statusReason: { text: why } };

/**
 * The lab network has accepted the order. `status`: its status of the order (`received.…`). A request that was revoked during the attempt stays revoked, and a
 * Task that was cancelled stays cancelled.
 */
export function buildAcceptedEdit(
  systems: Systems,
  { id, status = 'received' }: { id: string; status?: string | undefined },
  at: string,
): OrderEdit {
  const businessStatus = { coding: [{ system: systems.status, code: status }] };
  return {
    request: (request) => {
      const withStatus = request.status === 'active' ? withOriginalStatus(request, 'active', status.split('.')[0]!) : request;
      return withIdentifier(withStatus, systems.order, id);
    },
    task: (task) => ({
      ...withTaskStatus(withIdentifier(task, systems.order, id), task.status === 'cancelled' ? 'cancelled' : 'received'),
      businessStatus,
      ...buildLastModified(task, at),
    }),
  };
}

/** Statuses that are neither final nor `draft`. https://hl7.org/fhir/R4/valueset-request-status.html */
const OPEN_STATUSES = new Set<unknown>(['active', 'on-hold', 'unknown']);
export const isOpenRequest = ({ status }: Resource): boolean => OPEN_STATUSES.has(status);

const ENDED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error', 'completed']);

/** Whether the request has reached a final status. */
export const isEnded = ({ status }: Resource): boolean => ENDED_STATUSES.has(status);

const REVOKED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error']);

/** Whether a user or the lab network has revoked the request. */
export const isRevoked = ({ status }: Resource): boolean => REVOKED_STATUSES.has(status);

/** The lab network has refused the order. R4 has no request status "failed": the request is `revoked`, and the extension contains "failed". */
export const buildRefusedEdit = (reason: string, at: string): OrderEdit => ({
  request: (request) => (isOpenRequest(request) ? withOriginalStatus(request, 'revoked', 'failed') : request),
  task: (task) => ({ ...withTaskStatus(task, 'rejected', reason), ...buildLastModified(task, at) }),
});

/** The order waits for a person. `what`: the business status; `why`: the reason. A cancelled Task stays so: it may be the only record of the withdrawal. */
export const buildOnHoldEdit =
  (what: string, at: string, why?: string): ResourceEdit =>
  (task) =>
    task.status === 'cancelled'
      ? task
      : { ...withTaskStatus(task, 'on-hold', why), businessStatus: { text: what }, ...buildLastModified(task, at) };

/** The outcome of the order is unknown, and it is not sent again. `reason`: the outcome of the last attempt. */
export const buildUnconfirmedEdit = (reason: string, at: string): OrderEdit => ({
  request: unchanged,
  task: buildOnHoldEdit('submission-unconfirmed', at, reason),
});

/** The order was cancelled, before it was sent or at the lab network. A request whose Task was cancelled becomes `revoked`, too. */
export const buildCancelledEdit = (at: string): OrderEdit => ({
  request: (request) => (isOpenRequest(request) ? withOriginalStatus(request, 'revoked', undefined) : request),
  task: (task) => (task.status === 'cancelled' ? task : { ...withTaskStatus(task, 'cancelled'), ...buildLastModified(task, at) }),
});

/** The lab network has refused the cancellation: the laboratory has begun. A cancelled Task shows the network's `status` of the order again. */
export const buildCancellationRefusedEdit = (reason: string, status: string | undefined, at: string): OrderEdit => ({
  request: unchanged,
  task: (task) => ({
    ...task,
    ...(task.status === 'cancelled' && status !== undefined && { status: toTaskStatus(status) }),
    note: [...toList(task.note), { time: at, text: `cancelling was refused: ${reason}` }],
    ...buildLastModified(task, at),
  }),
});

/** Applies an edit. A deleted resource stays deleted, and an edit without a change creates no version. */
export async function editResource(context: Context, type: ServedType, id: string, edit: ResourceEdit): Promise<void> {
  await readModifyWrite(context, { type, id, edit });
}
