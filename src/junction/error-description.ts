// Describes an error response of Junction without patient data: element names, rule codes, the topics of a free text, or its harmless words. The text itself is
// never passed on: it may repeat what was sent, also in another form (a reformatted date, a state written out).
// https://docs.pydantic.dev/latest/errors/validation_errors (codes of rules)

import { toRecord } from '../fhir/json-values.ts';

/** `loc`: the element path; `rule`: the code of the rule; `topics`: of a text; `words`: the harmless words of a text without known topic. */
interface ErrorDetail {
  loc?: string;
  rule?: string;
  topics?: string[];
  words?: string;
}

/** Rule codes that are passed on. Unknown codes are left out: they might contain data. */
const RULE_CODES = new Set(
  `missing extra_forbidden value_error type_error assertion_error enum literal_error json_invalid json_type none_required
  string_type string_too_short string_too_long string_pattern_mismatch uuid_type uuid_parsing date_type date_parsing date_past date_future
  date_from_datetime_parsing datetime_type datetime_parsing int_type int_parsing float_type float_parsing bool_type bool_parsing decimal_parsing
  list_type dict_type model_type model_attributes_type too_short too_long greater_than greater_than_equal less_than less_than_equal
  url_parsing url_type`.split(/\s+/),
);

/** Topics of a text, and the words that identify them. */
const TOPICS: [topic: string, words: RegExp][] = [
  ['lab test', /\blab[ _-]?tests?\b/],
  ['marker', /\bmarkers?\b|biomarker/],
  ['collection method', /collection[ _-]?method/],
  ['order questions', /\baoe\b|order entry|question/],
  ['physician', /physician|\bnpi\b|provider/],
  ['consent', /consent/],
  ['billing', /billing|insurance|payor|icd/],
  ['phone number', /phone/],
  ['e-mail address', /e-?mail/],
  ['address', /address|\bzip\b|postal|\bstate\b|\bcity\b/],
  ['name', /\b(first|last|patient)[ _]?names?\b/],
  ['date of birth', /\bdob\b|birth|\bage\b|minor|guardian|proxy/],
  ['user', /\busers?\b/],
  ['limit', /limit|maximum|too many|exceed|quota/],
  ['team', /\bteam\b|account/],
  ['cancelling', /cancel/],
  ['idempotency key', /idempotency|in progress|conflict/],
  ['JUNCTION_API_KEY is not set', /junction_api_key is not set/],
  ['API key', /(?<!junction_)api[ _-]?key|credential|token/],
  ['not found', /not found|does not exist|unknown/],
];

/** Words that cannot identify a patient: none is a common name of a person or place, or the code of a state. All other words are left out. */
const SAFE_WORDS = new Set(
  `about above access accept accepted activated active again allow allowed already also and any are available because been before being below blocked both but
  cannot cause change changed check code codes collected collection combination combined compatible complete configuration configured contact contain contains
  correct could create created currently deactivated declined denied description different disabled does done down duplicate during each either eligible empty
  enabled ended error exceeds existing exists expected expired failed failure feature fields file fix for format from given greater has have however ignored
  inactive incomplete incompatible incorrect internal invalid its lab laboratory later least length less list made malformed match matches maximum minimum
  missing more most must needed neither none nor not nothing number offered once only operation order ordered orders other outside pending permission
  permitted please possible present problem process processed prohibited provided reached read received refused region rejected repeated request
  requested required requires reserved response restricted result results retry same sample schedule scheduled selected sent serve served server serves service set should since
  some specified specimen still stopped submitted such support supported temporarily than that the their then there these they this those too try trying
  twice type unable unavailable unexpected unknown unsupported until unprocessable update updated use used value values version was were when where which while
  with within without would wrong yet you your no is be to of by at on if as it an do does`.split(/\s+/),
);

/** `{"detail": [{loc, type, msg, input, ctx}]}`, `{"detail": "text"}` or `{"message": "text"}`. */
export function parseErrorDetails(body: unknown): ErrorDetail[] {
  const { detail, message } = toRecord(body);
  if (Array.isArray(detail)) return detail.map(toRecord).map(({ loc, type, msg }) => ({ ...parseLocation(loc), ...parseRule(type, msg) }));
  const text = typeof detail === 'string' ? detail : (toRecord(detail).error_message ?? message);
  return typeof text === 'string' ? [redactText(text)] : [];
}

/** `400 lab test, not found`; `422 patient_details.phone_number: value_error`. */
export function describeError(status: number, body: unknown): string {
  const details = parseErrorDetails(body).map(({ loc, rule, topics, words }) =>
    [loc, rule ?? topics?.join(', ') ?? words].filter(Boolean).join(': '),
  );
  return [status, [...new Set(details.filter(Boolean))].join('; ')].filter(Boolean).join(' ');
}

const parseRule = (type: unknown, msg: unknown): ErrorDetail =>
  typeof type === 'string' && RULE_CODES.has(type) ? { rule: type } : typeof msg === 'string' ? redactText(msg) : {};

const redactText = (text: string): ErrorDetail => {
  const topics = TOPICS.filter(([, words]) => words.test(text.toLowerCase())).map(([topic]) => topic);
  if (topics.length) return { topics };
  const all = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const words = all.filter((word) => SAFE_WORDS.has(word)).slice(0, MAX_WORDS);
  return { words: words.length ? `text with: ${words.join(' ')}` : 'text without known words' };
};

const MAX_WORDS = 30;

/** Only element names and list indexes: anything else might contain data. */
function parseLocation(loc: unknown): ErrorDetail {
  if (!Array.isArray(loc)) return {};
  return { loc: loc.filter((step) => step !== 'body' && /^(?:[a-z][a-z_]{0,40}|\d{1,3})$/.test(String(step))).join('.') };
}
