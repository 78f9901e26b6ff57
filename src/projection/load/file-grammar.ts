// What may stand in a mapping file and in a surface file, as JSON Schemas: a word that is not known is a mistake, not a comment.
import { KINDS } from '../../fhir/outcome.ts';

const text = { type: 'string', minLength: 1 };
const texts = { anyOf: [text, { type: 'array', items: text, minItems: 1 }] };
const whole = { type: 'integer', minimum: 0 };
const yes = { type: 'boolean' };
const tableOf = (values: object) => ({ type: 'object', additionalProperties: values });
const listOf = (items: object) => ({ type: 'array', items });
const kind = { enum: Object.keys(KINDS) };

/** An object of these properties and no others; those whose name ends in ! are required. */
function exactly(properties: Record<string, object>): object {
  const named = Object.entries(properties).map(([name, schema]) => [name.replace('!', ''), schema]);
  const required = Object.keys(properties).flatMap((name) => (name.endsWith('!') ? [name.slice(0, -1)] : []));
  return { type: 'object', properties: Object.fromEntries(named), required, additionalProperties: false };
}

const FIELD = {
  ...exactly({
    fhir: texts,
    at: text,
    list: text,
    where: text,
    key: text,
    having: text,
    fields: tableOf({ $ref: '#/$defs/field' }),
    each: texts,
    as: text,
    codes: tableOf({ type: ['string', 'boolean'] }),
    also: tableOf(text),
    otherwise: text,
    derived: { ...tableOf(text), required: ['as'] },
    own: exactly({ 'word!': text, 'beside!': text }),
    type: { enum: ['string', 'boolean', 'number', 'integer', 'object', 'string[]'] },
    enum: listOf(text),
    format: { enum: ['date', 'date-time', 'email', 'uuid'] },
    pattern: { type: 'string', format: 'regex', description: 'a regular expression: [A-Z]{2}' },
    minLength: whole,
    maxLength: whole,
    minItems: whole,
    maxItems: whole,
    required: yes,
    default: {},
    readOnly: yes,
    writeOnly: yes,
    on: { enum: ['create', 'update'] },
    exists: exactly({ 'missing!': kind, agrees: tableOf(text) }),
    link: exactly({ 'to!': text, 'search!': text }),
    shares: text,
    instead: text,
    omit: { enum: ['unset', 'implied'] },
    unlike: text,
    past: { const: true },
  }),
  oneOf: [
    { required: ['fhir'], properties: { at: false, list: false } },
    { required: ['at', 'fields'], properties: { list: false } },
    { required: ['list', 'fields'], properties: { at: false } },
  ],
  description: 'exactly one place: fhir: with a path, or at: with a path and fields:, or list: with a path and fields:',
};

/** One of several kinds of value: a mistake in one is told as that, not as a mistake in all. */
const choice = (kind: object, its: object, other: object): object =>
  Object.fromEntries(Object.entries({ if: kind, else: other }).concat([['then', its]]));
const has = (word: string): object => ({ type: 'object', required: [word] });

const WORDS = exactly({ 'words!': tableOf({ type: 'string' }) });
const EACH = exactly({ 'each!': text });
const MOMENT = {
  type: 'string',
  pattern: '^(date|instant)(\\(.*\\))?$',
  description: 'date or instant, with a pattern of the vendor: date(MM/DD/YYYY)',
};
const SEARCHED = exactly({ 'fhir!': text, required: yes, id: text, as: MOMENT });

const SEARCH = choice({ type: 'string' }, text, choice(has('words'), WORDS, choice(has('each'), EACH, SEARCHED)));

const JOINED = {
  type: 'string',
  pattern: '^[A-Z][A-Za-z]+\\?.*=[^&]*\\{id\\}',
  description: 'a search of one type that finds by {id}: PractitionerRole?practitioner={id}',
};

export const MAPPING_FILE = {
  $defs: { field: FIELD },
  ...exactly({
    about: text,
    'resource!': text,
    'path!': {
      type: 'string',
      pattern: '^(/[a-z0-9-]+)+(/\\{id\\}/[a-z0-9-]+)?$',
      description: 'a path like /patients or /patients/{id}/notes: words of lower-case letters, digits and hyphens, no slash at the end',
    },
    plural: text,
    'interactions!': { ...listOf({ enum: ['create', 'read', 'search', 'update', 'replace', 'delete'] }), minItems: 1 },
    idempotency: { enum: ['required', 'optional'] },
    belongs: { ...listOf(text), minItems: 1 },
    port: text,
    says: exactly({ duplicate: text, idempotency: text }),
    into: text,
    let: tableOf({ anyOf: [text, exactly({ 'first!': listOf(text), 'having!': text })] }),
    row: exactly({ 'each!': text, 'by!': text, 'key!': text, 'as!': text, 'find!': text }),
    with: tableOf(exactly({ 'search!': JOINED, 'on!': text, leaving: { const: 'touches' } })),
    'fields!': tableOf({ $ref: '#/$defs/field' }),
    also: listOf(exactly({ 'fhir!': text, 'value!': { type: ['string', 'boolean'] }, while: text })),
    sort: text,
    search: tableOf(SEARCH),
    unique: exactly({
      'within!': listOf(text),
      'compare!': tableOf({ enum: ['exact', 'trimmed', 'folded'] }),
      'any!': listOf(exactly({ 'same!': listOf(text), agree: listOf(text), lacking: listOf(text), 'search!': text })),
    }),
  }),
};

/** A mapping without a door: what others report, put into resources. `given`: %name → FHIR type of what is known only when it is used. */
export const INWARD_FILE = {
  $defs: { field: FIELD },
  ...exactly({
    'resource!': text,
    given: tableOf(text),
    let: tableOf(text),
    'fields!': tableOf({ $ref: '#/$defs/field' }),
    also: listOf(exactly({ 'fhir!': text, 'value!': { type: ['string', 'boolean'] }, while: text })),
  }),
};

const error = exactly({ 'status!': { type: 'integer', minimum: 400, maximum: 599 }, 'code!': text, says: text, body: {} });

export const SURFACE_FILE = exactly({
  title: text,
  describedAt: { type: 'string', pattern: '^https://', description: 'an address that begins with https://' },
  'order!': whole,
  'hosts!': listOf(text),
  mounts: listOf({ type: 'string', pattern: '^(/[a-z0-9-]+)+$', description: 'a path like /api/v1, with no slash at the end' }),
  'auth!': exactly({ 'scheme!': { enum: ['api-key', 'bearer'] }, 'header!': text, 'prefix!': text }),
  'systems!': tableOf(text),
  ids: exactly({ 'width!': whole, 'prefixes!': tableOf(text) }),
  nulls: { enum: ['unset', 'refused'] },
  patch: { enum: ['merge', 'replace'] },
  'envelope!': exactly({ 'item!': {}, 'list!': {}, 'error!': {} }),
  headers: tableOf(text),
  'errors!': exactly(Object.fromEntries(Object.keys(KINDS).map((name) => [`${name}!`, error]))),
  'page!': exactly({
    'size!': text,
    offset: text,
    cursor: text,
    'default!': whole,
    'max!': whole,
    'maxOffset!': whole,
    'clamp!': yes,
    'total!': yes,
  }),
  'rateLimit!': { anyOf: [{ type: 'null' }, exactly({ 'limit!': whole, 'seconds!': whole })] },
});
