// The JSON Schemas of FHIR's types for the OpenAPI document: the generated schemas without the keywords that JSON Schema does not define.
// https://hl7.org/fhir/R4/json.html
import { R4_SCHEMA } from '../../fhir/json-schema.ts';
import { isObject } from '../../fhir/json-values.ts';

type Json = Record<string, unknown>;

/** The keywords of src/fhir/validation/schema-rules.ts. JSON Schema does not define them. */
const CUSTOM_KEYWORDS = new Set(['siblings', 'invariants', 'needs', 'choices', 'targets', 'bound']);

/** A type's name as the name of a component, which cannot contain `?`. */
const toComponentName = (type: string): string => type.replace('?', 'OrNull');

/** Type → its schema, including datatypes and backbone elements. */
export function buildFhirSchemas(): Json {
  const types = Object.entries(R4_SCHEMA.$defs).map(([type, schema]) => [toComponentName(type), toJsonSchema(schema)] as const);
  return { ...Object.fromEntries(types), AnyResource: ANY_RESOURCE };
}

function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([keyword, value]) => (CUSTOM_KEYWORDS.has(keyword) ? [] : toJsonSchemaKeyword(keyword, value))),
  );
}

/** Translates a keyword for OpenAPI. The members of `properties` are names of elements, not keywords. */
function toJsonSchemaKeyword(keyword: string, value: unknown): [string, unknown][] {
  if (keyword === '$ref') return [['$ref', `#/components/schemas/${toComponentName(String(value).replace('#/$defs/', ''))}`]];
  if (keyword === 'format') return [['x-fhir-type', String(value).replace('fhir-', '')]];
  if (keyword === 'contained' || keyword === 'standalone') return [['required', ['resourceType']]];
  if (keyword === 'branches' && isObject(value)) return [['anyOf', buildBranches(value)]];
  if (keyword === 'properties' && isObject(value))
    return [['properties', Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJsonSchema(member)]))]];
  return [[keyword, toJsonSchema(value)]];
}

/** A choice of many types: at most one of these properties. */
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

/** A resource of any type. */
const ANY_RESOURCE: Json = { type: 'object', required: ['resourceType'], properties: { resourceType: { type: 'string' } } };
