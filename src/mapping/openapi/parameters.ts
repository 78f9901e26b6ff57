// The parameters of an operation: the id in the path, paging, filters with the FHIR search each becomes, headers.
import type { LoadedShape } from '../load/loaded.ts';
import { searchesIn, valueSpecOf } from '../parameter-rules.ts';
import { filterCodec } from '../query.ts';
import { namesIn } from '../routes.ts';
import { requestSchema } from '../schema.ts';
import { withAliases } from '../search-text.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';
import type { Json } from './json.ts';
import { wordsOf } from './names.ts';
import type { ShownExamples } from './shown-examples.ts';

export const idParameter = ({ id }: ShownExamples): Json => ({
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the item, as it is shown in answers.',
  schema: { type: 'string' },
  ...(id !== undefined && { example: id }),
});

export const IF_NONE_MATCH: Json = {
  name: 'if-none-match',
  in: 'header',
  required: false,
  description: 'The ETag of the version you have: while it is current, the answer is 304, without a body.',
  schema: { type: 'string' },
};

export const IF_MATCH: Json = {
  name: 'if-match',
  in: 'header',
  required: false,
  description: 'The ETag of the version this is meant for: if another one is current, nothing is done.',
  schema: { type: 'string' },
};

/** The header by which a repeated request is known. */
export const idempotencyKey = ({ idempotency = 'optional' }: MappingSpec): Json => ({
  name: 'idempotency-key',
  in: 'header',
  required: idempotency === 'required',
  description:
    'A name for this request: sent again with the same body, it gets the first answer again; with another body it is refused (409).',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  ...(idempotency === 'required' && { example: 'order-2026-0001' }),
});

export function listParameters(
  { shape, lens, mapping }: LoadedShape,
  { page, systems }: SurfaceSpec,
  { parameters }: ShownExamples,
): Json[] {
  const { resource, take, search = {} } = mapping.content;
  const { many } = wordsOf(shape);
  const how = { resource, systems, many: many.endsWith('s') ? many : 'items', shown: lens.fields.map(({ name }) => name) };
  return [
    ...(take === undefined ? pagingParameters(page) : []),
    ...Object.entries(search).map(([name, spec]) => placed(mapping.content, filter(name, spec, { ...how, example: parameters[name] }))),
  ];
}

function pagingParameters(page: SurfaceSpec['page']): Json[] {
  const { size, offset, number, cursor, clamp } = page;
  const outside = clamp
    ? 'A larger number counts as the maximum, anything else out of range as the default.'
    : 'A number out of range is refused.';
  const whole = (name: string, description: string, schema: Json): Json =>
    query({ name, description, schema: { type: 'integer', ...schema } });
  return [
    whole(size, `How many items a page has. ${outside}`, { minimum: 1, maximum: page.max, default: page.default }),
    ...(offset === undefined
      ? []
      : [whole(offset, `How many items to skip. ${outside}`, { minimum: 0, maximum: page.maxOffset, default: 0 })]),
    ...(number === undefined
      ? []
      : [whole(number, `Which page, counted from 1. ${outside}`, { minimum: 1, maximum: page.maxOffset + 1, default: 1 })]),
    ...(cursor === undefined
      ? []
      : [
          query({
            name: cursor,
            description: 'Where the page begins: the cursor of the page before it. Without one, at the first item.',
            schema: { type: 'string' },
          }),
        ]),
  ];
}

/** What the path names stands in it. */
const placed = ({ path }: MappingSpec, parameter: Json): Json =>
  namesIn(path).includes(String(parameter.name)) ? { ...parameter, in: 'path', required: true } : parameter;

/** What the path of a request names, with the rules of the fields it says. */
export const pathParameters = ({ shape, lens }: LoadedShape, { requests }: ShownExamples): Json[] => {
  const { properties = {} } = requestSchema(lens.fields, false) as { properties?: Record<string, Json> };
  const example = (name: string): unknown => Object.values(requests).map(({ value }) => value[name])[0];
  return shape.within.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name] ?? { type: 'string' },
    ...(example(name) !== undefined && { example: example(name) }),
  }));
};

const query = ({ name, description, schema }: { name: string; description: string; schema: Json }): Json => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

interface Filtered {
  resource: string;
  /** The aliases of the surface: nobody outside knows them. */
  systems: SurfaceSpec['systems'];
  example: string | undefined;
  /** What the items are called. */
  many: string;
  /** The names of their fields. */
  shown: string[];
}

function filter(name: string, spec: SearchSpec, how: Filtered): Json {
  const { resource, systems, example } = how;
  const schema = schemaOf(spec);
  return {
    ...query({ name, description: meaningOf(name, spec, how), schema }),
    required: valueSpecOf(spec)?.required === true,
    'x-fhir-search': searchesIn(spec).map((text) => `${resource}?${withAliases(text, systems)}`),
    ...(example !== undefined && { example: schema.type === 'boolean' ? example === 'true' : example }),
  };
}

/** What a filter asks for, in a sentence. `many`: what the items are called; `shown`: the names of their fields. */
function meaningOf(name: string, spec: SearchSpec, { many, shown }: Filtered): string {
  const value = valueSpecOf(spec);
  const [search = ''] = searchesIn(spec);
  if (/^_sort=/.test(search)) return 'The order of the list.';
  const what = shown.includes(name) ? `\`${name}\`` : (subjectOf(search) ?? `\`${name}\``);
  if (typeof spec === 'object' && 'everyWord' in spec) return `Only ${many} with every one of these words in their ${spec.in ?? what}.`;
  if (!value) return `Only ${many} whose ${what} is this.`;
  const format = filterCodec(spec)?.format;
  const written = value.as === 'upper' ? ', in capitals or small letters' : format === undefined ? '' : `, written as ${format}`;
  const span = value.span ? `; not before ${value.span.from}, and at most ${value.span.days} days after it` : '';
  const asked = value.several ? 'one of these, separated by commas' : 'this';
  if (value.id !== undefined) return `Only ${many} ${referring(name, value.id, { asked, shown })}.`;
  if (value.fhir === undefined) return `The \`${name}\` that the answer is about${written}.`;
  return `Only ${many} ${COMPARED.find(([pattern]) => pattern.test(search))![1](what, asked)}${written}${span}.`;
}

/** Which field has the id that is asked for, where one is called so: by one id or several. */
function referring(name: string, types: string, { asked, shown }: { asked: string; shown: string[] }): string {
  if (shown.includes(name)) return `whose \`${name}\` is ${asked}`;
  if (shown.includes(`${name}s`)) return `with ${asked} among their \`${name}s\``;
  const one = name.replace(/s$/, '');
  if (shown.includes(one)) return `whose \`${one}\` is ${asked}`;
  const spelled = types.split(', ').map((type) => type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase());
  return `of the ${spelled.join(' or ')} with this id`;
}

/** How a FHIR search compares, by how it is written. https://hl7.org/fhir/R4/search.html#modifiers */
const COMPARED: [pattern: RegExp, say: (what: string, asked: string) => string][] = [
  [/:contains=/, (what, asked) => `with ${asked} anywhere in their ${what}`],
  [/:text=/, (what, asked) => `with ${asked} in the words of their ${what}`],
  [/=g[et]\{\}/, (what) => `whose ${dated(what)} is on this day or later`],
  [/=l[et]\{\}/, (what) => `whose ${dated(what)} is on this day or earlier`],
  [/^/, (what, asked) => `whose ${what} is ${asked}`],
];

const dated = (what: string): string => (/date`?$|^(start|end)$/i.test(what) ? what : `${what} date`);

/** The FHIR search parameter, as words. */
function subjectOf(search: string): string | undefined {
  const [, code] = /^([a-z][a-z-]*)(?::[\w-]+)?=/.exec(search) ?? [];
  return code?.replace(/-(part|name)$/, '').replaceAll('-', ' ');
}

function schemaOf(spec: SearchSpec): Json {
  if (typeof spec !== 'object' || !('words' in spec)) {
    const pattern = filterCodec(spec)?.source;
    const format = valueSpecOf(spec)?.format;
    return { type: 'string', ...(pattern !== undefined && { pattern }), ...(format !== undefined && { format }) };
  }
  const words = Object.keys(spec.words);
  return words.every((word) => word === 'true' || word === 'false') ? { type: 'boolean' } : { type: 'string', enum: words };
}
