// Sends each example body of the FHIR document to its path: it is accepted.
import request from 'supertest';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { type Document, type Operation, validator } from '../mapping/open-api.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let fhir: Document;
beforeAll(async () => {
  facet = await startFacet();
  // the other patient of the example of $merge
  await facet.put({ resourceType: 'Patient', id: 'duplicate' }).expect(201);
  fhir = (await request(facet.app).get('/openapi/fhir.json')).body;
});
afterAll(() => facet.close());

interface Sent {
  operation: string;
  method: string;
  url: string;
  media: string;
  value: unknown;
}

const example = ($ref: string): unknown => (fhir.components.examples as Record<string, { value: unknown }>)[$ref.split('/').at(-1)!]!.value;

/** What the page at /docs would send: path and body from the examples; the conditional kinds are asked about the resource of the examples. */
function bodies(): Sent[] {
  return Object.entries(fhir.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId, parameters, requestBody }]) => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name) => String(parameters.find((parameter) => parameter.name === name)!.example));
      const url = `/fhir/R4${filled}${operationId.startsWith('conditional') ? '?_id=example' : ''}`;
      return Object.entries(requestBody?.content ?? {}).flatMap(([media, { examples = {} }]) =>
        Object.values(examples as unknown as Record<string, { $ref: string }>).map(({ $ref }) => ({
          operation: operationId,
          method: method.toUpperCase(),
          url,
          media,
          value: example($ref),
        })),
      );
    }),
  );
}

function send({ method, url, media, value }: Sent) {
  const form = media === 'application/x-www-form-urlencoded';
  const text = form ? new URLSearchParams(value as Record<string, string>).toString() : JSON.stringify(value);
  const call = request(facet.app)[method.toLowerCase() as 'post' | 'put' | 'patch'](url);
  return call.set('Authorization', `Bearer ${facet.demo.fhir}`).set('Content-Type', media).send(text);
}

test('each example body is accepted unchanged, for every type and media type', async () => {
  const all = bodies();
  const first = (sentRequest: Sent): number => (sentRequest.operation.startsWith('update-') ? 0 : 1); // what the others are about is there then
  const refused: unknown[] = [];
  for (const sentRequest of all.toSorted((a, b) => first(a) - first(b))) {
    const { status, body } = await send(sentRequest);
    const errors = sentRequest.operation.startsWith('validate')
      ? body.issue.filter(({ severity }: { severity: string }) => /error|fatal/.test(severity))
      : [];
    if (status > 201 || errors.length) refused.push([sentRequest.operation, sentRequest.media, status, body]);
  }
  expect(refused).toEqual([]);
  const countOperations = (kind: string) => all.filter(({ operation }) => operation.split('-')[0] === kind).length;
  const types = SERVED_TYPES.length;
  expect([
    countOperations('create'),
    countOperations('update'),
    countOperations('patch'),
    countOperations('validate'),
    countOperations('searchByPost'),
    countOperations('bundle'),
  ]).toEqual([types, types, 2 * types, types, types, 1]);
});

test('the example of a read exists and is valid by its schema', async () => {
  for (const type of SERVED_TYPES) {
    const { schema, examples } = answerOf(fhir.paths[`/${type}/{id}`]!.get!);
    const admits = validator(fhir, schema);
    expect([type, Object.values(examples).map(({ $ref }) => admits(example($ref))), admits.errors]).toEqual([type, [true], null]);
  }
});

const answerOf = ({ responses }: Operation) =>
  Object.values(responses['200']!.content!)[0] as unknown as { schema: object; examples: Record<string, { $ref: string }> };

test('summaries are correct English', () => {
  const summary = (operation: string) =>
    Object.values(fhir.paths)
      .flatMap((methods) => Object.values(methods))
      .find(({ operationId }) => operationId === operation) as unknown as { summary: string };
  expect(['create-Observation', 'create-Patient', 'update-Encounter'].map((operationId) => summary(operationId).summary)).toEqual([
    'Create an Observation',
    'Create a Patient',
    'Update an Encounter, or create it with this id',
  ]);
});
