// What a ServiceRequest that is an order brings with it, in the transaction that stores it: a Task that tells how far it got, and the outbox entry with the
// exact text to send. One that lacks what the laboratory network needs is refused before anything is written.
// https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/task.html
import { conflict } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, Effect, PendingWrite } from '../resource/context.ts';
import { create } from '../resource/create.ts';
import type { OutboxEntry } from '../store/store.ts';
import { callOff } from './cancel.ts';
import { clientUserId, orderText } from './junction-order.ts';
import { orderContent } from './order-content.ts';
import { isOver, type PanelTable, testsToOrder } from './order-criteria.ts';
import { ORDER, type OrderPayload, orderEntry, payloadOf, subjectOf } from './order-entry.ts';
import { SENDER } from './sending.ts';

/** The effect of writes of ServiceRequest. However often one is written, it is sent once. */
export function orderEffect(table: PanelTable): Effect {
  return {
    async check(context, write) {
      if (!write.resource) return refuseDeletion(context, write);
      const tests = testsToOrder(write.resource, table);
      if (!tests) return;
      if (await entryOf(context, write)) return refuseRevival(write);
      await orderContent(context, write.resource, { tests, key: '' });
    },
    async after(context, write) {
      if (!write.resource) return;
      if (isCallingOff(write, context)) return withdraw(context, write);
      const tests = testsToOrder(write.resource, table);
      if (!tests) return;
      const entry = await entryOf(context, write);
      await (entry ? takeUpAgain(context, entry) : accept(context, write.resource, tests));
    },
  };
}

const entryOf = (context: Context, { id }: PendingWrite): Promise<OutboxEntry | undefined> =>
  orderEntry(context.store, context.caller.tenant, id);

const before = ({ previous }: PendingWrite): Resource | undefined => (previous?.body ? (JSON.parse(previous.body) as Resource) : undefined);

/** What was ordered once is not ordered again: an active request that nobody acts on would be a lost order. */
function refuseRevival(write: PendingWrite): void {
  const request = before(write);
  if (write.previous && (!request || isOver(request)))
    throw conflict('this request has been ordered and is over: order anew with a new ServiceRequest', 'ServiceRequest.status');
}

/** An order that is out, or about to be, is revoked first: what comes back from the laboratory must find it. */
async function refuseDeletion(context: Context, write: PendingWrite): Promise<void> {
  if (before(write)?.status === 'active' && (await entryOf(context, write)))
    throw conflict('an order that is active cannot be deleted: revoke it first', 'ServiceRequest.status');
}

const WITHDRAWN = new Set(['revoked', 'entered-in-error']);

/** Whether somebody takes an active request back; what the network's answers make of it is no such wish. */
const isCallingOff = (write: PendingWrite, { caller }: Context): boolean =>
  WITHDRAWN.has(write.resource?.status as string) && before(write)?.status === 'active' && caller.actor !== SENDER;

/** An order that is accepted is cancelled at the network. One that is not sent yet is dropped, and one that nobody knows of is cancelled when it turns up. */
async function withdraw(context: Context, write: PendingWrite): Promise<void> {
  const entry = await entryOf(context, write);
  if (entry?.state === 'done') await callOff(context, entry, payloadOf(entry));
}

async function accept(context: Context, request: Resource, tests: string[]): Promise<void> {
  const { tenant } = context.caller;
  const key = context.newId();
  const { patientId, content } = await orderContent(context, request, { tests, key });
  const at = context.clock().toISOString();
  const task = taskOf(request, at);
  const { row } = await create(context, { type: 'Task', draft: { plain: task, exact: task } });
  const payload: OrderPayload = { task: row.id, clientUserId: clientUserId(tenant, patientId), text: orderText(content) };
  await context.store.outbox.add({ tenant, topic: ORDER, subject: subjectOf(request.id!), key, payload: JSON.stringify(payload), at });
}

/** The request is the authorisation, the Task its fulfilment. */
function taskOf(request: Resource, at: string): Resource {
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
  };
}

const REQUEUING = 'requeue';

/** An order that nobody could confirm waits for a person; writing the request again says: go on. */
async function takeUpAgain({ store, clock }: Context, entry: OutboxEntry): Promise<void> {
  if (entry.state !== 'parked') return;
  const at = clock().toISOString();
  const claimed = await store.outbox.claimOne(entry.tenant, entry.id, { by: REQUEUING, at, until: at });
  if (claimed) await store.outbox.settle(claimed, REQUEUING, { state: 'unknown', at, nextAt: at });
}
