// What an order may say beside whose it is, and the rules of each: 422 with the place and the value that broke one, as Junction's framework writes them.
// https://docs.junction.com/api-reference/lab-testing/create-order

type Body = Record<string, unknown>;
type Rule = [holds: (value: unknown) => boolean, message: string];

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Junction's changelog says 1,000 characters; a page of its names 120. */
const LONGEST_NOTES = 1000;

const matches = (pattern: RegExp, message: string): Rule => [(value) => typeof value === 'string' && pattern.test(value), message];
const among = (...words: string[]): Rule => [(value) => words.includes(value as string), `Input should be ${words.join(', ')}`];
const isInteger: Rule = [Number.isSafeInteger, 'Input should be a valid integer'];
const isText: Rule = [(value) => typeof value === 'string', 'Input should be a valid string'];
const isList: Rule = [Array.isArray, 'Input should be a valid list'];

const isObject: Rule = [isSaid, 'Input should be a valid dictionary or object'];

const OPTIONS: Record<string, Rule> = {
  order_set: isObject,
  collection_method: among('testkit', 'walk_in_test', 'at_home_phlebotomy', 'on_site_collection'),
  priority: [(value) => typeof value === 'boolean', 'Input should be a valid boolean'],
  billing_type: among('client_bill', 'commercial_insurance', 'patient_bill_passthrough', 'patient_bill'),
  icd_codes: isList,
  consents: isList,
  aoe_answers: isList,
  activate_by: matches(/^\d{4}-\d\d-\d\d$/, 'Input should be a valid date'),
  clinical_notes: [
    (value) => typeof value === 'string' && [...value].length <= LONGEST_NOTES,
    `String should have at most ${LONGEST_NOTES} characters`,
  ],
  lab_account_id: matches(UUID, 'Input should be a valid UUID'),
  passthrough: isText,
};
/** List → what each of its members must have, and may. */
const MEMBERS: Record<string, { required: Record<string, Rule>; optional: Record<string, Rule> }> = {
  aoe_answers: { required: { marker_id: isInteger, question_id: isInteger, answer: isText }, optional: {} },
  consents: {
    required: {
      consentType: among(
        'terms-of-use',
        'telehealth-informed-consent',
        'mobile-terms-and-conditions',
        'notice-of-privacy-practices',
        'privacy-policy',
        'hipaa-authorization',
      ),
    },
    optional: { version: isText, timeOfConsent: matches(/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/, 'Input should be a valid datetime') },
  },
};

const LISTS = { lab_test_ids: isList, add_on: isObject };
const ADDED = { marker_ids: isList, provider_ids: isList };

export function brokenOptions(body: Body): object[] {
  return [
    ...brokenIn(body, OPTIONS, ['body']),
    ...brokenSet(body),
    ...Object.keys(MEMBERS).flatMap((list) => brokenMembers(body, list)),
    ...brokenCodes(body),
  ];
}

function brokenSet({ order_set: set }: Body): object[] {
  if (!isSaid(set)) return [];
  const loc = ['body', 'order_set'];
  return [...brokenIn(set, LISTS, loc), ...(isSaid(set.add_on) ? brokenIn(set.add_on, ADDED, [...loc, 'add_on']) : [])];
}

function isSaid(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function brokenMembers(body: Body, list: string): object[] {
  const { required, optional } = MEMBERS[list]!;
  return listIn(body, list).flatMap((member, at) => {
    const loc = ['body', list, at];
    if (!isSaid(member)) return [fault(loc, isObject[1], member)];
    const missing = Object.keys(required).filter((name) => member[name] === undefined);
    return [
      ...missing.map((name) => ({ type: 'missing', loc: [...loc, name], msg: 'Field required', input: member })),
      ...brokenIn(member, { ...required, ...optional }, loc),
    ];
  });
}

const brokenCodes = (body: Body): object[] =>
  listIn(body, 'icd_codes').flatMap((code, at) => (isText[0](code) ? [] : [fault(['body', 'icd_codes', at], isText[1], code)]));

/** What is null is not there. */
const brokenIn = (body: Body, rules: Record<string, Rule>, loc: (string | number)[]): object[] =>
  Object.entries(rules).flatMap(([name, [holds, message]]) =>
    body[name] === undefined || body[name] === null || holds(body[name]) ? [] : [fault([...loc, name], message, body[name])],
  );

const fault = (loc: (string | number)[], msg: string, input: unknown): object => ({
  type: 'value_error',
  loc,
  msg,
  input,
  ctx: { error: {} },
});

const listIn = (body: Body, name: string): unknown[] => (Array.isArray(body[name]) ? (body[name] as unknown[]) : []);
