// Updates the Task and the ServiceRequest by the newest event of an order. Both show the lab network's status in addition to the FHIR code.
// https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/servicerequest.html
import { isObject, toList } from '../../fhir/json-values.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { pickLaterTime, toFhirDateTime } from '../../junction/fhir-date-time.ts';
import { findLastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { findCompletionTime, isEndStatus, type RequestStatus, toRequestStatus, toTaskStatus } from '../../junction/order-status.ts';
import { isOpenRequest, type ResourceEdit, withIdentifier, withOriginalStatus } from '../place/order-edits.ts';
import type { Systems } from '../systems.ts';

/** The edit of this order's Task. */
export function buildTaskEdit(systems: Systems, order: OrderSnapshot, now: Date): ResourceEdit {
  const last = findLastEvent(order);
  return (task) => {
    if (!last) return task;
    const status = toTaskStatus(last.status);
    const { statusReason: _reason, ...rest } = task;
    const named = withTransaction(withIdentifier(rest, systems.order, order.id), systems, order);
    const at = pickLaterTime(toFhirDateTime(last.at), toTyped('Task', task).authoredOn);
    return {
      ...named,
      status,
      ...toStatusReason(status, last.detail),
      businessStatus: { coding: [{ system: systems.status, code: last.status }], ...toScheduledText(order, status, now) },
      ...(at !== undefined && { lastModified: at }),
      ...toExecutionPeriod(order),
      ...(order.laboratory.name !== undefined && { owner: { ...toTyped('Task', task).owner, display: order.laboratory.name } }),
    };
  };
}

/** https://terminology.hl7.org/CodeSystem-v2-0203.html */
const ACCESSION = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] };

/** Sets the laboratory's sample number as a secondary identifier, if there is one. */
export function withSampleIdentifier(request: Resource, system: string, number: string | undefined): Resource {
  if (number === undefined) return request;
  const others = toList(request.identifier).filter((identifier) => !isObject(identifier) || identifier.system !== system);
  return { ...request, identifier: [...others, { use: 'secondary', type: ACCESSION, system, value: number }] };
}

/** Sets the id of the order transaction, if there is one. */
const withTransaction = (resource: Resource, systems: Systems, { transaction }: OrderSnapshot): Resource =>
  transaction ? withIdentifier(resource, systems.transaction, transaction.id) : resource;

const toStatusReason = (status: string, detail: string | undefined): object =>
  detail !== undefined && (status === 'failed' || status === 'on-hold' || status === 'cancelled') ? { statusReason: { text: detail } } : {};

/** An order that becomes active on a later day has the business status `scheduled`. */
function toScheduledText({ activateBy }: OrderSnapshot, status: string, now: Date): object {
  return status === 'received' && activateBy !== undefined && activateBy > now.toISOString().slice(0, 10) ? { text: 'scheduled' } : {};
}

function toExecutionPeriod(order: OrderSnapshot): object {
  const start = toFhirDateTime(order.events[0]?.at);
  const last = findLastEvent(order);
  const end = last && isEndStatus(last.status) ? pickLaterTime(toFhirDateTime(last.at), start) : undefined;
  return start === undefined ? {} : { executionPeriod: { start, ...(end !== undefined && { end }) } };
}

/** The authoritative order of a request. `networkStatus`: the status that the lab network last gave the request. */
export interface StatusReport {
  order: OrderSnapshot;
  networkStatus: string | undefined;
  now: Date;
}

/** The edit of the ServiceRequest by its newest order. A request that a user has revoked stays so; one that the lab network has ended can become active again. */
export function buildRequestEdit(systems: Systems, { order, networkStatus, now }: StatusReport): ResourceEdit {
  const status = toRequestStatus(order, now);
  return (request) => {
    const own = toList(request.identifier).some((identifier) => isObject(identifier) && identifier.system === systems.order);
    const named = withTransaction(own ? request : withIdentifier(request, systems.order, order.id), systems, order);
    if (!findLastEvent(order) || !canChangeStatus(request, status, networkStatus)) return named;
    const keepsWord = status.status === 'active' && status.phase === undefined;
    const moved = keepsWord ? { ...named, status: 'active' } : withOriginalStatus(named, status.status, status.phase);
    return withCompletionTime(moved, systems, status.status === 'completed' ? toFhirDateTime(findCompletionTime(order)) : undefined);
  };
}

function canChangeStatus(request: Resource, { status }: RequestStatus, networkStatus: string | undefined): boolean {
  const current = request.status;
  return current === status || current === networkStatus || (status !== 'active' && isOpenRequest(request));
}

/** The new status of the request by this order; undefined: the request has this status already, or the lab network may not change it. */
export function findRequestStatusChange(request: Resource, { order, networkStatus, now }: StatusReport): string | undefined {
  const status = toRequestStatus(order, now);
  return findLastEvent(order) && request.status !== status.status && canChangeStatus(request, status, networkStatus)
    ? status.status
    : undefined;
}

function withCompletionTime(request: Resource, { completedAt: url }: Systems, at: string | undefined): Resource {
  const { extension, ...rest } = request;
  const others = toList(extension).filter((item) => !isObject(item) || item.url !== url);
  const all = at === undefined ? others : [...others, { url, valueDateTime: at }];
  return { ...rest, ...(all.length && { extension: all }) };
}
