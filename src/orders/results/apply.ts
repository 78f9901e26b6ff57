// Writes down what a laboratory reports: the DiagnosticReport, its Observations and Specimens, and the Task's output, in one transaction. Applied again, it
// changes nothing; what was reported otherwise before is corrected, and history keeps it. https://hl7.org/fhir/R4/diagnosticreport.html
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type Rewriting, readModifyWriteMany } from '../../interactions/read-modify-write-many.ts';
import { dateTimeOf } from '../../junction/moment.ts';
import { isAlone, lastEvent, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { phaseOf } from '../../junction/order-status.ts';
import type { PlacedOrder } from '../../store/queues/placed-orders.ts';
import { systemContext } from '../system-actor.ts';
import { hear, isThere } from '../track/apply-order.ts';
import { type HeardResult, heardOf, isOf, type LeasedOrder, type OrderTracker, type ResultMappings } from '../track/order-tracker.ts';
import { contentOf } from './content.ts';
import { digestOf, isCorrectedOrder, isCorrection, isFresh } from './correction.ts';
import { CRITICAL, isCritical, isCriticalBeside } from './critical.ts';
import { journeyOf, type Standing, standingOf } from './existing-results.ts';
import { type Coding, inPartOf } from './part.ts';
import { type Part, type ReportParts, reportId, reportParts } from './report.ts';

/** A result as it was read. `whole`: it holds everything of the journey, so that what is not in it any more has been taken back. */
interface Reading {
  order: OrderSnapshot;
  result: Record<string, unknown>;
  whole: boolean;
}

/** The order as it is followed from here on, and whether its result is final; `nothing`: there is no result in it. Undefined: the lease is lost. */
export async function applyResult(
  following: OrderTracker,
  leased: LeasedOrder,
  reading: Reading,
): Promise<{ look: LeasedOrder; final: boolean } | 'nothing' | undefined> {
  const { placed } = leased;
  return following.store.transaction(async (store) => {
    const context = systemContext(following, placed.tenant, store);
    const stands = await standingOf(context, placed, reading.order);
    const parts = await partsOf(following, context, { leased, reading, stands });
    if (!parts) return 'nothing';
    const result = heardResult(placed, { reading, parts, now: following.clock() });
    const look = await hear(store, leased, { heard: { ...heardOf(placed), result } });
    if (!look) return undefined;
    await readModifyWriteMany(
      context,
      await rewritings(following, context, { leased, reading, parts, stands, corrected: result.corrected }),
    );
    return { look, final: result.final };
  });
}

/** The document of another state of the order is another document. That nothing is left is final when the correction is no longer fresh. */
function heardResult(
  placed: PlacedOrder,
  { reading, parts, now }: { reading: Reading; parts: ReportParts; now: Date },
): HeardResult & { corrected: boolean } {
  const { order, result } = reading;
  const { result: before } = heardOf(placed);
  const [digest, final] = [digestOf(result), parts.status === 'final'];
  const corrected = isCorrection({ order, before, now }, { digest, final });
  const complete = !isCorrectedOrder(order) || (corrected && (parts.markers.length > 0 || !isFresh(order, now)));
  return {
    event: lastEvent(order)?.id ?? 0,
    updatedAt: order.updatedAt,
    final: final && complete,
    digest,
    corrected,
    document: before?.document === true && isOf(before, order),
    read: before?.read,
    critical: isCriticalOrder({ reading, parts, corrected }, before),
    wakes: placed.wakes,
  };
}

/** By its own result, and by the network's word for it. What is told of a whole journey may be another order's: that does not take it back. */
function isCriticalOrder(
  { reading: { order, whole }, parts: { critical }, corrected }: Pick<Writing, 'reading' | 'parts' | 'corrected'>,
  before: HeardResult | undefined,
): boolean {
  const own = isAlone(order) || !whole ? critical : before?.critical === true && !corrected;
  return own || order.interpretation === CRITICAL;
}

interface Writing {
  leased: LeasedOrder;
  reading: Reading;
  stands: Standing;
  parts: ReportParts;
  /** It is a correction: what is not in it any more has been taken back. */
  corrected: boolean;
}

async function partsOf(
  { results }: OrderTracker,
  context: Context,
  { leased, reading, stands }: Pick<Writing, 'leased' | 'reading' | 'stands'>,
): Promise<ReportParts | undefined> {
  const { order, result, whole } = reading;
  const ordered = await orderedOf(context, leased.placed);
  return reportParts(result, {
    journey: stands.journey,
    transaction: order.transaction?.id,
    order: order.id,
    request: ordered.reference,
    patient: ordered.patient,
    sampleType: order.sampleType,
    units: results.units,
    correcting: isCorrectedOrder(order) && whole && stands.report !== undefined,
    reportedAt: dateTimeOf(lastEvent(order)?.at),
  });
}

interface Ordered {
  reference: string;
  patient: string | undefined;
  code: unknown;
  /** The tags of the request, those that say to which part of a tenant's data it belongs among them. */
  tags: Coding[];
}

/** What was ordered and for whom. A request that is gone is known by the version that was ordered: another one may stand under its id. */
async function orderedOf(context: Context, placed: PlacedOrder): Promise<Ordered> {
  const { store, caller } = context;
  const reference = `ServiceRequest/${placed.request}`;
  const stands = (await isThere(context, placed)) ? await current(context, 'ServiceRequest', placed.request) : undefined;
  const version =
    placed.version === null || stands ? undefined : await store.version(caller.tenant, 'ServiceRequest', placed.request, placed.version);
  const request = stands ?? (version?.body ? (JSON.parse(version.body) as Resource) : undefined);
  const about = request?.subject ?? (await current(context, 'Task', placed.task))?.for;
  return {
    reference: version ? `${reference}/_history/${version.version}` : reference,
    patient: (about as { reference?: string } | undefined)?.reference,
    code: request?.code,
    tags: (request?.meta?.tag ?? []) as Coding[],
  };
}

async function current({ store, caller }: Context, type: 'ServiceRequest' | 'Task', id: string): Promise<Resource | undefined> {
  const row = await store.read(caller.tenant, type, id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

async function rewritings({ results }: OrderTracker, context: Context, writing: Writing): Promise<Rewriting[]> {
  const { leased, reading, parts, stands, corrected } = writing;
  const { order } = reading;
  const given = { providerSystem: `${results.providerSystem}${order.laboratory.slug ?? 'unknown'}` };
  const outrun = stands.later && !reading.whole;
  const about = { systems: results, whole: reading.whole, corrected, alone: isAlone(order), outrun };
  const { markers, takenBack, kept } = contentOf(parts.markers, stands, about);
  const references = [...markers.map(({ id }) => `Observation/${id}`), ...kept];
  const { code, tags } = await orderedOf(context, leased.placed);
  const inPart = inPartOf(tags, results.partSystem);
  const critical = await isCriticalReport(context, writing, kept);
  const outdated = corrected && heardOf(leased.placed).result?.read?.event !== lastEvent(order)?.id;
  return [
    ...parts.samples.map(
      ({ id, view }): Rewriting => ({ type: 'Specimen', id, edit: inPart((stands) => results.sample.put(view, stands)) }),
    ),
    ...markers.map(
      (part): Rewriting => ({ type: 'Observation', id: part.id, edit: inPart(markerEdit(results, part, { given, corrected })) }),
    ),
    ...takenBack.map((reference): Rewriting => ({ type: 'Observation', id: reference.slice('Observation/'.length), edit: inError })),
    {
      type: 'DiagnosticReport',
      id: parts.report.id,
      edit: inPart(reportEdit(results, { parts, order, corrected, outrun, outdated, critical, references, code })),
    },
    { type: 'Task', id: leased.placed.task, edit: (task) => task && withOutput(task, parts.report.id) },
  ];
}

/** By what the network says of this order and of the others of its journey, and by every value that stands in the report. */
async function isCriticalReport({ store }: Context, writing: Writing, kept: string[]): Promise<boolean> {
  const { parts, stands } = writing;
  const { placed } = writing.leased;
  if (parts.critical || isCriticalOrder(writing, heardOf(placed).result)) return true;
  if (stands.markers.some((one) => kept.includes(`Observation/${one.id}`) && isCritical(one))) return true;
  return isCriticalBeside(placed, await store.placedOrders.ofRequest(placed));
}

/** https://hl7.org/fhir/R4/valueset-observation-status.html */
function markerEdit(
  { biomarker }: ResultMappings,
  { view }: Part,
  { given, corrected }: { given: Record<string, unknown>; corrected: boolean },
): Rewriting['edit'] {
  return (stands) => {
    const next = biomarker.put(view, stands, given);
    if (!stands || next.status === 'cancelled') return next;
    return { ...next, status: statusAfter(stands, next, corrected) };
  };
}

/** A marker is final when it is reported, also in a partial report. What was reported otherwise before is corrected. */
function statusAfter(stands: Resource, next: Resource, corrected: boolean): string {
  const status = stands.status as string;
  if (status === 'cancelled' || status === 'registered') return 'final';
  const said = (one: Resource) =>
    Object.entries(one)
      .filter(([name]) => SAID.test(name) || (corrected && SAID_BESIDE.has(name)))
      .sort();
  const changed = !isDeepStrictEqual(said(stands), said(next));
  return changed || status === 'entered-in-error' ? 'corrected' : status;
}

const SAID = /^(?:value[A-Z]\w*|dataAbsentReason|interpretation)$/;
const SAID_BESIDE = new Set(['referenceRange', 'note', 'code']);

/** It stood in the report and was taken back. One that was never measured stays what it is. */
const inError: Rewriting['edit'] = (stands) =>
  stands && (stands.status === 'cancelled' ? stands : { ...stands, status: 'entered-in-error' });

interface ReportFacts {
  parts: ReportParts;
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

function reportEdit({ report }: ResultMappings, facts: ReportFacts): Rewriting['edit'] {
  const { parts, order, corrected, outrun, outdated, critical, references, code } = facts;
  return (stands) => {
    const into = stands ?? { resourceType: 'DiagnosticReport', ...(code ? { code } : {}) };
    const view = {
      ...(!(stands && outrun) && parts.report.view),
      ...(!stands && { order: order.id }),
      status: reportStatus(stands?.status as string | undefined, {
        told: parts.status,
        corrected,
        settled: isAlone(order) || isCorrectedOrder(order) || outrun,
        running: isRunningOn(order),
      }),
      results: references,
      ...(critical && { interpretation: CRITICAL }),
      tag: critical ? CRITICAL : undefined,
      ...(outdated && NO_DOCUMENT),
    };
    return report.put(view, into);
  };
}

const NO_DOCUMENT = { document: undefined, document_type: undefined, document_size: undefined, document_hash: undefined };

const OVER = new Set(['final', 'corrected', 'amended']);

interface ReportStand {
  /** The network's word: `partial` or `final`. */
  told: string;
  corrected: boolean;
  /** The only order of its journey, one that is being corrected, or one that a later one has outrun: what was over stays so. */
  settled: boolean;
  /** The laboratory has it. */
  running: boolean;
}

/** Never back to partial, unless a redraw has begun, or one that came to nothing is taken up again; a correction stays one. */
function reportStatus(stands: string | undefined, { told, corrected, settled, running }: ReportStand): string {
  if (corrected) return 'corrected';
  const next = told === 'final' ? 'final' : 'partial';
  if (stands === 'cancelled') return next === 'final' || running ? next : stands;
  if (stands === undefined || !OVER.has(stands)) return next;
  return next === 'final' || settled ? stands : next;
}

const isRunningOn = (order: OrderSnapshot): boolean => phaseOf(lastEvent(order)?.status ?? '') === 'sample_with_lab';

const OUTPUT = { coding: [{ system: 'http://loinc.org', code: '11502-2' }], text: 'Laboratory report' };

function withOutput(task: Resource, report: string): Resource {
  const valueReference = { reference: `DiagnosticReport/${report}` };
  const outputs = (task.output ?? []) as { valueReference?: { reference?: string } }[];
  if (outputs.some((one) => one.valueReference?.reference === valueReference.reference)) return task;
  return { ...task, output: [...outputs, { type: OUTPUT, valueReference }] };
}

/** The order came to nothing: what was reported of it so far will not be completed. */
export async function abandonReport(following: OrderTracker, { placed }: LeasedOrder, order: OrderSnapshot): Promise<void> {
  const edit: Rewriting['edit'] = (stands) => stands && (stands.status === 'partial' ? { ...stands, status: 'cancelled' } : stands);
  await following.store.transaction(async (store) => {
    const context = systemContext(following, placed.tenant, store);
    const { journey } = await journeyOf(context, placed, order);
    await readModifyWriteMany(context, [{ type: 'DiagnosticReport', id: reportId(journey), edit }]);
  });
}
