// What an order's newest event makes of its Task and of the ServiceRequest. A reader of either sees the network's word beside FHIR's code.
// https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/servicerequest.html
import type { Resource } from '../../fhir/types.ts';
import { type Change, type Systems, withIdentifier, withWord } from '../sending/record.ts';
import { dateTimeOf } from './moment.ts';
import { lastEvent, type SeenOrder } from './order-seen.ts';
import { completedAt, isAtEnd, type RequestStand, requestStand, taskStatus } from './order-status.ts';

/** The Task of this order. */
export function taskEdit(systems: Systems, order: SeenOrder, now: Date): Change {
  const last = lastEvent(order);
  return (task) => {
    if (!last) return task;
    const status = taskStatus(last.status);
    const { statusReason: _reason, ...rest } = task;
    const named = withTransaction(withIdentifier(rest as Resource, systems.order, order.id), systems, order);
    const at = later(dateTimeOf(last.at), task.authoredOn as string | undefined);
    return {
      ...named,
      status,
      ...reasonOf(status, last.detail),
      businessStatus: { coding: [{ system: systems.status, code: last.status }], ...scheduled(order, status, now) },
      ...(at !== undefined && { lastModified: at }),
      ...periodOf(order),
      ...(order.laboratory.name !== undefined && { owner: { ...(task.owner as object), display: order.laboratory.name } }),
    };
  };
}

/** A journey's name, when it has one. */
const withTransaction = (resource: Resource, systems: Systems, { transaction }: SeenOrder): Resource =>
  transaction ? withIdentifier(resource, systems.transaction, transaction.id) : resource;

const reasonOf = (status: string, detail: string | undefined): object =>
  detail !== undefined && (status === 'failed' || status === 'on-hold' || status === 'cancelled') ? { statusReason: { text: detail } } : {};

/** An order for a later day sleeps until then. */
function scheduled({ activateBy }: SeenOrder, status: string, now: Date): object {
  return status === 'received' && activateBy !== undefined && activateBy > now.toISOString().slice(0, 10) ? { text: 'scheduled' } : {};
}

/** The later of two times, as it is written: clocks differ, and FHIR wants nothing to end, or to be changed, before it began. */
function later(time: string | undefined, than: string | undefined): string | undefined {
  if (time === undefined || than === undefined) return time;
  return Date.parse(time) < Date.parse(than) ? than : time;
}

function periodOf(order: SeenOrder): object {
  const start = dateTimeOf(order.events[0]?.at);
  const last = lastEvent(order);
  const end = last && isAtEnd(last.status) ? later(dateTimeOf(last.at), start) : undefined;
  return start === undefined ? {} : { executionPeriod: { start, ...(end !== undefined && { end }) } };
}

/**
 * The ServiceRequest, by its newest order. `told`: what the network has said of it before. A request that people have taken back stays so; only what the
 * network itself ended does it begin again.
 */
export function requestEdit(systems: Systems, { order, told, now }: { order: SeenOrder; told: ReadonlySet<string>; now: Date }): Change {
  const stand = requestStand(order, now);
  return (request) => {
    const own = ((request.identifier ?? []) as { system?: string }[]).some(({ system }) => system === systems.order);
    const named = withTransaction(own ? request : withIdentifier(request, systems.order, order.id), systems, order);
    if (!lastEvent(order) || !mayMove(request.status as string, stand, told)) return named;
    const keepsWord = stand.status === 'active' && stand.word === undefined;
    const moved = keepsWord ? { ...named, status: 'active' } : withWord(named, stand.status, stand.word);
    return withCompletion(moved, systems, stand.status === 'completed' ? dateTimeOf(completedAt(order)) : undefined);
  };
}

const OPEN = new Set(['active', 'on-hold']);

const mayMove = (current: string, { status }: RequestStand, told: ReadonlySet<string>): boolean =>
  current === status || told.has(current) || (status !== 'active' && OPEN.has(current));

function withCompletion(request: Resource, { completedAt: url }: Systems, at: string | undefined): Resource {
  const { extension, ...rest } = request as Resource & { extension?: { url: string }[] };
  const others = (extension ?? []).filter((one) => one.url !== url);
  const all = at === undefined ? others : [...others, { url, valueDateTime: at }];
  return { ...(rest as Resource), ...(all.length && { extension: all }) };
}
