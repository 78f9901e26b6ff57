// The administration API in Express, below /admin: JSON, for the keys of tenants' administrators and of operators. docs/decisions/0046-administration.md
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Administration } from '../../administration/administration.ts';
import { AdministrationError } from '../../administration/administration-error.ts';
import { parseJson } from '../../fhir/json.ts';
import { conflict, type FhirError, forbidden, invalid, methodNotAllowed, notFound, unsupportedMedia } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import { authenticateAdministrator, type FindCaller } from '../middleware/authenticate.ts';
import { buildTextReader, type TextReader } from '../middleware/read-body.ts';
import { parseQuery, readRequestContext, toClientRequest } from '../middleware/request-context.ts';
import type { AdminHandler } from './admin-call.ts';
import { handleCreateKey, handleListEvents, handleListKeys, handleReadKey, handleRevokeKey, handleRotateKey } from './keys.ts';
import { buildOrderActionHandler, handleListOrders, handleReadOrder } from './orders.ts';
import { buildReadSandboxHandler, buildStepHandler, type SandboxControl } from './sandbox.ts';
import { handleCreateTenant, handleListTenants, handleReadTenant, handleUpdateTenant } from './tenants.ts';

/** The dependencies of the administration API. */
export interface AdminApi {
  findCaller: FindCaller;
  /** The administration by this caller, in one request. */
  buildAdministration(caller: Caller, request: ClientRequest): Administration;
  /** Undefined: orders may go to a laboratory. */
  sandbox: SandboxControl | undefined;
}

type Routes = Record<string, Record<string, AdminHandler>>;

/** Path → method → handler. */
const ROUTES: Routes = {
  '/keys': { GET: handleListKeys, POST: handleCreateKey },
  '/keys/:id': { GET: handleReadKey, DELETE: handleRevokeKey },
  '/keys/:id/rotate': { POST: handleRotateKey },
  '/events': { GET: handleListEvents },
  '/orders': { GET: handleListOrders },
  '/orders/:id': { GET: handleReadOrder },
  ...Object.fromEntries(
    (['retry', 'park', 'release', 'drop'] as const).map((name) => [`/orders/:id/${name}`, { POST: buildOrderActionHandler(name) }]),
  ),
  '/tenants': { GET: handleListTenants, POST: handleCreateTenant },
  '/tenants/:tenant': { GET: handleReadTenant, PATCH: handleUpdateTenant },
};

const buildSandboxRoutes = (sandbox: SandboxControl): Routes => ({
  '/orders/:id/sandbox': { GET: buildReadSandboxHandler(sandbox), POST: buildStepHandler(sandbox) },
});

/** No body of an administrator is longer, in bytes. */
const BODY_LIMIT = 64 * 1024;

/** The router of `/admin`. Responses may contain the text of a new key, so no cache stores them. */
export function buildAdminRouter(api: AdminApi): Router {
  const router = Router({ caseSensitive: true });
  const readText = buildTextReader(BODY_LIMIT);
  router.use(async (req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    readRequestContext(res).route = '/admin';
    readRequestContext(res).caller = await authenticateAdministrator(req, api.findCaller);
    next();
  });
  const routes = { ...ROUTES, ...(api.sandbox && buildSandboxRoutes(api.sandbox)) };
  for (const [path, methods] of Object.entries(routes)) router.all(path, buildHandler(api, { path, methods, readText }));
  router.use(() => {
    throw notFound('there is nothing at this path');
  });
  return router;
}

interface Route {
  path: string;
  methods: Record<string, AdminHandler>;
  readText: TextReader;
}

const buildHandler =
  (api: AdminApi, { path, methods, readText }: Route): RequestHandler =>
  async (req, res) => {
    const context = readRequestContext(res);
    context.route = `/admin${path}`;
    const method = req.method === 'HEAD' ? 'GET' : req.method;
    if (!Object.hasOwn(methods, method)) throw methodNotAllowed(Object.keys(methods));
    const caller = context.caller!;
    const response = await methods[method]!({
      administration: api.buildAdministration(caller, toClientRequest(req, res)),
      caller,
      path: toTexts(req.params),
      query: parseQuery(req.url),
      idempotencyKey: req.get('idempotency-key'),
      readBody: () => readJson(req, readText),
    }).catch(toFhirError);
    send(res, response);
  };

const toTexts = (parameters: Request['params']): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));

const ERRORS: Record<AdministrationError['kind'], (text: string, where?: string) => FhirError> = {
  invalid,
  forbidden,
  'not-found': notFound,
  conflict,
};

function toFhirError(error: unknown): never {
  throw error instanceof AdministrationError ? ERRORS[error.kind](error.message, error.field) : error;
}

async function readJson(req: Request, readText: TextReader): Promise<unknown> {
  const text = await readText(req);
  if (text.trim() === '') return undefined;
  if (!/^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')) throw unsupportedMedia('send the body as application/json');
  return parseJson(text).plain;
}

function send(res: Response, { status, headers = {}, body }: Awaited<ReturnType<AdminHandler>>): void {
  res.status(status).set(headers);
  if (body === undefined) res.end();
  else res.json(body);
}
