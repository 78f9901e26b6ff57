// How a result changes each resource: the Observation of a marker, the DiagnosticReport, the output of the Task, and the tag that all of them share.
import type { CodeableConcept, Coding, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { ResourceEdit } from '../../interactions/read-modify-write-many.ts';
import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { toPhase } from '../../junction/order-status.ts';
import type { ResultMappings } from '../track/order-tracker.ts';
import { markAbsentTimes } from './absent-times.ts';
import { CRITICAL_CODES } from './biomarker.ts';
import { type ContentChange, hasSameValue } from './content-change.ts';
import { isCorrectedOrder } from './correction.ts';
import type { ParsedReport, ReportPart } from './parse-report.ts';

export const CRITICAL = 'critical';

const LOINC = 'http://loinc.org';
const LABORATORY_REPORT: Coding = { system: LOINC, code: '11502-2' };

export const isCriticalObservation = ({ status, interpretation = [] }: Observation): boolean =>
  status !== 'entered-in-error' && interpretation.some(({ coding }) => coding?.some(({ code }) => CRITICAL_CODES.has(code ?? '')));

/** https://hl7.org/fhir/R4/valueset-observation-status.html */
export function buildObservationEdit(
  { biomarker }: ResultMappings,
  { view }: ReportPart,
  { variables, corrected }: { variables: Record<string, unknown>; corrected: boolean },
): ResourceEdit['edit'] {
  return (current) => {
    const written = biomarker.write(view, current, variables);
    const { code } = toTyped('Observation', written);
    const next = code.coding ? { ...written, code: putLoincFirst(code) } : written;
    if (!current || next.status === 'cancelled') return next;
    return { ...next, status: toObservationStatus(toTyped('Observation', current), next, corrected) };
  };
}

/**
 * A reported marker is final, also in a partial report. A different value makes it corrected if the laboratory has announced a correction, or has withdrawn
 * the marker before; otherwise amended.
 */
function toObservationStatus(current: Observation, next: Resource, corrected: boolean): Observation['status'] {
  const { status } = current;
  if (status === 'cancelled' || status === 'registered') return 'final';
  if (status === 'entered-in-error') return 'corrected';
  if (hasSameValue(current, next, corrected)) return status;
  return corrected || status === 'corrected' ? 'corrected' : 'amended';
}

/** The marker was withdrawn. A marker that was never measured stays cancelled. */
export const markEnteredInError: ResourceEdit['edit'] = (current) =>
  current && (current.status === 'cancelled' ? current : { ...current, status: 'entered-in-error' });

interface ReportContext {
  report: ParsedReport;
  order: OrderSnapshot;
  corrected: boolean;
  /** A later order of the transaction has results, and this result covers only this order. */
  superseded: boolean;
  /** The current document is from before the correction. */
  outdated: boolean;
  critical: boolean;
  change: ContentChange;
  references: string[];
  /** ServiceRequest.code. */
  code: CodeableConcept | undefined;
}

export function buildReportEdit({ report: mapping }: ResultMappings, context: ReportContext): ResourceEdit['edit'] {
  const { report, order, corrected, superseded, outdated, critical, change, references, code } = context;
  return (current) => {
    const view = {
      ...(!(current && superseded) && report.report.view),
      ...(!current && { order: order.id }),
      status: toReportStatus(current && toTyped('DiagnosticReport', current).status, {
        reported: report.status,
        corrected,
        change,
        staysFinished: isOnlyOrder(order) || isCorrectedOrder(order) || superseded,
        atLaboratory: toPhase(findLastEvent(order)?.status ?? '') === 'sample_with_lab',
      }),
      results: references,
      ...(critical && { interpretation: CRITICAL }),
      tag: critical ? CRITICAL : undefined,
      ...(outdated && NO_DOCUMENT),
    };
    return markAbsentTimes(mapping.write(view, current ?? { resourceType: 'DiagnosticReport', code: toReportCode(code) }));
  };
}

/** The code of the request, LOINC first. */
function toReportCode({ coding = [], ...concept }: CodeableConcept = {}): CodeableConcept {
  const hasLoinc = coding.some(({ system }) => system === LOINC);
  return putLoincFirst({ ...concept, coding: hasLoinc ? coding : [...coding, LABORATORY_REPORT] });
}

const putLoincFirst = (concept: CodeableConcept): CodeableConcept => ({
  ...concept,
  coding: concept.coding!.toSorted((a, b) => Number(b.system === LOINC) - Number(a.system === LOINC)),
});

const NO_DOCUMENT = { document: undefined, document_type: undefined, document_size: undefined, document_hash: undefined };

type ReportStatus = DiagnosticReport['status'];

const FINISHED_STATUSES = new Set<ReportStatus>(['final', 'corrected', 'amended', 'appended']);

interface ReportStatusInput {
  /** Junction's status: `partial` or `final`. */
  reported: string;
  corrected: boolean;
  change: ContentChange;
  /** The only order of its transaction, a corrected one, or a superseded one: its finished report does not become partial again. */
  staysFinished: boolean;
  atLaboratory: boolean;
}

/**
 * A finished report becomes partial only by a redraw, a cancelled one only while an order is at the laboratory. Without an announced correction, changes make
 * a finished report amended or appended; a correction stays one.
 */
function toReportStatus(
  current: ReportStatus | undefined,
  { reported, corrected, change, staysFinished, atLaboratory }: ReportStatusInput,
): ReportStatus {
  if (corrected) return 'corrected';
  const next = reported === 'final' ? 'final' : 'partial';
  if (current === 'cancelled') return next === 'final' || atLaboratory ? next : current;
  if (current === undefined || !FINISHED_STATUSES.has(current)) return next;
  if (next !== 'final' && !staysFinished) return next;
  return current === 'corrected' || current === 'amended' ? current : (change ?? current);
}

export const cancelIfPartial: ResourceEdit['edit'] = (current) =>
  current && (current.status === 'partial' ? { ...current, status: 'cancelled' } : current);

const OUTPUT = { coding: [LABORATORY_REPORT], text: 'Laboratory report' };

export function addTaskOutput(resource: Resource, reportId: string): Resource {
  const { output = [] } = toTyped('Task', resource);
  const reference = `DiagnosticReport/${reportId}`;
  if (output.some(({ valueReference }) => valueReference?.reference === reference)) return resource;
  return { ...resource, output: [...output, { type: OUTPUT, valueReference: { reference } }] };
}

/** Adds the request's tag of this system, which assigns the resource to a part of the tenant's data, unless the resource has such a tag already. */
export function addPartitionTag(tags: Coding[], system: string): (edit: ResourceEdit['edit']) => ResourceEdit['edit'] {
  const tag = tags.find((tag) => tag.system === system);
  return (edit) => (current) => {
    const next = edit(current);
    const own = next?.meta?.tag ?? [];
    if (!next || !tag || own.some((coding) => coding.system === system)) return next;
    return { ...next, meta: { ...next.meta, tag: [...own, tag] } };
  };
}
