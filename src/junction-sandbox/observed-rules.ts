// Rules of fields that Junction's pages state, and its API description does not have. https://docs.junction.com/lab/workflow/order-requirements
import { isObject } from '../fhir/json-values.ts';

/** Path → its pattern, and the error message. */
type FieldRules = Record<string, [rule: RegExp, message: string]>;

/** Begins with an ASCII letter or digit; then letters, digits, - . , ' and single spaces. */
const NAME = /^(?=.{1,50}$)[A-Za-z0-9][A-Za-z0-9\-.,']*( [A-Za-z0-9\-.,']+)*$/;
const NAME_MESSAGE = 'Name holds characters that are not allowed';
const PHONE = /^\+1(?!555|[2-9]11|\d{3}[2-9]11|\d{3}55501)[2-9]\d{2}[2-9]\d{6}$/;

/** The rules of a person at this path. */
export const buildPersonRules = (path: string): FieldRules => ({
  [`${path}first_name`]: [NAME, NAME_MESSAGE],
  [`${path}last_name`]: [NAME, NAME_MESSAGE],
  [`${path}phone_number`]: [PHONE, 'Phone number is not a valid US number'],
});

/** The errors of a body, in the form of Junction's framework. */
export const checkFields = (body: Record<string, unknown>, rules: FieldRules): object[] =>
  Object.entries(rules).flatMap(([place, rule]) => checkField(body, place, rule));

function checkField(body: Record<string, unknown>, place: string, [rule, msg]: [RegExp, string]): object[] {
  const steps = place.split('.');
  const input = steps.reduce<unknown>((value, step) => (isObject(value) ? value[step] : undefined), body);
  return typeof input !== 'string' || rule.test(input)
    ? []
    : [{ type: 'value_error', loc: ['body', ...steps], msg, input, ctx: { error: {} } }];
}
