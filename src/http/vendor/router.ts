// The vendors' APIs in Express: authenticates the caller, reads the request, and sends the response in the vendor's envelope. src/vendor-api handles the request.
import type { Request, RequestHandler, Response } from 'express';
import type { Permission } from '../../fhir/access-scope.ts';
import { type ParsedJson, parseJson } from '../../fhir/json.ts';
import { invalidStructure, methodOverrideIgnored, notFound, unsupportedMedia, versionMismatch } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { PageTokens } from '../../interactions/page-token.ts';
import type { Mappings, ResponseFacts, Surface } from '../../mapping/shape.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import type { ExternalStep } from '../../vendor-api/external-step.ts';
import { findInteraction } from '../../vendor-api/interactions.ts';
import type { VendorRequest, VendorResponse } from '../../vendor-api/vendor-request.ts';
import type { AdmitRequest } from '../middleware/admission.ts';
import { authenticate, type FindCaller } from '../middleware/authenticate.ts';
import { authorize, authorizePatientKey } from '../middleware/authorize.ts';
import { FHIR_PATH } from '../middleware/base-url.ts';
import { type CountRequest, checkRateLimit, type RateLimit } from '../middleware/rate-limit.ts';
import { buildTextReader, type TextReader } from '../middleware/read-body.ts';
import { buildResponseFacts, parseQuery, type RequestContext, readRequestContext, toClientRequest } from '../middleware/request-context.ts';
import type { RouteMatch, RouteResolver, ShapeMatch } from '../middleware/route-surface.ts';

/** The dependencies of the vendors' APIs. */
export interface VendorApi {
  mappings: Mappings;
  /** Surface → the path prefix where it is mounted, in addition to its hosts (`{ loop: '/loop' }`). */
  prefixes: Record<string, string>;
  findCaller: FindCaller;
  buildContext(caller: Caller, request: ClientRequest): Context;
  /** By their names in mappings (`port:`). */
  externalSteps: Record<string, ExternalStep>;
  admit: AdmitRequest;
  pageTokens: PageTokens;
  countRequest: CountRequest;
  /** Where the client of a request reached this server: no path, no trailing slash. */
  findBaseUrl(req: Request): string;
  /** The rate limit of a surface. Null: no limit. */
  findRateLimit(surface: Surface): RateLimit | null;
  bodyLimit: number;
}

/** Handles every path outside the FHIR API. */
export function buildVendorRouter(api: VendorApi, resolveRoute: RouteResolver): RequestHandler {
  const readText = buildTextReader(api.bodyLimit);
  return async (req, res, next) => {
    const route = resolveRoute(req);
    const { surface } = route;
    const requestContext = readRequestContext(res);
    requestContext.surface = surface;
    if (!surface) return next();
    requestContext.route = toRouteName(route, surface);
    const caller = await authenticate(req, surface.name, api.findCaller);
    await api.admit(caller.tenant, req, res);
    requestContext.caller = caller;
    await countRequest(api, surface, requestContext);
    rejectMethodOverride(req);
    if (!route.shape || Object.values(route.pathParameters).some((value) => value.trim() === ''))
      throw notFound('there is nothing at this path');
    const { shape, id } = route;
    authorizePatientKey(caller, shape.isPersonal);
    const interaction = findInteraction(shape, req.method, id);
    requestContext.interaction = [INTERACTION_CODES[interaction.permission]];
    authorize(caller, shape.resource, interaction.permission);
    if (interaction.name === 'create' && req.headers['if-match'] !== undefined)
      throw versionMismatch('a create cannot have If-Match: a new item has no version to match');
    const body = interaction.hasBody ? await readVendorBody(req, readText) : NO_BODY;
    const context = { ...api.buildContext(caller, toClientRequest(req, res)), clientBaseUrl: api.findBaseUrl(req) + FHIR_PATH };
    sendVendorResponse(res, surface, await interaction.handle(toVendorRequest(api, req, { route, context, body })));
  };
}

/** Permission → the interaction that the audit names. */
const INTERACTION_CODES: Readonly<Record<Permission, string>> = { c: 'create', r: 'read', u: 'update', d: 'delete', s: 'search-type' };

const NO_BODY: ParsedJson = { plain: undefined, exact: undefined };

/** Counts the request, and refuses it (429) if it is over the limit. */
async function countRequest(api: VendorApi, surface: Surface, requestContext: RequestContext): Promise<void> {
  const limit = api.findRateLimit(surface);
  if (!limit) return;
  requestContext.rate = await api.countRequest(requestContext.caller!, surface, limit);
  checkRateLimit(requestContext.rate);
}

interface RequestParts {
  route: ShapeMatch;
  context: Context;
  body: ParsedJson;
}

function toVendorRequest(api: VendorApi, req: Request, { route, context, body }: RequestParts): VendorRequest {
  const { shape, surface, id, pathParameters, collectionPath } = route;
  return {
    shape,
    context,
    id,
    pathParameters,
    query: parseQuery(req.url),
    body,
    headers: {
      ifMatch: req.headers['if-match'],
      ifNoneMatch: req.headers['if-none-match'],
      idempotencyKey: req.get('idempotency-key'),
    },
    collectionUrl: api.findBaseUrl(req) + collectionPath,
    externalStep: shape.externalStep === undefined ? undefined : api.externalSteps[shape.externalStep],
    pageTokens: api.pageTokens,
    findShape: (name) => api.mappings.shapes.find((other) => other.surface === surface && other.name === name)!,
  };
}

/** Headers by which clients ask for another method. They are refused: a server that ignored them would run another method than the client intends. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'];

function rejectMethodOverride({ headers, method }: Request): void {
  const header = OVERRIDES.find((name) => headers[name] !== undefined && headers[name] !== method);
  if (header !== undefined) throw methodOverrideIgnored(header);
}

/** The route as declared. */
const toRouteName = (target: RouteMatch, { name }: Surface): string =>
  target.shape ? (target.id === undefined ? target.shape.path : target.shape.itemPath) : name;

/** The media types that vendors' clients send JSON with. */
const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)$/;
const JSON_EXPECTED = 'send the body as application/json';

/**
 * The JSON of a body. A POST with an empty body is read as `{}`, so that the errors name the required fields. A change without a body is refused.
 * https://www.rfc-editor.org/rfc/rfc9110#section-8.6
 */
async function readVendorBody(req: Request, readText: TextReader): Promise<ParsedJson> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== '' && !JSON_TYPE.test(type)) throw unsupportedMedia(JSON_EXPECTED);
  const text = await readText(req);
  if (text === '' && req.method === 'POST') return { plain: {}, exact: {} };
  if (type === '') throw unsupportedMedia(JSON_EXPECTED);
  if (text.trim() === '') throw invalidStructure('the body must be a JSON object, but it is empty');
  return parseJson(text);
}

function sendVendorResponse(res: Response, surface: Surface, { status, headers, content }: VendorResponse): void {
  const facts = buildResponseFacts(readRequestContext(res), status);
  res.status(status).set({ ...surface.buildHeaders(facts), ...headers });
  if (content) res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(content && renderContent(content, facts));
}

function renderContent(content: NonNullable<VendorResponse['content']>, facts: ResponseFacts): string {
  if ('text' in content) return content.text;
  const { shape } = content;
  return JSON.stringify(
    'view' in content ? shape.wrapItem(content.view, facts) : shape.wrapList(content.views, content.page, facts, content.filters),
  );
}
