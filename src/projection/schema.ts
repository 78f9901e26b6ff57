// JSON Schemas of a shape's request and response, from the same lines as its lens. https://json-schema.org/draft/2020-12/schema
import type { Field } from './field.ts';
import { isServerValue } from './lens-read.ts';

type Schema = Record<string, unknown>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
/** JSON Schema's words that a mapping takes over from the vendor's page as they stand. */
const RULES = ['minLength', 'maxLength', 'format', 'pattern'] as const;
/** Formats that every shown value has, whoever wrote it. */
const KEPT_FORMATS = new Set(['uuid', 'date-time']);

/** What a client may send. `nullable`: a null says that an optional field is unset. */
export const requestSchema = (fields: Field[], nullable: boolean): Schema => ({ $schema: DRAFT, ...requestObject(fields, nullable) });

function requestObject(fields: Field[], nullable: boolean): Schema {
  const asked = fields.filter(({ spec }) => !spec.readOnly);
  const required = asked.filter(({ spec }) => spec.required).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      asked.map((field) => [field.name, orNull(requestOf(field, nullable), nullable && !field.spec.required)]),
    ),
    ...(required.length && { required }),
  };
}

function requestOf({ spec, codec, fields }: Field, nullable: boolean): Schema {
  if (fields) return requestObject(fields, nullable);
  const { type = 'string', default: standard } = spec;
  const words = spec.enum ?? codec.words;
  const text = {
    ...Object.fromEntries(RULES.flatMap((rule) => (rule in spec ? [[rule, spec[rule]]] : []))),
    ...(words && { enum: words }),
  };
  const stands = standard === undefined || isServerValue(standard) ? {} : { default: standard };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text }, ...stands };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' }, ...stands };
  return { type, ...text, ...stands };
}

/** What is answered: every documented key, and null where there is no value. */
export function responseSchema(fields: Field[]): Schema {
  const shown = fields.filter(({ spec }) => !spec.writeOnly);
  return {
    $schema: DRAFT,
    type: 'object',
    properties: Object.fromEntries(shown.map((field) => [field.name, orNull(responseOf(field), !isAlwaysThere(field))])),
    required: shown.map(({ name }) => name),
  };
}

function responseOf({ spec, fields }: Field): Schema {
  if (fields) {
    const { $schema: _, ...inner } = responseSchema(fields);
    return inner;
  }
  const { type = 'string', format } = spec;
  const text = { ...(spec.enum && { enum: spec.enum }), ...(format && KEPT_FORMATS.has(format) && { format }) };
  if (type === 'string[]') return { type: 'array', items: { type: 'string', ...text } };
  if (type === 'object') return { type, additionalProperties: spec.as === 'json' ? {} : { type: 'string' } };
  return { type, ...text };
}

/** Fields with a value whoever made the resource: lists and maps, what has a standard, the id, and what the server knows of every resource. */
const isAlwaysThere = ({ name, spec, paths }: Field): boolean =>
  name === 'id' ||
  spec.type === 'string[]' ||
  spec.type === 'object' ||
  (spec.default !== undefined && !isServerValue(spec.default)) ||
  paths.some(({ variable, text }) => variable === 'created' || text === 'meta.lastUpdated');

function orNull(schema: Schema, nullable: boolean): Schema {
  if (!nullable) return schema;
  return { ...schema, type: [schema.type, 'null'], ...('enum' in schema && { enum: [...(schema.enum as unknown[]), null] }) };
}
