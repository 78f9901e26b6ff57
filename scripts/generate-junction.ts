// `node scripts/generate-junction.ts <description.json> …`: writes the schemas of the request bodies that the sandbox checks, from Junction's API descriptions (OpenAPI
// 3.1, https://docs.junction.com/api-reference), which are not part of this project. Names, types and rules only, no prose. An endpoint is taken from the first
// description that has it: the description of the laboratory endpoints, then the whole one (docs/swagger.json of https://github.com/tryVital/docs), which alone has
// the demographics and the insurance of a user.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isObject, toRecord } from '../src/fhir/json-values.ts';

/** The endpoints with a body that Facet uses. */
const ENDPOINTS = ['POST /v2/user', 'PATCH /v2/user/{user_id}/info', 'POST /v2/user/{user_id}/insurance', 'POST /v3/order'];
/** The keywords of JSON Schema that are rules. */
const RULES = new Set([
  ...['type', 'enum', 'const', 'format', 'pattern', 'required', 'items', 'anyOf', 'oneOf', 'allOf'],
  ...['minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems', 'uniqueItems'],
]);

/** A description, and the name that the generated file gives it. */
interface Description {
  name: string;
  paths: Record<string, unknown>;
  schemas: Record<string, unknown>;
}

const files = process.argv.slice(2);
if (files.length === 0) throw new Error('give the paths of Junction’s OpenAPI files');
const descriptions = files.map(readDescription);
const used = new Map<string, unknown>();

function readDescription(file: string): Description {
  const { info, paths, components } = toRecord(JSON.parse(readFileSync(file, 'utf8')));
  return {
    name: `${basename(file)}, version ${toRecord(info).version}`,
    paths: toRecord(paths),
    schemas: toRecord(toRecord(components).schemas),
  };
}

/** Objects get no other fields than the described ones: Facet must not send a field that the network would ignore. */
function pickRules(schema: unknown, from: Description): unknown {
  if (Array.isArray(schema)) return schema.map((item) => pickRules(item, from));
  if (!isObject(schema)) return schema;
  if (typeof schema.$ref === 'string') return { $ref: `#/$defs/${pickNamed(schema.$ref.split('/').at(-1)!, from)}` };
  const rules = Object.entries(schema).flatMap(([name, value]) => (RULES.has(name) ? [[name, pickRules(value, from)]] : []));
  if (!isObject(schema.properties)) return Object.fromEntries(rules);
  const properties = Object.fromEntries(Object.entries(schema.properties).map(([name, value]) => [name, pickRules(value, from)]));
  return { ...Object.fromEntries(rules), properties, additionalProperties: false };
}

/** Adds the named schema to the used ones, and returns its name. Fails if two descriptions differ in it. */
function pickNamed(name: string, from: Description): string {
  const differs = descriptions.some(({ schemas }) => schemas[name] !== undefined && !isDeepStrictEqual(schemas[name], from.schemas[name]));
  if (differs) throw new Error(`the descriptions differ in ${name}`);
  if (!used.has(name)) {
    used.set(name, {});
    used.set(name, pickRules(from.schemas[name], from));
  }
  return name;
}

function findOperation(endpoint: string): { from: Description; operation: Record<string, unknown> } {
  const [method = '', path = ''] = endpoint.split(' ');
  for (const from of descriptions) {
    const operation = toRecord(from.paths[path])[method.toLowerCase()];
    if (isObject(operation)) return { from, operation };
  }
  throw new Error(`no description has ${endpoint}`);
}

/** The endpoint as the sandbox names it. */
const toEndpointName = (endpoint: string): string => endpoint.replace(/\{\w+\}/g, '{id}');

const requests: Record<string, unknown> = {};
const sources: Record<string, string> = {};
for (const endpoint of ENDPOINTS) {
  const { from, operation } = findOperation(endpoint);
  const content = toRecord(toRecord(operation.requestBody).content);
  requests[toEndpointName(endpoint)] = pickRules(toRecord(content['application/json']).schema, from);
  sources[toEndpointName(endpoint)] = from.name;
}
const definitions = Object.fromEntries([...used].sort(([one], [other]) => (one < other ? -1 : 1)));
const text = `${JSON.stringify({ sources, requests, $defs: definitions }, null, 1)}\n`;
writeFileSync(new URL('../src/junction-sandbox/generated/request-schemas.json', import.meta.url), text);
