// JSON Schemas of a shape's requests and responses, from the same fields as its lens. https://json-schema.org/draft/2020-12/schema

import { toList } from '../../fhir/json-values.ts';
import type { Field } from '../lens/field.ts';
import { CONCEPT_REQUEST_SCHEMA, CONCEPT_RESPONSE_SCHEMA } from '../lens/field-concept.ts';
import { isServerValue } from '../lens/lens-read.ts';
import type { JsonSchema } from '../shape.ts';

type Schema = JsonSchema;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
/** Keywords of JSON Schema that a mapping copies from the vendor's documentation. */
const VALUE_RULES = ['minLength', 'maxLength', 'minimum', 'maximum', 'format', 'pattern'] as const;
const LIST_RULES = ['minItems', 'maxItems'] as const;
const pickRules = (spec: Field['spec'], words: readonly (keyof Field['spec'])[]): Schema =>
  Object.fromEntries(words.flatMap((rule) => (rule in spec ? [[rule, spec[rule]]] : [])));
/** A date pattern that is RFC 3339: JSON Schema's date-time. */
const RFC_3339 = /^YYYY-MM-DDThh:mm:ss(?:\.SSS)?(?:Z|\+hh:mm)$/;
/** The format of every shown value, whoever wrote it. A FHIR dateTime may be a day only, so it has no format unless a pattern guarantees one. */
function findResponseFormat({ spec: { format }, codec, paths }: Field, isCreateOnly: boolean): string | undefined {
  if (RFC_3339.test(codec.format ?? '')) return 'date-time';
  const keeps = format === 'uuid' || (format === 'date-time' && (isCreateOnly || paths.every(({ type }) => type === 'instant')));
  return keeps ? format : undefined;
}

/** Whether a request of this kind may set the field. */
export const isWritableIn =
  (kind: 'create' | 'update') =>
  ({ spec }: Field): boolean =>
    !spec.readOnly && (spec.onlyIn === undefined || spec.onlyIn === kind);

/** The schema of a create. `nullable`: null unsets an optional field. */
export const buildRequestSchema = (fields: Field[], nullable: boolean): Schema => ({
  $schema: DRAFT,
  ...buildRequestObject(fields.filter(isWritableIn('create')), nullable),
});

/** The schema of a PUT. */
export const buildReplaceSchema = (fields: Field[], nullable: boolean): Schema => ({
  $schema: DRAFT,
  ...buildRequestObject(fields.filter(isWritableIn('update')), nullable),
});

/** The schema of a merge patch: no field is required, and null unsets one. https://www.rfc-editor.org/rfc/rfc7396 */
export function buildChangeSchema(fields: Field[], nullable: boolean): Schema {
  const writable = fields.filter(isWritableIn('update'));
  const properties = writable.map((field) => [field.name, allowNull(toRequestSchema(field, nullable), !field.spec.required)]);
  return { $schema: DRAFT, type: 'object', properties: Object.fromEntries(properties) };
}

function buildRequestObject(fields: Field[], nullable: boolean): Schema {
  const writable = fields.filter(({ spec }) => !spec.readOnly);
  const required = writable.filter(({ spec }) => spec.required).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      writable.map((field) => [
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
    ...pickRules(spec, VALUE_RULES),
    ...(words && { enum: words }),
  };
  const keepsDefault = standard === undefined || standard === '' || isServerValue(standard) ? {} : { default: standard };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text }, ...pickRules(spec, LIST_RULES), ...keepsDefault };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' }, ...keepsDefault };
  return { type, ...text, ...keepsDefault };
}

/** The schema of a response, with every documented key. `always`: fields that always have a value. `isCreateOnly`: the response only shows what its request created. */
export function buildResponseSchema(fields: Field[], always: string[] = [], isCreateOnly = false): Schema {
  const readable = fields.filter(({ spec }) => !spec.writeOnly);
  return {
    $schema: DRAFT,
    type: 'object',
    properties: Object.fromEntries(
      readable.map((field) => [
        field.name,
        allowNull(toResponseSchema(field, isCreateOnly), !always.includes(field.name) && !isAlwaysPresent(field)),
      ]),
    ),
    required: readable.filter(({ spec }) => spec.omit === undefined).map(({ name }) => name),
  };
}

function buildResponseObject(fields: Field[], isCreateOnly: boolean): Schema {
  const { $schema: _, ...schema } = buildResponseSchema(fields, [], isCreateOnly);
  return schema;
}

/** A FHIR client may have written other words than the vendor's: words are a closed set only for read-only fields and for `reads:`. */
function toResponseSchema(field: Field, isCreateOnly: boolean): Schema {
  const { spec, fields, members } = field;
  if (fields) return buildResponseObject(fields, isCreateOnly);
  if (members) return { type: 'array', items: buildResponseObject(members, isCreateOnly) };
  if (spec.as === 'concept') return CONCEPT_RESPONSE_SCHEMA;
  const { type = 'string' } = spec;
  const words = (spec.readOnly || spec.reads) && spec.enum;
  const format = findResponseFormat(field, isCreateOnly);
  const text = { ...(words && { enum: words }), ...(format && { format }) };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text } };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' } };
  return { type, ...text };
}

/** Whether a field is never null: lists, maps, fields with a default, the id, and server values. */
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
  return { ...schema, type: [schema.type ?? [], 'null'].flat(), ...('enum' in schema && { enum: [...toList(schema.enum), null] }) };
}
