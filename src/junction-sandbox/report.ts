// The reports of the sandbox's laboratory: the results of an order, from partial to corrected. https://docs.junction.com/lab/results/result-formats
import { isObject } from '../fhir/json-values.ts';
import { MARKERS, type Marker } from './markers.ts';
import { readAddOnCodes, readOrderSet } from './order-set.ts';
import type { SandboxOrder, SandboxReport, SandboxResult, SandboxState } from './sandbox-state.ts';

export interface ReportOptions {
  /** `normal` (default), `abnormal`, `critical`. */
  interpretation?: string;
  /** The last marker could not be measured. */
  missing?: boolean;
  /** Used instead of the generated results; in Junction's format. */
  results?: SandboxResult[];
  /** There is no PDF. */
  noDocument?: boolean;
}

/** A partial report contains half of the markers. */
export function buildReport(
  state: SandboxState,
  order: SandboxOrder,
  status: SandboxReport['status'],
  options: ReportOptions,
): SandboxReport {
  const all = listMarkers(order);
  const interpretation = options.interpretation ?? order.report?.interpretation ?? 'normal';
  const missing = options.missing ? all.slice(-1) : [];
  const measured = all.filter((marker) => !missing.includes(marker));
  const reported = status === 'partial' ? measured.slice(0, Math.ceil(measured.length / 2)) : measured;
  const at = state.now().toISOString();
  return {
    status,
    interpretation,
    results:
      options.results ??
      reported.map((marker, index) => toResult(marker, { order, at, interpretation: index === 0 ? interpretation : 'normal' })),
    missing: status === 'final' ? missing.map(({ name, slug, loinc, code }) => toMissingResult({ name, slug, loinc, code })) : [],
    collectedAt: order.report?.collectedAt ?? at,
    reportedAt: at,
    hasDocument: status === 'final' && !options.noDocument,
  };
}

/** The first number of the report is changed. */
export function buildCorrectedReport(state: SandboxState, order: SandboxOrder, options: ReportOptions): SandboxReport {
  const before = order.report ?? buildReport(state, order, 'final', options);
  const at = before.results.findIndex(({ type }) => type === 'numeric');
  const results = before.results.map((result, index) =>
    index === at ? { ...result, result: `${result.result}1`, value: Number(`${result.result}1`) } : result,
  );
  return { ...before, status: 'final', results: options.results ?? results, reportedAt: state.now().toISOString() };
}

const listMarkers = ({ sent }: SandboxOrder): Marker[] => {
  const added = readAddOnCodes(sent);
  const all = Object.values(MARKERS).flat();
  const measured = [...readOrderSet(sent).labTests.flatMap((id) => MARKERS[id] ?? []), ...all.filter(({ code }) => added.includes(code))];
  return [...new Set(measured)];
};

function toResult(
  marker: Marker,
  { order, at, interpretation }: { order: SandboxOrder; at: string; interpretation: string },
): SandboxResult {
  const { name, slug, loinc, code, type, unit, reference, low, high } = marker;
  const isHigh = interpretation !== 'normal' && marker.critical !== undefined;
  const result = isHigh ? marker.critical! : marker.text;
  return {
    name,
    slug,
    value: type === 'numeric' ? Number(result) : -1,
    result,
    type,
    unit,
    timestamp: at,
    notes: null,
    reference_range: reference,
    min_range_value: low === undefined ? null : JSON.rawJSON(low),
    max_range_value: high === undefined ? null : JSON.rawJSON(high),
    is_above_max_range: high === undefined ? null : isHigh,
    is_below_min_range: low === undefined ? null : false,
    interpretation: isHigh ? interpretation : 'normal',
    source_interpretation: isHigh ? 'High' : '',
    loinc,
    loinc_slug: loinc && slug,
    provider_id: code,
    source_markers: [{ marker_id: Number(code), name, slug, provider_id: code }],
    performing_laboratory: 'Sandbox Laboratory',
    source_sample_id: toSampleNumber(order),
  };
}

const toMissingResult = ({ name, slug, loinc, code }: Pick<Marker, 'name' | 'slug' | 'loinc' | 'code'>): SandboxResult => ({
  name,
  slug,
  inferred_failure_type: 'quantity_not_sufficient_failure',
  note: 'Quantity not sufficient.',
  loinc,
  loinc_slug: loinc && slug,
  provider_id: code,
  source_markers: [{ marker_id: Number(code), name, slug, provider_id: code }],
});

/** The laboratory's number of the sample. */
export const toSampleNumber = ({ id }: SandboxOrder): string => `S-${id.slice(0, 8)}`;

/** The results of one order, or of all orders of a transaction. Undefined if there are none yet. */
export function toResultJson(orders: SandboxOrder[]): object | undefined {
  const reports = orders.flatMap((order) => (order.report ? [{ order, report: order.report }] : []));
  const last = reports.at(-1);
  if (!last) return undefined;
  const results = new Map(reports.flatMap(({ report }) => report.results.map((result) => [`${result.provider_id}`, result] as const)));
  const missing = reports.flatMap(({ report }) => report.missing).filter(({ provider_id }) => !results.has(`${provider_id}`));
  return {
    metadata: toMetadataJson(last.order, last.report),
    results: [...results.values()],
    missing_results: missing.length ? missing : null,
    sample_information: Object.fromEntries(
      reports.map(({ order, report }) => [
        toSampleNumber(order),
        {
          sample_id: toSampleNumber(order),
          control_number: null,
          date_collected: { timestamp: report.collectedAt, timezone_offset: -18000 },
          date_received: { timestamp: report.collectedAt, timezone_offset: -18000 },
          date_reported: { timestamp: report.reportedAt, timezone_offset: -18000 },
        },
      ]),
    ),
  };
}

export function toMetadataJson(order: SandboxOrder, report: SandboxReport): object {
  const { patient_details: patient } = order.sent;
  const { first_name, last_name, dob } = isObject(patient) ? patient : {};
  return {
    age: '40',
    dob,
    'clia_#': '05D0000000',
    patient: `${last_name}, ${first_name}`,
    provider: null,
    laboratory: 'Sandbox Laboratory',
    date_reported: report.reportedAt.slice(0, 10),
    date_collected: report.collectedAt.slice(0, 10),
    specimen_number: toSampleNumber(order),
    date_received: report.collectedAt.slice(0, 10),
    status: report.status,
    interpretation: report.interpretation,
    patient_id: null,
    account_id: null,
  };
}

/** A PDF with one empty page; a comment contains the id of the order. */
export const buildPdf = ({ id, report }: SandboxOrder): Buffer =>
  Buffer.from(
    `%PDF-1.4\n% Sandbox report of order ${id}, ${report?.reportedAt}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n`,
    'latin1',
  );
