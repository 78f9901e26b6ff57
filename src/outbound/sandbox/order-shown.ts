// An order as Junction shows it: what was sent comes back changed (dates as date-times, the country spelt out), which is why nothing reads it back.
import { statusOf } from './lifecycle.ts';
import type { SandboxOrder, World } from './world.ts';

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
    lab_test: labTest(sent),
    details: { type: 'walk_in_test', data: { id: order.id, created_at: order.createdAt, updated_at: order.createdAt } },
    sample_id: null,
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
    origin: 'initial',
    order_transaction: { id: order.transactionId, status: transactionStatus(status), orders: [{ id: order.id, origin: 'initial' }] },
  };
}

const transactionStatus = (status: string): string => /^(completed|cancelled)\./.exec(status)?.[1] ?? 'active';

const labTest = (sent: Part): object => ({
  id: ((sent.order_set as Part | undefined)?.lab_test_ids as string[] | undefined)?.[0] ?? sent.lab_test_id,
  slug: 'sandbox-panel',
  name: 'Sandbox panel',
  sample_type: 'serum',
  method: 'walk_in_test',
  price: 0,
  is_active: true,
  status: 'active',
  lab: null,
  markers: null,
});
