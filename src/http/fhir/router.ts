// The FHIR R4 REST API in Express: authenticates the caller, negotiates the format, runs the interaction and sends the response.
// https://hl7.org/fhir/R4/http.html
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { AuditReader } from '../../audit/reader.ts';
import { BASE64_CONTENT_SHARE } from '../../fhir/binary.ts';
import { matchesEtag } from '../../fhir/etag.ts';
import { methodNotAllowed, notFound } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { PageTokens } from '../../interactions/page-token.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import type { AdmitRequest } from '../middleware/admission.ts';
import { authenticate, type FindCaller, type FindTokenCaller } from '../middleware/authenticate.ts';
import { authorizePatientKey } from '../middleware/authorize.ts';
import { type LogFailure, toFhirError } from '../middleware/error-handler.ts';
import { negotiateFormat } from '../middleware/fhir-format.ts';
import { type CountRequest, checkRateLimit, type RateLimit } from '../middleware/rate-limit.ts';
import { buildBytesReader, buildTextReader } from '../middleware/read-body.ts';
import { parseQuery, readRequestContext, toClientRequest } from '../middleware/request-context.ts';
import { handleAudit, isAuditPath } from './audit-events.ts';
import { isBinaryRead } from './binary.ts';
import { buildRequestBody } from './body.ts';
import { setCorsAndRequestId } from './cors-and-request-id.ts';
import type { FhirResponse } from './fhir-call.ts';
import { buildMetadataResponse, type CapabilityTexts } from './metadata.ts';
import { findRoute } from './path.ts';
import { sendFhirResponse } from './respond.ts';
import { runInteraction } from './run-interaction.ts';
import { SMART_CONFIGURATION_PATH, sendSmartConfiguration } from './smart-configuration.ts';

/** The dependencies of the FHIR API. */
export interface FhirApi {
  findCaller: FindCaller;
  /** Access tokens and the SMART configuration. Undefined: no issuer is configured. */
  accessTokens: { findCaller: FindTokenCaller; readSmartConfiguration(): Promise<object> } | undefined;
  /** Builds the context of one request. */
  buildContext(caller: Caller, request: ClientRequest): Context;
  admit: AdmitRequest;
  pageTokens: PageTokens;
  /** Where the client of a request reached this server: no path, no trailing slash. */
  findBaseUrl(req: Request): string;
  /** The current statements of /metadata. */
  capabilities: CapabilityTexts;
  countRequest: CountRequest;
  /** The rate limit of each key. Null: no limit. */
  rateLimit: RateLimit | null;
  openAudit(caller: Caller, request: ClientRequest): AuditReader;
  bodyLimit: number;
}

/** The size limit of a search by POST, in bytes. */
const FORM_LIMIT = 1024 * 1024;

/** The router of `/fhir/R4`. */
export function buildFhirRouter(api: FhirApi, log: LogFailure): Router {
  const router = Router({ caseSensitive: true });
  const read = {
    text: buildTextReader(api.bodyLimit),
    form: buildTextReader(FORM_LIMIT),
    bytes: buildBytesReader(Math.floor(api.bodyLimit * BASE64_CONTENT_SHARE)),
  };
  router.use(setCorsAndRequestId);
  router.all('/metadata', async (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
    const { headers = {}, ...whole } = await buildMetadataResponse(
      api.capabilities,
      api.findBaseUrl(req) + req.baseUrl,
      parseQuery(req.url),
    );
    const isNotModified = matchesEtag(headers.ETag!, req.headers['if-none-match'] ?? '');
    await sendFhirResponse(req, res, isNotModified ? { status: 304, headers } : { ...whole, headers });
  });
  router.all(SMART_CONFIGURATION_PATH, (req, res) => sendSmartConfiguration(api.accessTokens?.readSmartConfiguration, req, res));
  router.use(async (req: Request, res: Response) => {
    const format = isBinaryRead(req.method, req.path) ? undefined : negotiateFormat(req);
    const caller = await authenticate(req, 'fhir', api.findCaller, api.accessTokens?.findCaller);
    await api.admit(caller.tenant, req, res);
    readRequestContext(res).caller = caller;
    if (api.rateLimit) checkRateLimit(await api.countRequest(caller, { name: 'fhir' }, api.rateLimit));
    authorizePatientKey(caller, false);
    if (isAuditPath(req.path)) return sendFhirResponse(req, res, await runAudit(api, { req, res, read }), format);
    const route = findRoute(req.method, req.path);
    readRequestContext(res).route = `/fhir/R4${route.definition.path}`;
    readRequestContext(res).interaction = route.definition.codes.length ? route.definition.codes : ['operation'];
    const response = await runInteraction(
      {
        context: buildContext(api, caller, req, res),
        pageTokens: api.pageTokens,
        method: req.method,
        path: req.path,
        query: parseQuery(req.url),
        header: (name) => readHeader(req, name),
        body: buildRequestBody(req, read),
        toFhirError: (error) => toFhirError(error, readRequestContext(res), log),
        isStandalone: true,
      },
      route,
    );
    await sendFhirResponse(req, res, response, format);
  });
  return router;
}

interface AuditRequest {
  req: Request;
  res: Response;
  read: Parameters<typeof buildRequestBody>[1];
}

/** A request below /AuditEvent. */
function runAudit(api: FhirApi, { req, res, read }: AuditRequest): Promise<FhirResponse> {
  const context = readRequestContext(res);
  const isOne = req.method !== 'POST' && req.path.split('/').length > 2;
  Object.assign(context, { route: `/fhir/R4/AuditEvent${isOne ? '/:id' : ''}`, interaction: [isOne ? 'read' : 'search-type'] });
  return handleAudit(
    {
      context: buildContext(api, context.caller!, req, res),
      pageTokens: api.pageTokens,
      method: req.method,
      path: req.path,
      query: parseQuery(req.url),
      body: buildRequestBody(req, read),
    },
    api.openAudit(context.caller!, toClientRequest(req, res)),
  );
}

/** The context of a request, with the base URL at which its client reached this server. */
function buildContext({ buildContext: build, findBaseUrl }: FhirApi, caller: Caller, req: Request, res: Response): Context {
  const context = build(caller, toClientRequest(req, res));
  const baseUrl = findBaseUrl(req) + req.baseUrl;
  return baseUrl === context.baseUrl ? context : { ...context, baseUrl, hasOwnBaseUrl: true };
}

/** Returns 404 with the base of the FHIR API for paths below another base. */
export const rejectOtherFhirBase =
  (base: string): RequestHandler =>
  (_req, res) => {
    readRequestContext(res).surface = 'fhir';
    throw notFound(`there is nothing here: the FHIR API is at ${base}`);
  };

function readHeader(req: Request, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
