// JSON Schemas of envelopes, derived from the templates of surface.yaml.

import { toValueSpec } from '../query/parameter-rules.ts';
import { readRepetition } from '../response/envelope.ts';
import { PAGE_NAMES, RESPONSE_NAMES } from '../response/surface.ts';
import { listPathParameters } from '../routes.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';

type Schema = Record<string, unknown>;

const text = { type: 'string' };
const integer = { type: 'integer' };
const toNullable = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });

/** The schemas of `$names`; those of `body` and `items` belong to the shape. */
const NAME_SCHEMAS: Readonly<Record<string, Schema>> = {
  requestId: text,
  time: { type: 'string', format: 'date-time' },
  status: integer,
  rateLimit: toNullable(integer),
  rateRemaining: toNullable(integer),
  rateReset: toNullable(integer),
  total: integer,
  limit: integer,
  offset: integer,
  hasMore: { type: 'boolean' },
  nextOffset: toNullable(integer),
  page: integer,
  pageCount: toNullable(integer),
  nextPage: toNullable(integer),
  previousPage: toNullable(integer),
  cursor: toNullable(text),
  nextUrl: toNullable(text),
  previousUrl: toNullable(text),
  rel: { enum: ['next', 'prev'] },
  url: text,
  code: text,
  message: text,
  severity: text,
  issueCode: text,
  text,
  field: toNullable(text),
};

/** The schema of `$name`; of any text otherwise. */
export const findNameSchema = (template: unknown): Schema => NAME_SCHEMAS[String(template).slice(1)] ?? text;

/** A list with exactly these members. */
const buildTupleSchema = (members: Schema[]): Schema => ({
  type: 'array',
  maxItems: members.length,
  ...(members.length && { prefixItems: members, items: false, minItems: members.length }),
});

/** The schema of a template; `own`: schemas of `$body` and `$items`; `plural`: the value of `$plural`. */
function buildEnvelopeSchema(template: unknown, own: Readonly<Record<string, Schema>>, plural = ''): Schema {
  if (typeof template === 'string' && template.startsWith('$')) return own[template.slice(1)] ?? NAME_SCHEMAS[template.slice(1)] ?? {};
  if (template === null || typeof template !== 'object') return { const: template };
  if (Array.isArray(template)) return buildTupleSchema(template.map((item) => buildEnvelopeSchema(item, own, plural)));
  const repeated = readRepetition(template);
  if (repeated) {
    const list = { type: 'array', items: buildEnvelopeSchema(repeated.member, own, plural) };
    return repeated.by === undefined ? list : { type: 'object', additionalProperties: list };
  }
  const entries = Object.entries(template).map(
    ([key, value]) => [key === '$plural' ? plural : key, buildEnvelopeSchema(value, own, plural)] as const,
  );
  return { type: 'object', properties: Object.fromEntries(entries), required: entries.map(([key]) => key) };
}

/** The schema of a response with one item, in the envelope of the mapping or of the surface. */
export const buildItemSchema = ({ envelope: own }: MappingSpec, { envelope }: SurfaceSpec, body: Schema): Schema =>
  buildEnvelopeSchema(own?.item ?? envelope.item, { body });

/** The same of a list; a query parameter in it is a text, or null when it is optional. */
export function buildListSchema(
  { envelope: own, search = {}, plural, path }: MappingSpec,
  { envelope }: SurfaceSpec,
  item: Schema,
): Schema {
  const names = Object.keys(search).filter((name) => !RESPONSE_NAMES.includes(name) && !PAGE_NAMES.includes(name));
  const properties = names.map(
    (name) => [name, isRequired(search[name]!) || listPathParameters(path).includes(name) ? text : toNullable(text)] as const,
  );
  const items = { type: 'array', items: item };
  const first = { anyOf: [item, { type: 'null' }] };
  return buildEnvelopeSchema(own?.list ?? envelope.list, { ...Object.fromEntries(properties), items, first }, plural);
}

const isRequired = (spec: SearchSpec): boolean => toValueSpec(spec)?.required === true;

/** The schema of an error: of the surface's template, or of those with their own body. */
export function buildErrorSchema({ envelope, errors }: SurfaceSpec): Schema {
  const bodies = Object.values(errors).flatMap(({ body }) => (body === undefined ? [] : [body]));
  const schemas = [...new Set([envelope.error, ...bodies])].map((body) => buildEnvelopeSchema(body, {}));
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}
