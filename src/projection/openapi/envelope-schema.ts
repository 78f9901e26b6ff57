// JSON Schemas of envelopes: what a template of surface.yaml looks like once its `$names` are filled in.

import { repetitionOf } from '../envelope.ts';
import type { SurfaceSpec } from '../spec.ts';

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
export function envelopeSchema(template: unknown, own: Readonly<Record<string, Schema>>, plural = ''): Schema {
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

/** A failure is of the one shape, or of the one that its kind has for itself. */
export function failureSchema({ envelope, errors }: SurfaceSpec): Schema {
  const bodies = Object.values(errors).flatMap(({ body }) => (body === undefined ? [] : [body]));
  const schemas = [...new Set([envelope.error, ...bodies])].map((one) => envelopeSchema(one, {}));
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}
