// The vendors' doors as one table: method and place → interaction, the same for every shape of every mapping.
import type { Request, RequestHandler, Response } from 'express';
import type { Permission } from '../../fhir/access-scope.ts';
import { type ParsedJson, parseJson } from '../../fhir/json.ts';
import { invalidStructure, methodNotAllowed, methodOverrideIgnored, notFound, unsupportedMedia } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { ExternalStep } from '../../interactions/external-step.ts';
import type { PageTokens } from '../../interactions/page-token.ts';
import type { Mappings, Shape, ShapeInteraction, Surface } from '../../mapping/shape.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import { authenticate, authorize, authorizePatientKey, type FindCaller } from '../middleware/authenticate.ts';
import { buildTextReader, type TextReader } from '../middleware/body-text.ts';
import { checkRateLimit, type RateLimit } from '../middleware/rate-limit.ts';
import { type Answer, type RateLimitState, readRequestContext, toClientRequest } from '../middleware/request-context.ts';
import { buildResponseFacts } from '../middleware/response-facts.ts';
import type { RouteMatch, RouteResolver } from '../middleware/route-surface.ts';
import { deleteItem, patchItem, replaceItem } from './change.ts';
import { createItem } from './create.ts';
import { createMany } from './create-many.ts';
import { performItem } from './perform.ts';
import { rejectIfMatch } from './preconditions.ts';
import { listItems, readItem } from './read.ts';
import type { VendorRequest } from './vendor-call.ts';

/** What the vendors' doors need from the roof. */
export interface VendorApi {
  mappings: Mappings;
  /** Where each surface is mounted besides its hosts (`{ loop: '/loop' }`). */
  prefixes: Record<string, string>;
  findCaller: FindCaller;
  buildContext(caller: Caller, request: ClientRequest): Context;
  externalSteps: Record<string, ExternalStep>;
  pageTokens: PageTokens;
  countRequest(who: string, limit: RateLimit): RateLimitState;
  /** How clients reach this server: no path, no trailing slash. */
  baseUrl: string;
  /** The limit in force for a surface; null: none. */
  findRateLimit(surface: Surface): RateLimit | null;
  bodyLimit: number;
}

interface Interaction {
  name: ShapeInteraction;
  permission: Permission;
  run(call: VendorRequest, body: ParsedJson): Promise<Answer>;
  body?: boolean;
  /** It makes something that was not there. */
  createsItem?: boolean;
}

const NO_BODY: ParsedJson = { plain: undefined, exact: undefined };

const READ: Interaction = { name: 'read', permission: 'r', run: readItem };
const LIST: Interaction = { name: 'search', permission: 's', run: listItems };

const create = (call: VendorRequest, body: ParsedJson): Promise<Answer> => (call.shape.batch ? createMany : createItem)(call, body);

const COLLECTION: Record<string, Interaction> = {
  GET: LIST,
  HEAD: LIST,
  POST: { name: 'create', permission: 'c', run: create, body: true, createsItem: true },
};
const ITEM: Record<string, Interaction> = {
  GET: READ,
  HEAD: READ,
  PATCH: { name: 'update', permission: 'u', run: patchItem, body: true },
  PUT: { name: 'replace', permission: 'u', run: replaceItem, body: true },
  DELETE: { name: 'delete', permission: 'd', run: deleteItem },
  POST: { name: 'perform', permission: 'u', run: performItem, body: true },
};

/** The handler of every path that is not the FHIR API's. `find`: which vendor's shape a request means. */
export function buildVendorRouter(door: VendorApi, find: RouteResolver): RequestHandler {
  const readText = buildTextReader(door.bodyLimit);
  return async (req, res, next) => {
    const target = find(req);
    const { surface } = target;
    const exchange = readRequestContext(res);
    exchange.surface = surface;
    if (!surface) return next();
    exchange.route = toRouteName(target, surface);
    const caller = await authenticate(req, surface.name, door.findCaller);
    exchange.caller = caller;
    const limit = door.findRateLimit(surface);
    if (limit) exchange.rate = door.countRequest(toRateLimitKey(surface, caller), limit);
    if (exchange.rate) checkRateLimit(exchange.rate);
    rejectMethodOverride(req);
    if (!target.shape || Object.values(target.pathParameters).some((value) => value.trim() === ''))
      throw notFound('there is nothing at this path');
    const { shape, id, collectionPath, pathParameters } = target;
    authorizePatientKey(caller, shape.isPersonal);
    const interaction = findInteraction(shape, req.method, id);
    authorize(caller, shape.resource, interaction.permission);
    if (interaction.createsItem) rejectIfMatch(req);
    const body = interaction.body ? await readVendorBody(req, readText) : NO_BODY;
    const call: VendorRequest = {
      req,
      shape,
      body: body.exact,
      id,
      pathParameters,
      collectionUrl: door.baseUrl + collectionPath,
      externalStep: shape.externalStep === undefined ? undefined : door.externalSteps[shape.externalStep],
      findShape: (name: string) => door.mappings.shapes.find((one) => one.surface === surface && one.name === name)!,
      context: door.buildContext(caller, toClientRequest(req, res)),
      requestId: exchange.requestId,
      rate: exchange.rate,
      pageTokens: door.pageTokens,
    };
    sendVendorResponse(res, shape.surface, await interaction.run(call, body));
  };
}

/** Headers by which clients ask for another method than the one they send: a server that does not heed one would do what was not meant. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'];

function rejectMethodOverride({ headers, method }: Request): void {
  const header = OVERRIDES.find((name) => headers[name] !== undefined && headers[name] !== method);
  if (header !== undefined) throw methodOverrideIgnored(header);
}

/** Whose requests are counted together. */
const toRateLimitKey = ({ name, rateLimit }: Surface, { tenant, actor }: Caller): string =>
  rateLimit?.per === 'tenant' ? `${name}/${tenant}` : `${name}/${tenant}/${actor}`;

/** The route as declared. */
const toRouteName = (target: RouteMatch, { name }: Surface): string =>
  target.shape ? (target.id === undefined ? target.shape.path : target.shape.itemPath) : name;

/** The interaction a method means here, if the shape documents it. */
function findInteraction(shape: Shape, method: string, id: string | undefined): Interaction {
  const methods = id === undefined && !shape.itemIsCaller ? COLLECTION : ITEM;
  const offered = Object.keys(methods).filter((name) => shape.interactions.includes(methods[name]!.name));
  if (!offered.includes(method)) throw methodNotAllowed(offered);
  return methods[method]!;
}

/** Vendors' clients name their JSON in several ways; all of them are JSON. */
const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)$/;

/**
 * What a request says; without a body nothing, so that it is told what it must say. Many clients send one of no length, whole or in no pieces; a change
 * without one is none. https://www.rfc-editor.org/rfc/rfc9110#section-8.6
 */
async function readVendorBody(req: Request, readText: TextReader): Promise<ParsedJson> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const other = unsupportedMedia('send the body as application/json');
  if (type !== '' && !JSON_TYPE.test(type)) throw other;
  const text = await readText(req);
  if (text === '' && req.method === 'POST') return { plain: {}, exact: {} };
  if (type === '') throw other;
  if (text.trim() === '') throw invalidStructure('the body must be a JSON object, and it is empty');
  return parseJson(text);
}

function sendVendorResponse(res: Response, surface: Surface, { status, headers = {}, body }: Answer): void {
  const { requestId, rate } = readRequestContext(res);
  res.status(status).set({ ...surface.buildHeaders(buildResponseFacts(requestId, status, rate)), ...headers });
  if (body !== undefined) res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(body);
}
