// Validates an order as Junction does. Wrong fields: 422 with a list of rules, locations and values. Valid fields, but an order set that cannot be ordered: 400.
// Here are the rules that the API description does not have. https://docs.junction.com/lab/workflow/ordering
import { isObject } from '../fhir/json-values.ts';
import { checkOrderSet } from './order-set.ts';
import { type Reply, refuse, type SandboxState } from './sandbox-state.ts';

type Body = Record<string, unknown>;

/** Begins with an ASCII letter or digit; then letters, digits, - . , ' and single spaces. */
const NAME = /^(?=.{1,50}$)[A-Za-z0-9][A-Za-z0-9\-.,']*( [A-Za-z0-9\-.,']+)*$/;
const NAME_MESSAGE = 'Name holds characters that are not allowed';
const PHONE = /^\+1(?!555|[2-9]11|\d{3}[2-9]11|\d{3}55501)[2-9]\d{2}[2-9]\d{6}$/;
const PHONE_MESSAGE = 'Phone number is not a valid US number';
const TEXT = /\S/;
/** By Junction's changelog; another page of its documentation says 120. */
const MAX_NOTES_LENGTH = 1000;

/** Path → its pattern, and the error message. */
const OBSERVED_RULES: Record<string, [rule: RegExp, message: string]> = {
  'patient_details.first_name': [NAME, NAME_MESSAGE],
  'patient_details.last_name': [NAME, NAME_MESSAGE],
  'patient_details.phone_number': [PHONE, PHONE_MESSAGE],
  'patient_details.medical_proxy.first_name': [NAME, NAME_MESSAGE],
  'patient_details.medical_proxy.last_name': [NAME, NAME_MESSAGE],
  'patient_details.medical_proxy.phone_number': [PHONE, PHONE_MESSAGE],
  'patient_details.email': [/^[^@\s.]+(\.[^@\s.]+)*@[^@\s.]+(\.[^@\s.]+)+$/, 'Input should be a valid email address'],
  'patient_address.first_line': [TEXT, 'Input should be a valid string'],
  'patient_address.city': [TEXT, 'Input should be a valid string'],
  'patient_address.state': [/^[A-Z]{2}$/, 'Input should be a US state'],
  'patient_address.country': [/^[A-Za-z ]+$/, 'Input should be a valid string'],
  clinical_notes: [new RegExp(`^.{0,${MAX_NOTES_LENGTH}}$`, 'su'), `String should have at most ${MAX_NOTES_LENGTH} characters`],
};

/** Undefined if the order is valid. The body has passed the API description. */
export function validateOrder(body: Body, state: SandboxState): Reply | undefined {
  const detail = Object.entries(OBSERVED_RULES).flatMap(([place, rule]) => checkField(body, place, rule));
  if (detail.length) return refuse(422, detail);
  const error = checkMinor(body, state) ?? checkOrderSet(body, state);
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

function checkField(body: Body, place: string, [rule, msg]: [RegExp, string]): object[] {
  const steps = place.split('.');
  const input = steps.reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), body);
  return typeof input !== 'string' || rule.test(input)
    ? []
    : [{ type: 'value_error', loc: ['body', ...steps], msg, input, ctx: { error: {} } }];
}
