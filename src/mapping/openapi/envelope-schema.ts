// JSON Schemas of envelopes: what a template of surface.yaml looks like once its `$names` are filled in.

import { repetitionOf } from '../envelope.ts';
import { valueSpecOf } from '../parameter-rules.ts';
import { namesIn } from '../routes.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';
import { ANSWER, LIST } from '../surface.ts';

type Schema = Record<string, unknown>;

const text = { type: 'string' };
const whole = { type: 'integer' };
const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type, 'null'] });

/** What the server fills in, by name; `body` and `items` are the shape's own. */
const FILLED: Readonly<Record<string, Schema>> = {
  requestId: text,
  time: { type: 'string', format: 'date-time' },
  status: whole,
  rateLimit: orNull(whole),
  rateRemaining: orNull(whole),
  rateReset: orNull(whole),
  total: whole,
  limit: whole,
  offset: whole,
  hasMore: { type: 'boolean' },
  nextOffset: orNull(whole),
  page: whole,
  pageCount: orNull(whole),
  nextPage: orNull(whole),
  previousPage: orNull(whole),
  cursor: orNull(text),
  nextUrl: orNull(text),
  previousUrl: orNull(text),
  rel: { enum: ['next', 'prev'] },
  url: text,
  code: text,
  message: text,
  severity: text,
  issueCode: text,
  text,
  field: orNull(text),
};

/** What the server fills in for `$name`; any text where a template is no name. */
export const filledSchema = (template: unknown): Schema => FILLED[String(template).slice(1)] ?? text;

/** A list with these members and no others. */
const listSchema = (members: Schema[]): Schema => ({
  type: 'array',
  maxItems: members.length,
  ...(members.length && { prefixItems: members, items: false, minItems: members.length }),
});

/** The schema of a filled template; `own`: schemas of `$body` and `$items`, `plural`: what `$plural` stands for. */
function envelopeSchema(template: unknown, own: Readonly<Record<string, Schema>>, plural = ''): Schema {
  if (typeof template === 'string' && template.startsWith('$')) return own[template.slice(1)] ?? FILLED[template.slice(1)] ?? {};
  if (template === null || typeof template !== 'object') return { const: template };
  if (Array.isArray(template)) return listSchema(template.map((one) => envelopeSchema(one, own, plural)));
  const repeated = repetitionOf(template);
  if (repeated) {
    const list = { type: 'array', items: envelopeSchema(repeated.member, own, plural) };
    return repeated.by === undefined ? list : { type: 'object', additionalProperties: list };
  }
  const entries = Object.entries(template as Record<string, unknown>).map(
    ([key, value]) => [key === '$plural' ? plural : key, envelopeSchema(value, own, plural)] as const,
  );
  return { type: 'object', properties: Object.fromEntries(entries), required: entries.map(([key]) => key) };
}

/** The schema of the answer with one item, in the envelope of the mapping or of the surface. */
export const itemSchema = ({ envelope: own }: MappingSpec, { envelope }: SurfaceSpec, body: Schema): Schema =>
  envelopeSchema(own?.item ?? envelope.item, { body });

/** The same of a list: what it may say of the request is a text, or null where that may be left out. */
export function listEnvelopeSchema(
  { envelope: own, search = {}, plural, path }: MappingSpec,
  { envelope }: SurfaceSpec,
  item: Schema,
): Schema {
  const names = Object.keys(search).filter((name) => !ANSWER.includes(name) && !LIST.includes(name));
  const asked = names.map((name) => [name, isRequired(search[name]!) || namesIn(path).includes(name) ? text : orNull(text)] as const);
  const items = { type: 'array', items: item };
  const first = { anyOf: [item, { type: 'null' }] };
  return envelopeSchema(own?.list ?? envelope.list, { ...Object.fromEntries(asked), items, first }, plural);
}

const isRequired = (spec: SearchSpec): boolean => valueSpecOf(spec)?.required === true;

/** A failure is of the one shape, or of the one that its kind has for itself. */
export function failureSchema({ envelope, errors }: SurfaceSpec): Schema {
  const bodies = Object.values(errors).flatMap(({ body }) => (body === undefined ? [] : [body]));
  const schemas = [...new Set([envelope.error, ...bodies])].map((one) => envelopeSchema(one, {}));
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}
