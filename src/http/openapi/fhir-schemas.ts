// The JSON Schemas of FHIR's types as an OpenAPI document carries them: the generated ones, without the keywords that JSON Schema does not have.
// https://hl7.org/fhir/R4/json.html
import { R4_SCHEMA } from '../../fhir/json-schema.ts';
import { isObject } from '../../fhir/json-values.ts';

type Json = Record<string, unknown>;

/** Keywords of src/fhir/validation/schema-rules.ts, which are checked beyond the schema. */
const CUSTOM_KEYWORDS = new Set(['siblings', 'invariants', 'needs', 'choices', 'targets', 'bound', 'plain']);

/** A name of a type as a component may be called. */
const toComponentName = (type: string): string => type.replace('?', 'OrNull');

/** Type → its schema, datatypes and backbone elements among them. */
export function buildFhirSchemas(): Json {
  const types = Object.entries(R4_SCHEMA.$defs).map(([type, schema]) => [toComponentName(type), toJsonSchema(schema)] as const);
  return { ...Object.fromEntries(types), ...RESPONSE_SCHEMAS };
}

function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([keyword, value]) => (CUSTOM_KEYWORDS.has(keyword) ? [] : toJsonSchemaKeyword(keyword, value))),
  );
}

/** A keyword as OpenAPI has it; `properties` holds names, not keywords. */
function toJsonSchemaKeyword(keyword: string, value: unknown): [string, unknown][] {
  if (keyword === '$ref') return [['$ref', `#/components/schemas/${toComponentName(String(value).replace('#/$defs/', ''))}`]];
  if (keyword === 'format') return [['x-fhir-type', String(value).replace('fhir-', '')]];
  if (keyword === 'contained') return [['required', ['resourceType']]];
  if (keyword === 'branches' && isObject(value)) return [['anyOf', buildBranches(value)]];
  if (keyword === 'properties' && isObject(value))
    return [['properties', Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJsonSchema(one)]))]];
  return [[keyword, toJsonSchema(value)]];
}

/** A choice of many types: one of these properties, or none. */
const buildBranches = ({ of }: Json): Json[] => [
  {
    properties: Object.fromEntries(
      Object.entries(isObject(of) ? of : {}).map(([name, type]) => [
        name,
        { $ref: `#/components/schemas/${toComponentName(String(type))}` },
      ]),
    ),
  },
];

const text = { type: 'string' };
const any = { type: 'object', required: ['resourceType'], properties: { resourceType: text } };

/** What frames resources in answers. https://hl7.org/fhir/R4/bundle.html, operationoutcome.html, parameters.html, capabilitystatement.html */
const RESPONSE_SCHEMAS: Record<string, Json> = {
  AnyResource: any,
  OperationOutcome: {
    type: 'object',
    required: ['resourceType', 'issue'],
    properties: {
      resourceType: { const: 'OperationOutcome' },
      issue: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['severity', 'code'],
          properties: {
            severity: { enum: ['fatal', 'error', 'warning', 'information'] },
            code: text,
            details: { type: 'object', properties: { text } },
            diagnostics: text,
            expression: { type: 'array', items: text },
          },
        },
      },
    },
  },
  Bundle: {
    type: 'object',
    required: ['resourceType', 'type'],
    properties: {
      resourceType: { const: 'Bundle' },
      type: { enum: ['searchset', 'history', 'batch', 'transaction', 'batch-response', 'transaction-response'] },
      total: { type: 'integer', minimum: 0 },
      link: { type: 'array', items: { type: 'object', required: ['relation', 'url'], properties: { relation: text, url: text } } },
      entry: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            fullUrl: text,
            resource: any,
            search: { type: 'object' },
            request: { type: 'object' },
            response: { type: 'object' },
          },
        },
      },
    },
  },
  CapabilityStatement: { type: 'object', required: ['resourceType'], properties: { resourceType: { const: 'CapabilityStatement' } } },
};
