// The OpenAPI document of one surface, from its mappings and their examples alone: paths, parameters, bodies, answers, failures.
// https://spec.openapis.org/oas/v3.1.0
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import type { ShapeInteraction } from '../shape.ts';
import { surfaceHeaders } from './answers.ts';
import { failureSchema } from './envelope-schema.ts';
import { JSON_PATCH, type Json } from './json.ts';
import { namesOf, wordsOf } from './names.ts';
import { operationsOf } from './operations.ts';
import { annotatedChange, annotatedReplacement, annotatedRequest, annotatedResponse } from './schemas.ts';
import type { ServerFacts } from './server-facts.ts';
import { shownExamples } from './shown-examples.ts';

/** Describes all shapes of a surface. */
export function openApiOf(loaded: LoadedSurface, shapes: LoadedShape[], facts: ServerFacts): Json {
  const { surface, source } = loaded;
  const { describedAt } = source.content;
  return {
    openapi: '3.1.0',
    info: {
      title: surface.title,
      version: facts.version,
      description: aboutOf(loaded, facts),
      ...(facts.rateLimit && { 'x-rate-limit': facts.rateLimit }),
    },
    ...(describedAt !== undefined && { externalDocs: { url: describedAt, description: 'The vendor’s own documents' } }),
    servers: facts.servers,
    security: [{ key: [] }],
    tags: shapes.map(({ shape, mapping }) => ({
      name: wordsOf(shape).many,
      ...(mapping.content.about !== undefined && { description: mapping.content.about }),
    })),
    paths: pathsOf(shapes, loaded, facts),
    components: {
      securitySchemes: {
        key: securityScheme(source.content.auth),
        ...(shapes.some(({ shape }) => shape.aboutMe) && { person: { ...securityScheme(source.content.auth), description: PERSON } }),
      },
      schemas: {
        ...Object.fromEntries(shapes.flatMap(schemasOf)),
        Failure: failureSchema(source.content),
        ...(shapes.some(({ shape }) => shape.interactions.includes('update')) && { JsonPatch: JSON_PATCH }),
      },
      headers: surfaceHeaders(source.content),
    },
  };
}

function aboutOf({ surface, source }: LoadedSurface, { rateLimit, bodyLimit }: ServerFacts): string {
  const { page, auth } = source.content;
  const key = auth.scheme === 'bearer' ? '`Authorization: Bearer …`' : `\`${auth.header}: …\``;
  const limit = rateLimit
    ? `At most ${rateLimit.limit} requests in ${rateLimit.seconds} seconds ${source.content.rateLimit?.per === 'tenant' ? 'by all keys of an organisation together' : 'per key'}; over that 429.`
    : 'Requests are not limited.';
  return [
    `A key of the surface \`${surface.name}\` is sent as ${key}; it opens this surface and the data of its tenant alone.`,
    limit,
    `Bodies up to ${Math.floor(bodyLimit / 1024)} KiB are taken.`,
    `Lists have ${page.default} items unless \`${page.size}\` says otherwise, at most ${page.max}.`,
    'Properties that are not described are left out of a request, and every described one is in a response.',
  ].join(' ');
}

/** What is said of the keys for what is about "me". */
const PERSON =
  'A key that stands for a person, made with `facet keys create --patient`: it opens what is about that person, and nothing else.';

const securityScheme = ({ scheme, header }: LoadedSurface['surface']['auth']): Json =>
  scheme === 'bearer' ? { type: 'http', scheme: 'bearer' } : { type: 'apiKey', in: 'header', name: header };

function pathsOf(shapes: LoadedShape[], surface: LoadedSurface, facts: ServerFacts): Json {
  const paths: Record<string, Json> = {};
  for (const loaded of shapes) {
    const form = shapes.find(({ shape }) => shape.name === loaded.shape.answers);
    const answered = form && { loaded: form, examples: shownExamples(form) };
    const parts = { loaded, surface, facts, examples: shownExamples(loaded), answered };
    for (const { path, method, operation } of operationsOf(parts)) paths[path] = { ...paths[path], [method]: operation };
  }
  return paths;
}

function schemasOf(loaded: LoadedShape): [string, Json][] {
  const { item, request, change, replacement } = namesOf(loaded.shape);
  const bodies: [ShapeInteraction, string, (loaded: LoadedShape) => Json][] = [
    ['create', request, annotatedRequest],
    ['perform', request, annotatedRequest],
    ['update', change, annotatedChange],
    ['replace', replacement, annotatedReplacement],
  ];
  const taken = bodies.filter(([interaction]) => loaded.shape.interactions.includes(interaction));
  const shown: [string, Json][] = loaded.shape.answers === undefined ? [[item, annotatedResponse(loaded)]] : [];
  return [...shown, ...taken.map(([, name, schema]): [string, Json] => [name, schema(loaded)])];
}
