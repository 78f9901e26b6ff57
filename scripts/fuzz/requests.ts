// Builds the request of a number: the same seed, number and documents give the same request. Most are valid or nearly valid.
import { gzipSync } from 'node:zlib';
import { writeXml } from '../../src/fhir/xml/write-xml.ts';
import { randomFrom } from '../orders/random.ts';
import { buildParameter, changeText, mutate, pick, type Random } from './mutations.ts';
import type { FuzzOperation } from './operations.ts';

export interface FuzzRequest {
  door: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

const IDS = ['example', 'example', 'example', 'none', 'x'.repeat(64), 'x'.repeat(65), '..', '%00', 'a/b', 'é', '$x', '_history', '1', ''];

/** How many requests of a hundred go to each door. */
const SHARES: [string, number][] = [
  ['fhir', 60],
  ['clinik', 15],
  ['loop', 9],
  ['jump', 6],
  ['admin', 4],
  ['other', 6],
];

/** Builds the function that builds the request of a number. */
export function createRequestBuilder(operations: readonly FuzzOperation[], seed: number): (index: number) => FuzzRequest {
  const byDoor = Map.groupBy(operations, ({ door }) => door);
  const doors = SHARES.flatMap(([door, share]) => {
    const all = byDoor.get(door) ?? [];
    return Array.from({ length: share }, (): Door => ({ all, special: all.filter(isSpecial) }));
  });
  return (index) => {
    const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
    return buildRequest(random, pickOperation(random, pick(random, doors)));
  };
}

interface Door {
  all: FuzzOperation[];
  special: FuzzOperation[];
}

/** Most paths of the FHIR API have a type. The others, which do more, are chosen more often. */
const isSpecial = ({ door, path }: FuzzOperation): boolean => door === 'fhir' && !/^\/[A-Z]/.test(path);

const pickOperation = (random: Random, { all, special }: Door): FuzzOperation =>
  random() < 0.2 && special.length ? pick(random, special) : pick(random, all);

function buildRequest(random: Random, operation: FuzzOperation): FuzzRequest {
  const path = operation.prefix + fillPath(random, operation) + buildQuery(random, operation);
  const headers = buildHeaders(random);
  const method =
    random() < 0.03 ? pick(random, ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'POST', 'GET']) : operation.method.toUpperCase();
  const request: FuzzRequest = { door: operation.door, method, path, headers };
  if (/GraphQL|graphql/.test(path) && random() < 0.7) return addGraphql(random, request);
  if (path.includes('_search') && method === 'POST') {
    const form = buildQuery(random, { ...operation, parameters: operation.parameters.length ? operation.parameters : SEARCH }).slice(1);
    return addBody({ ...request, path: path.split('?')[0]! }, 'application/x-www-form-urlencoded', form);
  }
  return operation.examples.length ? addExample(random, request, operation) : request;
}

const SEARCH = ['_id', '_lastUpdated', 'name', 'identifier', 'code', '_filter', '_include', '_sort', '_count'].map((name) => ({
  name,
  in: 'query' as const,
}));

/** The path with its parameters. One of twelve is changed. */
function fillPath(random: Random, { path, parameters }: FuzzOperation): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const { example } = parameters.find((one) => one.name === name) ?? {};
    return random() < 0.85 ? String(example ?? (name === 'versionId' ? '1' : 'example')) : pick(random, IDS);
  });
  // Node's client refuses these characters, and so does a proxy
  return (random() < 0.03 ? changeText(random, filled) : filled).replace(/[^!-~]/g, encodeSafely) || '/';
}

const encodeSafely = (character: string): string => encodeURIComponent(character.isWellFormed() ? character : '\ufffd');

function buildQuery(random: Random, { parameters, door, method, path }: FuzzOperation): string {
  if (door === 'fhir' && /put|patch|delete/.test(method) && !path.includes('{') && random() < 0.8) return pick(random, CONDITIONS);
  const known = parameters.filter((one) => one.in === 'query');
  const count = door === 'fhir' ? pick(random, [0, 0, 1, 1, 2, 3]) : pick(random, [0, 0, 0, 1, 2]);
  if (!known.length || !count) return '';
  const chosen = Array.from({ length: count }, () => buildParameter(random, pick(random, known)));
  return `?${new URLSearchParams(chosen.map(([name, value]): [string, string] => [name, value.toWellFormed()]))}`;
}

/** The selection of a conditional update, patch or delete. */
const CONDITIONS = ['?_id=example', '?identifier=http://example.org|1', '?_id=none', '?_lastUpdated=gt2100'];

const HEADERS: [string, readonly string[]][] = [
  ['If-Match', ['W/"1"', '"1"', '*', 'W/"99"', 'x', '']],
  ['If-None-Match', ['W/"1"', '*', '"x"']],
  ['If-Modified-Since', ['Wed, 21 Oct 2020 07:28:00 GMT', 'x', '2020']],
  ['If-None-Exist', ['identifier=a|b', '_id=example', '', 'x=%']],
  ['Prefer', ['return=minimal', 'return=representation', 'return=OperationOutcome', 'handling=strict', 'respond-async', ';;']],
  ['Accept', ['application/fhir+json', 'application/fhir+xml', '*/*', 'text/html', 'application/fhir+json; fhirVersion=4.0', '']],
  ['Idempotency-Key', ['a', 'b', 'x'.repeat(256)]],
  ['X-HTTP-Method-Override', ['DELETE']],
  ['Origin', ['http://example.org', 'null']],
  ['Range', ['bytes=0-1']],
  ['Accept-Encoding', ['gzip', 'x']],
];

function buildHeaders(random: Random): Record<string, string> {
  const count = pick(random, [0, 0, 0, 1, 1, 2]);
  return Object.fromEntries(
    Array.from({ length: count }, () => {
      const [name, values] = pick(random, HEADERS);
      return [name, pick(random, values)];
    }),
  );
}

/** An example of the operation: as it is, or changed once, twice or three times; as JSON or XML; some damaged as texts or on the way. */
function addExample(random: Random, request: FuzzRequest, { door, examples }: FuzzOperation): FuzzRequest {
  const { mediaType, value } = pick(random, examples);
  const withId = /\/example$/.test(request.path) && request.method === 'PUT' ? { ...(value as object), id: 'example' } : value;
  const changed = mutate(random, withId, pick(random, [0, 0, 0, 0, 1, 1, 2, 3]));
  const isXml = door === 'fhir' && mediaType === 'application/fhir+json' && random() < 0.12;
  const written = isXml ? toXml(changed) : undefined;
  const text = written ?? toText(changed);
  const sent = random() < 0.03 ? changeText(random, text) : text;
  const type = random() < 0.02 ? pick(random, ['text/plain', '', 'application/xml', 'application/json; charset=utf-16', 'x']) : undefined;
  return damage(random, addBody(request, type ?? (written === undefined ? mediaType : 'application/fhir+xml'), sent));
}

const toText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Undefined: what the change made of the resource cannot be written as XML. */
function toXml(value: unknown): string | undefined {
  try {
    return writeXml(value);
  } catch {
    return undefined;
  }
}

const addBody = (request: FuzzRequest, mediaType: string, text: string): FuzzRequest => ({
  ...request,
  headers: { ...request.headers, 'Content-Type': mediaType },
  body: Buffer.from(text),
});

/** Rarely the body is compressed, or says that it is. */
function damage(random: Random, request: FuzzRequest): FuzzRequest {
  const { body, headers } = request;
  if (!body || random() > 0.03) return request;
  const encoding = pick(random, ['gzip', 'deflate', 'br', 'x']);
  const compressed = encoding === 'gzip' && random() < 0.7 ? gzipSync(body) : body;
  return { ...request, headers: { ...headers, 'Content-Encoding': encoding }, body: compressed };
}

const GRAPHQL: readonly string[] = [
  '{ Patient(id: "example") { id name { family given } birthDate } }',
  '{ PatientList(name: "ada", _count: 3) { id ObservationList(_reference: subject) { code { text } } } }',
  '{ PatientConnection(_count: 2) { count edges { resource { id } } next } }',
  'query A($id: ID!) { Patient(id: $id) { managingOrganization { resource { ... on Organization { name } } } } }',
  '{ Patient(id: "example") { name(use: official) @flatten { given @first family @singleton } } }',
  '{ __schema { types { name } } }',
  '{ __type(name: "Patient") { fields { name } } }',
  '{ Observation(id: "example") { valueQuantity { value } ... on Observation { status } } }',
];

function addGraphql(random: Random, request: FuzzRequest): FuzzRequest {
  const query = pick(random, GRAPHQL);
  const changed = random() < 0.5 ? query : changeText(random, query);
  if (request.method === 'GET')
    return { ...request, path: `${request.path.split('?')[0]}?${new URLSearchParams({ query: changed.toWellFormed() })}` };
  return addBody(request, 'application/json', JSON.stringify({ query: changed, variables: { id: 'example' } }));
}
