// Validates an order as Junction does. Wrong fields: 422 with a list of rules, locations and values. Valid fields, but an order set that cannot be ordered: 400.
// Rules: https://docs.junction.com/lab/workflow/ordering
import { isObject } from '../fhir/json-values.ts';
import { checkOptionalFields, UUID } from './optional-fields.ts';
import { checkOrderSet } from './order-set.ts';
import type { Reply, SandboxState } from './sandbox-state.ts';

type Body = Record<string, unknown>;

/** Begins with an ASCII letter or digit; then letters, digits, - . , ' and single spaces. */
const NAME = /^(?=.{1,50}$)[A-Za-z0-9][A-Za-z0-9\-.,']*( [A-Za-z0-9\-.,']+)*$/;
const TEXT = /\S/;

/** Path → its pattern, and the error message. */
const REQUIRED_FIELDS: Record<string, [rule: RegExp, message: string]> = {
  user_id: [UUID, 'Input should be a valid UUID'],
  'patient_details.first_name': [NAME, 'Name holds characters that are not allowed'],
  'patient_details.last_name': [NAME, 'Name holds characters that are not allowed'],
  'patient_details.dob': [/^\d{4}-\d\d-\d\d$/, 'Input should be a valid date'],
  'patient_details.gender': [/^(female|male|other|unknown)$/, "Input should be 'female', 'male', 'other' or 'unknown'"],
  'patient_details.phone_number': [
    /^\+1(?!555|[2-9]11|\d{3}[2-9]11|\d{3}55501)[2-9]\d{2}[2-9]\d{6}$/,
    'Phone number is not a valid US number',
  ],
  'patient_details.email': [/^[^@\s.]+(\.[^@\s.]+)*@[^@\s.]+(\.[^@\s.]+)+$/, 'Input should be a valid email address'],
  'patient_address.first_line': [TEXT, 'Input should be a valid string'],
  'patient_address.city': [TEXT, 'Input should be a valid string'],
  'patient_address.state': [/^[A-Z]{2}$/, 'Input should be a US state'],
  'patient_address.zip': [/^\d{5}(-\d{4})?$/, "String should match pattern '^\\d{5}(-\\d{4})?$'"],
  'patient_address.country': [/^[A-Za-z ]+$/, 'Input should be a valid string'],
};
const PHYSICIAN_FIELDS = ['first_name', 'last_name', 'npi'];

/** Undefined if the order is valid. */
export function validateOrder(body: Body, state: SandboxState): Reply | undefined {
  const required = Object.entries(REQUIRED_FIELDS).flatMap(([place, rule]) => checkRequired(body, place, rule));
  const detail = [...required, ...checkPhysician(body), ...checkOptionalFields(body)];
  if (detail.length) return { status: 422, body: { detail } };
  const error = checkOrderSet(body, state);
  return error === undefined ? undefined : { status: 400, body: { detail: error } };
}

function checkRequired(body: Body, place: string, [rule, msg]: [RegExp, string]): object[] {
  const loc = ['body', ...place.split('.')];
  const input = loc.slice(1).reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), body);
  if (input === undefined) return [{ type: 'missing', loc, msg: 'Field required', input: body }];
  return typeof input === 'string' && rule.test(input) ? [] : [{ type: 'value_error', loc, msg, input, ctx: { error: {} } }];
}

function checkPhysician(body: Body): object[] {
  if (body.physician === undefined || body.physician === null) return [];
  return PHYSICIAN_FIELDS.flatMap((name) => checkRequired(body, `physician.${name}`, [/^/, 'Input should be a valid string']));
}
