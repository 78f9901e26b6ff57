// The OpenAPI parameters of an operation: path, paging, filters with their FHIR search, headers.
import type { LoadedShape } from '../load/loaded.ts';
import { listSearches, toValueSpec } from '../query/parameter-rules.ts';
import { buildFilterCodec } from '../query/search-parameters.ts';
import { expandAliases } from '../query/search-text.ts';
import { buildRequestSchema } from '../request/json-schema.ts';
import { listPathParameters } from '../routes.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';
import type { DocumentExamples } from './document-examples.ts';
import type { Json } from './json.ts';
import { describeItems } from './schema-names.ts';

export const buildIdParameter = ({ id }: DocumentExamples): Json => ({
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the item, as in responses.',
  schema: { type: 'string' },
  ...(id !== undefined && { example: id }),
});

export const IF_NONE_MATCH: Json = {
  name: 'if-none-match',
  in: 'header',
  required: false,
  description: 'The ETag of your version: while it is the current one, the response is 304 without a body.',
  schema: { type: 'string' },
};

export const IF_MATCH: Json = {
  name: 'if-match',
  in: 'header',
  required: false,
  description: 'The ETag of the version to change: if another version is current, nothing is changed.',
  schema: { type: 'string' },
};

/** The idempotency-key header. */
export const buildIdempotencyKey = ({ idempotency = 'optional' }: MappingSpec): Json => ({
  name: 'idempotency-key',
  in: 'header',
  required: idempotency === 'required',
  description:
    'A key for this request. A repetition with the same body gets the first response again; with another body it is refused (409).',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  ...(idempotency === 'required' && { example: 'order-2026-0001' }),
});

export function buildListParameters(
  { shape, lens, mapping }: LoadedShape,
  { page, systems }: SurfaceSpec,
  { parameters, documentedParameters }: DocumentExamples,
): Json[] {
  const { resource, take, search = {} } = mapping.content;
  const { many } = describeItems(shape);
  const context = { resource, systems, many: many.endsWith('s') ? many : 'items', fieldNames: lens.fields.map(({ name }) => name) };
  return [
    ...(take === undefined ? buildPagingParameters(page) : []),
    ...Object.entries(search).map(([name, spec]) =>
      placeParameter(
        mapping.content,
        buildFilter(name, spec, { ...context, example: parameters[name], documented: documentedParameters[name] }),
      ),
    ),
  ];
}

function buildPagingParameters(page: SurfaceSpec['page']): Json[] {
  const { size, offset, number, cursor, clamp } = page;
  const outsideRange = clamp
    ? 'A larger number counts as the maximum, any other invalid number as the default.'
    : 'A number out of range is refused.';
  const buildInteger = (name: string, description: string, schema: Json): Json =>
    buildQueryParameter({ name, description, schema: { type: 'integer', ...schema } });
  return [
    buildInteger(size, `The number of items in a page. ${outsideRange}`, { minimum: 1, maximum: page.max, default: page.default }),
    ...(offset === undefined
      ? []
      : [buildInteger(offset, `The number of items to skip. ${outsideRange}`, { minimum: 0, maximum: page.maxOffset, default: 0 })]),
    ...(number === undefined
      ? []
      : [
          buildInteger(number, `The number of the page, counted from 1. ${outsideRange}`, {
            minimum: 1,
            maximum: page.maxOffset + 1,
            default: 1,
          }),
        ]),
    ...(cursor === undefined
      ? []
      : [
          buildQueryParameter({
            name: cursor,
            description: 'The cursor of the previous page. Absent: the first page.',
            schema: { type: 'string' },
          }),
        ]),
  ];
}

/** A parameter that the path names is a path parameter. */
const placeParameter = ({ path }: MappingSpec, parameter: Json): Json =>
  listPathParameters(path).includes(String(parameter.name)) ? { ...parameter, in: 'path', required: true } : parameter;

/** The path parameters of a create, with the schemas of their fields. */
export const buildPathParameters = ({ shape, lens }: LoadedShape, { requests }: DocumentExamples): Json[] => {
  const { properties = {} } = buildRequestSchema(lens.fields, false);
  const example = (name: string): unknown => Object.values(requests).map(({ value }) => value[name])[0];
  return shape.pathParameters.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name] ?? { type: 'string' },
    ...(example(name) !== undefined && { example: example(name) }),
  }));
};

const buildQueryParameter = ({ name, description, schema }: { name: string; description: string; schema: Json }): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

/** The query parameters of a read that have no effect. */
export const buildIgnoredParameters = ({ ignores = {} }: MappingSpec): Json[] =>
  Object.entries(ignores).map(([name, reason]) =>
    buildQueryParameter({ name, description: `Accepted, without effect. ${reason}`, schema: { type: 'string' } }),
  );

interface FilterContext {
  resource: string;
  /** The aliases of the surface, which readers of the document do not know. */
  systems: SurfaceSpec['systems'];
  example: string | undefined;
  /** The value in the vendor's documented request. */
  documented: string | undefined;
  /** The name of the items. */
  many: string;
  /** The names of their fields. */
  fieldNames: string[];
}

function buildFilter(name: string, spec: SearchSpec, context: FilterContext): Json {
  const { resource, systems, documented } = context;
  const example = documented ?? context.example;
  const schema = toParameterSchema(spec);
  return {
    ...buildQueryParameter({ name, description: describeFilter(name, spec, context), schema }),
    required: toValueSpec(spec)?.required === true,
    'x-fhir-search': listSearches(spec).map((text) => `${resource}?${expandAliases(text, systems)}`),
    ...(example !== undefined && { example: schema.type === 'boolean' ? example === 'true' : example }),
    ...(documented !== undefined && { 'x-documented': true }),
  };
}

/** Describes a filter in a sentence. */
function describeFilter(name: string, spec: SearchSpec, { many, fieldNames }: FilterContext): string {
  const value = toValueSpec(spec);
  const [search = ''] = listSearches(spec);
  if (/^_sort=/.test(search)) return 'The order of the list.';
  const what = fieldNames.includes(name) ? `\`${name}\`` : (findSubject(search) ?? `\`${name}\``);
  if (typeof spec === 'object' && 'everyWord' in spec) return `Only ${many} with every one of these words in their ${spec.in ?? what}.`;
  if (!value) return `Only ${many} whose ${what} is this.`;
  const format = buildFilterCodec(spec)?.format;
  const written = value.as === 'upper' ? ', in upper or lower case' : format === undefined ? '' : `, written as ${format}`;
  const span = value.span ? `; not before ${value.span.from}, and at most ${value.span.days} days after it` : '';
  const operand = value.several ? 'one of these, separated by commas' : 'this';
  if (value.id !== undefined) return `Only ${many} ${describeReference(name, value.id, { operand, fieldNames })}.`;
  if (value.fhir === undefined) return `The \`${name}\` of the response${written}.`;
  return `Only ${many} ${COMPARISONS.find(([pattern]) => pattern.test(search))![1](what, operand)}${written}${span}.`;
}

/** The part of the sentence about the field with the id. */
function describeReference(name: string, types: string, { operand, fieldNames }: { operand: string; fieldNames: string[] }): string {
  if (fieldNames.includes(name)) return `whose \`${name}\` is ${operand}`;
  if (fieldNames.includes(`${name}s`)) return `with ${operand} among their \`${name}s\``;
  const singular = name.replace(/s$/, '');
  if (fieldNames.includes(singular)) return `whose \`${singular}\` is ${operand}`;
  const spelled = types.split(', ').map((type) => type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase());
  return `of the ${spelled.join(' or ')} with this id`;
}

/** Describes the comparison of a FHIR search, by its modifier or prefix. https://hl7.org/fhir/R4/search.html#modifiers */
const COMPARISONS: [pattern: RegExp, say: (what: string, operand: string) => string][] = [
  [/:contains=/, (what, operand) => `with ${operand} anywhere in their ${what}`],
  [/:text=/, (what, operand) => `with ${operand} in the words of their ${what}`],
  [/=g[et]\{\}/, (what) => `whose ${withDateWord(what)} is on this day or later`],
  [/=l[et]\{\}/, (what) => `whose ${withDateWord(what)} is on this day or earlier`],
  [/^/, (what, operand) => `whose ${what} is ${operand}`],
];

const withDateWord = (what: string): string => (/date`?$|^(start|end)$/i.test(what) ? what : `${what} date`);

/** The name of the FHIR search parameter in words. */
function findSubject(search: string): string | undefined {
  const [, code] = /^([a-z][a-z-]*)(?::[\w-]+)?=/.exec(search) ?? [];
  return code?.replace(/-(part|name)$/, '').replaceAll('-', ' ');
}

function toParameterSchema(spec: SearchSpec): Json {
  if (typeof spec !== 'object' || !('words' in spec)) {
    const pattern = buildFilterCodec(spec)?.pattern;
    const format = toValueSpec(spec)?.format;
    return { type: 'string', ...(pattern !== undefined && { pattern }), ...(format !== undefined && { format }) };
  }
  const words = Object.keys(spec.words);
  return words.every((word) => word === 'true' || word === 'false') ? { type: 'boolean' } : { type: 'string', enum: words };
}
