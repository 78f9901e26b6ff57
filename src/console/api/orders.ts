// Orders by the FHIR API: ServiceRequests with their Tasks, reports and results. Searches go by POST.
import { ApiError, readProblems } from './api-error.ts';
import { parseDigits } from './exact-json.ts';
import { type Bundle, escapeValue, FHIR, type Resource, search as searchFhir, toFhirPath } from './fhir.ts';
import { type Patient, splitName } from './patients.ts';
import { type ReadOptions, request } from './request.ts';

interface Coding {
  system?: string;
  code?: string;
  display?: string;
}

export interface CodeableConcept {
  coding?: Coding[];
  text?: string;
}

interface Reference {
  reference?: string;
  display?: string;
}

interface StoredResource extends Resource {
  id: string;
  meta?: NonNullable<Resource['meta']> & { tag?: Coding[] };
}

export interface ServiceRequest extends StoredResource {
  resourceType: 'ServiceRequest';
  status: string;
  code?: CodeableConcept;
  subject?: Reference;
  note?: { text: string }[];
}

export interface Task extends StoredResource {
  resourceType: 'Task';
  status: string;
  statusReason?: CodeableConcept;
  businessStatus?: CodeableConcept;
  focus?: Reference;
  for?: Reference;
  owner?: Reference;
  authoredOn?: string;
  lastModified?: string;
  note?: { text: string; time?: string }[];
}

/** `value`: the digits as the laboratory printed them, where the browser gives them. */
export interface Quantity {
  value?: string | number;
  comparator?: string;
  unit?: string;
}

export interface ReferenceRange {
  low?: Quantity;
  high?: Quantity;
  text?: string;
}

export interface Observation extends StoredResource {
  resourceType: 'Observation';
  status: string;
  code: CodeableConcept;
  effectiveDateTime?: string;
  issued?: string;
  valueQuantity?: Quantity;
  valueString?: string;
  valueCodeableConcept?: CodeableConcept;
  valueRange?: { low?: Quantity; high?: Quantity };
  valueRatio?: { numerator?: Quantity; denominator?: Quantity };
  dataAbsentReason?: CodeableConcept;
  interpretation?: CodeableConcept[];
  referenceRange?: ReferenceRange[];
  hasMember?: Reference[];
  note?: { text: string }[];
}

export interface DiagnosticReport extends StoredResource {
  resourceType: 'DiagnosticReport';
  status: string;
  code?: CodeableConcept;
  effectiveDateTime?: string;
  issued?: string;
  performer?: Reference[];
  result?: Reference[];
  conclusionCode?: CodeableConcept[];
  presentedForm?: { title?: string; url?: string; contentType?: string; size?: number }[];
}

/** A test of the catalogue. */
export interface CatalogueEntry extends StoredResource {
  resourceType: 'ActivityDefinition';
  title?: string;
  name?: string;
  subtitle?: string;
  code?: CodeableConcept;
}

const FHIR_JSON = { 'Content-Type': 'application/fhir+json' };

async function search(type: string, parameters: [string, string][], options?: ReadOptions): Promise<Bundle> {
  return parseDigits((await searchFhir(type, parameters, options)).text) as Bundle;
}

/** The resources of one type in a Bundle. */
const pick = <T extends StoredResource>({ entry = [] }: Bundle, type: T['resourceType']): T[] =>
  entry.flatMap(({ resource }) => (resource?.resourceType === type ? [resource as T] : []));

async function read<T>(type: string, id: string, options?: ReadOptions): Promise<T> {
  return parseDigits((await request(toFhirPath(type, id), options)).text) as T;
}

/** The versions of a resource, oldest first. */
async function readVersions<T extends StoredResource>(type: T['resourceType'], id: string, options?: ReadOptions): Promise<T[]> {
  const { text } = await request(`${toFhirPath(type, id, '_history')}?_count=100`, options);
  return pick<T>(parseDigits(text) as Bundle, type).reverse();
}

/** The id in a reference to a resource of this type (`Patient/1`). */
export const toId = (reference: Reference | undefined, type: string): string | undefined =>
  reference?.reference?.startsWith(`${type}/`) ? reference.reference.split('/')[1] : undefined;

/** An order on the board. */
export interface BoardOrder {
  id: string;
  task: Task;
  request: ServiceRequest | undefined;
  patient: Patient | undefined;
}

interface BoardFilter {
  statuses: string[];
  /** Each word begins a name of the patient. */
  patient: string;
  /** ISO 8601: changed since then. */
  since: string | undefined;
  count: number;
}

/** The words of a name as values of a search parameter (`Doe, Jane`). */
const toWords = (name: string): string[] => splitName(name).map(escapeValue);

/** The orders of a column, last changed first. `total`: undefined if the server does not count them. */
export async function readBoardColumn(
  filter: BoardFilter,
  options?: ReadOptions,
): Promise<{ orders: BoardOrder[]; total: number | undefined }> {
  const bundle = await search(
    'Task',
    [
      ['status', filter.statuses.join(',')],
      ['code', 'fulfill'],
      ['_include', 'Task:focus'],
      ['_include', 'Task:patient'],
      ['_sort', '-modified'],
      ['_count', String(filter.count)],
      ['_total', 'accurate'],
      ...toWords(filter.patient).map((word): [string, string] => ['patient.name', word]),
      ...(filter.since === undefined ? [] : [['modified', `ge${filter.since}`] as [string, string]]),
    ],
    options,
  );
  const requests = new Map(pick<ServiceRequest>(bundle, 'ServiceRequest').map((one) => [one.id, one]));
  const patients = new Map(pick<Patient>(bundle, 'Patient').map((one) => [one.id, one]));
  const orders = pick<Task>(bundle, 'Task').flatMap((task) => {
    const id = toId(task.focus, 'ServiceRequest');
    const patient = patients.get(toId(task.for, 'Patient') ?? '');
    return id === undefined ? [] : [{ id, task, request: requests.get(id), patient }];
  });
  return { orders, total: bundle.total };
}

export interface OrderRecord {
  request: ServiceRequest;
  patient: Patient | undefined;
  /** The Task of the order, and of each redraw, oldest first. */
  tasks: Task[];
  /** Their versions, oldest first. */
  taskVersions: Task[];
  report: DiagnosticReport | undefined;
  reportVersions: DiagnosticReport[];
  results: Observation[];
}

/** An order with everything that FHIR has about it. */
export async function readOrderRecord(id: string, options?: ReadOptions): Promise<OrderRecord> {
  const [order, found, reports] = await Promise.all([
    read<ServiceRequest>('ServiceRequest', id, options),
    search(
      'Task',
      [
        ['focus', `ServiceRequest/${id}`],
        ['_include', 'Task:patient'],
        ['_sort', 'authored-on'],
      ],
      options,
    ),
    search(
      'DiagnosticReport',
      [
        ['based-on', `ServiceRequest/${id}`],
        ['_include', 'DiagnosticReport:result'],
        ['_sort', '-_lastUpdated'],
        ['_count', '10'],
      ],
      options,
    ),
  ]);
  const tasks = pick<Task>(found, 'Task');
  const [report] = pick<DiagnosticReport>(reports, 'DiagnosticReport');
  const [taskVersions, reportVersions] = await Promise.all([
    Promise.all(tasks.map((task) => readVersions<Task>('Task', task.id, options))),
    report ? readVersions<DiagnosticReport>('DiagnosticReport', report.id, options) : [],
  ]);
  return {
    request: order,
    patient: pick<Patient>(found, 'Patient')[0],
    tasks,
    taskVersions: taskVersions.flat(),
    report,
    reportVersions,
    results: pick<Observation>(reports, 'Observation'),
  };
}

/** The patient's values of one test, oldest first. */
export async function readTrend(patient: string, { system, code }: Coding, options?: ReadOptions): Promise<Observation[]> {
  const token = `${system ?? ''}|${code ?? ''}`;
  const bundle = await search(
    'Observation',
    [
      ['patient', `Patient/${patient}`],
      ['code', token],
      ['status', 'final,amended,corrected'],
      ['_sort', '-date'],
      ['_count', '100'],
    ],
    options,
  );
  return pick<Observation>(bundle, 'Observation').reverse();
}

/** The laboratory's document. */
export async function readDocument(url: string): Promise<Blob> {
  const { body } = await request<{ data?: string; contentType?: string }>(`${FHIR}/${url}`, {
    headers: { Accept: 'application/fhir+json' },
  });
  const bytes = Uint8Array.from(atob(body.data ?? ''), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: body.contentType ?? 'application/pdf' });
}

export const findTests = async (title: string, options?: ReadOptions): Promise<CatalogueEntry[]> =>
  pick<CatalogueEntry>(
    await search(
      'ActivityDefinition',
      [
        ['status', 'active'],
        ...(title === '' ? [] : [['title:contains', title] as [string, string]]),
        ['_sort', 'title'],
        ['_count', '20'],
      ],
      options,
    ),
    'ActivityDefinition',
  );

/** SNOMED CT: laboratory procedure, with which a request is for a laboratory. */
const LABORATORY = { system: 'http://snomed.info/sct', code: '108252007' };

const buildRequest = (patient: string, { code, title }: CatalogueEntry): object => ({
  resourceType: 'ServiceRequest',
  status: 'active',
  intent: 'order',
  category: [{ coding: [LABORATORY] }],
  code: { ...code, ...(title !== undefined && { text: title }) },
  subject: { reference: `Patient/${patient}` },
});

/** The dry run of an order: nothing is stored or sent. `refusal`: why it would not be ordered. */
export async function tryOrder(
  patient: string,
  entry: CatalogueEntry,
  options?: ReadOptions,
): Promise<{ refusal: string | undefined; remarks: string[] }> {
  const { status, body } = await request(`${FHIR}/ServiceRequest/$validate?mode=create`, {
    method: 'POST',
    headers: FHIR_JSON,
    body: JSON.stringify(buildRequest(patient, entry)),
    kind: 'read',
    ...options,
  });
  const issues = readProblems(body, status);
  const refusals = issues.filter(isRefusal);
  return {
    refusal: refusals.length ? refusals.map(({ text }) => text).join('; ') : undefined,
    remarks: issues.filter((issue) => !isRefusal(issue)).map(({ text }) => text),
  };
}

/** A request with a warning by a business rule would be stored, and its order rejected. Other warnings do not prevent an order. */
const isRefusal = ({ severity, code }: ReturnType<typeof readProblems>[number]): boolean =>
  severity === 'error' || severity === 'fatal' || (severity === 'warning' && code === 'business-rule');

/** Places an order under this id. `isRepeated`: it was placed already, because the response of an earlier attempt was lost. */
export async function placeOrder(id: string, patient: string, entry: CatalogueEntry): Promise<{ isRepeated: boolean }> {
  try {
    await request(toFhirPath('ServiceRequest', id), {
      method: 'PUT',
      headers: { ...FHIR_JSON, 'If-None-Match': '*' },
      body: JSON.stringify({ ...buildRequest(patient, entry), id }),
    });
    return { isRepeated: false };
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return { isRepeated: true };
    throw error;
  }
}

/** Withdraws an order that is active: the laboratory is told, if it has the order. What the laboratory reports meanwhile does not matter. */
export async function withdrawOrder(id: string): Promise<void> {
  await request(toFhirPath('ServiceRequest', id), {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json-patch+json' },
    body: JSON.stringify([
      { op: 'test', path: '/status', value: 'active' },
      { op: 'replace', path: '/status', value: 'revoked' },
    ]),
  });
}
