// The operations of a shape: one row per interaction that it offers, with its place, its parameters, and the failures it can be answered with.
import type { Kind } from '../../fhir/outcome.ts';
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import type { ShapeInteraction, View } from '../shape.ts';
import { type AnswerParts, exampleFacts, failuresOf, success } from './answers.ts';
import type { ServerFacts } from './document.ts';
import { envelopeSchema } from './envelope-schema.ts';
import { type Json, jsonContent, ref } from './json.ts';
import { namesOf, wordsOf } from './names.ts';
import { IF_MATCH, IF_NONE_MATCH, idempotencyKey, idParameter, listParameters } from './parameters.ts';
import { type ShownExamples, wrapped } from './shown-examples.ts';

/** What operations are made of. */
export interface OperationParts {
  loaded: LoadedShape;
  surface: LoadedSurface;
  facts: ServerFacts;
  examples: ShownExamples;
}

export interface PlacedOperation {
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
    parameters: ({ loaded }) => [idempotencyKey(loaded.mapping.content)],
    body: 'request',
    success: (parts) => [201, itemAnswer('Created', parts, { status: 201, headers: CREATED })],
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
    parameters: ({ loaded, surface, examples }) => listParameters(loaded.mapping.content, surface.source.content, examples),
    success: (parts) => [200, listAnswer(parts)],
    failures: () => ['invalid', 'parameter'],
  },
  update: {
    method: 'patch',
    item: true,
    say: ({ one }) => `Change ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_MATCH],
    body: 'change',
    success: (parts) => [200, itemAnswer('Changed', parts, { status: 200, headers: VERSION })],
    failures: changing,
  },
  replace: {
    method: 'put',
    item: true,
    say: ({ one }) => `Replace ${one}`,
    parameters: ({ examples }) => [idParameter(examples), IF_MATCH],
    body: 'replacement',
    success: (parts) => [200, itemAnswer('Replaced', parts, { status: 200, headers: VERSION })],
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
};

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
];

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
    summary: row.say(wordsOf(shape)),
    tags: [wordsOf(shape).many],
    parameters: row.parameters(parts),
    ...(row.body && { requestBody: { required: true, ...jsonContent(ref(namesOf(shape)[row.body]), wrapped(bodies[row.body], asIs)) } }),
    responses: { [status]: answer, ...(row.known && { 304: NOT_MODIFIED }), ...failuresOf(kinds, told) },
  };
}

const VERBS: Record<ShapeInteraction, string> = {
  create: 'create',
  read: 'read',
  search: 'list',
  update: 'change',
  replace: 'replace',
  delete: 'delete',
};

const asIs = (value: View): unknown => value;

const NOT_MODIFIED: Json = { description: 'It is as the client has it.' };
const VERSION: Json = { ETag: { description: 'Its version.', required: true, schema: { type: 'string' } } };
const CREATED: Json = { Location: { description: 'Where it can be read.', required: true, schema: { type: 'string' } }, ...VERSION };

function itemAnswer(description: string, parts: OperationParts, { status, headers = {} }: { status: number; headers?: Json }): Json {
  const { shape } = parts.loaded;
  const { surface, source } = parts.surface;
  const schema = envelopeSchema(source.content.envelope.item, { body: ref(namesOf(shape).item) });
  const facts = exampleFacts(status, parts.facts);
  const examples = wrapped(parts.examples.items, (view) => surface.item(view, facts));
  return success(description, { spec: source.content, headers, body: jsonContent(schema, examples) });
}

function listAnswer(parts: OperationParts): Json {
  const { shape } = parts.loaded;
  const { surface, source } = parts.surface;
  const { page, envelope } = source.content;
  const schema = envelopeSchema(envelope.list, { items: { type: 'array', items: ref(namesOf(shape).item) } }, shape.plural);
  const facts = exampleFacts(200, parts.facts);
  const told = { limit: page.default, offset: 0, hasMore: false, nextOffset: null, cursor: null, ...(page.total && { total: 1 }) };
  const [first] = Object.entries(parts.examples.items);
  const examples = first ? wrapped(Object.fromEntries([first]), (view) => surface.list([view], told, facts, shape)) : {};
  return success('A page of them', { spec: source.content, body: jsonContent(schema, examples) });
}
