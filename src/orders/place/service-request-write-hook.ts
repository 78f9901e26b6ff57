// What a ServiceRequest that is an order brings with it, in the transaction that stores it: a Task that tells how far it got, and the outbox entry with the
// exact text to send. One that lacks what the laboratory network needs is refused before anything is written.
// https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/task.html

import { businessRules, conflict, FhirError, type Issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, PendingWrite, WriteHook } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { findTransition } from '../state-machine.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import { checkImmutableElements, type SentText } from './immutable-elements.ts';
import { buildClientUserId, buildOrderText } from './junction-order.ts';
import { buildOrderContent, type OrderRules } from './order-content.ts';
import { buildRejection, canBeOrder, decideOrder, type OrderDecision } from './order-decision.ts';
import { findPresentEntry, NEVER_SENT, ORDER_TOPIC, readRequestId, toSubject } from './order-entry.ts';
import { formatOrderPayload, parseOrderPayload } from './order-payload.ts';
import { preserveExternalFields } from './preserved-external-fields.ts';
import { parseExactResource } from './references.ts';
import { createOrderTask, storeRejection } from './rejection.ts';
import { isEnded, isRevoked } from './request-status.ts';
import type { OrderedTests } from './test-codes.ts';
import { withdrawOrder } from './withdraw.ts';

/** The write hook of writes of ServiceRequest. However often one is written, it is sent once. */
export function buildServiceRequestWriteHook(rules: OrderRules): WriteHook {
  const decisions = new WeakMap<PendingWrite, Promise<OrderDecision>>();
  const decisionOn = (context: Context, write: PendingWrite): Promise<OrderDecision> => {
    const made = decisions.get(write) ?? decideWrite(context, write, rules);
    decisions.set(write, made);
    return made;
  };
  return {
    preserveServerElements: preserveExternalFields(rules.systems),
    async check(context, write) {
      if (!write.resource) return checkDeletion(context, write);
      const entry = await findEntryOfWrite(context, write);
      const former = readPrevious(write);
      if (entry && former && isUserWrite(context)) checkChange(entry, former, { next: write.resource, rules, baseUrl: context.baseUrl });
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'refuse') throw businessRules([decision.issue]);
      if (decision.verdict === 'place') await buildOrderContent(context, parseWritten(write), { code: decision.tests, rules, key: '' });
    },
    async warnings(context, write) {
      const decision = await decisionOn(context, write);
      return decision.verdict === 'reject' || decision.verdict === 'tell' ? [decision.issue] : [];
    },
    async after(context, write) {
      if (!write.resource) return;
      const entry = await findEntryOfWrite(context, write);
      if (isRevocation(write, context)) return withdrawOrder(context, entry);
      if (entry && write.resource.status === 'active') return resumeOrder(context, entry, write);
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'place') await acceptOrder(context, write, { code: decision.tests, rules });
      if (decision.verdict === 'reject') await rejectOrder(context, write, { issue: decision.issue, rules });
    },
  };
}

/** What becomes of a write: a request that was ordered, and what follows from an order, are decided already. */
async function decideWrite(context: Context, write: PendingWrite, rules: OrderRules): Promise<OrderDecision> {
  if (!write.resource || !isUserWrite(context) || (await findEntryOfWrite(context, write))) return { verdict: 'store' };
  const decision = await decideOrder(context, { request: write.resource, former: readPrevious(write) }, rules);
  if (decision.verdict !== 'place' || !decision.orReject) return decision;
  try {
    await buildOrderContent(context, parseWritten(write), { code: decision.tests, rules, key: '' });
    return decision;
  } catch (error) {
    if (error instanceof FhirError && error.kind === 'rule') return buildRejection(error.issues);
    throw error;
  }
}

/**
 * Whether it was ordered is asked of the outbox: the tables of today may not know any more what was. Without a version before there is an entry only if another
 * writer was first: this write comes to nothing, and is tried again.
 */
async function findEntryOfWrite({ store, caller }: Context, write: PendingWrite): Promise<OutboxEntry | undefined> {
  const former = readPrevious(write);
  const isOrder = former && (canBeOrder(former) || (write.resource && canBeOrder(write.resource)));
  return isOrder ? findPresentEntry(store, caller.tenant, write.id) : undefined;
}

const readPrevious = ({ previous }: PendingWrite): Resource | undefined =>
  previous?.body ? toTyped('ServiceRequest', JSON.parse(previous.body)) : undefined;

/** Changes that follow from the network's answers are not user edits. */
const isUserWrite = ({ caller }: Context): boolean => caller.actor !== SYSTEM_ACTOR;

/** A request is ordered once: one that is active again, and not sent, would be a lost order. */
const buildEndedError = (): FhirError =>
  conflict('the order of this request has ended: create a new ServiceRequest to order again', 'ServiceRequest.status');

/** Refuses (409) to begin again what was over, and to change what is out. */
function checkChange(
  entry: OutboxEntry,
  former: Resource,
  { next, ...given }: { next: Resource; rules: OrderRules; baseUrl: string },
): void {
  if (isEnded(former) && !isEnded(next)) throw buildEndedError();
  if (!NEVER_SENT.has(entry.state))
    checkImmutableElements(former, next, { ...given, sent: JSON.parse(parseOrderPayload(entry).text) as SentText });
  else if (!isEnded(next)) throw buildEndedError();
}

/** An order that is out, or about to be, is revoked first: what comes back from the laboratory must find it. */
async function checkDeletion(context: Context, write: PendingWrite): Promise<void> {
  const former = readPrevious(write);
  const entry = former && !isEnded(former) ? await findEntryOfWrite(context, write) : undefined;
  if (entry && !NEVER_SENT.has(entry.state))
    throw conflict('an order that is not over cannot be deleted: revoke it first', 'ServiceRequest.status');
}

/** Whether somebody takes a request back that was not over. */
function isRevocation(write: PendingWrite, context: Context): boolean {
  const former = readPrevious(write);
  return write.resource !== undefined && isRevoked(write.resource) && former !== undefined && !isEnded(former) && isUserWrite(context);
}

/** Digits are kept: an answer to the laboratory may be a number. */
const parseWritten = ({ change }: PendingWrite): Resource => parseExactResource(change.body!);

async function acceptOrder(
  context: Context,
  write: PendingWrite,
  { code, rules }: { code: OrderedTests; rules: OrderRules },
): Promise<void> {
  const { tenant } = context.caller;
  const { version } = write.change;
  const request = parseWritten(write);
  const key = context.newId();
  const { patientId, content } = await buildOrderContent(context, request, { code, rules, key });
  const at = context.clock().toISOString();
  const task = buildTask(request, { at, notes: content.notes, system: rules.systems.taskInput });
  const taskId = await createOrderTask(context, write.id, task);
  const payload = formatOrderPayload({
    state: 'unsent',
    task: taskId,
    clientUserId: buildClientUserId(tenant, patientId),
    text: buildOrderText(content),
    version,
    isParkedByOperator: false,
  });
  await context.store.outbox.add({ tenant, topic: ORDER_TOPIC, subject: toSubject(request.id!), key, payload, at });
}

/** It is stored, and a Task says that it is not ordered, and why. */
async function rejectOrder(context: Context, write: PendingWrite, { issue, rules }: { issue: Issue; rules: OrderRules }): Promise<void> {
  const task = buildTask(parseWritten(write), { at: context.clock().toISOString(), notes: undefined, system: rules.systems.taskInput });
  await storeRejection(context, write.id, task, issue.text);
}

/** The request is the authorisation, the Task its fulfilment, which was given these notes: those that are added to the request later are not among them. */
function buildTask(request: Resource, { at, notes, system }: { at: string; notes: string | undefined; system: string }): Resource {
  const reference = { reference: toSubject(request.id!) };
  return {
    resourceType: 'Task',
    basedOn: [reference],
    status: 'requested',
    intent: 'order',
    code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    focus: reference,
    for: request.subject,
    authoredOn: at,
    lastModified: at,
    ...(notes && { input: [{ type: { coding: [{ system, code: 'clinical-notes' }] }, valueString: notes }] }),
  };
}

/**
 * Writing the request as active releases an unconfirmed order, and one that was on hold. An order that an operator has parked stays parked.
 */
async function resumeOrder(context: Context, entry: OutboxEntry, write: PendingWrite): Promise<void> {
  const { store, clock } = context;
  const waits = entry.state === 'parked' ? !parseOrderPayload(entry).isParkedByOperator : readPrevious(write)?.status !== 'active';
  const transition = waits ? findTransition(entry, 'resume') : undefined;
  if (!transition) return;
  const at = clock().toISOString();
  if (transition.action === 'makeDue')
    await store.outbox.changeState(entry, { from: [entry.state], to: transition.to, at, nextAt: at, what: 'request' });
  else if (isUserWrite(context)) await wakeTracking(context, entry, at);
}

/** While the request was not active, only its Task was updated: the next poll updates the request. */
async function wakeTracking({ store }: Context, entry: OutboxEntry, at: string): Promise<void> {
  const { version } = parseOrderPayload(entry);
  await store.trackedOrders.wake(
    await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version }),
    at,
  );
}
