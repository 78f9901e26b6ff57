// TypeScript types for the shapes of a surface, from the JSON Schemas that check requests and describe responses.

import { toRecord } from '../fhir/json-values.ts';
import type { LoadedShape, LoadedSurface } from '../mapping/load/loaded.ts';
import { annotateChange, annotateReplacement, annotateRequest, annotateResponse } from '../mapping/openapi/annotated-schemas.ts';
import { buildErrorSchema, buildItemSchema, buildListSchema } from '../mapping/openapi/envelope-schema.ts';
import type { Json } from '../mapping/openapi/json.ts';
import { buildListParameters } from '../mapping/openapi/parameters.ts';
import { describeItems, toPascalCase, toSchemaNames } from '../mapping/openapi/schema-names.ts';
import type { JsonSchema } from '../mapping/shape.ts';

type Schema = JsonSchema;

/** A module with the types of these shapes, all of one surface. */
export function buildTypes({ surface, source }: LoadedSurface, shapes: LoadedShape[]): string {
  const prefix = toPascalCase(surface.name);
  const head = `// ${surface.title}: made from the mappings by "facet mapping types ${surface.name}"; change those, not this.`;
  const failure = declareType(
    `${prefix}Failure`,
    buildErrorSchema(source.content),
    `How ${surface.title} says that something failed.`,
    prefix,
  );
  return [head, ...shapes.flatMap((shape) => buildShapeTypes(shape, source.content, prefix)), failure].join('\n\n').concat('\n');
}

function buildShapeTypes(loaded: LoadedShape, surface: LoadedSurface['source']['content'], prefix: string): string[] {
  const { shape } = loaded;
  const { item, request, change, replacement } = toSchemaNames(shape);
  const { one, many } = describeItems(shape);
  const has = (...names: string[]): boolean => shape.interactions.some((interaction) => names.includes(interaction));
  const body = { $ref: shape.responseShape === undefined ? item : toSchemaNames({ name: shape.responseShape }).item };
  const itemSchema = buildItemSchema(loaded.mapping.content, surface, body);
  const list = buildListSchema(loaded.mapping.content, surface, body);
  const query = buildListParameters(loaded, surface, {
    requests: {},
    changes: {},
    operations: {},
    items: {},
    parameters: {},
    documentedParameters: {},
    id: undefined,
  });
  return [
    ...(shape.responseShape === undefined
      ? [declareType(prefix + item, annotateResponse(loaded), `${capitalize(one)} as it is shown. FHIR: ${shape.resource}.`, prefix)]
      : []),
    ...(has('create', 'perform')
      ? [declareType(prefix + request, annotateRequest(loaded), `${capitalize(one)} as it is sent.`, prefix)]
      : []),
    ...(has('update') ? [declareType(prefix + change, annotateChange(loaded), `A change of ${one}: null removes.`, prefix)] : []),
    ...(has('replace')
      ? [declareType(prefix + replacement, annotateReplacement(loaded), `All of ${one}, in place of what stands.`, prefix)]
      : []),
    ...(itemSchema === body || !has('create', 'read', 'update', 'replace', 'perform')
      ? []
      : [declareType(`${prefix}${item}Answer`, itemSchema, `The answer with ${one}.`, prefix)]),
    ...(has('search') || shape.batch ? [declareType(`${prefix}${item}List`, list, `The answer with a page of ${many}.`, prefix)] : []),
    ...(has('search')
      ? [declareType(`${prefix}${item}Query`, buildQuerySchema(query), `What a list of ${many} can be asked for.`, prefix)]
      : []),
  ];
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const buildQuerySchema = (parameters: Json[]): Schema => ({
  type: 'object',
  properties: Object.fromEntries(parameters.map(({ name, schema }) => [String(name), toRecord(schema)])),
  required: parameters.filter(({ required }) => required === true).map(({ name }) => String(name)),
});

const declareType = (name: string, schema: Schema, about: string, prefix: string): string =>
  `/** ${about} */\nexport ${'anyOf' in schema ? `type ${name} =` : `interface ${name}`} ${toType(schema, { prefix, depth: 0 })}${'anyOf' in schema ? ';' : ''}`;

interface TypeContext {
  prefix: string;
  depth: number;
}

function toType(schema: Schema, place: TypeContext): string {
  if (typeof schema.$ref === 'string') return place.prefix + schema.$ref;
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((jsonSchema) => toType(jsonSchema, place)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  const types = [schema.type ?? 'unknown'].flat();
  return types.map((type) => toNamedType(type, schema, place)).join(' | ');
}

const SIMPLE_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  null: 'null',
};

function toNamedType(type: string, schema: Schema, place: TypeContext): string {
  if (type === 'array' && !schema.items) return toTuple(schema.prefixItems ?? [], place);
  if (type === 'array') return `${addParentheses(toType(schema.items || {}, place))}[]`;
  if (type === 'object' && schema.properties) return toObjectType(schema, place);
  if (type === 'object') {
    const values = schema.additionalProperties || undefined;
    return `Record<string, ${values?.type === undefined ? 'unknown' : toType(values, place)}>`;
  }
  return SIMPLE_TYPES[type] ?? 'unknown';
}

const toTuple = (members: Schema[], place: TypeContext): string => `[${members.map((member) => toType(member, place)).join(', ')}]`;

const addParentheses = (text: string): string => (/[ {]/.test(text) ? `(${text})` : text);

function toObjectType({ properties = {}, required = [] }: Schema, { prefix, depth }: TypeContext): string {
  const indent = '  '.repeat(depth + 1);
  const lines = Object.entries(properties).flatMap(([name, value]) => [
    ...(value['x-fhir-path'] ? [`${indent}/** ${value['x-fhir-path']} */`] : []),
    `${indent}${toKey(name)}${required.includes(name) ? '' : '?'}: ${toType(value, { prefix, depth: depth + 1 })};`,
  ]);
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

const toKey = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
