// The parameters of an operation: the id in the path, paging, filters with the FHIR search each becomes, headers.
import { filterCodec } from '../query.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';
import type { Json } from './json.ts';
import type { ShownExamples } from './shown-examples.ts';

export const idParameter = ({ id }: ShownExamples): Json => ({
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string' },
  ...(id !== undefined && { example: id }),
});

export const IF_NONE_MATCH: Json = {
  name: 'if-none-match',
  in: 'header',
  required: false,
  description: 'The ETag of the version that is known already: while it is the current one, the answer is 304.',
  schema: { type: 'string' },
};

export const IF_MATCH: Json = {
  name: 'if-match',
  in: 'header',
  required: false,
  description: 'The ETag of the version that is meant: where another one stands, nothing is done.',
  schema: { type: 'string' },
};

/** The header by which a repeated request is known. */
export const idempotencyKey = ({ idempotency = 'optional' }: MappingSpec): Json => ({
  name: 'idempotency-key',
  in: 'header',
  required: idempotency === 'required',
  description: 'The same key with the same body gets the first answer again; with another body it is refused (409).',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  ...(idempotency === 'required' && { example: 'order-2026-0001' }),
});

export function listParameters({ search = {}, resource }: MappingSpec, { page }: SurfaceSpec, { parameters }: ShownExamples): Json[] {
  const { size, offset, cursor, clamp } = page;
  const outside = clamp ? 'A number out of range is brought into it.' : 'A number out of range is refused.';
  const whole = (name: string, description: string, schema: Json): Json =>
    query({ name, description, schema: { type: 'integer', ...schema } });
  return [
    whole(size, `How many items a page has. ${outside}`, { minimum: 1, maximum: page.max, default: page.default }),
    ...(offset === undefined
      ? []
      : [whole(offset, `How many items to skip. ${outside}`, { minimum: 0, maximum: page.maxOffset, default: 0 })]),
    ...(cursor === undefined
      ? []
      : [query({ name: cursor, description: 'Where the next page begins, as the page before said.', schema: { type: 'string' } })]),
    ...Object.entries(search).map(([name, spec]) => filter(name, spec, { resource, example: parameters[name] })),
  ];
}

const query = ({ name, description, schema }: { name: string; description: string; schema: Json }): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

function filter(name: string, spec: SearchSpec, { resource, example }: { resource: string; example: string | undefined }): Json {
  const schema = schemaOf(spec);
  return {
    ...query({ name, description: meaningOf(spec), schema }),
    required: typeof spec === 'object' && 'fhir' in spec && spec.required === true,
    'x-fhir-search': searchesOf(spec).map((text) => `${resource}?${text}`),
    ...(example !== undefined && { example: schema.type === 'boolean' ? example === 'true' : example }),
  };
}

function searchesOf(spec: SearchSpec): string[] {
  if (typeof spec === 'string') return [spec];
  if ('words' in spec) return Object.values(spec.words).filter(Boolean);
  return ['each' in spec ? spec.each : spec.fhir];
}

function meaningOf(spec: SearchSpec): string {
  if (typeof spec === 'string') return 'Only items that have this.';
  if ('each' in spec) return 'Only items that have every one of these words.';
  if ('words' in spec) return 'Only items of this kind.';
  const format = filterCodec(spec)?.format;
  if (format !== undefined) return `Only items that have this, written as ${format}.`;
  return spec.id === undefined ? 'Only items that have this.' : `Only items of the ${spec.id.replaceAll(', ', ' or ')} with this id.`;
}

function schemaOf(spec: SearchSpec): Json {
  if (typeof spec !== 'object' || !('words' in spec)) {
    const pattern = filterCodec(spec)?.source;
    return { type: 'string', ...(pattern !== undefined && { pattern }) };
  }
  const words = Object.keys(spec.words);
  return words.every((word) => word === 'true' || word === 'false') ? { type: 'boolean' } : { type: 'string', enum: words };
}
