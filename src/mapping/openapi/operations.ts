// The operations of a shape: one row per interaction that it offers, with its place, its parameters, and the failures it can be answered with.
import type { Kind } from '../../fhir/outcome.ts';
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import { valueSpecOf } from '../parameter-rules.ts';
import type { Shape, ShapeInteraction, View } from '../shape.ts';
import { type AnswerParts, exampleFacts, failuresOf, success } from './answers.ts';
import { itemSchema, listEnvelopeSchema } from './envelope-schema.ts';
import { type Json, jsonContent, ref } from './json.ts';
import { namesOf, wordsOf } from './names.ts';
import { IF_MATCH, IF_NONE_MATCH, idempotencyKey, idParameter, listParameters, pathParameters } from './parameters.ts';
import type { ServerFacts } from './server-facts.ts';
import { type ShownExamples, wrapped } from './shown-examples.ts';

/** What operations are made of. */
interface OperationParts {
  loaded: LoadedShape;
  surface: LoadedSurface;
  facts: ServerFacts;
  examples: ShownExamples;
  /** The shape in whose form items are answered, and its examples, where that is another. */
  answered?: { loaded: LoadedShape; examples: ShownExamples } | undefined;
}

interface PlacedOperation {
  path: string;
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  operation: Json;
}

/** What can fail whoever asks for whatever. */
const ALWAYS: readonly Kind[] = ['login', 'forbidden', 'exception', 'unavailable'];
/** What can fail when a body is sent. */
const BODY: readonly Kind[] = ['structure', 'invalid', 'rule', 'too-long', 'media'];

interface Row {
  method: PlacedOperation['method'];
  /** At one item, not at the collection. */
  item: boolean;
  say(words: { one: string; many: string }): string;
  parameters(parts: OperationParts): Json[];
  /** Which of the shape's schemas its body has. */
  body?: 'request' | 'change' | 'replacement';
  /** Who names the version they have (If-None-Match) is told when it is still the current one. */
  known?: boolean;
  success(parts: OperationParts): [status: number, answer: Json];
  failures(parts: OperationParts): readonly Kind[];
}

const ROWS: Record<ShapeInteraction, Row> = {
  create: {
    method: 'post',
    item: false,
    say: ({ one }) => `Create ${one}`,
    parameters: ({ loaded, examples }) => [...pathParameters(loaded, examples), idempotencyKey(loaded.mapping.content)],
    body: 'request',
    success: created,
    failures: ({ loaded }) => [...BODY, ...creating(loaded)],
  },
  read: {
    method: 'get',
    item: true,
    say: ({ one }) => `Read ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_NONE_MATCH],
    success: (parts) => [200, itemAnswer('Found', parts, { status: 200, headers: VERSION })],
    known: true,
    failures: () => ['not-found', 'parameter'],
  },
  search: {
    method: 'get',
    item: false,
    say: ({ many }) => `List ${many}`,
    parameters: ({ loaded, surface, examples }) => listParameters(loaded, surface.source.content, examples),
    success: (parts) => [200, listAnswer(parts)],
    failures: ({ loaded }) => ['invalid', 'parameter', ...missed(loaded), ...below(loaded)],
  },
  update: {
    method: 'patch',
    item: true,
    say: ({ one }) => `Change ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_MATCH],
    body: 'change',
    success: (parts) => [200, itemAnswer('Changed', parts, { status: 200, headers: VERSION, written: true })],
    failures: changing,
  },
  replace: {
    method: 'put',
    item: true,
    say: ({ one }) => `Replace ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_MATCH],
    body: 'replacement',
    success: (parts) => [200, itemAnswer('Replaced', parts, { status: 200, headers: VERSION, written: true })],
    failures: changing,
  },
  delete: {
    method: 'delete',
    item: true,
    say: ({ one }) => `Delete ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_MATCH],
    success: ({ surface }) => [204, success('Deleted', { spec: surface.source.content })],
    failures: () => ['not-found', 'parameter', 'conflict', 'version-mismatch'],
  },
  perform: {
    method: 'post',
    item: true,
    say: ({ one }) => `Perform ${one}`,
    parameters: ({ loaded, examples }) => [idParameter(examples), idempotencyKey(loaded.mapping.content), IF_MATCH],
    body: 'request',
    success: (parts) => [200, itemAnswer('Done', parts, { status: 200, headers: VERSION, written: true })],
    failures: changing,
  },
};

/** One item, or a list of those that one request made. */
function created(parts: OperationParts): [status: number, answer: Json] {
  const { many, status } = parts.loaded.shape;
  if (many) return [status, listAnswer(parts, { description: 'All items, in the order of the request', written: true })];
  return [status, itemAnswer('Created', parts, { status, headers: status === 201 ? CREATED : VERSION, written: true })];
}

/** What can go wrong when something that is there is changed. */
function changing({ loaded: { shape, mapping } }: OperationParts): Kind[] {
  const { unique } = mapping.content;
  const missing = shape.exists.map((rule) => rule.missing);
  return ['not-found', 'parameter', 'conflict', 'version-mismatch', ...BODY, ...(unique ? (['duplicate'] as const) : []), ...missing];
}

/** What can go wrong when something new is made of a request. */
const creating = ({ shape, mapping: { content } }: LoadedShape): Kind[] => [
  'conflict',
  'version-mismatch',
  ...(content.unique || content.row || shape.port !== undefined ? (['duplicate'] as const) : []),
  ...(content.into === undefined ? [] : (['multiple-matches'] as const)),
  ...(shape.port === undefined ? [] : (['upstream'] as const)),
  ...shape.exists.map(({ missing }) => missing),
  ...below({ shape }),
  ...(shape.aboutMe ? (['not-found'] as const) : []),
];

/** What a path names may be nowhere. */
const below = ({ shape }: Pick<LoadedShape, 'shape'>): Kind[] => (shape.within.length ? ['not-found'] : []);

/** What ids of a list lead to may not be there. */
const missed = ({ mapping }: LoadedShape): Kind[] =>
  Object.values(mapping.content.search ?? {}).flatMap((spec) => valueSpecOf(spec)?.missing ?? []);

/** The operations of one shape, in the order its mapping offers them. */
export function operationsOf(parts: OperationParts): PlacedOperation[] {
  const { shape } = parts.loaded;
  return shape.interactions.map((one) => {
    const row = ROWS[one];
    return { path: row.item ? shape.itemPath : shape.path, method: row.method, operation: operation(one, row, parts) };
  });
}

function operation(interaction: ShapeInteraction, row: Row, parts: OperationParts): Json {
  const { loaded, surface, facts, examples } = parts;
  const { shape, lens } = loaded;
  const [status, answer] = row.success(parts);
  const field = lens.fields.find(({ spec }) => spec.required)?.name ?? Object.keys(loaded.mapping.content.search ?? {})[0] ?? 'id';
  const kinds = [...row.failures(parts), ...ALWAYS, ...(facts.rateLimit ? (['throttled'] as const) : [])];
  const bodies = { request: examples.requests, change: examples.changes, replacement: {} };
  const told: AnswerParts = { surface: surface.surface, spec: surface.source.content, facts, field };
  return {
    operationId: `${VERBS[interaction]}-${shape.name}`,
    summary: loaded.mapping.content.summary?.[interaction] ?? said(interaction, row, shape),
    tags: [wordsOf(shape).many],
    ...(shape.aboutMe && { security: [{ person: [] }] }),
    parameters: row.parameters(parts).filter(({ in: place }) => !(shape.me && place === 'path')),
    ...(row.body && {
      requestBody: {
        required: row.body !== 'request' || shape.needsBody,
        ...(row.body === 'change' && { description: CHANGE }),
        content: {
          ...jsonContent(ref(namesOf(shape)[row.body]), wrapped(bodies[row.body], bodyOf(shape))).content,
          ...(row.body === 'change' && patchContent(parts)),
        },
      },
    }),
    responses: { [status]: answer, ...(row.known && { 304: NOT_MODIFIED }), ...failuresOf(kinds, told) },
  };
}

const said = (interaction: ShapeInteraction, row: Row, shape: Shape): string =>
  interaction === 'create' && shape.many ? `Create ${wordsOf(shape).many}` : row.say(wordsOf(shape));

const VERBS: Record<ShapeInteraction, string> = {
  create: 'create',
  read: 'read',
  search: 'list',
  update: 'change',
  replace: 'replace',
  delete: 'delete',
  perform: 'perform',
};

/** What the path says is in no body. */
const bodyOf =
  ({ within }: Shape) =>
  (value: View): unknown =>
    Object.fromEntries(Object.entries(value).filter(([name]) => !within.includes(name)));

const CHANGE =
  'The fields to change, each with its new value; null unsets one. Or a list of operations on the item as it is shown (JSON Patch).';

/** Operations on what is shown: those of an example, else one of a change. https://www.rfc-editor.org/rfc/rfc6902 */
function patchContent({ loaded, examples }: OperationParts): Json {
  const [first] = Object.values(examples.changes);
  const said = Object.entries(first?.value ?? {}).find(
    ([name, value]) =>
      (typeof value !== 'object' || Object.keys(value ?? {}).length > 0) &&
      loaded.lens.fields.some(({ name: one, spec }) => one === name && !spec.omit && !spec.writeOnly),
  );
  const made = said && {
    made: { summary: 'one field becomes another value', value: [{ op: 'replace', path: `/${said[0]}`, value: said[1] }] },
  };
  const shown = Object.keys(examples.operations).length ? examples.operations : made;
  return { 'application/json-patch+json': { schema: ref('JsonPatch'), ...(shown && { examples: shown }) } };
}

const NOT_MODIFIED: Json = { description: 'It is as the client has it.' };
const VERSION: Json = { ETag: { description: 'Its version.', required: true, schema: { type: 'string' } } };
const CREATED: Json = { Location: { description: 'Where it can be read.', required: true, schema: { type: 'string' } }, ...VERSION };

interface ItemAnswer {
  status: number;
  headers?: Json;
  /** It answers a write: a key that may not read is told less. */
  written?: boolean;
}

function itemAnswer(description: string, parts: OperationParts, { status, headers = {}, written }: ItemAnswer): Json {
  const { loaded, examples: own } = parts.answered ?? parts;
  const { shape, mapping } = loaded;
  const { source } = parts.surface;
  const schema = itemSchema(mapping.content, source.content, written ? writtenItem(parts.loaded, shape) : ref(namesOf(shape).item));
  const facts = exampleFacts(status, parts.facts);
  const examples = wrapped(own.items, (view) => shape.item(view, facts));
  return success(description, { spec: source.content, headers, body: jsonContent(schema, examples) });
}

/** What a write shows: the whole item, or to a key without the read scope its id and the fields of the request. `form`: the shape it is shown in. */
function writtenItem({ lens }: LoadedShape, form: Shape): Json {
  const { properties: shown } = form.responseSchema as { properties: Record<string, Json> };
  const said = lens.fields.filter(({ name, spec }) => !spec.readOnly && Object.hasOwn(shown, name)).map(({ name }) => [name, {}]);
  return {
    anyOf: [
      ref(namesOf(form).item),
      {
        type: 'object',
        description: 'To a key without the read scope: the id, and the fields of the request as they were sent.',
        properties: { ...Object.fromEntries(said), [form.idName]: shown[form.idName] ?? {} },
        required: [form.idName],
        additionalProperties: false,
      },
    ],
  };
}

const TAKEN: Record<Shape['take'], (shape: Shape) => string> = {
  page: () => 'One page of the list',
  all: ({ most }) => `The whole list, of ${most} items at most: if more are found, the request is refused`,
  first: () => 'The first item that is found',
};

function listAnswer(parts: OperationParts, { description, written }: { description?: string; written?: boolean } = {}): Json {
  const { shape } = parts.loaded;
  const { source } = parts.surface;
  const { page } = source.content;
  const item = written ? writtenItem(parts.loaded, shape) : ref(namesOf(shape).item);
  const schema = listEnvelopeSchema(parts.loaded.mapping.content, source.content, item);
  const facts = exampleFacts(200, parts.facts);
  const told = { limit: page.default, offset: 0, hasMore: false, nextOffset: null, cursor: null, ...(page.total && { total: 1 }) };
  const [first] = Object.entries(parts.examples.items);
  const examples = first ? wrapped(Object.fromEntries([first]), (view) => shape.list([view], told, facts, parts.examples.parameters)) : {};
  return success(description ?? TAKEN[shape.take](shape), { spec: source.content, body: jsonContent(schema, examples) });
}
