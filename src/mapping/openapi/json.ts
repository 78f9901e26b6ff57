// Parts of OpenAPI documents.

/** A part of a document, as JSON. */
export type Json = Record<string, unknown>;

/** A reference to a schema of the document. */
export const toSchemaRef = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** A JSON body of this schema, with named examples where there are any. */
export const buildJsonContent = (schema: Json, examples: Record<string, Json> = {}): { content: Json } => ({
  content: { 'application/json': { schema, ...(Object.keys(examples).length && { examples }) } },
});

/** The schema of a JSON Patch. https://www.rfc-editor.org/rfc/rfc6902 */
export const JSON_PATCH: Json = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    properties: {
      op: { enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
      path: { type: 'string' },
      from: { type: 'string' },
      value: {},
    },
    required: ['op', 'path'],
  },
};
