// Writes down what a laboratory reports: the DiagnosticReport, its Observations and Specimens, and the Task's output, in one transaction. Applied again, it
// changes nothing; what was reported otherwise before is corrected, and history keeps it. https://hl7.org/fhir/R4/diagnosticreport.html
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type ResourceEdit, readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { toFhirDateTime } from '../../junction/fhir-date-time.ts';
import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { toPhase } from '../../junction/order-status.ts';
import type { TrackedOrder } from '../../store/queues/tracked-orders.ts';
import { systemContext } from '../system-actor.ts';
import { hear, isThere } from '../track/apply-snapshot.ts';
import {
  isReadAt,
  type LeasedOrder,
  type OrderTracker,
  parseTrackedState,
  type ResultMappings,
  type TrackedResult,
} from '../track/order-tracker.ts';
import { digestResult, isCorrectedOrder, isCorrection, isRecentlyUpdated } from './correction.ts';
import { CRITICAL, hasCriticalSibling, isCriticalObservation } from './critical-results.ts';
import { type ExistingResults, readExistingReport, readExistingResults } from './existing-results.ts';
import { addPartitionTag, type Coding } from './partition-tag.ts';
import { type ParsedReport, parseReport, type ReportPart, toReportId } from './report.ts';
import { mergeReportContent } from './report-content.ts';

/** A result as it was read. `whole`: it holds everything of the journey, so that what is not in it any more has been taken back. */
interface ResultReading {
  order: OrderSnapshot;
  result: Record<string, unknown>;
  whole: boolean;
}

/** The order as it is followed from here on, and whether its result is final; `nothing`: there is no result in it. Undefined: the lease is lost. */
export async function applyResult(
  following: OrderTracker,
  leased: LeasedOrder,
  reading: ResultReading,
): Promise<{ look: LeasedOrder; final: boolean } | 'nothing' | undefined> {
  const { placed } = leased;
  return following.store.transaction(async (store) => {
    const context = systemContext(following, placed.tenant, store);
    const stands = await readExistingResults(context, placed, reading.order);
    const parts = await parseReportOf(following, context, { leased, reading, stands });
    if (!parts) return 'nothing';
    const result = toHeardResult(placed, { reading, parts, now: following.clock() });
    const look = await hear(store, leased, { heard: { ...parseTrackedState(placed), result } });
    if (!look) return undefined;
    await readModifyWriteMany(
      context,
      await buildWrites(following, context, { leased, reading, parts, stands, corrected: result.corrected }),
    );
    return { look, final: result.final };
  });
}

/** The document of another state of the order is another document. That nothing is left is final when the correction is no longer fresh. */
function toHeardResult(
  placed: TrackedOrder,
  { reading, parts, now }: { reading: ResultReading; parts: ParsedReport; now: Date },
): TrackedResult & { corrected: boolean } {
  const { order, result } = reading;
  const { result: before } = parseTrackedState(placed);
  const [digest, final] = [digestResult(result), parts.status === 'final'];
  const corrected = isCorrection({ order, before, now }, { digest, final });
  const complete = !isCorrectedOrder(order) || (corrected && (parts.markers.length > 0 || !isRecentlyUpdated(order, now)));
  return {
    event: findLastEvent(order)?.id ?? 0,
    updatedAt: order.updatedAt,
    final: final && complete,
    digest,
    corrected,
    document: before?.document === true && isReadAt(before, order),
    read: before?.read,
    critical: isCriticalOrder({ reading, parts, corrected }, before),
    wakes: placed.eventCount,
  };
}

/** By its own result, and by the network's word for it. What is told of a whole journey may be another order's: that does not take it back. */
function isCriticalOrder(
  { reading: { order, whole }, parts: { critical }, corrected }: Pick<ResultWrite, 'reading' | 'parts' | 'corrected'>,
  before: TrackedResult | undefined,
): boolean {
  const own = isOnlyOrder(order) || !whole ? critical : before?.critical === true && !corrected;
  return own || order.interpretation === CRITICAL;
}

interface ResultWrite {
  leased: LeasedOrder;
  reading: ResultReading;
  stands: ExistingResults;
  parts: ParsedReport;
  /** It is a correction: what is not in it any more has been taken back. */
  corrected: boolean;
}

async function parseReportOf(
  { results }: OrderTracker,
  context: Context,
  { leased, reading, stands }: Pick<ResultWrite, 'leased' | 'reading' | 'stands'>,
): Promise<ParsedReport | undefined> {
  const { order, result, whole } = reading;
  const ordered = await findOrderedRequest(context, leased.placed);
  return parseReport(result, {
    journey: stands.journey,
    transaction: order.transaction?.id,
    order: order.id,
    request: ordered.reference,
    patient: ordered.patient,
    sampleType: order.sampleType,
    units: results.units,
    correcting: isCorrectedOrder(order) && whole && stands.report !== undefined,
    reportedAt: toFhirDateTime(findLastEvent(order)?.at),
  });
}

interface OrderedRequest {
  reference: string;
  patient: string | undefined;
  code: unknown;
  /** The tags of the request, those that say to which part of a tenant's data it belongs among them. */
  tags: Coding[];
}

/** What was ordered and for whom. A request that is gone is known by the version that was ordered: another one may stand under its id. */
async function findOrderedRequest(context: Context, placed: TrackedOrder): Promise<OrderedRequest> {
  const { store, caller } = context;
  const reference = `ServiceRequest/${placed.request}`;
  const stands = (await isThere(context, placed)) ? await readCurrent(context, 'ServiceRequest', placed.request) : undefined;
  const version =
    placed.version === null || stands
      ? undefined
      : await store.readVersion(caller.tenant, 'ServiceRequest', placed.request, placed.version);
  const request = stands ?? (version?.body ? (JSON.parse(version.body) as Resource) : undefined);
  const about = request?.subject ?? (await readCurrent(context, 'Task', placed.task))?.for;
  return {
    reference: version ? `${reference}/_history/${version.version}` : reference,
    patient: (about as { reference?: string } | undefined)?.reference,
    code: request?.code,
    tags: (request?.meta?.tag ?? []) as Coding[],
  };
}

async function readCurrent({ store, caller }: Context, type: 'ServiceRequest' | 'Task', id: string): Promise<Resource | undefined> {
  const row = await store.read(caller.tenant, type, id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

async function buildWrites({ results }: OrderTracker, context: Context, writing: ResultWrite): Promise<ResourceEdit[]> {
  const { leased, reading, parts, stands, corrected } = writing;
  const { order } = reading;
  const given = { providerSystem: `${results.providerSystem}${order.laboratory.slug ?? 'unknown'}` };
  const outrun = stands.later && !reading.whole;
  const about = { systems: results, whole: reading.whole, corrected, alone: isOnlyOrder(order), outrun };
  const { markers, takenBack, kept } = mergeReportContent(parts.markers, stands, about);
  const references = [...markers.map(({ id }) => `Observation/${id}`), ...kept];
  const { code, tags } = await findOrderedRequest(context, leased.placed);
  const inPart = addPartitionTag(tags, results.partSystem);
  const critical = await isCriticalReport(context, writing, kept);
  const outdated = corrected && parseTrackedState(leased.placed).result?.read?.event !== findLastEvent(order)?.id;
  return [
    ...parts.samples.map(
      ({ id, view }): ResourceEdit => ({ type: 'Specimen', id, edit: inPart((stands) => results.sample.write(view, stands)) }),
    ),
    ...markers.map(
      (part): ResourceEdit => ({
        type: 'Observation',
        id: part.id,
        edit: inPart(buildObservationEdit(results, part, { given, corrected })),
      }),
    ),
    ...takenBack.map(
      (reference): ResourceEdit => ({ type: 'Observation', id: reference.slice('Observation/'.length), edit: markEnteredInError }),
    ),
    {
      type: 'DiagnosticReport',
      id: parts.report.id,
      edit: inPart(buildReportEdit(results, { parts, order, corrected, outrun, outdated, critical, references, code })),
    },
    { type: 'Task', id: leased.placed.task, edit: (task) => task && addTaskOutput(task, parts.report.id) },
  ];
}

/** By what the network says of this order and of the others of its journey, and by every value that stands in the report. */
async function isCriticalReport({ store }: Context, writing: ResultWrite, kept: string[]): Promise<boolean> {
  const { parts, stands } = writing;
  const { placed } = writing.leased;
  if (parts.critical || isCriticalOrder(writing, parseTrackedState(placed).result)) return true;
  if (stands.markers.some((one) => kept.includes(`Observation/${one.id}`) && isCriticalObservation(one))) return true;
  return hasCriticalSibling(placed, await store.trackedOrders.listOfRequest(placed));
}

/** https://hl7.org/fhir/R4/valueset-observation-status.html */
function buildObservationEdit(
  { biomarker }: ResultMappings,
  { view }: ReportPart,
  { given, corrected }: { given: Record<string, unknown>; corrected: boolean },
): ResourceEdit['edit'] {
  return (stands) => {
    const next = biomarker.write(view, stands, given);
    if (!stands || next.status === 'cancelled') return next;
    return { ...next, status: toObservationStatus(stands, next, corrected) };
  };
}

/** A marker is final when it is reported, also in a partial report. What was reported otherwise before is corrected. */
function toObservationStatus(stands: Resource, next: Resource, corrected: boolean): string {
  const status = stands.status as string;
  if (status === 'cancelled' || status === 'registered') return 'final';
  const said = (one: Resource) =>
    Object.entries(one)
      .filter(([name]) => VALUE_ELEMENTS.test(name) || (corrected && CORRECTABLE_ELEMENTS.has(name)))
      .sort();
  const changed = !isDeepStrictEqual(said(stands), said(next));
  return changed || status === 'entered-in-error' ? 'corrected' : status;
}

const VALUE_ELEMENTS = /^(?:value[A-Z]\w*|dataAbsentReason|interpretation)$/;
const CORRECTABLE_ELEMENTS = new Set(['referenceRange', 'note', 'code']);

/** It stood in the report and was taken back. One that was never measured stays what it is. */
const markEnteredInError: ResourceEdit['edit'] = (stands) =>
  stands && (stands.status === 'cancelled' ? stands : { ...stands, status: 'entered-in-error' });

interface ReportContext {
  parts: ParsedReport;
  order: OrderSnapshot;
  corrected: boolean;
  /** A later order of the journey has results, and this is the order's own alone. */
  outrun: boolean;
  /** The document that it shows is of before the correction. */
  outdated: boolean;
  critical: boolean;
  references: string[];
  /** What was ordered. */
  code: unknown;
}

function buildReportEdit({ report }: ResultMappings, facts: ReportContext): ResourceEdit['edit'] {
  const { parts, order, corrected, outrun, outdated, critical, references, code } = facts;
  return (stands) => {
    const into = stands ?? { resourceType: 'DiagnosticReport', ...(code ? { code } : {}) };
    const view = {
      ...(!(stands && outrun) && parts.report.view),
      ...(!stands && { order: order.id }),
      status: toReportStatus(stands?.status as string | undefined, {
        told: parts.status,
        corrected,
        settled: isOnlyOrder(order) || isCorrectedOrder(order) || outrun,
        running: isAtLaboratory(order),
      }),
      results: references,
      ...(critical && { interpretation: CRITICAL }),
      tag: critical ? CRITICAL : undefined,
      ...(outdated && NO_DOCUMENT),
    };
    return report.write(view, into);
  };
}

const NO_DOCUMENT = { document: undefined, document_type: undefined, document_size: undefined, document_hash: undefined };

const FINISHED_STATUSES = new Set(['final', 'corrected', 'amended']);

interface ReportStatusInput {
  /** The network's word: `partial` or `final`. */
  told: string;
  corrected: boolean;
  /** The only order of its journey, one that is being corrected, or one that a later one has outrun: what was over stays so. */
  settled: boolean;
  /** The laboratory has it. */
  running: boolean;
}

/** Never back to partial, unless a redraw has begun, or one that came to nothing is taken up again; a correction stays one. */
function toReportStatus(stands: string | undefined, { told, corrected, settled, running }: ReportStatusInput): string {
  if (corrected) return 'corrected';
  const next = told === 'final' ? 'final' : 'partial';
  if (stands === 'cancelled') return next === 'final' || running ? next : stands;
  if (stands === undefined || !FINISHED_STATUSES.has(stands)) return next;
  return next === 'final' || settled ? stands : next;
}

const isAtLaboratory = (order: OrderSnapshot): boolean => toPhase(findLastEvent(order)?.status ?? '') === 'sample_with_lab';

const OUTPUT = { coding: [{ system: 'http://loinc.org', code: '11502-2' }], text: 'Laboratory report' };

function addTaskOutput(task: Resource, report: string): Resource {
  const valueReference = { reference: `DiagnosticReport/${report}` };
  const outputs = (task.output ?? []) as { valueReference?: { reference?: string } }[];
  if (outputs.some((one) => one.valueReference?.reference === valueReference.reference)) return task;
  return { ...task, output: [...outputs, { type: OUTPUT, valueReference }] };
}

/** The order came to nothing: what was reported of it so far will not be completed. */
export async function cancelPartialReport(following: OrderTracker, { placed }: LeasedOrder, order: OrderSnapshot): Promise<void> {
  const edit: ResourceEdit['edit'] = (stands) => stands && (stands.status === 'partial' ? { ...stands, status: 'cancelled' } : stands);
  await following.store.transaction(async (store) => {
    const context = systemContext(following, placed.tenant, store);
    const { journey } = await readExistingReport(context, placed, order);
    await readModifyWriteMany(context, [{ type: 'DiagnosticReport', id: toReportId(journey), edit }]);
  });
}
