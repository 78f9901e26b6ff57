// Validates an order as Junction does. Wrong fields: 422 with a list of rules, locations and values. Valid fields, but an order set that cannot be ordered: 400.
// Here are the rules that the API description does not have. https://docs.junction.com/lab/workflow/ordering
import { isObject } from '../fhir/json-values.ts';
import { checkBilling } from './insurance.ts';
import { buildPersonRules, checkFields } from './observed-rules.ts';
import { checkOrderSet } from './order-set.ts';
import { type Reply, refuse, type SandboxState } from './sandbox-state.ts';

type Body = Record<string, unknown>;

const TEXT = /\S/;
/** By Junction's changelog; another page of its documentation says 120. */
const MAX_NOTES_LENGTH = 1000;

const ORDER_RULES: Parameters<typeof checkFields>[1] = {
  ...buildPersonRules('patient_details.'),
  ...buildPersonRules('patient_details.medical_proxy.'),
  'patient_details.email': [/^[^@\s.]+(\.[^@\s.]+)*@[^@\s.]+(\.[^@\s.]+)+$/, 'Input should be a valid email address'],
  'patient_address.first_line': [TEXT, 'Input should be a valid string'],
  'patient_address.city': [TEXT, 'Input should be a valid string'],
  'patient_address.state': [/^[A-Z]{2}$/, 'Input should be a US state'],
  'patient_address.country': [/^[A-Za-z ]+$/, 'Input should be a valid string'],
  clinical_notes: [new RegExp(`^.{0,${MAX_NOTES_LENGTH}}$`, 'su'), `String should have at most ${MAX_NOTES_LENGTH} characters`],
};

/** Undefined if the order is valid. The body has passed the API description. */
export function validateOrder(body: Body, state: SandboxState): Reply | undefined {
  const detail = checkFields(body, ORDER_RULES);
  if (detail.length) return refuse(422, detail);
  const error = checkMinor(body, state) ?? checkOrderSet(body, state) ?? checkBilling(state, body);
  return error === undefined ? undefined : refuse(400, error);
}

/** "Required if patient is a minor", by the API description. The text is invented. */
function checkMinor({ patient_details: patient }: Body, { now }: SandboxState): string | undefined {
  const { dob, medical_proxy: proxy } = isObject(patient) ? patient : {};
  const majority = typeof dob === 'string' ? `${Number(dob.slice(0, 4)) + 18}${dob.slice(4)}` : '';
  return majority > now().toISOString().slice(0, 10) && !isObject(proxy)
    ? 'medical_proxy is required if the patient is a minor.'
    : undefined;
}
