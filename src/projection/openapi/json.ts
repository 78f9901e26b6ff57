// What OpenAPI documents are made of.

/** A part of a document, as JSON. */
export type Json = Record<string, unknown>;

/** Points to a schema of the document. */
export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** A JSON body of this schema, with named examples where there are any. */
export const jsonContent = (schema: Json, examples: Record<string, Json> = {}): Json => ({
  content: { 'application/json': { schema, ...(Object.keys(examples).length && { examples }) } },
});
