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

/** The Ajv of a document, which compiles each of its components once, and where each of its objects is, as a JSON Pointer. */
interface Compiler {
  ajv: Ajv2020;
  pointers: Map<object, string>;
}

const OPTIONS = { allowUnionTypes: true, strict: false };
const META_SCHEMA = new Ajv2020(OPTIONS);
const COMPILERS = new WeakMap<Document, Compiler>();
const NAME_OF_DOCUMENT = 'document';

/** A schema of a document as a check. It is an object of this document, whose references lead into the document's own components. */
export function validator(document: Document, schema: object): ValidateFunction {
  const { ajv, pointers } = COMPILERS.get(document) ?? buildCompiler(document);
  void META_SCHEMA.validateSchema(schema, true);
  return ajv.getSchema(`${NAME_OF_DOCUMENT}#${pointers.get(schema)!}`)!;
}

function buildCompiler(document: Document): Compiler {
  const ajv = new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema(document, NAME_OF_DOCUMENT);
  const compiler = { ajv, pointers: new Map() };
  addPointers(compiler.pointers, document, '');
  COMPILERS.set(document, compiler);
  return compiler;
}

function addPointers(pointers: Map<object, string>, value: unknown, pointer: string): void {
  if (typeof value !== 'object' || value === null) return;
  pointers.set(value, pointer);
  for (const [name, member] of Object.entries(value)) {
    addPointers(pointers, member, `${pointer}/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`);
  }
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
