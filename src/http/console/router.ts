// The API of the console in Express, below /console/api: JSON, for keys and access tokens of the FHIR API, with their scopes; mappings also for keys of their surface. docs/decisions/0059-console-api.md
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { toRecord } from '../../fhir/json-values.ts';
import { methodNotAllowed, notFound } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { Mappings } from '../../mapping/shape.ts';
import type { FhirApi } from '../fhir/router.ts';
import { authenticateForAny } from '../middleware/authenticate.ts';
import { authorizePatientKey } from '../middleware/authorize.ts';
import { FHIR_PATH } from '../middleware/base-url.ts';
import { checkRateLimit } from '../middleware/rate-limit.ts';
import { buildTextReader } from '../middleware/read-body.ts';
import { readRequestContext, toClientRequest } from '../middleware/request-context.ts';
import type { ConsoleHandler } from './console-call.ts';
import { handleFaces } from './faces.ts';
import { handleShape, handleSurface, handleSurfaces } from './mappings.ts';
import { handlePreview } from './preview.ts';

/** The dependencies of the console's API: those of the FHIR API, and the mappings. */
export interface ConsoleApi
  extends Pick<
    FhirApi,
    'findCaller' | 'accessTokens' | 'buildContext' | 'admit' | 'countRequest' | 'rateLimit' | 'findBaseUrl' | 'bodyLimit' | 'pageTokens'
  > {
  mappings: Mappings;
}

interface Route {
  path: string;
  method: string;
  /** The code of its interaction, for the audit. */
  interaction: string;
  handle: ConsoleHandler;
}

const ROUTES: Route[] = [
  { path: '/faces/:type/:id', method: 'GET', interaction: 'read', handle: handleFaces },
  { path: '/preview', method: 'POST', interaction: 'operation', handle: handlePreview },
  { path: '/mappings', method: 'GET', interaction: 'operation', handle: handleSurfaces },
  { path: '/mappings/:surface', method: 'GET', interaction: 'operation', handle: handleSurface },
  { path: '/mappings/:surface/:shape', method: 'GET', interaction: 'operation', handle: handleShape },
];

/** The router of `/console/api`. */
export function buildConsoleRouter(api: ConsoleApi): Router {
  const router = Router({ caseSensitive: true });
  router.use(async (req, res, next) => {
    readRequestContext(res).route = '/console/api';
    readRequestContext(res).caller = await openRequest(api, req, res);
    next();
  });
  const read = buildTextReader(api.bodyLimit);
  for (const route of ROUTES) router.all(route.path, buildHandler(api, route, read));
  router.use(() => {
    throw notFound('there is nothing at this path');
  });
  return router;
}

const isAboutMappings = ({ path }: Request): boolean => /^\/mappings(?:\/|$)/.test(path);

/** The caller, after the limits that hold for the FHIR API. */
async function openRequest(api: ConsoleApi, req: Request, res: Response): Promise<Caller> {
  const vendors = isAboutMappings(req) ? api.mappings.surfaces.map(({ name }) => name) : [];
  const caller = await authenticateForAny(req, ['fhir', ...vendors], api.findCaller, api.accessTokens?.findCaller);
  await api.admit(caller.tenant, req, res);
  readRequestContext(res).caller = caller;
  if (api.rateLimit) checkRateLimit(await api.countRequest(caller, { name: 'fhir' }, api.rateLimit));
  authorizePatientKey(caller, false);
  return caller;
}

const buildHandler =
  (api: ConsoleApi, { path, method, interaction, handle }: Route, read: ReturnType<typeof buildTextReader>): RequestHandler =>
  async (req, res) => {
    Object.assign(readRequestContext(res), { route: `/console/api${path}`, interaction: [interaction] });
    if (req.method !== method && !(method === 'GET' && req.method === 'HEAD'))
      throw methodNotAllowed(method === 'GET' ? ['GET', 'HEAD'] : [method]);
    const body = await handle({
      context: buildContext(api, req, res),
      mappings: api.mappings,
      pageTokens: api.pageTokens,
      path: toTexts(req.params),
      readText: () => read(req),
    });
    res.json(body);
  };

/** The context of a request, with the base URL at which its client reached this server, as for the FHIR API and the vendors' APIs. */
function buildContext({ buildContext: build, findBaseUrl }: ConsoleApi, req: Request, res: Response): Context {
  const context = build(readRequestContext(res).caller!, toClientRequest(req, res));
  const baseUrl = findBaseUrl(req) + FHIR_PATH;
  const own = baseUrl === context.baseUrl ? {} : { baseUrl, hasOwnBaseUrl: true };
  return { ...context, ...own, clientBaseUrl: baseUrl };
}

const toTexts = (parameters: Request['params']): Record<string, string> =>
  Object.fromEntries(Object.entries(toRecord(parameters)).map(([name, value]) => [name, String(value)]));
