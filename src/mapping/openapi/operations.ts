// The OpenAPI operations of a shape: a row for each interaction, with its path, parameters, success and errors.
import type { ErrorKind } from '../../fhir/outcome.ts';
import type { LoadedShape, LoadedSurface } from '../load/loaded.ts';
import { toValueSpec } from '../query/parameter-rules.ts';
import type { ServerFacts, Shape, ShapeInteraction, View } from '../shape.ts';
import { type DocumentExamples, wrapExamples } from './document-examples.ts';
import { buildItemSchema, buildListSchema } from './envelope-schema.ts';
import { buildJsonContent, type Json, toSchemaRef } from './json.ts';
import {
  buildIdempotencyKey,
  buildIdParameter,
  buildIgnoredParameters,
  buildListParameters,
  buildPathParameters,
  IF_MATCH,
  IF_NONE_MATCH,
} from './parameters.ts';
import { buildErrorResponses, buildExampleFacts, buildSuccessResponse, type ErrorResponseParts } from './responses.ts';
import { describeItems, toSchemaNames } from './schema-names.ts';

/** The inputs of operations. */
interface OperationParts {
  loaded: LoadedShape;
  surface: LoadedSurface;
  facts: ServerFacts;
  examples: DocumentExamples;
  /** The shape that formats the response, and its examples, where it is another one. */
  answered?: { loaded: LoadedShape; examples: DocumentExamples } | undefined;
}

interface PlacedOperation {
  path: string;
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  operation: Json;
}

/** Errors of every operation. */
const COMMON_ERRORS: readonly ErrorKind[] = ['login', 'forbidden', 'exception', 'unavailable'];
/** Errors of every operation with a body. */
const BODY_ERRORS: readonly ErrorKind[] = ['structure', 'invalid', 'rule', 'too-long', 'media'];

interface OperationRow {
  method: PlacedOperation['method'];
  /** Whether the path is that of an item. */
  item: boolean;
  say(words: { one: string; many: string }): string;
  parameters(parts: OperationParts): Json[];
  /** The schema of the request body. */
  body?: 'request' | 'change' | 'replacement';
  /** Whether it supports If-None-Match (304). */
  known?: boolean;
  success(parts: OperationParts): [status: number, answer: Json];
  failures(parts: OperationParts): readonly ErrorKind[];
}

const OPERATIONS: Record<ShapeInteraction, OperationRow> = {
  create: {
    method: 'post',
    item: false,
    say: ({ one }) => `Create ${one}`,
    parameters: ({ loaded, examples }) => [...buildPathParameters(loaded, examples), buildIdempotencyKey(loaded.mapping.content)],
    body: 'request',
    success: buildCreateSuccess,
    failures: ({ loaded }) => [...BODY_ERRORS, ...listCreateErrors(loaded)],
  },
  read: {
    method: 'get',
    item: true,
    say: ({ one }) => `Read ${one}`,
    parameters: ({ loaded, examples }) => [buildIdParameter(examples), ...buildIgnoredParameters(loaded.mapping.content), IF_NONE_MATCH],
    success: (parts) => [200, buildItemResponse('Found', parts, { status: 200, headers: VERSION })],
    known: true,
    failures: () => ['not-found', 'parameter'],
  },
  search: {
    method: 'get',
    item: false,
    say: ({ many }) => `List ${many}`,
    parameters: ({ loaded, surface, examples }) => buildListParameters(loaded, surface.source.content, examples),
    success: (parts) => [200, buildListResponse(parts)],
    failures: ({ loaded }) => ['invalid', 'parameter', ...listMissingErrors(loaded), ...listPathErrors(loaded)],
  },
  update: {
    method: 'patch',
    item: true,
    say: ({ one }) => `Change ${one}`,
    parameters: ({ examples }) => [buildIdParameter(examples), IF_MATCH],
    body: 'change',
    success: (parts) => [200, buildItemResponse('Changed', parts, { status: 200, headers: VERSION, written: true })],
    failures: listChangeErrors,
  },
  replace: {
    method: 'put',
    item: true,
    say: ({ one }) => `Replace ${one}`,
    parameters: ({ examples }) => [buildIdParameter(examples), IF_MATCH],
    body: 'replacement',
    success: (parts) => [200, buildItemResponse('Replaced', parts, { status: 200, headers: VERSION, written: true })],
    failures: listChangeErrors,
  },
  delete: {
    method: 'delete',
    item: true,
    say: ({ one }) => `Delete ${one}`,
    parameters: ({ examples }) => [buildIdParameter(examples), IF_MATCH],
    success: ({ surface }) => [204, buildSuccessResponse('Deleted', { spec: surface.source.content })],
    failures: () => ['not-found', 'parameter', 'conflict', 'version-mismatch'],
  },
  perform: {
    method: 'post',
    item: true,
    say: ({ one }) => `Perform ${one}`,
    parameters: ({ loaded, examples }) => [buildIdParameter(examples), buildIdempotencyKey(loaded.mapping.content), IF_MATCH],
    body: 'request',
    success: (parts) => [200, buildItemResponse('Done', parts, { status: 200, headers: VERSION, written: true })],
    failures: listChangeErrors,
  },
};

/** The created item, or the list of created items. */
function buildCreateSuccess(parts: OperationParts): [status: number, answer: Json] {
  const { batch, createdStatus } = parts.loaded.shape;
  if (batch) return [createdStatus, buildListResponse(parts, { description: 'All items, in the order of the request', written: true })];
  return [
    createdStatus,
    buildItemResponse('Created', parts, { status: createdStatus, headers: createdStatus === 201 ? CREATED : VERSION, written: true }),
  ];
}

/** Errors of a change. */
function listChangeErrors({ loaded: { shape, mapping } }: OperationParts): ErrorKind[] {
  const { unique } = mapping.content;
  const missing = shape.referenceRules.map((rule) => rule.missing);
  return [
    'not-found',
    'parameter',
    'conflict',
    'version-mismatch',
    ...BODY_ERRORS,
    ...(unique ? (['duplicate'] as const) : []),
    ...missing,
  ];
}

/** Errors of a create. */
const listCreateErrors = ({ shape, mapping: { content } }: LoadedShape): ErrorKind[] => [
  'conflict',
  'version-mismatch',
  ...(content.unique || content.row || shape.externalStep !== undefined ? (['duplicate'] as const) : []),
  ...(content.into === undefined ? [] : (['multiple-matches'] as const)),
  ...(shape.externalStep === undefined ? [] : (['upstream'] as const)),
  ...shape.referenceRules.map(({ missing }) => missing),
  ...listPathErrors({ shape }),
  ...(shape.isPersonal ? (['not-found'] as const) : []),
];

/** The error of a path parameter that does not resolve. */
const listPathErrors = ({ shape }: Pick<LoadedShape, 'shape'>): ErrorKind[] => (shape.pathParameters.length ? ['not-found'] : []);

/** The errors of ids in query parameters that do not resolve. */
const listMissingErrors = ({ mapping }: LoadedShape): ErrorKind[] =>
  Object.values(mapping.content.search ?? {}).flatMap((spec) => toValueSpec(spec)?.missing ?? []);

/** Each endpoint of a shape with its summary, in the order of its mapping. */
export const listEndpoints = ({
  shape,
  mapping,
}: Pick<LoadedShape, 'shape' | 'mapping'>): { method: string; path: string; summary: string }[] =>
  shape.interactions.map((interaction) => {
    const row = OPERATIONS[interaction];
    return {
      method: row.method.toUpperCase(),
      path: row.item ? shape.itemPath : shape.path,
      summary: mapping.content.summary?.[interaction] ?? buildSummary(interaction, row, shape),
    };
  });

/** The operations of a shape, in the order of its mapping. */
export function buildOperations(parts: OperationParts): PlacedOperation[] {
  const { shape } = parts.loaded;
  return shape.interactions.map((interaction) => {
    const row = OPERATIONS[interaction];
    return { path: row.item ? shape.itemPath : shape.path, method: row.method, operation: buildOperation(interaction, row, parts) };
  });
}

function buildOperation(interaction: ShapeInteraction, row: OperationRow, parts: OperationParts): Json {
  const { loaded, surface, facts, examples } = parts;
  const { shape, lens } = loaded;
  const [status, responseSchema] = row.success(parts);
  const field = lens.fields.find(({ spec }) => spec.required)?.name ?? Object.keys(loaded.mapping.content.search ?? {})[0] ?? 'id';
  const kinds = [...row.failures(parts), ...COMMON_ERRORS, ...(facts.rateLimit ? (['throttled'] as const) : [])];
  const bodies = { request: examples.requests, change: examples.changes, replacement: {} };
  const errorParts: ErrorResponseParts = { surface: surface.surface, spec: surface.source.content, facts, field };
  return {
    operationId: `${VERBS[interaction]}-${shape.name}`,
    summary: loaded.mapping.content.summary?.[interaction] ?? buildSummary(interaction, row, shape),
    tags: [describeItems(shape).many],
    ...(shape.isPersonal && { security: [{ person: [] }] }),
    parameters: row.parameters(parts).filter(({ in: place }) => !(shape.itemIsCaller && place === 'path')),
    ...(row.body && {
      requestBody: {
        required: row.body !== 'request' || shape.requiresBody,
        ...(row.body === 'change' && { description: CHANGE_DESCRIPTION }),
        content: {
          ...buildJsonContent(toSchemaRef(toSchemaNames(shape)[row.body]), wrapExamples(bodies[row.body], omitPathParameters(shape)))
            .content,
          ...(row.body === 'change' && buildPatchContent(parts)),
        },
      },
    }),
    responses: { [status]: responseSchema, ...(row.known && { 304: NOT_MODIFIED }), ...buildErrorResponses(kinds, errorParts) },
  };
}

const buildSummary = (interaction: ShapeInteraction, row: OperationRow, shape: Shape): string =>
  interaction === 'create' && shape.batch ? `Create ${describeItems(shape).many}` : row.say(describeItems(shape));

const VERBS: Record<ShapeInteraction, string> = {
  create: 'create',
  read: 'read',
  search: 'list',
  update: 'change',
  replace: 'replace',
  delete: 'delete',
  perform: 'perform',
};

/** Removes the path parameters from a body. */
const omitPathParameters =
  ({ pathParameters }: Shape) =>
  (value: View): unknown =>
    Object.fromEntries(Object.entries(value).filter(([name]) => !pathParameters.includes(name)));

const CHANGE_DESCRIPTION =
  'The fields to change, each with its new value; null unsets one. Or a list of operations on the item as it is shown (JSON Patch).';

/** JSON Patch: that of an example, else one derived from a merge patch. https://www.rfc-editor.org/rfc/rfc6902 */
function buildPatchContent({ loaded, examples }: OperationParts): Json {
  const [first] = Object.values(examples.changes);
  const shownField = Object.entries(first?.value ?? {}).find(
    ([name, value]) =>
      (typeof value !== 'object' || Object.keys(value ?? {}).length > 0) &&
      loaded.lens.fields.some(({ name: fieldName, spec }) => fieldName === name && !spec.omit && !spec.writeOnly),
  );
  const patchExample = shownField && {
    made: { summary: 'replaces the value of one field', value: [{ op: 'replace', path: `/${shownField[0]}`, value: shownField[1] }] },
  };
  const patchExamples = Object.keys(examples.operations).length ? examples.operations : patchExample;
  return { 'application/json-patch+json': { schema: toSchemaRef('JsonPatch'), ...(patchExamples && { examples: patchExamples }) } };
}

const NOT_MODIFIED: Json = { description: 'Not modified: the client has the current version.' };
const VERSION: Json = { ETag: { description: 'The version of the item.', required: true, schema: { type: 'string' } } };
const CREATED: Json = { Location: { description: 'The URL of the created item.', required: true, schema: { type: 'string' } }, ...VERSION };

interface ItemResponse {
  status: number;
  headers?: Json;
  /** Whether it is the response to a write: a key without the read scope gets less. */
  written?: boolean;
}

function buildItemResponse(description: string, parts: OperationParts, { status, headers = {}, written }: ItemResponse): Json {
  const { loaded, examples: own } = parts.answered ?? parts;
  const { shape, mapping } = loaded;
  const { source } = parts.surface;
  const schema = buildItemSchema(
    mapping.content,
    source.content,
    written ? buildWrittenItemSchema(parts.loaded, shape) : toSchemaRef(toSchemaNames(shape).item),
  );
  const facts = buildExampleFacts(status, parts.facts);
  const examples = wrapExamples(own.items, (view) => shape.wrapItem(view, facts));
  return buildSuccessResponse(description, { spec: source.content, headers, body: buildJsonContent(schema, examples) });
}

/** The response to a write: the item, or without the read scope its id and the fields of the request. `form`: the shape of the response. */
function buildWrittenItemSchema({ lens }: LoadedShape, form: Shape): Json {
  const { properties = {} } = form.responseSchema;
  const shownFields = lens.fields
    .filter(({ name, spec }) => !spec.readOnly && Object.hasOwn(properties, name))
    .map(({ name }) => [name, {}]);
  return {
    anyOf: [
      toSchemaRef(toSchemaNames(form).item),
      {
        type: 'object',
        description: 'For a key without the read scope: the id, and the fields of the request as sent.',
        properties: { ...Object.fromEntries(shownFields), [form.idName]: properties[form.idName] ?? {} },
        required: [form.idName],
        additionalProperties: false,
      },
    ],
  };
}

const LIST_DESCRIPTIONS: Record<Shape['take'], (shape: Shape) => string> = {
  page: () => 'One page of the list',
  all: ({ maxItems }) => `The whole list, of ${maxItems} items at most. If more items match, the request is refused`,
  first: () => 'The first item that is found',
};

function buildListResponse(parts: OperationParts, { description, written }: { description?: string; written?: boolean } = {}): Json {
  const { shape } = parts.loaded;
  const { source } = parts.surface;
  const { page } = source.content;
  const item = written ? buildWrittenItemSchema(parts.loaded, shape) : toSchemaRef(toSchemaNames(shape).item);
  const schema = buildListSchema(parts.loaded.mapping.content, source.content, item);
  const facts = buildExampleFacts(200, parts.facts);
  const pageFacts = { limit: page.default, offset: 0, hasMore: false, nextOffset: null, cursor: null, ...(page.total && { total: 1 }) };
  const [first] = Object.entries(parts.examples.items);
  const examples = first
    ? wrapExamples(Object.fromEntries([first]), (view) => shape.wrapList([view], pageFacts, facts, parts.examples.parameters))
    : {};
  return buildSuccessResponse(description ?? LIST_DESCRIPTIONS[shape.take](shape), {
    spec: source.content,
    body: buildJsonContent(schema, examples),
  });
}
