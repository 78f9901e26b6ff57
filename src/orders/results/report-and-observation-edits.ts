// How a result changes each resource: the Observation of a marker, the DiagnosticReport, the output of the Task, and the tag that all of them share.
import { isDeepStrictEqual } from 'node:util';
import type { CodeableConcept, Coding, DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { ResourceEdit } from '../../interactions/read-modify-write-many.ts';
import { findLastEvent, isOnlyOrder, type OrderSnapshot } from '../../junction/order-snapshot.ts';
import { toPhase } from '../../junction/order-status.ts';
import type { ResultMappings } from '../track/order-tracker.ts';
import { markAbsentTimes } from './absent-times.ts';
import { CRITICAL_CODES } from './biomarker.ts';
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

/** A reported marker is final, also in a partial report; a different value makes it corrected. */
function toObservationStatus(current: Observation, next: Resource, corrected: boolean): Observation['status'] {
  const { status } = current;
  if (status === 'cancelled' || status === 'registered') return 'final';
  const toComparable = (observation: object) =>
    Object.entries(observation)
      .filter(([name]) => VALUE_ELEMENTS.test(name) || (corrected && CORRECTABLE_ELEMENTS.has(name)))
      .map(([name, value]) => [name, DERIVED_CODES.test(name) ? omitCodes(value) : value])
      .sort();
  const changed = !isDeepStrictEqual(toComparable(current), toComparable(next));
  return changed || status === 'entered-in-error' ? 'corrected' : status;
}

const VALUE_ELEMENTS = /^(?:value[A-Z]\w*|dataAbsentReason|interpretation)$/;
/** Elements whose codes this server derives from the laboratory's text: a larger table of units is not a correction. */
const DERIVED_CODES = /^(?:value[A-Z]\w*|referenceRange)$/;
const omitCodes = (value: unknown): string =>
  JSON.stringify(value, (name, part: unknown) => (['system', 'code', 'coding'].includes(name) ? undefined : part));
const CORRECTABLE_ELEMENTS = new Set(['referenceRange', 'note', 'code']);

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
  references: string[];
  /** ServiceRequest.code. */
  code: CodeableConcept | undefined;
}

export function buildReportEdit({ report: mapping }: ResultMappings, context: ReportContext): ResourceEdit['edit'] {
  const { report, order, corrected, superseded, outdated, critical, references, code } = context;
  return (current) => {
    const view = {
      ...(!(current && superseded) && report.report.view),
      ...(!current && { order: order.id }),
      status: toReportStatus(current && toTyped('DiagnosticReport', current).status, {
        reported: report.status,
        corrected,
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

const FINISHED_STATUSES = new Set<ReportStatus>(['final', 'corrected', 'amended']);

interface ReportStatusInput {
  /** Junction's status: `partial` or `final`. */
  reported: string;
  corrected: boolean;
  /** The only order of its transaction, a corrected one, or a superseded one: its finished report does not become partial again. */
  staysFinished: boolean;
  atLaboratory: boolean;
}

/** A finished report becomes partial only by a redraw, a cancelled one only while an order is at the laboratory; a correction stays one. */
function toReportStatus(
  current: ReportStatus | undefined,
  { reported, corrected, staysFinished, atLaboratory }: ReportStatusInput,
): ReportStatus {
  if (corrected) return 'corrected';
  const next = reported === 'final' ? 'final' : 'partial';
  if (current === 'cancelled') return next === 'final' || atLaboratory ? next : current;
  if (current === undefined || !FINISHED_STATUSES.has(current)) return next;
  return next === 'final' || staysFinished ? current : next;
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
