// The grammar of mapping files and surface files, as JSON Schemas: an unknown keyword is a mistake.
import { ERROR_KINDS } from '../../fhir/outcome.ts';
import { MAX_LIST_ITEMS } from '../shape.ts';

const text = { type: 'string', minLength: 1 };
const texts = { anyOf: [text, { type: 'array', items: text, minItems: 1 }] };
const nonNegativeInteger = { type: 'integer', minimum: 0 };
const yes = { type: 'boolean' };
const tableOf = (values: object) => ({ type: 'object', additionalProperties: values });
const filled = (table: object) => ({ ...table, minProperties: 1 });
const listOf = (items: object) => ({ type: 'array', items });
const kind = { enum: Object.keys(ERROR_KINDS) };

/** The JSON Schema of an object that may have only these properties. A name that ends in ! is required. `renamed`: old keyword → new keyword, for error texts. */
function exactly(properties: Record<string, object>, renamed?: Record<string, string>): object {
  const named = Object.entries(properties).map(([name, schema]) => [name.replace('!', ''), schema]);
  const required = Object.keys(properties).flatMap((name) => (name.endsWith('!') ? [name.slice(0, -1)] : []));
  return { type: 'object', properties: Object.fromEntries(named), required, additionalProperties: false, ...(renamed && { renamed }) };
}

const PLACES = ['fhir', 'at', 'list', 'table'];

const FIELD = {
  ...exactly(
    {
      fhir: texts,
      at: text,
      list: text,
      where: text,
      key: texts,
      memberHas: text,
      fields: tableOf({ $ref: '#/$defs/field' }),
      each: texts,
      as: text,
      codes: filled(tableOf({ type: ['string', 'boolean'] })),
      synonyms: filled(tableOf(text)),
      otherwise: text,
      reads: filled(tableOf(text)),
      table: text,
      follows: { ...tableOf(text), required: ['as'] },
      derived: { ...tableOf(text), required: ['as'] },
      own: exactly({ 'word!': text, 'beside!': text }),
      declined: text,
      type: { enum: ['string', 'boolean', 'number', 'integer', 'object', 'string[]'] },
      enum: { ...listOf(text), minItems: 1, uniqueItems: true },
      format: { enum: ['date', 'date-time', 'email', 'uuid'] },
      pattern: { type: 'string', format: 'regex', description: 'a regular expression: [A-Z]{2}' },
      patternMeans: text,
      minLength: nonNegativeInteger,
      maxLength: nonNegativeInteger,
      minimum: { type: 'number' },
      maximum: { type: 'number' },
      minItems: nonNegativeInteger,
      maxItems: nonNegativeInteger,
      required: yes,
      nullable: { const: true },
      default: {},
      readOnly: yes,
      writeOnly: yes,
      onlyIn: { enum: ['create', 'update'] },
      exists: exactly({ 'missing!': kind, targetHas: text, agrees: tableOf(text) }, { having: 'targetHas' }),
      link: exactly({ 'to!': text, 'search!': text }),
      shares: text,
      instead: text,
      omit: { enum: ['unset', 'implied'] },
      unlike: text,
      needs: text,
      notBefore: text,
      past: { const: true },
      atLeastYears: { type: 'integer', minimum: 1 },
    },
    { also: 'synonyms', on: 'onlyIn', having: 'memberHas' },
  ),
  oneOf: PLACES.map((place) => ({
    required: place === 'at' || place === 'list' ? [place, 'fields'] : [place],
    properties: Object.fromEntries(PLACES.filter((other) => other !== place).map((other) => [other, false])),
  })),
  description:
    'exactly one place: fhir: with a path, or at: with a path and fields:, or list: with a path and fields:, or table: with the name of one',
};

/** One of several alternatives; an error is reported for the alternative that was meant. */
const choice = (kind: object, its: object, other: object): object =>
  Object.fromEntries(Object.entries({ if: kind, else: other }).concat([['then', its]]));
const has = (word: string): object => ({ type: 'object', required: [word] });

const WORDS = exactly({ 'words!': filled(tableOf({ type: 'string' })) });
const EVERY_WORD = exactly({ 'everyWord!': text, in: text });
const MOMENT = {
  type: 'string',
  pattern: '^((date|instant)(\\(.*\\))?|upper)$',
  description: 'date or instant, with a pattern of the vendor: date(MM/DD/YYYY); or upper, for what means the same in small letters',
};
const FORMAT = { enum: ['date', 'date-time', 'email', 'uuid'] };
const SEARCHED = exactly(
  {
    fhir: text,
    whenIs: exactly({ 'defaultBrand!': text }),
    required: yes,
    id: text,
    missing: kind,
    as: MOMENT,
    format: FORMAT,
    several: { const: true },
    span: exactly({ 'from!': text, 'days!': nonNegativeInteger }),
  },
  { each: 'everyWord' },
);

const SEARCH = choice({ type: 'string' }, text, choice(has('words'), WORDS, choice(has('everyWord'), EVERY_WORD, SEARCHED)));

const JOINED = {
  type: 'string',
  pattern: '^[A-Z][A-Za-z]+\\?.*=[^&]*\\{id\\}',
  description: 'a search of one type that finds by {id}: PractitionerRole?practitioner={id}',
};

const ALSO = {
  ...exactly({ 'fhir!': text, value: { type: ['string', 'boolean'] }, copyOf: text, while: text }, { same: 'copyOf' }),
  oneOf: [{ required: ['value'] }, { required: ['copyOf'] }],
  description: 'what is written: value: with a text, or copyOf: with a path',
};

const BACK = exactly({ 'search!': JOINED, 'owner!': text, leaving: { const: 'touches' } }, { on: 'owner' });
const FORWARD = exactly({ 'to!': texts, 'resource!': text });

const INTERACTIONS = ['create', 'read', 'search', 'update', 'replace', 'delete', 'perform'];

const FIRST = exactly({ 'first!': listOf(text), 'elementHas!': text }, { having: 'elementHas' });
const CODE_TABLE = exactly({ 'element!': text, 'system!': text, 'table!': tableOf(tableOf(text)) });
const LET = choice({ type: 'string' }, text, choice(has('table'), CODE_TABLE, FIRST));

export const MAPPING_SCHEMA = {
  $defs: { field: FIELD },
  ...exactly(
    {
      like: text,
      about: text,
      summary: exactly(Object.fromEntries(INTERACTIONS.map((interaction) => [interaction, text]))),
      'resource!': text,
      'path!': {
        type: 'string',
        pattern: '^(/[a-z0-9-]+)+((/\\{id\\}/[a-z0-9-]+)?|(/[a-z0-9-]+|/\\{(?!id\\})[A-Za-z]\\w*\\})+)$',
        description:
          'a path like /patients, /patients/{id}/notes or /patients/{patient_id}/notes: words of lower-case letters, digits and hyphens, names in braces, no slash at the end',
      },
      plural: text,
      'interactions!': { ...listOf({ enum: INTERACTIONS }), minItems: 1 },
      for: { const: 'person' },
      item: { const: 'me' },
      answers: text,
      tells: exactly({ 'shape!': text, 'field!': text }),
      createStatus: { const: 200 },
      ignores: filled(tableOf(text)),
      envelope: exactly({ item: {}, list: {} }),
      take: { enum: ['all', 'first'] },
      most: { type: 'integer', minimum: 1, maximum: MAX_LIST_ITEMS },
      many: exactly(
        {
          'list!': text,
          'fields!': { ...listOf(text), minItems: 1 },
          least: nonNegativeInteger,
          'most!': { type: 'integer', minimum: 1 },
          identity: { ...listOf(text), minItems: 1 },
        },
        { same: 'identity' },
      ),
      idempotency: { enum: ['required', 'optional'] },
      belongs: { ...listOf(text), minItems: 1 },
      except: { ...tableOf(text), minProperties: 1 },
      port: text,
      says: exactly({ duplicate: text, idempotency: text }),
      into: text,
      let: tableOf(LET),
      prefer: filled(tableOf({ ...listOf(text), minItems: 1, uniqueItems: true })),
      row: exactly({ 'elements!': text, 'by!': text, 'key!': text, 'as!': text, 'find!': text }, { each: 'elements' }),
      with: tableOf(choice(has('to'), FORWARD, BACK)),
      'fields!': tableOf({ $ref: '#/$defs/field' }),
      also: listOf(ALSO),
      sort: text,
      search: tableOf(SEARCH),
      only: text,
      unique: exactly({
        'within!': listOf(text),
        'compare!': tableOf({ enum: ['exact', 'trimmed', 'folded'] }),
        'any!': listOf(exactly({ 'same!': listOf(text), agree: listOf(text), lacking: listOf(text), 'search!': text })),
      }),
    },
    { status: 'createStatus' },
  ),
};

/** An inbound mapping. `given`: %name → FHIR type of a value that the caller provides. */
export const INBOUND_MAPPING_SCHEMA = {
  $defs: { field: FIELD },
  ...exactly({
    'resource!': text,
    given: tableOf(text),
    let: tableOf(text),
    'fields!': tableOf({ $ref: '#/$defs/field' }),
    also: listOf(ALSO),
  }),
};

const error = exactly({ 'status!': { type: 'integer', minimum: 400, maximum: 599 }, 'code!': text, says: text, body: {} });

export const SURFACE_SCHEMA = exactly({
  title: text,
  describedAt: { type: 'string', pattern: '^https://', description: 'an address that begins with https://' },
  'order!': nonNegativeInteger,
  'hosts!': listOf(text),
  mounts: listOf({ type: 'string', pattern: '^(/[a-z0-9-]+)+$', description: 'a path like /api/v1, with no slash at the end' }),
  'auth!': exactly({ 'scheme!': { enum: ['api-key', 'bearer'] }, 'header!': text, 'prefix!': text }),
  'systems!': tableOf(text),
  tables: tableOf(text),
  ids: exactly({ 'width!': nonNegativeInteger, 'prefixes!': tableOf(text) }),
  nulls: { enum: ['unset', 'refused'] },
  patch: { enum: ['merge', 'replace'] },
  'envelope!': exactly({ 'item!': {}, 'list!': {}, 'error!': {} }),
  headers: tableOf(text),
  'errors!': exactly(Object.fromEntries(Object.keys(ERROR_KINDS).map((name) => [`${name}!`, error]))),
  'page!': exactly({
    'size!': text,
    offset: text,
    number: text,
    cursor: text,
    'default!': nonNegativeInteger,
    'max!': nonNegativeInteger,
    'maxOffset!': nonNegativeInteger,
    'clamp!': yes,
    'total!': yes,
  }),
  'rateLimit!': {
    anyOf: [{ type: 'null' }, exactly({ 'limit!': nonNegativeInteger, 'seconds!': nonNegativeInteger, per: { const: 'tenant' } })],
  },
});
