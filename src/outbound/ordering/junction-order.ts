// The body of an order as Junction takes it, all but its user, who is known only when the order is sent. https://docs.junction.com/lab/workflow/ordering
import { v5 } from 'uuid';
import type { OrderPatient } from './order-patient.ts';

/** Who signs the order. */
export interface OrderPhysician {
  firstName: string;
  lastName: string;
  npi: string;
  /** USPS codes of where they are licensed. */
  states: string[];
}

export interface OrderContent {
  patient: OrderPatient;
  physician: OrderPhysician | undefined;
  /** Lab test ids. */
  tests: string[];
  /** Whether the laboratory should hurry. */
  urgent: boolean;
  icdCodes: string[];
  /** YYYY-MM-DD; the order sleeps until then. */
  activateBy: string | undefined;
  /** Comes back on the order: how it is found again. */
  passthrough: string;
}

/** The JSON text, the same for the same content. */
export function orderText({ patient, physician, tests, urgent, icdCodes, activateBy, passthrough }: OrderContent): string {
  const [first_line, ...more] = patient.lines;
  return JSON.stringify({
    patient_details: {
      first_name: patient.firstName,
      last_name: patient.lastName,
      dob: patient.birthDate,
      gender: patient.gender,
      phone_number: patient.phone,
      email: patient.email,
    },
    patient_address: {
      receiver_name: `${patient.firstName} ${patient.lastName}`,
      first_line,
      ...(more.length && { second_line: more.join(', ') }),
      city: patient.city,
      state: patient.state,
      zip: patient.zip,
      country: 'US',
    },
    order_set: { lab_test_ids: tests },
    ...(physician && { physician: signature(physician) }),
    ...(urgent && { priority: true }),
    ...(icdCodes.length && { icd_codes: icdCodes }),
    ...(activateBy && { activate_by: activateBy }),
    passthrough,
  });
}

const signature = ({ firstName, lastName, npi, states }: OrderPhysician): object => ({
  first_name: firstName,
  last_name: lastName,
  npi,
  licensed_states: states,
});

/** The exact bytes of an order for this user: the text as it was accepted, the user in front. */
export const orderBody = (text: string, userId: string): string => `{"user_id":${JSON.stringify(userId)},${text.slice(1)}`;

/** The namespace of the names we give to users, minted once for this project. */
const USERS = 'b8d6f9a2-54c1-4e0e-8a57-2b1f3c9d7e60';

/** Our name for a patient: says nothing about them, and differs between tenants, who share one team. */
export const clientUserId = (tenant: number, patientId: string): string => v5(`${tenant}/Patient/${patientId}`, USERS);
