// The parts from which the OpenAPI document of the administration is built.

export type Json = Record<string, unknown>;

export interface AdminDocumentOperation {
  path: string;
  method: 'get' | 'post' | 'patch' | 'delete';
  id: string;
  tag: 'keys' | 'events' | 'tenants' | 'orders' | 'sandbox';
  summary: string;
  description?: string;
  parameters?: string[];
  request?: { schema: string; example: Json };
  /** Status → the schema of its body; null: no body. */
  responses: Record<string, string | null>;
  /** Statuses of errors besides 400, 401, 403, 404 and 503. */
  errors?: string[];
}

export const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });
export const schema = (name: string): Json => ref('schemas', name);

export const TEXT = { type: 'string' };
export const OPTIONAL_TEXT = { type: ['string', 'null'] };
export const TIME = { type: ['string', 'null'], format: 'date-time' };

export const closed = (properties: Json, required: string[] = Object.keys(properties)): Json => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});

export const list = (name: string, item: string): Json => closed({ [name]: { type: 'array', items: schema(item) } });

export const parameter = (place: string, name: string, description: string): Json => ({
  in: place,
  name,
  description,
  schema: TEXT,
  ...(place === 'path' && { required: true }),
});
