// The body of an order in Junction's format, without the user id, which is known only when the order is sent. https://docs.junction.com/lab/workflow/ordering
import type { CollectionMethod } from '../../junction/collection-methods.ts';
import type { OrderSupport } from './clinical-information.ts';
import type { ContactPerson } from './contact-person.ts';
import type { OrderInsurance } from './insurance.ts';
import type { OrderPatient } from './order-patient.ts';
import type { OrderedTests } from './ordered-tests.ts';

/** Why a physician signs an order. */
export type SigningRole = 'requester' | 'account-default' | 'only-registered';

/** The physician who signs the order. */
export interface OrderPhysician {
  role: SigningRole;
  /** The id of the Practitioner; undefined: it is contained in the request. */
  id: string | undefined;
  firstName: string;
  lastName: string;
  npi: string;
  /** The states in which the physician is licensed (USPS codes). */
  states: string[];
}

export interface OrderContent {
  patient: OrderPatient;
  /** The parent or guardian of a patient under eighteen. */
  proxy: ContactPerson | undefined;
  physician: OrderPhysician | undefined;
  tests: OrderedTests;
  /** Undefined: the default method of the test. */
  method: CollectionMethod | undefined;
  urgent: boolean;
  icdCodes: string[];
  /** Undefined: the organisation that places the order is billed, by the network's default. */
  insurance: OrderInsurance | undefined;
  /** YYYY-MM-DD: the order is not active before this day. */
  activateBy: string | undefined;
  /** For the laboratory, separated by line breaks. */
  notes: string | undefined;
  support: OrderSupport[];
  /** The account at the laboratory; undefined: the lab network selects one. */
  account: string | undefined;
}

/** The JSON text. Equal contents have equal texts. `passthrough`: the lab network returns it with the order, and the order is found by it. */
export function buildOrderText(content: OrderContent, passthrough: string): string {
  const { patient, proxy, physician, tests, method, urgent, icdCodes, insurance, activateBy, notes, support, account } = content;
  return JSON.stringify({
    ...buildPatientFields(patient, proxy),
    order_set: {
      ...(tests.labTests.length && { lab_test_ids: tests.labTests }),
      ...(tests.addOn.length && { add_on: { provider_ids: tests.addOn.map(({ code }) => code) } }),
    },
    ...(method && { collection_method: method }),
    ...(physician && { physician: buildPhysician(physician) }),
    ...(urgent && { priority: true }),
    ...(insurance && { billing_type: 'commercial_insurance' }),
    ...(icdCodes.length && { icd_codes: icdCodes }),
    ...(activateBy && { activate_by: activateBy }),
    ...(notes && { clinical_notes: notes }),
    ...buildSupportFields(support),
    ...(account && { lab_account_id: account }),
    passthrough,
  });
}

const buildPatientFields = (patient: OrderPatient, proxy: ContactPerson | undefined): object => ({
  patient_details: { ...buildPersonFields(patient), ...(proxy && { medical_proxy: buildContactFields(proxy) }) },
  patient_address: { receiver_name: `${patient.firstName} ${patient.lastName}`, ...buildAddress(patient) },
});

export const buildPersonFields = ({ firstName, lastName, birthDate, gender, phone, email }: OrderPatient): object => ({
  first_name: firstName,
  last_name: lastName,
  dob: birthDate,
  gender,
  phone_number: phone,
  email,
});

export const buildContactFields = ({ firstName, lastName, phone, email, ...address }: ContactPerson): object => ({
  first_name: firstName,
  last_name: lastName,
  address: buildAddress(address),
  phone_number: phone,
  ...(email !== undefined && { email }),
});

export const buildAddress = ({
  lines: [first_line, ...more],
  city,
  state,
  zip,
}: Pick<OrderPatient, 'lines' | 'city' | 'state' | 'zip'>): object => ({
  first_line,
  ...(more.length && { second_line: more.join(', ') }),
  city,
  state,
  zip,
  country: 'US',
});

function buildSupportFields(support: OrderSupport[]): object {
  const answers = support.flatMap((item) => ('answer' in item ? item.answer : []));
  const consents = support.flatMap((item) => ('consent' in item ? item.consent : []));
  return {
    ...(answers.length && {
      aoe_answers: answers.map(({ markerId, questionId, answer }) => ({ marker_id: markerId, question_id: questionId, answer })),
    }),
    ...(consents.length && { consents: consents.map(({ type, time }) => ({ consentType: type, timeOfConsent: time })) }),
  };
}

const buildPhysician = ({ firstName, lastName, npi, states }: OrderPhysician): object => ({
  first_name: firstName,
  last_name: lastName,
  npi,
  licensed_states: states,
});

/** The physician in a text that was accepted; undefined: it names none. */
export function readSentPhysician(text: string): { name: string; npi: string } | undefined {
  // type assertion: buildOrderText wrote this text
  const { physician } = JSON.parse(text) as { physician?: { first_name: string; last_name: string; npi: string } };
  return physician && { name: `${physician.first_name} ${physician.last_name}`, npi: physician.npi };
}

/** The exact bytes of an order: the accepted text, with the user id as its first field. */
export const buildOrderBody = (text: string, userId: string): string => `{"user_id":${JSON.stringify(userId)},${text.slice(1)}`;
