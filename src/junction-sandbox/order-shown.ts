// An order as Junction shows it: what was sent comes back changed (dates as date-times, the country spelt out), which is why nothing reads it back.
import { setOf } from './order-set.ts';
import { sampleOf } from './report.ts';
import { methodOf, type SandboxOrder, statusOf, type World } from './world.ts';

type Part = Record<string, unknown>;

export function shown(world: World, order: SandboxOrder): object {
  const { sent } = order;
  const status = statusOf(order);
  return {
    id: order.id,
    user_id: order.userId,
    team_id: world.teamId,
    patient_details: { ...(sent.patient_details as Part), dob: `${(sent.patient_details as Part).dob}T00:00:00+00:00` },
    patient_address: { ...(sent.patient_address as Part), country: 'United States' },
    lab_test: labTest(order),
    details: { type: methodOf(sent), data: { id: order.id, created_at: order.createdAt, updated_at: order.createdAt } },
    sample_id: order.report ? sampleOf(order) : null,
    notes: null,
    clinical_notes: sent.clinical_notes ?? null,
    created_at: order.createdAt,
    updated_at: order.events.at(-1)!.created_at,
    events: order.events,
    last_event: order.events.at(-1),
    status: status.split('.')[0],
    physician: sent.physician ?? null,
    health_insurance_id: null,
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
    expected_result_by_date: dayAfter(order, 7),
    worst_case_result_by_date: dayAfter(order, 14),
    origin: order.origin,
    order_transaction: journeyOf(world, order),
  };
}

/** All orders of this journey, oldest first; the newest one says how far it is. */
export function siblings(world: World, transactionId: string): SandboxOrder[] {
  return [...world.orders.values()]
    .filter((one) => one.transactionId === transactionId)
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Its journey, as an order and a result show it. */
export function journeyOf(world: World, order: SandboxOrder): object {
  const others = siblings(world, order.transactionId).filter(({ id }) => id !== order.id);
  const all = [...others, order].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return {
    id: order.transactionId,
    status: /^(completed|cancelled)\./.exec(statusOf(all.at(-1)!))?.[1] ?? 'active',
    orders: all.map((one) => ({
      id: one.id,
      low_level_status: statusOf(one).split('.')[2],
      low_level_status_created_at: one.events.at(-1)!.created_at,
      origin: one.origin,
      parent_id: one.parentId,
      created_at: one.createdAt,
      updated_at: one.events.at(-1)!.created_at,
    })),
  };
}

const DAY_MS = 24 * 3600 * 1000;
const dayAfter = ({ createdAt }: SandboxOrder, days: number): string =>
  new Date(Date.parse(createdAt) + days * DAY_MS).toISOString().slice(0, 10);

/** As much of a laboratory as a documented answer holds. */
const LAB = {
  id: 1,
  slug: 'sandbox-laboratory',
  name: 'Sandbox Laboratory',
  first_line_address: '1 Laboratory Way',
  city: 'Albany',
  zipcode: '12207',
  collection_methods: ['walk_in_test', 'at_home_phlebotomy', 'on_site_collection'],
  sample_types: ['serum'],
  logo_url: null,
};

/** What is ordered by a laboratory's own codes becomes a lab test of its own. */
const labTest = ({ id, sent }: SandboxOrder): object => ({
  id: setOf(sent).lab_test_ids?.[0] ?? id,
  slug: 'sandbox-panel',
  name: 'Sandbox panel',
  sample_type: 'serum',
  method: methodOf(sent),
  price: 0,
  is_active: true,
  status: 'active',
  lab: LAB,
  markers: null,
});
