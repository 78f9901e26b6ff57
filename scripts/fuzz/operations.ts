// What a server says that it takes: every operation of its OpenAPI documents, with parameters and example bodies, and its other paths.

/** A body that an operation takes, by its media type. */
interface Example {
  mediaType: string;
  value: unknown;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  description?: string;
  example?: unknown;
}

export interface FuzzOperation {
  /** `fhir`, a vendor, `admin`, `console`, or `other` for what has no document. */
  door: string;
  method: string;
  /** The path of the operation below `prefix`, with `{parameters}`. */
  path: string;
  prefix: string;
  parameters: Parameter[];
  examples: Example[];
}

interface Document {
  paths: Record<string, Record<string, Described>>;
  components: Record<string, Record<string, unknown>>;
}

interface Described {
  parameters?: (Parameter | Reference)[];
  requestBody?: { content: Record<string, { examples?: Record<string, { value: unknown } | Reference> }> };
  responses?: object;
}

interface Reference {
  $ref: string;
}

/** Paths without a document. The webhooks are refused, because the server has no secret for them. */
const OTHER: [string, string][] = [
  ['get', '/'],
  ['get', '/docs'],
  ['get', '/console'],
  ['get', '/console/session'],
  ['post', '/console/session'],
  ['get', '/console/session/login/name'],
  ['get', '/console/session/callback/name'],
  ['get', '/openapi'],
  ['get', '/openapi/loop.json'],
  ['get', '/healthz'],
  ['get', '/readyz'],
  ['get', '/fhir/R5/Patient'],
  ['post', '/webhooks/junction'],
  ['post', '/v1/webhooks/junction/name'],
];

/** All operations of a server. */
export async function readOperations(url: string): Promise<FuzzOperation[]> {
  const { documents } = (await readJson(`${url}/openapi`)) as { documents: { name: string; url: string }[] };
  const described = await Promise.all(
    documents.map(async ({ name, url: path }) => listOperations(name, (await readJson(url + path)) as Document)),
  );
  const event = { event_type: 'labtest.order.updated', data: { id: '1' } };
  const other = OTHER.map(
    ([method, path]): FuzzOperation => ({
      door: 'other',
      method,
      path,
      prefix: '',
      parameters: [],
      examples: method === 'post' ? [{ mediaType: 'application/json', value: event }] : [],
    }),
  );
  return [...described.flat(), ...other];
}

const readJson = async (url: string): Promise<unknown> => (await fetch(url)).json();

/** Where the paths of a document begin, if not at its name. */
const PREFIXES: Record<string, string> = { fhir: '/fhir/R4', console: '/console/api' };

function listOperations(door: string, document: Document): FuzzOperation[] {
  const prefix = PREFIXES[door] ?? `/${door}`;
  const resolve = <T extends object>(one: T | Reference): T => ('$ref' in one ? (findAt(document, one.$ref) as T) : one);
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => responses)
      .map(([method, { parameters = [], requestBody }]) => ({
        door,
        method,
        path,
        prefix,
        parameters: parameters.map(resolve),
        examples: Object.entries(requestBody?.content ?? {}).flatMap(([mediaType, { examples = {} }]) =>
          Object.values(examples).map((example) => ({ mediaType, value: resolve(example).value })),
        ),
      })),
  );
}

/** The part of a document that a reference (`#/components/…`) names. */
const findAt = (document: object, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
