// An order in Junction's format. As at Junction, it differs from what was sent (dates become date-times, the country is written out).
import { isObject } from '../fhir/json-values.ts';
import { readOrderSet } from './order-set.ts';
import { toSampleNumber } from './report.ts';
import { readCollectionMethod, readStatus, type SandboxOrder, type SandboxState } from './sandbox-state.ts';

export function toOrderJson(state: SandboxState, order: SandboxOrder): object {
  const { sent } = order;
  const status = readStatus(order);
  const patient = isObject(sent.patient_details) ? sent.patient_details : {};
  return {
    id: order.id,
    user_id: order.userId,
    team_id: state.teamId,
    patient_details: { ...patient, dob: `${patient.dob}T00:00:00+00:00` },
    patient_address: { ...(isObject(sent.patient_address) && sent.patient_address), country: 'United States' },
    lab_test: toLabTestJson(order),
    details: { type: readCollectionMethod(sent), data: { id: order.id, created_at: order.createdAt, updated_at: order.createdAt } },
    sample_id: order.report ? toSampleNumber(order) : null,
    notes: null,
    clinical_notes: sent.clinical_notes ?? null,
    created_at: order.createdAt,
    updated_at: order.events.at(-1)!.created_at,
    events: order.events,
    last_event: order.events.at(-1),
    status: status.split('.')[0],
    physician: sent.physician ?? null,
    health_insurance_id: order.insuranceId,
    requisition_form_url: null,
    priority: sent.priority ?? false,
    shipping_details: null,
    activate_by: sent.activate_by ?? null,
    passthrough: order.passthrough,
    billing_type: sent.billing_type ?? 'client_bill',
    icd_codes: sent.icd_codes ?? null,
    has_abn: false,
    interpretation: order.report?.interpretation ?? null,
    has_missing_results: order.report ? order.report.missing.length > 0 : null,
    expected_result_by_date: toDayAfter(order, 7),
    worst_case_result_by_date: toDayAfter(order, 14),
    origin: order.origin,
    order_transaction: toTransactionJson(state, order),
  };
}

/** All orders of this order transaction, oldest first. */
export function listTransactionOrders(state: SandboxState, transactionId: string): SandboxOrder[] {
  return [...state.orders.values()]
    .filter((order) => order.transactionId === transactionId)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** The order transaction, as in an order and a result. Its status is that of the newest order. */
export function toTransactionJson(state: SandboxState, order: SandboxOrder): object {
  const others = listTransactionOrders(state, order.transactionId).filter(({ id }) => id !== order.id);
  const all = [...others, order].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return {
    id: order.transactionId,
    status: /^(completed|cancelled)\./.exec(readStatus(all.at(-1)!))?.[1] ?? 'active',
    orders: all.map((order) => ({
      id: order.id,
      low_level_status: readStatus(order).split('.')[2],
      low_level_status_created_at: order.events.at(-1)!.created_at,
      origin: order.origin,
      parent_id: order.parentId,
      created_at: order.createdAt,
      updated_at: order.events.at(-1)!.created_at,
    })),
  };
}

const DAY_MS = 24 * 3600 * 1000;
const toDayAfter = ({ createdAt }: SandboxOrder, days: number): string =>
  new Date(Date.parse(createdAt) + days * DAY_MS).toISOString().slice(0, 10);

/** The documented fields of a laboratory. */
export const LAB = {
  id: 1,
  slug: 'sandbox-laboratory',
  name: 'Sandbox Laboratory',
  first_line_address: '1 Laboratory Way',
  city: 'Albany',
  zipcode: '12207',
  collection_methods: ['walk_in_test', 'at_home_phlebotomy', 'on_site_collection', 'testkit'],
  sample_types: ['serum'],
  logo_url: null,
};

/** An order by the laboratory's own codes has a lab test of its own. */
const toLabTestJson = ({ id, sent }: SandboxOrder): object => ({
  id: readOrderSet(sent).labTests[0] ?? id,
  slug: 'sandbox-panel',
  name: 'Sandbox panel',
  sample_type: 'serum',
  method: readCollectionMethod(sent),
  price: 0,
  is_active: true,
  status: 'active',
  lab: LAB,
  markers: null,
});
