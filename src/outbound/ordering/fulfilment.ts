// The Task that tells of an order, when somebody cancels it: the order is taken back, as by its request. https://hl7.org/fhir/R4/task.html#statemachine
import { conflict } from '../../fhir/outcome.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, Effect, PendingWrite } from '../../resource/context.ts';
import type { OutboxEntry } from '../../store/store.ts';
import type { Systems } from '../sending/record.ts';
import { SENDER } from '../sending/sending.ts';
import { withdrawn } from '../sending/withdraw.ts';
import { withNetworksWords } from './networks-words.ts';
import { payloadOf, presentEntry, requestId } from './order-entry.ts';

const ENDED = new Set(['completed', 'failed', 'rejected', 'entered-in-error']);

/** The effect of writes of Task. */
export const fulfilmentEffect = (systems: Systems): Effect => ({
  concerns: ({ resource, previous }) => resource !== undefined && Boolean(previous?.body),
  keeps: withNetworksWords(systems),
  async check(context, write) {
    const former = JSON.parse(write.previous!.body!) as Resource;
    const entry = await cancelledOrder(context, write, former);
    if (!entry) return;
    if (ENDED.has(former.status as string)) throw conflict('this order is over: there is nothing to cancel', 'Task.status');
    // the request first, as whoever writes an outcome does: two that want the same rows wait in line
    await context.store.hold(entry.tenant, [{ type: 'ServiceRequest', id: requestId(entry) }]);
  },
  async after(context, write) {
    const former = JSON.parse(write.previous!.body!) as Resource;
    await withdrawn(context, await cancelledOrder(context, write, former));
  },
});

/** The order whose Task is being cancelled by somebody; undefined: it was cancelled before, tells of no order, or the network says so. */
async function cancelledOrder(
  { store, caller, baseUrl }: Context,
  { id, resource }: PendingWrite,
  former: Resource,
): Promise<OutboxEntry | undefined> {
  if (resource!.status !== 'cancelled' || former.status === 'cancelled' || caller.actor === SENDER) return undefined;
  const { reference } = (former.focus ?? {}) as { reference?: string };
  const focus = reference === undefined ? undefined : referenceTarget(reference, baseUrl);
  if (!focus?.startsWith('ServiceRequest/')) return undefined;
  const entry = await presentEntry(store, caller.tenant, idIn(focus));
  if (!entry || payloadOf(entry).task === id) return entry;
  const { tenant } = caller;
  const placed = await store.placedOrders.ofRequest({ tenant, request: requestId(entry), version: payloadOf(entry).version ?? null });
  return placed.some(({ task }) => task === id) ? entry : undefined;
}

const idIn = (name: string): string => name.slice(name.indexOf('/') + 1);
