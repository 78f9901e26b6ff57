// The ordered panels of a report: an Observation whose members are the Observations of its markers. Junction names the ordered markers that a result belongs to
// (`source_markers`); those of several results are panels. https://hl7.org/fhir/R4/observation.html#obsgrouping
import type { Observation } from '@medplum/fhirtypes';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { ResourceEdit } from '../../interactions/read-modify-write-many.ts';
import type { InboundMapping } from '../../mapping/load/inbound-mapping.ts';
import type { View } from '../../mapping/shape.ts';
import type { ExistingResults } from './existing-results.ts';
import type { ParsedReport, ReportPart } from './parse-report.ts';
import { markEnteredInError } from './report-and-observation-edits.ts';

interface PanelContext {
  biomarker: InboundMapping;
  report: ParsedReport;
  existing: ExistingResults;
  /** The Observations of the reported markers. */
  markers: ReportPart[];
  /** DiagnosticReport.result without panels: members that are not in it were withdrawn. */
  references: string[];
  corrected: boolean;
  variables: Record<string, unknown>;
}

interface PanelEdit {
  id: string;
  edit: ResourceEdit['edit'];
  /** The panel has members, and belongs to the report. */
  listed: boolean;
}

export function buildPanelEdits(context: PanelContext): PanelEdit[] {
  const { report, existing } = context;
  const reported = new Map(report.panels.map(({ id, view }) => [id, view]));
  const stored = new Map(existing.panels.map((panel) => [panel.id!, panel]));
  return [...new Set([...reported.keys(), ...stored.keys()])].flatMap((id) =>
    buildPanelEdit(context, { id, view: reported.get(id), current: stored.get(id) }),
  );
}

/** A panel begins with its second member. */
function buildPanelEdit(
  { biomarker, report, markers, references, corrected, variables }: PanelContext,
  { id, view, current }: { id: string; view: View | undefined; current: Observation | undefined },
): PanelEdit[] {
  const own = markers.filter(({ panels }) => panels?.includes(id));
  const ownReferences = own.map((part) => `Observation/${part.id}`);
  const before = (current?.hasMember ?? []).flatMap(({ reference }) => reference ?? []).filter((member) => references.includes(member));
  const members = [...new Set([...before, ...ownReferences])];
  if (!members.length) return current ? [{ id, edit: markEnteredInError, listed: false }] : [];
  if (!current && members.length < 2) return [];
  const isComplete = members.length === own.length;
  const fields: View = { ...view, ...(isComplete && shareFields(own)), members };
  const edit: ResourceEdit['edit'] = (stored) => {
    const next = biomarker.write(fields, stored, variables);
    return { ...next, status: toPanelStatus(stored && toTyped('Observation', stored), { members, corrected, reported: report.status }) };
  };
  return [{ id, edit, listed: true }];
}

const SHARED_FIELDS = ['specimen', 'collected', 'timestamp', 'laboratory', 'clia'];

/** The fields in which all members agree. */
const shareFields = (members: ReportPart[]): View =>
  Object.fromEntries(
    SHARED_FIELDS.map((name) => {
      const [value, ...others] = new Set(members.map(({ view }) => view[name]));
      return [name, others.length ? undefined : value];
    }),
  );

/** `reported`: the status of the report. https://hl7.org/fhir/R4/valueset-observation-status.html */
function toPanelStatus(
  current: Observation | undefined,
  { members, corrected, reported }: { members: string[]; corrected: boolean; reported: string },
): Observation['status'] {
  if (current?.status === 'entered-in-error') return 'corrected';
  if (current === undefined || current.status === 'preliminary' || current.status === 'cancelled')
    return reported === 'final' ? 'final' : 'preliminary';
  const isSame = members.join() === (current.hasMember ?? []).map(({ reference }) => reference).join();
  if (isSame) return current.status;
  return corrected || current.status === 'corrected' ? 'corrected' : 'amended';
}

/** The order has ended without the other members. */
export const cancelIfPreliminary: ResourceEdit['edit'] = (current) =>
  current && (current.status === 'preliminary' ? { ...current, status: 'cancelled' } : current);
