// JSON Schemas of a shape's request and response, from the same lines as its lens. https://json-schema.org/draft/2020-12/schema
import type { Field } from '../lens/field.ts';
import { CONCEPT_REQUEST_SCHEMA, CONCEPT_RESPONSE_SCHEMA } from '../lens/field-concept.ts';
import { isServerValue } from '../lens/lens-read.ts';

/** A JSON Schema, as far as this program looks into one. */
export interface JsonSchema {
  [word: string]: unknown;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  required?: string[];
}

type Schema = Record<string, unknown>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
/** JSON Schema's words that a mapping takes over from the vendor's page as they stand. */
const TEXT_RULES = ['minLength', 'maxLength', 'format', 'pattern'] as const;
const LIST_RULES = ['minItems', 'maxItems'] as const;
const pickRules = (spec: Field['spec'], words: readonly (keyof Field['spec'])[]): Schema =>
  Object.fromEntries(words.flatMap((rule) => (rule in spec ? [[rule, spec[rule]]] : [])));
/** A pattern whose times are those of RFC 3339, which JSON Schema calls date-time. */
const RFC_3339 = /^YYYY-MM-DDThh:mm:ss(?:\.SSS)?(?:Z|\+hh:mm)$/;
/** The format that every shown value has, whoever wrote it: FHIR's dateTime may be a day, its instant and what a pattern makes of either may not. */
function findResponseFormat({ spec: { format }, codec, paths }: Field, ours: boolean): string | undefined {
  if (RFC_3339.test(codec.format ?? '')) return 'date-time';
  const keeps = format === 'uuid' || (format === 'date-time' && (ours || paths.every(({ type }) => type === 'instant')));
  return keeps ? format : undefined;
}

/** Whether a request of this kind may say the field: `onlyIn:` names the only kind that may. */
export const isWritableIn =
  (kind: 'create' | 'update') =>
  ({ spec }: Field): boolean =>
    !spec.readOnly && (spec.onlyIn === undefined || spec.onlyIn === kind);

/** What a client may send to make an item. `nullable`: a null says that an optional field is unset. */
export const buildRequestSchema = (fields: Field[], nullable: boolean): Schema => ({
  $schema: DRAFT,
  ...buildRequestObject(fields.filter(isWritableIn('create')), nullable),
});

/** A whole new body of an item that is there. */
export const buildReplaceSchema = (fields: Field[], nullable: boolean): Schema => ({
  $schema: DRAFT,
  ...buildRequestObject(fields.filter(isWritableIn('update')), nullable),
});

/** Some fields of an item that is there: none must be said, and a null removes one. https://www.rfc-editor.org/rfc/rfc7396 */
export function buildChangeSchema(fields: Field[], nullable: boolean): Schema {
  const asked = fields.filter(isWritableIn('update'));
  const properties = asked.map((field) => [field.name, allowNull(toRequestSchema(field, nullable), !field.spec.required)]);
  return { $schema: DRAFT, type: 'object', properties: Object.fromEntries(properties) };
}

function buildRequestObject(fields: Field[], nullable: boolean): Schema {
  const asked = fields.filter(({ spec }) => !spec.readOnly);
  const required = asked.filter(({ spec }) => spec.required).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      asked.map((field) => [
        field.name,
        allowNull(toRequestSchema(field, nullable), (nullable || field.spec.nullable === true) && !field.spec.required),
      ]),
    ),
    ...(required.length && { required }),
  };
}

function toRequestSchema({ spec, codec, fields, members }: Field, nullable: boolean): Schema {
  if (fields) return buildRequestObject(fields, nullable);
  if (members) return { type: 'array', items: buildRequestObject(members, nullable), ...pickRules(spec, LIST_RULES) };
  if (spec.as === 'concept') return CONCEPT_REQUEST_SCHEMA;
  const { type = 'string', default: standard } = spec;
  const words = spec.enum ?? codec.words;
  const text = {
    ...(codec.pattern !== undefined && { pattern: codec.pattern }),
    ...pickRules(spec, TEXT_RULES),
    ...(words && { enum: words }),
  };
  const stands = standard === undefined || standard === '' || isServerValue(standard) ? {} : { default: standard };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text }, ...pickRules(spec, LIST_RULES), ...stands };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' }, ...stands };
  return { type, ...text, ...stands };
}

/** What is answered: every documented key, and null where there is no value. `always`: fields that have one in every item. `ours`: only what a request has just made. */
export function buildResponseSchema(fields: Field[], always: string[] = [], ours = false): Schema {
  const shown = fields.filter(({ spec }) => !spec.writeOnly);
  return {
    $schema: DRAFT,
    type: 'object',
    properties: Object.fromEntries(
      shown.map((field) => [field.name, allowNull(toResponseSchema(field, ours), !always.includes(field.name) && !isAlwaysPresent(field))]),
    ),
    required: shown.filter(({ spec }) => spec.omit === undefined).map(({ name }) => name),
  };
}

function buildResponseObject(fields: Field[], ours: boolean): Schema {
  const { $schema: _, ...schema } = buildResponseSchema(fields, [], ours);
  return schema;
}

/** What a client may write, FHIR may have written otherwise: words are a closed set only where the server alone writes them, or where no others are shown. */
function toResponseSchema(field: Field, ours: boolean): Schema {
  const { spec, fields, members } = field;
  if (fields) return buildResponseObject(fields, ours);
  if (members) return { type: 'array', items: buildResponseObject(members, ours) };
  if (spec.as === 'concept') return CONCEPT_RESPONSE_SCHEMA;
  const { type = 'string' } = spec;
  const words = (spec.readOnly || spec.reads) && spec.enum;
  const format = findResponseFormat(field, ours);
  const text = { ...(words && { enum: words }), ...(format && { format }) };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text } };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' } };
  return { type, ...text };
}

/** Fields with a value whoever made the resource: lists and maps, what has a standard, the id, and what the server knows of every resource. */
const isAlwaysPresent = ({ name, spec, paths }: Field): boolean =>
  name === 'id' ||
  paths[0]?.text === 'id' ||
  spec.omit !== undefined ||
  spec.list !== undefined ||
  spec.type === 'string[]' ||
  spec.type === 'object' ||
  (spec.default !== undefined && !isServerValue(spec.default)) ||
  paths.some(({ variable, text }) => variable === 'created' || text === 'meta.lastUpdated');

function allowNull(schema: Schema, nullable: boolean): Schema {
  if (!nullable) return schema;
  return { ...schema, type: [schema.type, 'null'].flat(), ...('enum' in schema && { enum: [...(schema.enum as unknown[]), null] }) };
}
