// Why Junction refused something, in words of our own: the elements and rules it names by their codes, and what a free text is about, or
// the plain words it is made of. Of the text itself nothing is kept: it may repeat what was sent, also in another form (a date turned round, a state spelt out), and that is health data.
// https://docs.pydantic.dev/latest/errors/validation_errors (codes of rules)
import { toJsonObject } from './json-fields.ts';

/** One thing that is said. `loc`: where, in dots; `rule`: its code; `about`: what a text speaks of; `said`: of another text the words anybody may see. */
interface ErrorDetail {
  loc?: string;
  rule?: string;
  about?: string[];
  said?: string;
}

/** Rule codes that are passed on; any other is left out, since nobody vouches for it. */
const RULE_CODES = new Set(
  `missing extra_forbidden value_error type_error assertion_error enum literal_error json_invalid json_type none_required
  string_type string_too_short string_too_long string_pattern_mismatch uuid_type uuid_parsing date_type date_parsing date_past date_future
  date_from_datetime_parsing datetime_type datetime_parsing int_type int_parsing float_type float_parsing bool_type bool_parsing decimal_parsing
  list_type dict_type model_type model_attributes_type too_short too_long greater_than greater_than_equal less_than less_than_equal
  url_parsing url_type`.split(/\s+/),
);

/** What a text may be about, and the words that tell. */
const TOPICS: [about: string, words: RegExp][] = [
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

/** Words that say nothing of a patient: none is a usual name of a person or a place, or the code of a state. What a text says beside them is left out. */
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
  const { detail, message } = toJsonObject(body);
  if (Array.isArray(detail))
    return detail.map(toJsonObject).map(({ loc, type, msg }) => ({ ...parseLocation(loc), ...parseRule(type, msg) }));
  const text = typeof detail === 'string' ? detail : (toJsonObject(detail).error_message ?? message);
  return typeof text === 'string' ? [redactText(text)] : [];
}

/** `400 lab test, not found`; `422 patient_details.phone_number: value_error`. */
export function describeError(status: number, body: unknown): string {
  const details = parseErrorDetails(body).map(({ loc, rule, about, said }) =>
    [loc, rule ?? about?.join(', ') ?? said].filter(Boolean).join(': '),
  );
  return [status, [...new Set(details.filter(Boolean))].join('; ')].filter(Boolean).join(' ');
}

const parseRule = (type: unknown, msg: unknown): ErrorDetail =>
  typeof type === 'string' && RULE_CODES.has(type) ? { rule: type } : typeof msg === 'string' ? redactText(msg) : {};

const redactText = (text: string): ErrorDetail => {
  const about = TOPICS.filter(([, words]) => words.test(text.toLowerCase())).map(([topic]) => topic);
  if (about.length) return { about };
  const plain = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const words = plain.filter((word) => SAFE_WORDS.has(word)).slice(0, MAX_WORDS);
  return { said: words.length ? `in words: ${words.join(' ')}` : 'in no words that are known' };
};

const MAX_WORDS = 30;

/** Names of elements and places in lists; what looks like neither may be something else. */
function parseLocation(loc: unknown): ErrorDetail {
  if (!Array.isArray(loc)) return {};
  return { loc: loc.filter((step) => step !== 'body' && /^(?:[a-z][a-z_]{0,40}|\d{1,3})$/.test(String(step))).join('.') };
}
