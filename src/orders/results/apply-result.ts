// Stores the result of an order in one transaction: the DiagnosticReport, its Observations and Specimens, and Task.output. Applying it again changes nothing; a
// value that differs is stored as a correction. https://hl7.org/fhir/R4/diagnosticreport.html
import type { CodeableConcept, Coding } from '@medplum/fhirtypes';
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Context } from '../../interactions/context.ts';
import { type ResourceEdit, readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { toFhirInstant } from '../../junction/fhir-date-time.ts';
import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { systemContext } from '../system-actor.ts';
import { isRequestPresent, recordTrackedState } from '../track/apply-snapshot.ts';
import { isReadAt, type LeasedOrder, type OrderTracker, parseTrackedState, type TrackedResult } from '../track/order-tracker.ts';
import { findContentChange } from './content-change.ts';
import { digestResult, isCorrectedOrder, isCorrection, isRecentlyUpdated } from './correction.ts';
import { type ExistingResults, readExistingResults } from './existing-results.ts';
import { mergeReportContent } from './merge-markers.ts';
import { buildPanelEdits, cancelIfPreliminary } from './panels.ts';
import { type ParsedReport, parseReport, toReportId } from './parse-report.ts';
import {
  addPartitionTag,
  addTaskOutput,
  buildObservationEdit,
  buildReportEdit,
  CRITICAL,
  cancelIfPartial,
  isCriticalObservation,
  markEnteredInError,
} from './report-and-observation-edits.ts';

/** `whole`: the result covers all orders of the order transaction. A marker that such a correction does not contain was withdrawn. */
interface ResultReading {
  order: OrderSnapshot;
  result: Record<string, unknown>;
  whole: boolean;
}

/** Returns the updated order and whether its result is final; `nothing`: the result is empty. Undefined: the lease was lost. */
export async function applyResult(
  tracker: OrderTracker,
  leased: LeasedOrder,
  reading: ResultReading,
): Promise<{ leased: LeasedOrder; final: boolean } | 'nothing' | undefined> {
  const { trackedOrder } = leased;
  return tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, trackedOrder.tenant, store);
    const existing = await readExistingResults(context, trackedOrder, { order: reading.order, systems: tracker.results });
    const report = await parseResult(tracker, context, { leased, reading, existing });
    if (!report) return 'nothing';
    const result = toTrackedResult(trackedOrder, { reading, report, now: tracker.clock() });
    const updated = await recordTrackedState(store, leased, { heard: { ...parseTrackedState(trackedOrder), result } });
    if (!updated) return undefined;
    const edits = await buildEdits(tracker, context, { leased, reading, report, existing, corrected: result.corrected });
    await readModifyWriteMany(context, edits);
    return { leased: updated, final: result.final };
  });
}

/** A stored document belongs to one state of the order. An empty correction is final only after some time: its values may still follow. */
function toTrackedResult(
  trackedOrder: TrackedOrder,
  { reading, report, now }: { reading: ResultReading; report: ParsedReport; now: Date },
): TrackedResult & { corrected: boolean } {
  const { order, result } = reading;
  const { result: before } = parseTrackedState(trackedOrder);
  const [digest, final] = [digestResult(result), report.status === 'final'];
  const corrected = isCorrection({ order, before, now }, { digest, final });
  const complete = !isCorrectedOrder(order) || (corrected && (report.markers.length > 0 || !isRecentlyUpdated(order, now)));
  return {
    event: findLastEvent(order)?.id ?? 0,
    updatedAt: order.updatedAt,
    final: final && complete,
    digest,
    corrected,
    document: before?.document === true && isReadAt(before, order),
    read: before?.read,
    critical: isCriticalOrder({ reading, report, corrected }, before),
    wakes: trackedOrder.eventCount,
  };
}

/** By the order's own result and its interpretation. The result of a whole transaction may belong to another order, and does not end a critical state. */
function isCriticalOrder(
  { reading: { order, whole: isComplete }, report: { critical }, corrected }: Pick<ResultWrite, 'reading' | 'report' | 'corrected'>,
  before: TrackedResult | undefined,
): boolean {
  const own = isOnlyOrder(order) || !isComplete ? critical : before?.critical === true && !corrected;
  return own || order.interpretation === CRITICAL;
}

interface ResultWrite {
  leased: LeasedOrder;
  reading: ResultReading;
  existing: ExistingResults;
  report: ParsedReport;
  /** The result is a correction: markers that it does not contain have been withdrawn. */
  corrected: boolean;
}

async function parseResult(
  { results }: OrderTracker,
  context: Context,
  { leased, reading, existing }: Pick<ResultWrite, 'leased' | 'reading' | 'existing'>,
): Promise<ParsedReport | undefined> {
  const { order, result, whole: isComplete } = reading;
  const ordered = await findOrderedRequest(context, leased.trackedOrder);
  return parseReport(result, {
    idBase: existing.idBase,
    transaction: order.transaction?.id,
    order: order.id,
    request: ordered.reference,
    patient: ordered.patient,
    sampleType: order.sampleType,
    laboratory: order.laboratory.name,
    units: results.units,
    correcting: isCorrectedOrder(order) && isComplete && existing.report !== undefined,
    reportedAt: toFhirInstant(findLastEvent(order)?.at),
  });
}

interface OrderedRequest {
  reference: string;
  patient: string | undefined;
  code: CodeableConcept | undefined;
  /** Meta.tag of the request. */
  tags: Coding[];
}

/** The request that was ordered. If it was deleted, its ordered version: another request may have its id now. */
async function findOrderedRequest(context: Context, trackedOrder: TrackedOrder): Promise<OrderedRequest> {
  const { store, caller } = context;
  const { tenant } = caller;
  const reference = `ServiceRequest/${trackedOrder.request}`;
  const row = (await isRequestPresent(context, trackedOrder))
    ? await store.read(tenant, 'ServiceRequest', trackedOrder.request)
    : undefined;
  const current = parseStored('ServiceRequest', row);
  const version =
    trackedOrder.version === null || current
      ? undefined
      : await store.readVersion(tenant, 'ServiceRequest', trackedOrder.request, trackedOrder.version);
  const request = current ?? parseStored('ServiceRequest', version);
  const subject = request?.subject ?? parseStored('Task', await store.read(tenant, 'Task', trackedOrder.task))?.for;
  return {
    reference: version ? `${reference}/_history/${version.version}` : reference,
    patient: subject?.reference,
    code: request?.code,
    tags: request?.meta?.tag ?? [],
  };
}

async function buildEdits({ results }: OrderTracker, context: Context, write: ResultWrite): Promise<ResourceEdit[]> {
  const { leased, reading, report, existing, corrected } = write;
  const { order, whole: isComplete } = reading;
  const variables = { providerSystem: `${results.providerSystem}${order.laboratory.slug ?? 'unknown'}` };
  const superseded = existing.hasLaterResults && !isComplete;
  const options = { systems: results, whole: isComplete, corrected, onlyOrder: isOnlyOrder(order), superseded };
  const { markers, withdrawn, preserved } = mergeReportContent(report.markers, existing, options);
  const references = [...markers.map(({ id }) => `Observation/${id}`), ...preserved];
  const { code, tags } = await findOrderedRequest(context, leased.trackedOrder);
  const tagged = addPartitionTag(tags, results.partSystem);
  const critical = await isCriticalReport(context, write, preserved);
  const outdated = corrected && parseTrackedState(leased.trackedOrder).result?.read?.event !== findLastEvent(order)?.id;
  const observationEdits = markers.map((part) => ({ id: part.id, edit: buildObservationEdit(results, part, { variables, corrected }) }));
  const change = findContentChange(existing, observationEdits, references);
  const panelEdits = buildPanelEdits({ biomarker: results.biomarker, report, existing, markers, references, corrected, variables });
  const listed = panelEdits.flatMap((panel) => (panel.listed ? [`Observation/${panel.id}`] : []));
  const reportEdit = buildReportEdit(results, {
    report,
    order,
    corrected,
    superseded,
    outdated,
    critical,
    change,
    references: [...listed, ...references],
    code,
  });
  return [
    ...report.samples.map(
      ({ id, view }): ResourceEdit => ({ type: 'Specimen', id, edit: tagged((current) => results.sample.write(view, current)) }),
    ),
    ...[...observationEdits, ...panelEdits].map(({ id, edit }): ResourceEdit => ({ type: 'Observation', id, edit: tagged(edit) })),
    ...withdrawn.map(
      (reference): ResourceEdit => ({ type: 'Observation', id: reference.slice('Observation/'.length), edit: markEnteredInError }),
    ),
    { type: 'DiagnosticReport', id: report.report.id, edit: tagged(reportEdit) },
    { type: 'Task', id: leased.trackedOrder.task, edit: (task) => task && addTaskOutput(task, report.report.id) },
  ];
}

/** A report is critical as long as one of its values, or an order of the transaction, is. Only a correction by the laboratory ends it. */
async function isCriticalReport({ store }: Context, write: ResultWrite, preserved: string[]): Promise<boolean> {
  const { report, existing, leased } = write;
  const { trackedOrder } = leased;
  if (report.critical || isCriticalOrder(write, parseTrackedState(trackedOrder).result)) return true;
  if (existing.markers.some((marker) => preserved.includes(`Observation/${marker.id}`) && isCriticalObservation(marker))) return true;
  return (await store.trackedOrders.listOfRequest(trackedOrder)).some(
    (order) =>
      order.orderId !== trackedOrder.orderId &&
      order.transactionId !== null &&
      order.transactionId === trackedOrder.transactionId &&
      parseTrackedState(order).result?.critical === true,
  );
}

/** The order has failed or was cancelled: its partial report will not be completed. */
export async function cancelPartialReport(tracker: OrderTracker, { trackedOrder }: LeasedOrder, order: OrderSnapshot): Promise<void> {
  await tracker.store.transaction(async (store) => {
    const context = systemContext(tracker, trackedOrder.tenant, store);
    const { idBase, panels } = await readExistingResults(context, trackedOrder, { order, systems: tracker.results });
    await readModifyWriteMany(context, [
      ...panels.map(({ id }): ResourceEdit => ({ type: 'Observation', id: id!, edit: cancelIfPreliminary })),
      { type: 'DiagnosticReport', id: toReportId(idBase), edit: cancelIfPartial },
    ]);
  });
}
