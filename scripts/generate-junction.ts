// `node scripts/generate-junction.ts <description.json>`: writes the schemas of the request bodies that the sandbox checks, from Junction's API description (OpenAPI
// 3.1, https://docs.junction.com/api-reference), which is not part of this project. Names, types and rules only, no prose.
import { readFileSync, writeFileSync } from 'node:fs';
import { isObject, toRecord } from '../src/fhir/json-values.ts';

/** The endpoints with a body that Facet uses. */
const ENDPOINTS = ['POST /v2/user', 'POST /v3/order'];
/** The keywords of JSON Schema that are rules. */
const RULES = new Set([
  ...['type', 'enum', 'const', 'format', 'pattern', 'required', 'items', 'anyOf', 'oneOf', 'allOf'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems', 'uniqueItems'],
]);

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('give the path of Junction’s OpenAPI file');
const description = toRecord(JSON.parse(readFileSync(file, 'utf8')));
const used = new Map<string, unknown>();

/** Objects get no other fields than the described ones: Facet must not send a field that the network would ignore. */
function pickRules(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(pickRules);
  if (!isObject(schema)) return schema;
  if (typeof schema.$ref === 'string') return { $ref: `#/$defs/${pickNamed(schema.$ref.split('/').at(-1)!)}` };
  const rules = Object.entries(schema).flatMap(([name, value]) => (RULES.has(name) ? [[name, pickRules(value)]] : []));
  if (!isObject(schema.properties)) return Object.fromEntries(rules);
  const properties = Object.fromEntries(Object.entries(schema.properties).map(([name, value]) => [name, pickRules(value)]));
  return { ...Object.fromEntries(rules), properties, additionalProperties: false };
}

/** Adds the named schema to the used ones, and returns its name. */
function pickNamed(name: string): string {
  if (!used.has(name)) {
    used.set(name, {});
    used.set(name, pickRules(toRecord(toRecord(description.components).schemas)[name]));
  }
  return name;
}

const requests = Object.fromEntries(
  ENDPOINTS.map((endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    const operation = toRecord(toRecord(toRecord(description.paths)[path])[method.toLowerCase()]);
    const content = toRecord(toRecord(operation.requestBody).content);
    return [endpoint, pickRules(toRecord(content['application/json']).schema)];
  }),
);
const definitions = Object.fromEntries([...used].sort(([one], [other]) => (one < other ? -1 : 1)));
const version = toRecord(description.info).version;
const text = `${JSON.stringify({ version, requests, $defs: definitions }, null, 1)}\n`;
writeFileSync(new URL('../src/junction-sandbox/generated/request-schemas.json', import.meta.url), text);
