// Stores the outcomes of attempts in one transaction: the next state of each entry, its ServiceRequest and its Task, and the tracking of accepted orders. Outcomes
// that arrive while a transaction runs are stored together by the next one.
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWriteMany, type ResourceEdit as StoredResourceEdit } from '../../interactions/read-modify-write-many.ts';
import { runInBatches } from '../../messaging/batches.ts';
import { retryAfterSeconds, toHealthSignal } from '../../messaging/outcome.ts';
import type { OutboxOutcome } from '../../store/queues/outbox.ts';
import type { OutboxState } from '../../store/queues/outbox-entry.ts';
import type { LockedRows } from '../../store/resources/read.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { ResourceName } from '../../store/search/referrers.ts';
import type { Store } from '../../store/store.ts';
import { toEntryFields } from '../log-fields.ts';
import { queueCancellation } from '../place/cancellation.ts';
import type { ResourceEdit } from '../place/order-edits.ts';
import { formatOrderPayload, parseOrderedRequest, readRequestId } from '../place/order-entry.ts';
import { systemContext } from '../system-actor.ts';
import { type Conclusion, conclude, type DeliveryResult } from './conclude-attempt.ts';
import type { Delivery, OrderSender } from './order-sender.ts';
import { listOrderResources, selectRows } from './shared-statements.ts';
import { startTracking } from './start-tracking.ts';

/** Returns the state of the entry; `sending`: another process has the lease now, and the outcome of that process counts. */
export async function recordOutcome(sender: OrderSender, delivery: Delivery, result: DeliveryResult): Promise<OutboxState> {
  const { entry } = delivery;
  const { outcome } = result;
  if (outcome.kind !== 'not-wanted' && outcome.kind !== 'on-hold' && outcome.kind !== 'in-doubt')
    sender.gate.breaker.record(toHealthSignal('order', outcome), sender.clock(), retryAfterSeconds(outcome), entry.id);
  delivery.endRequest?.();
  const { state, error } = await storeOutcome({ sender, delivery, result });
  const fields = toEntryFields(entry, outcome.kind === 'accepted' ? outcome.value.id : undefined);
  sender.log({ ...fields, attempt: entry.attempts, state: state ?? 'lost', error }, 'order');
  return state ?? 'sending';
}

/** The end of an attempt whose outcome is to be stored. */
interface EndedAttempt {
  sender: OrderSender;
  delivery: Delivery;
  result: DeliveryResult;
}

/** `state` undefined: another process has the lease. */
type StoredOutcome = Partial<Pick<Conclusion, 'state' | 'error'>>;
type StoredOutcomes = Map<EndedAttempt, StoredOutcome>;

const storeOutcome = runInBatches<EndedAttempt, StoredOutcome>(
  ({ sender, delivery }) => ({ scope: sender.store, group: delivery.entry.tenant }),
  storeBatch,
);

/** The longest wait of a batch for resources that its writes refer to (FACET_REFERENCES=strict), in ms. */
const BATCH_WAIT_MS = 200;

/**
 * An attempt whose resources are locked by another transaction does not delay the others: it waits alone. If the batch cannot be stored, because a resource that it
 * refers to is locked or for another reason, each attempt is stored alone.
 */
async function storeBatch(attempts: EndedAttempt[]): Promise<(StoredOutcome | Promise<StoredOutcome>)[]> {
  const stored = await storeTogether(attempts, 'skip').catch((): StoredOutcomes => new Map());
  return attempts.map((attempt) => stored.get(attempt) ?? storeTogether([attempt], 'wait').then((alone) => alone.get(attempt)!));
}

const storeTogether = (attempts: EndedAttempt[], lockedRows: LockedRows): Promise<StoredOutcomes> =>
  attempts[0]!.sender.store.transaction(
    (store) => storeInside(store, attempts, lockedRows),
    lockedRows === 'skip' ? { guardWaitMs: BATCH_WAIT_MS } : {},
  );

async function storeInside(store: Store, attempts: EndedAttempt[], lockedRows: LockedRows): Promise<StoredOutcomes> {
  const { sender, delivery } = attempts[0]!;
  const { tenant } = delivery.entry;
  // locked first, as by a revocation: the second of the two transactions finds the changes of the first
  const rows = await store.readForUpdate(tenant, attempts.flatMap(listResources), lockedRows);
  const ends: ConcludedAttempt[] = [];
  for (const attempt of lockedRows === 'wait' ? attempts : selectLocked(attempts, rows))
    ends.push(await concludeAttempt(store, attempt, rows));
  const at = sender.clock().toISOString();
  const recorded = await store.outbox.recordOutcomes(
    tenant,
    ends.map(({ attempt, conclusion }) => ({ ...attempt.delivery, outcome: toOutboxOutcome(conclusion, at) })),
  );
  const own = ends.filter(({ attempt }) => recorded.has(attempt.delivery.entry.id));
  const context = systemContext(sender, tenant, store);
  await readModifyWriteMany(context, own.flatMap(listEdits), rows);
  await trackAccepted(context, own);
  return new Map(ends.map((end) => [end.attempt, own.includes(end) ? end.conclusion : {}]));
}

const listResources = ({ delivery: { entry }, result: { payload } }: EndedAttempt): ResourceName[] => listOrderResources(entry, payload);

/** The attempts whose resources are all among the rows; of several attempts of one request the first. */
function selectLocked(attempts: EndedAttempt[], rows: ResourceRow[]): EndedAttempt[] {
  const firsts = new Map(attempts.toReversed().map((attempt) => [attempt.delivery.entry.subject, attempt]));
  return [...firsts.values()].filter((attempt) => selectRows(rows, listResources(attempt)).every((row) => row));
}

interface ConcludedAttempt {
  attempt: EndedAttempt;
  /** No user has withdrawn the order. */
  isWanted: boolean;
  /** Undefined: it was deleted. */
  request: Resource | undefined;
  conclusion: Conclusion;
}

async function concludeAttempt(store: Store, attempt: EndedAttempt, rows: ResourceRow[]): Promise<ConcludedAttempt> {
  const { sender, delivery, result } = attempt;
  const [requestRow, taskRow] = selectRows(rows, listResources(attempt));
  const request = await parseOrderedRequest(store, delivery.entry, requestRow);
  const isWanted = !isWithdrawn(request, parseStored('Task', taskRow));
  return { attempt, isWanted, request, conclusion: await conclude({ ...sender, store }, delivery, { ...result, isWanted }) };
}

/** Whether the request was revoked or deleted, or the Task cancelled, during the attempt. */
const isWithdrawn = (request: Resource | undefined, task: Resource | undefined): boolean =>
  !request || request.status === 'revoked' || request.status === 'entered-in-error' || task?.status === 'cancelled';

const toOutboxOutcome = ({ state, payload, nextAt, error }: Conclusion, at: string): OutboxOutcome => ({
  state,
  at,
  payload: formatOrderPayload(payload),
  ...(nextAt && { nextAt }),
  ...(error && { error }),
});

function listEdits({ attempt, request, conclusion: { edit, payload } }: ConcludedAttempt): StoredResourceEdit[] {
  if (!edit) return [];
  const task: StoredResourceEdit = { type: 'Task', id: payload.task, edit: ifPresent(edit.task) };
  if (!request) return [task];
  return [{ type: 'ServiceRequest', id: readRequestId(attempt.delivery.entry), edit: ifPresent(edit.request) }, task];
}

const ifPresent =
  (edit: ResourceEdit): StoredResourceEdit['edit'] =>
  (resource) =>
    resource && edit(resource);

/** Tracks the accepted orders. Those that were withdrawn meanwhile are cancelled. */
async function trackAccepted(context: Context, ends: ConcludedAttempt[]): Promise<void> {
  const accepted = ends.flatMap(({ attempt: { delivery, result }, isWanted, conclusion: { action, payload } }) =>
    action === 'startTracking' && payload.state === 'accepted' && result.outcome.kind === 'accepted'
      ? [{ entry: delivery.entry, payload, initial: result.outcome.value, isWanted }]
      : [],
  );
  await startTracking(context, accepted);
  for (const { entry, payload, isWanted } of accepted) if (!isWanted) await queueCancellation(context, entry, payload);
}
