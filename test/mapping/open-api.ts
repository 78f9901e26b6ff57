// OpenAPI documents for tests, with functions that check values against them.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Document {
  openapi: string;
  info: { title: string; 'x-rate-limit'?: object };
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, object>;
    securitySchemes: Record<string, object>;
    headers: object;
    responses: object;
    examples?: Record<string, { value: unknown }>;
  };
}

export interface Operation {
  operationId: string;
  parameters: { name: string; required: boolean; schema: Record<string, unknown>; example?: unknown }[];
  requestBody?: { content: Content };
  responses: Record<string, Answer>;
}

export interface Answer {
  content?: Content;
  headers?: Record<string, { $ref?: string; required?: boolean }>;
}

type Content = Record<string, { schema: object; examples?: Record<string, { value: unknown }> }>;

/** A schema of a document as a check; its references lead into the document's own components. */
export function validator(document: Document, schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allowUnionTypes: true, strict: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv.compile({ ...schema, components: document.components });
}

/** The schema of an answer. */
export const answerSchema = (document: Document, { path, method, status }: { path: string; method: string; status: number }): object =>
  document.paths[path]![method]!.responses[status]!.content!['application/json']!.schema;

const NAME: string = '@seriousme/openapi-schema-validator';

/** What the OpenAPI specification's own schema finds wrong with a document; undefined: nothing. */
export async function faultsOf(document: object): Promise<unknown> {
  const { Validator } = (await import(NAME)) as {
    Validator: new () => { validate(document: object): Promise<{ valid: boolean; errors?: unknown }> };
  };
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  return valid ? undefined : errors;
}
