// Writes down what a laboratory reports: the DiagnosticReport, its Observations and Specimens, and the Task's output, in one transaction. Applied again, it
// changes nothing; what was reported otherwise before is corrected, and history keeps it. https://hl7.org/fhir/R4/diagnosticreport.html
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import { type Rewriting, rewriteAll } from '../../resource/rewrite-all.ts';
import type { PlacedOrder } from '../../store/placed-orders.ts';
import { hear, isThere } from '../following/apply-order.ts';
import { type Following, type HeardResult, heardOf, isOf, type Look, type ResultMappings } from '../following/following.ts';
import { dateTimeOf } from '../following/moment.ts';
import { lastEvent, type SeenOrder } from '../following/order-seen.ts';
import { isCorrected, phaseOf } from '../following/order-status.ts';
import { senderContext } from '../sending/sending.ts';
import { type Part, type ReportParts, reportId, reportParts } from './report.ts';

/** A result as it was read. `whole`: it holds everything of the journey, so that what is not in it any more has been taken back. */
export interface Reading {
  order: SeenOrder;
  result: Record<string, unknown>;
  whole: boolean;
}

/** The order as it is followed from here on, and whether its result is final; `nothing`: there is no result in it. Undefined: the lease is lost. */
export async function applyResult(
  following: Following,
  leased: Look,
  reading: Reading,
): Promise<{ look: Look; final: boolean } | 'nothing' | undefined> {
  const { placed } = leased;
  return following.store.transaction(async (store) => {
    const context = senderContext(following, placed.tenant, store);
    const parts = await partsOf(following, context, { leased, reading });
    if (!parts) return 'nothing';
    const final = parts.status === 'final';
    const look = await hear(store, leased, { heard: { ...heardOf(placed), result: heardResult(placed, reading.order, final) } });
    if (!look) return undefined;
    await rewriteAll(context, await rewritings(following, context, { leased, reading, parts }));
    return { look, final };
  });
}

/** The document of another state of the order is another document. */
function heardResult(placed: PlacedOrder, order: SeenOrder, final: boolean): HeardResult {
  const { result: before } = heardOf(placed);
  const document = before?.document === true && isOf(before, order);
  return { event: lastEvent(order)?.id ?? 0, updatedAt: order.updatedAt, final, document, wakes: placed.wakes };
}

interface Writing {
  leased: Look;
  reading: Reading;
  parts: ReportParts;
}

const journeyOf = ({ id, transaction }: SeenOrder): string => transaction?.id ?? id;

async function partsOf(
  { results }: Following,
  context: Context,
  { leased, reading }: Omit<Writing, 'parts'>,
): Promise<ReportParts | undefined> {
  const { order, result } = reading;
  const ordered = await orderedOf(context, leased.placed);
  return reportParts(result, {
    journey: journeyOf(order),
    isJourney: order.transaction !== undefined,
    order: order.id,
    request: ordered.reference,
    patient: ordered.patient,
    sampleType: order.sampleType,
    units: results.units,
    reportedAt: dateTimeOf(lastEvent(order)?.at),
  });
}

/** What was ordered and for whom. A request that is gone is known by the version that was ordered: another one may stand under its id. */
async function orderedOf(
  context: Context,
  placed: PlacedOrder,
): Promise<{ reference: string; patient: string | undefined; code: unknown }> {
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
  };
}

async function current(
  { store, caller }: Context,
  type: 'ServiceRequest' | 'Task' | 'DiagnosticReport',
  id: string,
): Promise<Resource | undefined> {
  const row = await store.read(caller.tenant, type, id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

async function rewritings({ results }: Following, context: Context, { leased, reading, parts }: Writing): Promise<Rewriting[]> {
  const { order, whole } = reading;
  const corrected = isCorrected(lastEvent(order)?.status ?? '');
  const given = { providerSystem: `${results.providerSystem}${order.laboratory.slug ?? 'unknown'}` };
  const before = referencesOf(await current(context, 'DiagnosticReport', parts.report.id));
  const now = parts.markers.map(({ id }) => `Observation/${id}`);
  const gone = before.filter((reference) => !now.includes(reference));
  const takenBack = corrected && whole ? gone : [];
  const { code } = await orderedOf(context, leased.placed);
  return [
    ...parts.samples.map(({ id, view }): Rewriting => ({ type: 'Specimen', id, edit: (stands) => results.sample.put(view, stands) })),
    ...parts.markers.map(
      (part): Rewriting => ({ type: 'Observation', id: part.id, edit: markerEdit(results, part, { given, corrected }) }),
    ),
    ...takenBack.map((reference): Rewriting => ({ type: 'Observation', id: reference.slice('Observation/'.length), edit: inError })),
    {
      type: 'DiagnosticReport',
      id: parts.report.id,
      edit: reportEdit(results, { parts, order, corrected, references: [...now, ...(takenBack.length ? [] : gone)], code }),
    },
    { type: 'Task', id: leased.placed.task, edit: (task) => task && withOutput(task, parts.report.id) },
  ];
}

const referencesOf = (report: Resource | undefined): string[] =>
  ((report?.result ?? []) as { reference?: string }[]).flatMap(({ reference }) => reference ?? []);

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
  order: SeenOrder;
  corrected: boolean;
  references: string[];
  /** What was ordered. */
  code: unknown;
}

function reportEdit({ report }: ResultMappings, { parts, order, corrected, references, code }: ReportFacts): Rewriting['edit'] {
  return (stands) => {
    const into = stands ?? { resourceType: 'DiagnosticReport', ...(code ? { code } : {}) };
    const alone = (order.transaction?.orders.length ?? 1) <= 1;
    const view = {
      ...parts.report.view,
      ...(!stands && { order: order.id }),
      status: reportStatus(stands?.status as string | undefined, { told: parts.status, corrected, alone, running: isRunningOn(order) }),
      results: references,
      tag: parts.critical || order.interpretation === 'critical' ? 'critical' : undefined,
    };
    return report.put(view, into);
  };
}

const OVER = new Set(['final', 'corrected', 'amended']);

interface ReportStand {
  /** The network's word: `partial` or `final`. */
  told: string;
  corrected: boolean;
  /** The order is the only one of its journey. */
  alone: boolean;
  /** The laboratory has it. */
  running: boolean;
}

/** Never back to partial, unless a redraw has begun, or one that came to nothing is taken up again; a correction stays one. */
function reportStatus(stands: string | undefined, { told, corrected, alone, running }: ReportStand): string {
  if (corrected) return 'corrected';
  const next = told === 'final' ? 'final' : 'partial';
  if (stands === 'cancelled') return next === 'final' || running ? next : stands;
  if (stands === undefined || !OVER.has(stands)) return next;
  return next === 'final' || alone ? stands : next;
}

const isRunningOn = (order: SeenOrder): boolean => phaseOf(lastEvent(order)?.status ?? '') === 'sample_with_lab';

const OUTPUT = { coding: [{ system: 'http://loinc.org', code: '11502-2' }], text: 'Laboratory report' };

function withOutput(task: Resource, report: string): Resource {
  const valueReference = { reference: `DiagnosticReport/${report}` };
  const outputs = (task.output ?? []) as { valueReference?: { reference?: string } }[];
  if (outputs.some((one) => one.valueReference?.reference === valueReference.reference)) return task;
  return { ...task, output: [...outputs, { type: OUTPUT, valueReference }] };
}

/** The order came to nothing: what was reported of it so far will not be completed. */
export async function abandonReport(following: Following, { placed }: Look, order: SeenOrder): Promise<void> {
  const edit: Rewriting['edit'] = (stands) => stands && (stands.status === 'partial' ? { ...stands, status: 'cancelled' } : stands);
  await rewriteAll(senderContext(following, placed.tenant, following.store), [
    { type: 'DiagnosticReport', id: reportId(journeyOf(order)), edit },
  ]);
}
