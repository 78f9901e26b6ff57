// What stands of a journey's results before another one is written: its report, under whatever name it was begun, and the Observations in it. All of it is
// held, so that of two orders of one journey the second sees what the first has written.
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { parseTrackedState } from '../track/order-tracker.ts';
import { toReportId } from './report.ts';

export interface ExistingResults {
  /** What all ids of the journey's results are made of. */
  journey: string;
  report: Resource | undefined;
  /** What the report refers to as its results, as it is written. */
  references: string[];
  /** The Observations among them. */
  markers: Resource[];
  /** Results of a later order of the journey are among them. */
  later: boolean;
}

/** Inside a transaction. */
export async function readExistingResults(context: Context, placed: TrackedOrder, order: OrderSnapshot): Promise<ExistingResults> {
  const { store, caller } = context;
  const { journey, report } = await readExistingReport(context, placed, order);
  const references = ((report?.result ?? []) as { reference?: string }[]).flatMap(({ reference }) => reference ?? []);
  const ids = references.flatMap((reference) => /^Observation\/([^/]+)$/.exec(reference)?.[1] ?? []);
  const held = await store.readForUpdate(
    caller.tenant,
    ids.map((id) => ({ type: 'Observation' as const, id })),
  );
  const markers = ids.flatMap((id) => parseRow(held.find((row) => row.id === id)) ?? []);
  return { journey, report, references, markers, later: hasLaterResults(order, await store.trackedOrders.listOfRequest(placed)) };
}

/** By the network's own times. */
function hasLaterResults({ id, transaction }: OrderSnapshot, orders: TrackedOrder[]): boolean {
  const siblings = transaction?.orders ?? [];
  const madeAt = new Map(siblings.map((one) => [one.id, Date.parse(one.createdAt ?? '')]));
  return orders.some((one) => madeAt.get(one.orderId)! > madeAt.get(id)! && parseTrackedState(one).result !== undefined);
}

/**
 * The name under which a report of the journey was begun, else the journey's, else the order's: a journey may be named later than its first result comes, or
 * not be named once.
 */
export async function readExistingReport(
  { store, caller }: Context,
  placed: TrackedOrder,
  { id, transaction }: OrderSnapshot,
): Promise<Pick<ExistingResults, 'journey' | 'report'>> {
  const told = [transaction?.id, placed.transactionId, id, ...(transaction?.orders ?? []).map((one) => one.id)];
  const names = [...new Set(told.filter((name) => typeof name === 'string'))];
  const held = await store.readForUpdate(caller.tenant, [
    { type: 'Task', id: placed.task },
    ...names.map((name) => ({ type: 'DiagnosticReport' as const, id: toReportId(name) })),
  ]);
  const rowOf = (name: string): ResourceRow | undefined =>
    held.find((row) => row.type === 'DiagnosticReport' && row.id === toReportId(name));
  const journey = names.find(rowOf) ?? names[0]!;
  return { journey, report: parseRow(rowOf(journey)) };
}

const parseRow = (row: ResourceRow | undefined): Resource | undefined => (row?.body ? (JSON.parse(row.body) as Resource) : undefined);
