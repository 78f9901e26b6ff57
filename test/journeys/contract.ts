// Compares every response of the journeys with the OpenAPI documents of the server: status, body schema and headers. It is installed between the tests and the
// server, so no test calls it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ValidateFunction } from 'ajv';
import request from 'supertest';
import type { App } from '../../src/http/app.ts';
import { type RequestContext, readRequestContext } from '../../src/http/middleware/request-context.ts';
import { type Answer, type Document, type Operation, validator } from '../mapping/open-api.ts';

/** A server that remembers what it answered. */
export interface Contracted {
  app: App;
  /** What broke the contract, each named with the test it happened in. */
  breaches(): Promise<string[]>;
}

interface Answered {
  test: string;
  method: string;
  path: string;
  surface: RequestContext['surface'];
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

/** Puts the server under its contract. */
export function underContract(app: App): Contracted {
  const responses: Answered[] = [];
  const remember = (req: IncomingMessage, res: ServerResponse): void => {
    const { url = '/', method = 'GET' } = req;
    const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
    const test = expect.getState().currentTestName ?? 'before the tests';
    res.end = (...args: unknown[]) => {
      const { surface } = readRequestContext(res as never);
      const text = typeof args[0] === 'string' || Buffer.isBuffer(args[0]) ? String(args[0]) : '';
      const facts = { status: res.statusCode, headers: { ...res.getHeaders() }, body: surface === 'fhir' ? '' : text };
      responses.push({ test, method, path: url.split('?')[0]!, surface, ...facts });
      return end(...args);
    };
  };
  return {
    app: new Proxy(app, {
      apply(target, self, [req, res, ...more]: [IncomingMessage, ServerResponse]) {
        remember(req, res);
        return Reflect.apply(target, self, [req, res, ...more]);
      },
    }),
    async breaches() {
      const documents = await documentsFor(app, responses);
      return responses.flatMap((answer) => {
        const broken = breachOf(answer, documents);
        return broken === undefined ? [] : [`${answer.test}: ${answer.method} ${answer.path} ${answer.status}: ${broken}`];
      });
    },
  };
}

/** The same for one answer of a server in another process; which surface it spoke for is whichever document has it. Throws what is wrong. */
export async function holdToContract(
  url: string,
  answered: Pick<Answered, 'method' | 'status' | 'body'> & { headers: Headers },
): Promise<void> {
  const { origin, pathname: path } = new URL(url);
  if (path.startsWith('/fhir/') || answered.status === 503) return;
  const documents = await documentsAt(origin);
  const one = { ...answered, test: '', path, headers: Object.fromEntries(answered.headers), surface: undefined };
  const broken = documents.flatMap((described) => {
    const operation = described.findOperation(one);
    return operation ? [operationBreach(one, operation, described)] : [];
  });
  if (broken.length && !broken.includes(undefined)) throw new Error(`${answered.method} ${path} ${answered.status}: ${broken.join('; ')}`);
}

const KNOWN = new Map<string, Promise<Described[]>>();

function documentsAt(origin: string): Promise<Described[]> {
  const fetched = async (path: string) => (await fetch(origin + path)).json();
  const all = async (): Promise<Described[]> => {
    const { documents } = (await fetched('/openapi')) as { documents: { name: string; url: string }[] };
    const vendors = documents.filter(({ name }) => name !== 'fhir');
    return Promise.all(vendors.map(async ({ url }) => describeDocument((await fetched(url)) as Document)));
  };
  const known = KNOWN.get(origin) ?? all();
  KNOWN.set(origin, known);
  return known;
}

/** The document of an answer. */
const nameOf = ({ surface, path }: Answered): string | undefined => {
  if (surface === undefined) return /^\/admin\//.test(path) ? 'admin' : /^\/console\/api\/./.test(path) ? 'console' : undefined;
  return surface === 'fhir' ? surface : surface.name;
};

async function documentsFor(app: App, responses: Answered[]): Promise<Map<string, Described>> {
  const names = [...new Set(responses.flatMap((answer) => nameOf(answer) ?? []))];
  return new Map(
    await Promise.all(names.map(async (name) => [name, describeOnce(await request(app).get(`/openapi/${name}.json`))] as const)),
  );
}

const DESCRIBED = new Map<string, Described>();

/** Most servers have the same documents, so most of their checks exist already. */
function describeOnce({ text }: { text: string }): Described {
  const one = DESCRIBED.get(text) ?? describeDocument(JSON.parse(text) as Document);
  DESCRIBED.set(text, one);
  return one;
}

/** A document, with its checks made once each. */
interface Described {
  document: Document;
  findOperation(answered: Answered): Operation | undefined;
  check(schema: object): ValidateFunction;
}

function describeDocument(document: Document): Described {
  const checks = new Map<object, ValidateFunction>();
  return {
    document,
    findOperation: buildOperationFinder(document),
    check(schema) {
      const check = checks.get(schema) ?? validator(document, schema);
      checks.set(schema, check);
      return check;
    },
  };
}

function breachOf(answered: Answered, documents: Map<string, Described>): string | undefined {
  const name = nameOf(answered);
  if (name === undefined) return undefined;
  const described = documents.get(name)!;
  const operation = described.findOperation(answered);
  return operation ? operationBreach(answered, operation, described) : unlisted(answered, described);
}

function operationBreach(answered: Answered, operation: Operation, described: Described): string | undefined {
  const response = operation.responses[answered.status];
  if (!response) return `${operation.operationId} lists ${Object.keys(operation.responses).join(', ')}`;
  return headerBreach(answered, response) ?? bodyBreach(answered, response, described);
}

/** Finds the operation at a path, below any of the servers; a path as it stands wins over one with an id in it. */
function buildOperationFinder({ servers, paths }: Document): Described['findOperation'] {
  const mounts = servers.map(({ url }) => new URL(url).pathname.replace(/\/$/, ''));
  const templates = Object.keys(paths)
    .sort((a, b) => a.split('{').length - b.split('{').length)
    .map((template) => ({ template, parts: toParts(template) }));
  return ({ method, path }) => {
    const relativePaths = mounts
      .filter((mount) => path.startsWith(`${mount}/`) || path === mount)
      .map((mount) => toParts(path.slice(mount.length)));
    const found = templates.find(({ parts }) => relativePaths.some((one) => fits(parts, one)));
    return found && paths[found.template]![verb(method)];
  };
}

const verb = (method: string): string => (method === 'HEAD' ? 'get' : method.toLowerCase());

const toParts = (path: string): string[] => path.replace(/\/$/, '').split('/');

const fits = (expected: string[], actual: string[]): boolean =>
  expected.length === actual.length && expected.every((part, at) => part.startsWith('{') || part === actual[at]);

/** What no document lists is refused, in the surface's own shape. */
function unlisted({ status, method, surface, body }: Answered, { document, check }: Described): string | undefined {
  if (surface === 'fhir') return status < 400 && method !== 'OPTIONS' ? 'it is in no document' : undefined;
  if (status < 400) return 'it is in no document';
  return failed(check(document.components.schemas.Failure!), body, method);
}

function headerBreach({ headers }: Answered, { headers: listed = {} }: Answer): string | undefined {
  const missing = Object.entries(listed).filter(([name, { required }]) => required && headers[name.toLowerCase()] === undefined);
  return missing.length ? `without ${missing.map(([name]) => name).join(', ')}` : undefined;
}

function bodyBreach({ surface, body, method }: Answered, { content }: Answer, { check }: Described): string | undefined {
  if (surface === 'fhir') return undefined;
  const schema = content?.['application/json']?.schema;
  if (!schema) return body === '' ? undefined : 'no body is listed';
  return failed(check(schema), body, method);
}

function failed(check: ValidateFunction, body: string, method: string): string | undefined {
  if (method === 'HEAD') return undefined;
  return check(JSON.parse(body)) ? undefined : JSON.stringify(check.errors);
}
