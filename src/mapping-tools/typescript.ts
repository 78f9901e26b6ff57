// TypeScript types for the shapes of a surface, from the same JSON Schemas that check requests and describe answers.

import type { LoadedShape, LoadedSurface } from '../mapping/load/loaded.ts';
import { failureSchema, itemSchema, listEnvelopeSchema } from '../mapping/openapi/envelope-schema.ts';
import { namesOf, pascal, wordsOf } from '../mapping/openapi/names.ts';
import { listParameters } from '../mapping/openapi/parameters.ts';
import { annotatedChange, annotatedReplacement, annotatedRequest, annotatedResponse } from '../mapping/openapi/schemas.ts';

type Schema = Record<string, unknown>;

/** A module with the types of these shapes, all of one surface. */
export function typesOf({ surface, source }: LoadedSurface, shapes: LoadedShape[]): string {
  const prefix = pascal(surface.name);
  const head = `// ${surface.title}: made from the mappings by "facet mapping types ${surface.name}"; change those, not this.`;
  const failure = declared(`${prefix}Failure`, failureSchema(source.content), `How ${surface.title} says that something failed.`, prefix);
  return [head, ...shapes.flatMap((one) => shapeTypes(one, source.content, prefix)), failure].join('\n\n').concat('\n');
}

function shapeTypes(loaded: LoadedShape, surface: LoadedSurface['source']['content'], prefix: string): string[] {
  const { shape } = loaded;
  const { item, request, change, replacement } = namesOf(shape);
  const { one, many } = wordsOf(shape);
  const has = (...any: string[]): boolean => any.some((interaction) => (shape.interactions as string[]).includes(interaction));
  const body = { $ref: shape.answers === undefined ? item : namesOf({ name: shape.answers }).item };
  const answer = itemSchema(loaded.mapping.content, surface, body);
  const list = listEnvelopeSchema(loaded.mapping.content, surface, body);
  const query = listParameters(loaded, surface, {
    requests: {},
    changes: {},
    operations: {},
    items: {},
    parameters: {},
    id: undefined,
  });
  return [
    ...(shape.answers === undefined
      ? [declared(prefix + item, annotatedResponse(loaded), `${sentence(one)} as it is shown. FHIR: ${shape.resource}.`, prefix)]
      : []),
    ...(has('create', 'perform') ? [declared(prefix + request, annotatedRequest(loaded), `${sentence(one)} as it is sent.`, prefix)] : []),
    ...(has('update') ? [declared(prefix + change, annotatedChange(loaded), `A change of ${one}: null removes.`, prefix)] : []),
    ...(has('replace')
      ? [declared(prefix + replacement, annotatedReplacement(loaded), `All of ${one}, in place of what stands.`, prefix)]
      : []),
    ...(answer === body || !has('create', 'read', 'update', 'replace', 'perform')
      ? []
      : [declared(`${prefix}${item}Answer`, answer, `The answer with ${one}.`, prefix)]),
    ...(has('search') || shape.many ? [declared(`${prefix}${item}List`, list, `The answer with a page of ${many}.`, prefix)] : []),
    ...(has('search') ? [declared(`${prefix}${item}Query`, querySchema(query), `What a list of ${many} can be asked for.`, prefix)] : []),
  ];
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const querySchema = (parameters: Schema[]): Schema => ({
  type: 'object',
  properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  required: parameters.filter(({ required }) => required).map(({ name }) => name),
});

const declared = (name: string, schema: Schema, about: string, prefix: string): string =>
  `/** ${about} */\nexport ${'anyOf' in schema ? `type ${name} =` : `interface ${name}`} ${typeOf(schema, { prefix, depth: 0 })}${'anyOf' in schema ? ';' : ''}`;

interface Place {
  prefix: string;
  depth: number;
}

function typeOf(schema: Schema, place: Place): string {
  if (typeof schema.$ref === 'string') return place.prefix + schema.$ref;
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((one) => typeOf(one as Schema, place)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  const types = [schema.type].flat() as string[];
  return types.map((type) => named(type, schema, place)).join(' | ');
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  null: 'null',
};

function named(type: string, schema: Schema, place: Place): string {
  if (type === 'array' && !schema.items) return tupleOf((schema.prefixItems ?? []) as Schema[], place);
  if (type === 'array') return `${bracketed(typeOf(schema.items as Schema, place))}[]`;
  if (type === 'object' && schema.properties) return objectOf(schema, place);
  if (type === 'object') {
    const values = schema.additionalProperties as Schema | undefined;
    return `Record<string, ${values?.type === undefined ? 'unknown' : typeOf(values, place)}>`;
  }
  return SIMPLE[type] ?? 'unknown';
}

const tupleOf = (members: Schema[], place: Place): string => `[${members.map((one) => typeOf(one, place)).join(', ')}]`;

const bracketed = (text: string): string => (/[ {]/.test(text) ? `(${text})` : text);

function objectOf({ properties, required = [] }: Schema, { prefix, depth }: Place): string {
  const indent = '  '.repeat(depth + 1);
  const lines = Object.entries(properties as Record<string, Schema>).flatMap(([name, value]) => [
    ...(value['x-fhir-path'] ? [`${indent}/** ${value['x-fhir-path']} */`] : []),
    `${indent}${keyOf(name)}${(required as string[]).includes(name) ? '' : '?'}: ${typeOf(value, { prefix, depth: depth + 1 })};`,
  ]);
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
}

const keyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
