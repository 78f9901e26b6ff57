// The optional fields of an order and their rules: an error has location and value in the format of Junction's framework.
// https://docs.junction.com/api-reference/lab-testing/create-order

import { isObject } from '../fhir/json-values.ts';

type Body = Record<string, unknown>;
type Rule = [isValid: (value: unknown) => boolean, message: string];

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** By Junction's changelog; another page of its documentation says 120. */
const MAX_NOTES_LENGTH = 1000;

const patternRule = (pattern: RegExp, message: string): Rule => [(value) => typeof value === 'string' && pattern.test(value), message];
const isOneOf = (...words: string[]): Rule => [(value) => words.some((word) => word === value), `Input should be ${words.join(', ')}`];
const integerRule: Rule = [Number.isSafeInteger, 'Input should be a valid integer'];
const textRule: Rule = [(value) => typeof value === 'string', 'Input should be a valid string'];
const listRule: Rule = [Array.isArray, 'Input should be a valid list'];

const objectRule: Rule = [isObject, 'Input should be a valid dictionary or object'];

const OPTIONAL_FIELDS: Record<string, Rule> = {
  order_set: objectRule,
  collection_method: isOneOf('testkit', 'walk_in_test', 'at_home_phlebotomy', 'on_site_collection'),
  priority: [(value) => typeof value === 'boolean', 'Input should be a valid boolean'],
  billing_type: isOneOf('client_bill', 'commercial_insurance', 'patient_bill_passthrough', 'patient_bill'),
  icd_codes: listRule,
  consents: listRule,
  aoe_answers: listRule,
  activate_by: patternRule(/^\d{4}-\d\d-\d\d$/, 'Input should be a valid date'),
  clinical_notes: [
    (value) => typeof value === 'string' && [...value].length <= MAX_NOTES_LENGTH,
    `String should have at most ${MAX_NOTES_LENGTH} characters`,
  ],
  lab_account_id: patternRule(UUID, 'Input should be a valid UUID'),
  passthrough: textRule,
};
/** List → the required and optional fields of its members. */
const LIST_MEMBERS: Record<string, { required: Record<string, Rule>; optional: Record<string, Rule> }> = {
  aoe_answers: { required: { marker_id: integerRule, question_id: integerRule, answer: textRule }, optional: {} },
  consents: {
    required: {
      consentType: isOneOf(
        'terms-of-use',
        'telehealth-informed-consent',
        'mobile-terms-and-conditions',
        'notice-of-privacy-practices',
        'privacy-policy',
        'hipaa-authorization',
      ),
    },
    optional: {
      version: textRule,
      timeOfConsent: patternRule(/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/, 'Input should be a valid datetime'),
    },
  },
};

const ORDER_SET_FIELDS = { lab_test_ids: listRule, add_on: objectRule };
const ADD_ON_FIELDS = { marker_ids: listRule, provider_ids: listRule };

export function checkOptionalFields(body: Body): object[] {
  return [
    ...checkFields(body, OPTIONAL_FIELDS, ['body']),
    ...checkOrderSet(body),
    ...Object.keys(LIST_MEMBERS).flatMap((list) => checkListMembers(body, list)),
    ...checkIcdCodes(body),
  ];
}

function checkOrderSet({ order_set: set }: Body): object[] {
  if (!isObject(set)) return [];
  const loc = ['body', 'order_set'];
  return [
    ...checkFields(set, ORDER_SET_FIELDS, loc),
    ...(isObject(set.add_on) ? checkFields(set.add_on, ADD_ON_FIELDS, [...loc, 'add_on']) : []),
  ];
}

function checkListMembers(body: Body, list: string): object[] {
  const { required, optional } = LIST_MEMBERS[list]!;
  return readList(body, list).flatMap((member, at) => {
    const loc = ['body', list, at];
    if (!isObject(member)) return [buildFieldError(loc, objectRule[1], member)];
    const missing = Object.keys(required).filter((name) => member[name] === undefined);
    return [
      ...missing.map((name) => ({ type: 'missing', loc: [...loc, name], msg: 'Field required', input: member })),
      ...checkFields(member, { ...required, ...optional }, loc),
    ];
  });
}

const checkIcdCodes = (body: Body): object[] =>
  readList(body, 'icd_codes').flatMap((code, at) =>
    textRule[0](code) ? [] : [buildFieldError(['body', 'icd_codes', at], textRule[1], code)],
  );

/** A field that is null counts as missing. */
const checkFields = (body: Body, rules: Record<string, Rule>, loc: (string | number)[]): object[] =>
  Object.entries(rules).flatMap(([name, [isValid, message]]) =>
    body[name] === undefined || body[name] === null || isValid(body[name]) ? [] : [buildFieldError([...loc, name], message, body[name])],
  );

const buildFieldError = (loc: (string | number)[], msg: string, input: unknown): object => ({
  type: 'value_error',
  loc,
  msg,
  input,
  ctx: { error: {} },
});

const readList = (body: Body, name: string): unknown[] => (Array.isArray(body[name]) ? body[name] : []);
