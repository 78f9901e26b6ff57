// Reads the stored results of an order transaction before another result is applied: the report and its Observations. The rows stay locked, so that of two
// orders of one transaction the second sees what the first has stored.
import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { parseExactBody, type ResourceRow } from '../../store/resources/resource-row.ts';
import { parseTrackedState } from '../track/order-tracker.ts';
import { isPanel, type MarkerSystems } from './marker-identity.ts';
import { toReportId } from './parse-report.ts';

export interface ExistingResults {
  /** The ids of all resources of the report are derived from this id. */
  idBase: string;
  report: DiagnosticReport | undefined;
  /** DiagnosticReport.result without panels. */
  references: string[];
  /** The Observations among them. */
  markers: Observation[];
  panels: Observation[];
  /** The same by id, with exact decimals. */
  contents: ReadonlyMap<string, Resource>;
  /** Results of a later order of the transaction are among them. */
  hasLaterResults: boolean;
}

/** Called inside a transaction. */
export async function readExistingResults(
  context: Context,
  trackedOrder: TrackedOrder,
  { order, systems }: { order: OrderSnapshot; systems: MarkerSystems },
): Promise<ExistingResults> {
  const { store, caller } = context;
  const { idBase, report } = await readExistingReport(context, trackedOrder, order);
  const references = (report?.result ?? []).flatMap(({ reference }) => reference ?? []);
  const ids = references.flatMap((reference) => /^Observation\/([^/]+)$/.exec(reference)?.[1] ?? []);
  const rows = await store.readForUpdate(
    caller.tenant,
    ids.map((id) => ({ type: 'Observation' as const, id })),
  );
  const observations = ids.flatMap(
    (id) =>
      parseStored(
        'Observation',
        rows.find((row) => row.id === id),
      ) ?? [],
  );
  const panels = observations.filter((observation) => isPanel(observation, systems));
  return {
    idBase,
    report,
    references: references.filter((reference) => !panels.some(({ id }) => reference === `Observation/${id}`)),
    markers: observations.filter((observation) => !panels.includes(observation)),
    panels,
    contents: new Map(rows.flatMap(({ id, body }) => (body ? [[id, parseExactBody(body)] as const] : []))),
    hasLaterResults: hasLaterResults(order, await store.trackedOrders.listOfRequest(trackedOrder)),
  };
}

/** By Junction's creation times. */
function hasLaterResults({ id, transaction }: OrderSnapshot, orders: TrackedOrder[]): boolean {
  const createdAt = new Map((transaction?.orders ?? []).map((order) => [order.id, Date.parse(order.createdAt ?? '')]));
  return orders.some((order) => createdAt.get(order.orderId)! > createdAt.get(id)! && parseTrackedState(order).result !== undefined);
}

/**
 * `idBase` is the id with which the report was created, otherwise the transaction's id, otherwise the order's: Junction may assign the transaction after the
 * first result, or omit it in a response.
 */
export async function readExistingReport(
  { store, caller }: Context,
  trackedOrder: TrackedOrder,
  { id, transaction }: OrderSnapshot,
): Promise<Pick<ExistingResults, 'idBase' | 'report'>> {
  const candidates = [transaction?.id, trackedOrder.transactionId, id, ...(transaction?.orders ?? []).map((order) => order.id)];
  const bases = [...new Set(candidates.filter((base) => typeof base === 'string'))];
  const rows = await store.readForUpdate(caller.tenant, [
    { type: 'Task', id: trackedOrder.task },
    ...bases.map((base) => ({ type: 'DiagnosticReport' as const, id: toReportId(base) })),
  ]);
  const findRow = (base: string): ResourceRow | undefined =>
    rows.find((row) => row.type === 'DiagnosticReport' && row.id === toReportId(base));
  const idBase = bases.find(findRow) ?? bases[0]!;
  return { idBase, report: parseStored('DiagnosticReport', findRow(idBase)) };
}
