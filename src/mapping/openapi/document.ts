// Builds the OpenAPI document of a surface from its mappings and their examples.
// https://spec.openapis.org/oas/v3.1.0
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import type { ServerFacts, ShapeInteraction } from '../shape.ts';
import { annotateChange, annotateReplacement, annotateRequest, annotateResponse } from './annotated-schemas.ts';
import { pickDocumentExamples } from './document-examples.ts';
import { buildErrorSchema } from './envelope-schema.ts';
import { JSON_PATCH, type Json } from './json.ts';
import { buildOperations } from './operations.ts';
import { buildSurfaceHeaders } from './responses.ts';
import { describeItems, toSchemaNames } from './schema-names.ts';

/** Builds the document of all shapes of a surface. */
export function buildOpenApi(loaded: LoadedSurface, inFileOrder: LoadedShape[], facts: ServerFacts): Json {
  const shapes = inFileOrder.toSorted((a, b) => rankShape(a) - rankShape(b));
  const { surface, source } = loaded;
  const { describedAt } = source.content;
  return {
    openapi: '3.1.0',
    info: {
      title: surface.title,
      version: facts.version,
      description: buildDescription(loaded, facts),
      ...(facts.rateLimit && { 'x-rate-limit': facts.rateLimit }),
    },
    ...(describedAt !== undefined && { externalDocs: { url: describedAt, description: 'The vendor’s own documents' } }),
    servers: facts.servers,
    security: [{ key: [] }],
    tags: buildTags(shapes),
    paths: buildPaths(shapes, loaded, facts),
    components: {
      securitySchemes: {
        key: buildSecurityScheme(source.content.auth),
        ...(shapes.some(({ shape }) => shape.isPersonal) && {
          person: { ...buildSecurityScheme(source.content.auth), description: PERSON_KEY_DESCRIPTION },
        }),
      },
      schemas: {
        ...Object.fromEntries(shapes.flatMap(buildSchemas)),
        Failure: buildErrorSchema(source.content),
        ...(shapes.some(({ shape }) => shape.interactions.includes('update')) && { JsonPatch: JSON_PATCH }),
      },
      headers: buildSurfaceHeaders(source.content),
    },
  };
}

/** One tag for each name: of shapes with the same name, the first describes it. */
function buildTags(shapes: LoadedShape[]): Json[] {
  const tags = shapes.map(({ shape, mapping: { content } }) => ({
    name: describeItems(shape).many,
    ...(content.about !== undefined && { description: content.about }),
  }));
  return tags.filter(({ name }, at) => tags.findIndex((tag) => tag.name === name) === at);
}

/** Orders and patients come first: most readers look for these. */
const LEADING_TYPES = ['ServiceRequest', 'Patient'];

function rankShape({ mapping, shape }: LoadedShape): number {
  const rank = LEADING_TYPES.indexOf(mapping.content.resource);
  return rank === -1 || !shape.interactions.some((one) => one === 'create' || one === 'search') ? LEADING_TYPES.length : rank;
}

function buildDescription({ surface, source }: LoadedSurface, { rateLimit, bodyLimit }: ServerFacts): string {
  const { page, auth } = source.content;
  const key = auth.scheme === 'bearer' ? '`Authorization: Bearer …`' : `\`${auth.header}: …\``;
  const limit = rateLimit
    ? `At most ${rateLimit.limit} requests in ${rateLimit.seconds} seconds ${source.content.rateLimit?.per === 'tenant' ? 'by all keys of an organisation together' : 'per key'}; further requests are refused with 429.`
    : 'Requests are not limited.';
  return [
    `A key of the surface \`${surface.name}\` is sent as ${key}; it gives access to this surface and to the data of its tenant only.`,
    limit,
    `Bodies up to ${Math.floor(bodyLimit / 1024)} KiB are accepted.`,
    `Lists have ${page.default} items unless \`${page.size}\` is set, at most ${page.max}.`,
    'Properties of a request that are not described are ignored. A response has every described property.',
  ].join(' ');
}

/** The description of keys that are restricted to a patient. */
const PERSON_KEY_DESCRIPTION =
  'A key that is restricted to a patient (`facet keys create --patient`): it gives access to the endpoints about that patient only.';

const buildSecurityScheme = ({ scheme, header }: LoadedSurface['surface']['auth']): Json =>
  scheme === 'bearer' ? { type: 'http', scheme: 'bearer' } : { type: 'apiKey', in: 'header', name: header };

function buildPaths(shapes: LoadedShape[], surface: LoadedSurface, facts: ServerFacts): Json {
  const paths: Record<string, Json> = {};
  for (const loaded of shapes) {
    const form = shapes.find(({ shape }) => shape.name === loaded.shape.responseShape);
    const answered = form && { loaded: form, examples: pickDocumentExamples(form) };
    const parts = { loaded, surface, facts, examples: pickDocumentExamples(loaded), answered };
    for (const { path, method, operation } of buildOperations(parts)) paths[path] = { ...paths[path], [method]: operation };
  }
  return paths;
}

function buildSchemas(loaded: LoadedShape): [string, Json][] {
  const { item, request, change, replacement } = toSchemaNames(loaded.shape);
  const bodies: [ShapeInteraction, string, (loaded: LoadedShape) => Json][] = [
    ['create', request, annotateRequest],
    ['perform', request, annotateRequest],
    ['update', change, annotateChange],
    ['replace', replacement, annotateReplacement],
  ];
  const taken = bodies.filter(([interaction]) => loaded.shape.interactions.includes(interaction));
  const itemSchemas: [string, Json][] = loaded.shape.responseShape === undefined ? [[item, annotateResponse(loaded)]] : [];
  return [...itemSchemas, ...taken.map(([, name, schema]): [string, Json] => [name, schema(loaded)])];
}
