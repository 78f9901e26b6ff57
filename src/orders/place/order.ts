// What a ServiceRequest that is an order brings with it, in the transaction that stores it: a Task that tells how far it got, and the outbox entry with the
// exact text to send. One that lacks what the laboratory network needs is refused before anything is written.
// https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/task.html
import { parseExact } from '../../fhir/json.ts';
import { conflict, FhirError, type Issue, ruleAll } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, PendingWrite, WriteHook } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import { refuseChange, type SentText } from './immutable-elements.ts';
import { clientUserId, orderText } from './junction-order.ts';
import { type OrderRules, orderContent } from './order-content.ts';
import { isOver, isTakenBack, type Tests } from './order-criteria.ts';
import { canBeOrder, type Decision, decide, rejection } from './order-decision.ts';
import { NEVER_SENT, ORDER, type OrderPayload, payloadOf, presentEntry, requestId, subjectOf, waiting } from './order-entry.ts';
import { withNetworksWords } from './preserved-external-fields.ts';
import { orderTask, reject } from './rejection.ts';
import { withdrawn } from './withdraw.ts';

/** The write hook of writes of ServiceRequest. However often one is written, it is sent once. */
export function orderWriteHook(rules: OrderRules): WriteHook {
  const decisions = new WeakMap<PendingWrite, Promise<Decision>>();
  const decisionOn = (context: Context, write: PendingWrite): Promise<Decision> => {
    const made = decisions.get(write) ?? decisionOf(context, write, rules);
    decisions.set(write, made);
    return made;
  };
  return {
    preserveServerElements: withNetworksWords(rules.systems),
    async check(context, write) {
      if (!write.resource) return refuseDeletion(context, write);
      const entry = await entryOf(context, write);
      const former = before(write);
      if (entry && former && isOthers(context)) refuseOf(entry, former, { next: write.resource, rules, baseUrl: context.baseUrl });
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'refuse') throw ruleAll([decision.issue]);
      if (decision.verdict === 'place') await orderContent(context, exactly(write), { code: decision.tests, rules, key: '' });
    },
    async warnings(context, write) {
      const decision = await decisionOn(context, write);
      return decision.verdict === 'reject' || decision.verdict === 'tell' ? [decision.issue] : [];
    },
    async after(context, write) {
      if (!write.resource) return;
      const entry = await entryOf(context, write);
      if (isCallingOff(write, context)) return withdrawn(context, entry);
      if (entry && write.resource.status === 'active') return takeUpAgain(context, entry, write);
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'place') await accept(context, write, { code: decision.tests, rules });
      if (decision.verdict === 'reject') await rejectOrder(context, write, { issue: decision.issue, rules });
    },
  };
}

/** What becomes of a write: a request that was ordered, and what follows from an order, are decided already. */
async function decisionOf(context: Context, write: PendingWrite, rules: OrderRules): Promise<Decision> {
  if (!write.resource || !isOthers(context) || (await entryOf(context, write))) return { verdict: 'store' };
  const decision = await decide(context, { request: write.resource, former: before(write) }, rules);
  if (decision.verdict !== 'place' || !decision.orReject) return decision;
  try {
    await orderContent(context, exactly(write), { code: decision.tests, rules, key: '' });
    return decision;
  } catch (error) {
    if (error instanceof FhirError && error.kind === 'rule') return rejection(error.issues);
    throw error;
  }
}

/**
 * Whether it was ordered is asked of the outbox: the tables of today may not know any more what was. Without a version before there is an entry only if another
 * writer was first: this write comes to nothing, and is tried again.
 */
async function entryOf({ store, caller }: Context, write: PendingWrite): Promise<OutboxEntry | undefined> {
  const former = before(write);
  const isOrder = former && (canBeOrder(former) || (write.resource && canBeOrder(write.resource)));
  return isOrder ? presentEntry(store, caller.tenant, write.id) : undefined;
}

const before = ({ previous }: PendingWrite): Resource | undefined => (previous?.body ? (JSON.parse(previous.body) as Resource) : undefined);

/** What the network's answers make of a request is nobody's wish. */
const isOthers = ({ caller }: Context): boolean => caller.actor !== SYSTEM_ACTOR;

/** What was ordered once is not ordered again: an active request that nobody acts on would be a lost order. */
const ordered = (): FhirError =>
  conflict('this request has been ordered and is over: order anew with a new ServiceRequest', 'ServiceRequest.status');

/** Refuses (409) to begin again what was over, and to change what is out. */
function refuseOf(entry: OutboxEntry, former: Resource, { next, ...given }: { next: Resource; rules: OrderRules; baseUrl: string }): void {
  if (isOver(former) && !isOver(next)) throw ordered();
  if (!NEVER_SENT.has(entry.state)) refuseChange(former, next, { ...given, sent: JSON.parse(payloadOf(entry).text) as SentText });
  else if (!isOver(next)) throw ordered();
}

/** An order that is out, or about to be, is revoked first: what comes back from the laboratory must find it. */
async function refuseDeletion(context: Context, write: PendingWrite): Promise<void> {
  const former = before(write);
  const entry = former && !isOver(former) ? await entryOf(context, write) : undefined;
  if (entry && !NEVER_SENT.has(entry.state))
    throw conflict('an order that is not over cannot be deleted: revoke it first', 'ServiceRequest.status');
}

/** Whether somebody takes a request back that was not over. */
function isCallingOff(write: PendingWrite, context: Context): boolean {
  const former = before(write);
  return write.resource !== undefined && isTakenBack(write.resource) && former !== undefined && !isOver(former) && isOthers(context);
}

/** Digits are kept: an answer to the laboratory may be a number. */
const exactly = ({ change }: PendingWrite): Resource => parseExact(change.body!) as Resource;

async function accept(context: Context, write: PendingWrite, { code, rules }: { code: Tests; rules: OrderRules }): Promise<void> {
  const { tenant } = context.caller;
  const { version } = write.change;
  const request = exactly(write);
  const key = context.newId();
  const { patientId, content } = await orderContent(context, request, { code, rules, key });
  const at = context.clock().toISOString();
  const task = taskOf(request, { at, notes: content.notes, system: rules.systems.taskInput });
  const taskId = await orderTask(context, write.id, task);
  const payload: OrderPayload = { task: taskId, clientUserId: clientUserId(tenant, patientId), text: orderText(content), version };
  await context.store.outbox.add({ tenant, topic: ORDER, subject: subjectOf(request.id!), key, payload: JSON.stringify(payload), at });
}

/** It is stored, and a Task says that it is not ordered, and why. */
async function rejectOrder(context: Context, write: PendingWrite, { issue, rules }: { issue: Issue; rules: OrderRules }): Promise<void> {
  const task = taskOf(exactly(write), { at: context.clock().toISOString(), notes: undefined, system: rules.systems.taskInput });
  await reject(context, write.id, task, issue.text);
}

/** The request is the authorisation, the Task its fulfilment, which was given these notes: those that are added to the request later are not among them. */
function taskOf(request: Resource, { at, notes, system }: { at: string; notes: string | undefined; system: string }): Resource {
  const reference = { reference: subjectOf(request.id!) };
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
 * An order that nobody could confirm waits for a person; writing the request again says: go on. One that was on hold goes on at once. What an operator has
 * put aside stays there.
 */
async function takeUpAgain(context: Context, entry: OutboxEntry, write: PendingWrite): Promise<void> {
  const { store, clock } = context;
  const waits = entry.state === 'parked' ? !payloadOf(entry).kept : before(write)?.status !== 'active';
  if (!waits) return;
  const at = clock().toISOString();
  await store.outbox.changeState(entry, { from: ['parked', 'queued', 'unknown'], to: waiting(entry), at, nextAt: at, what: 'request' });
  if (entry.state === 'done' && isOthers(context)) await lookAgain(context, entry, at);
}

/** While the request was not active, how far its order came was told by its Task alone. */
async function lookAgain({ store }: Context, entry: OutboxEntry, at: string): Promise<void> {
  const { version = null } = payloadOf(entry);
  await store.trackedOrders.wake(await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: requestId(entry), version }), at);
}
