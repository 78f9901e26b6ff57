// The user at the lab network that an order is for: its name, and the demographics and the insurance that it needs before the order.
// The lab network bills "the user's most recently created primary insurance record". So a patient has a user of its own for each insurance: no other order, and no
// late request, can change what an order is billed to. docs/decisions/0044-insurance.md
import { v5 } from 'uuid';
import type { OrderInsurance } from './insurance.ts';
import { buildAddress, buildContactFields, buildPersonFields, type OrderContent } from './junction-order.ts';
import type { OrderPatient } from './order-patient.ts';

/** The exact bodies of the two calls before an order that is billed to an insurance. */
export interface UserInsurance {
  /** Of `PATCH /v2/user/{id}/info`. */
  demographics: string;
  /** Of `POST /v2/user/{id}/insurance`. */
  policy: string;
}

/** Undefined: the order is not billed to an insurance. Equal contents have equal texts. https://docs.junction.com/lab/overview/insurance */
export function buildUserInsurance({ patient, proxy, insurance }: OrderContent): UserInsurance | undefined {
  if (!insurance) return undefined;
  const demographics = { ...buildInsuredFields(patient), ...(proxy && { medical_proxy: buildContactFields(proxy) }) };
  return { demographics: JSON.stringify(demographics), policy: JSON.stringify(buildPolicy(insurance, patient)) };
}

const buildPolicy = (insurance: OrderInsurance, patient: OrderPatient): object => ({
  payor_code: insurance.payorCode,
  member_id: insurance.memberId,
  ...(insurance.groupId !== undefined && { group_id: insurance.groupId }),
  relationship: insurance.relationship,
  insured: buildInsuredFields(insurance.insured ?? patient),
  ...(insurance.guarantor && { guarantor: buildContactFields(insurance.guarantor) }),
  is_primary: true,
});

const buildInsuredFields = (person: OrderPatient): object => ({ ...buildPersonFields(person), address: buildAddress(person) });

/** The UUID namespace of the names of users, generated for this project. */
const USER_ID_NAMESPACE = 'b8d6f9a2-54c1-4e0e-8a57-2b1f3c9d7e60';

/**
 * The name of a patient's user at Junction: it shows no patient data, and differs between tenants, which may share one Junction team, and between the insurances
 * of the patient. A new address or number makes another insurance.
 */
export function buildClientUserId(tenant: number, patientId: string, insurance?: UserInsurance): string {
  const name = `${tenant}/Patient/${patientId}`;
  return v5(insurance ? `${name}/${insurance.demographics}${insurance.policy}` : name, USER_ID_NAMESPACE);
}

/** The payor in a policy that was accepted. */
export const readPayor = ({ policy }: UserInsurance): string => (JSON.parse(policy) as { payor_code: string }).payor_code;
