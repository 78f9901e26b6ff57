// The vendors' doors as one table: method and place → interaction, the same for every shape of every mapping.
import type { Request, RequestHandler, Response } from 'express';
import { type Parsed, parse } from '../../fhir/json.ts';
import { methodNotAllowed, notFound, overridden, structure, unsupportedMedia } from '../../fhir/outcome.ts';
import type { Permission } from '../../fhir/scope.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { ExternalStep } from '../../interactions/external-step.ts';
import type { Mappings, Shape, ShapeInteraction, Surface } from '../../mapping/shape.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import { authenticate, authorize, type FindCaller, refuseOthers } from '../middleware/authenticate.ts';
import { type ReadText, textReader } from '../middleware/body-text.ts';
import type { Seal } from '../middleware/page-token.ts';
import { type Limit, refuseOver } from '../middleware/rate-limit.ts';
import { type Answer, clientRequestOf, type Rate, requestContextOf } from '../middleware/request-context.ts';
import { responseFacts } from '../middleware/response-facts.ts';
import type { Dispatch, Target } from '../middleware/route-surface.ts';
import { changeItem, deleteItem, replaceItem } from './change.ts';
import { createItem } from './create.ts';
import { createMany } from './create-many.ts';
import { performItem } from './perform.ts';
import { refuseIfMatch } from './preconditions.ts';
import { listItems, readItem } from './read.ts';
import type { VendorCall } from './vendor-call.ts';

/** What the vendors' doors need from the roof. */
export interface VendorApi {
  mappings: Mappings;
  /** Where each surface is mounted besides its hosts (`{ loop: '/loop' }`). */
  prefixes: Record<string, string>;
  find: FindCaller;
  contextOf(caller: Caller, request: ClientRequest): Context;
  ports: Record<string, ExternalStep>;
  seal: Seal;
  count(who: string, limit: Limit): Rate;
  /** How clients reach this server: no path, no trailing slash. */
  baseUrl: string;
  /** The limit in force for a surface; null: none. */
  limitOf(surface: Surface): Limit | null;
  bodyLimit: number;
}

interface Interaction {
  is: ShapeInteraction;
  permission: Permission;
  run(call: VendorCall, body: Parsed): Promise<Answer>;
  body?: boolean;
  /** It makes something that was not there. */
  makes?: boolean;
}

const NO_BODY: Parsed = { plain: undefined, exact: undefined };

const READ: Interaction = { is: 'read', permission: 'r', run: readItem };
const LIST: Interaction = { is: 'search', permission: 's', run: listItems };

const create = (call: VendorCall, body: Parsed): Promise<Answer> => (call.shape.many ? createMany : createItem)(call, body);

const COLLECTION: Record<string, Interaction> = {
  GET: LIST,
  HEAD: LIST,
  POST: { is: 'create', permission: 'c', run: create, body: true, makes: true },
};
const ITEM: Record<string, Interaction> = {
  GET: READ,
  HEAD: READ,
  PATCH: { is: 'update', permission: 'u', run: changeItem, body: true },
  PUT: { is: 'replace', permission: 'u', run: replaceItem, body: true },
  DELETE: { is: 'delete', permission: 'd', run: deleteItem },
  POST: { is: 'perform', permission: 'u', run: performItem, body: true },
};

/** The handler of every path that is not the FHIR API's. `find`: which vendor's shape a request means. */
export function vendorRouter(door: VendorApi, find: Dispatch): RequestHandler {
  const readText = textReader(door.bodyLimit);
  return async (req, res, next) => {
    const target = find(req);
    const { surface } = target;
    const exchange = requestContextOf(res);
    exchange.surface = surface;
    if (!surface) return next();
    exchange.route = routeOf(target, surface);
    const caller = await authenticate(req, surface.name, door.find);
    exchange.caller = caller;
    const limit = door.limitOf(surface);
    if (limit) exchange.rate = door.count(counted(surface, caller), limit);
    if (exchange.rate) refuseOver(exchange.rate);
    refuseOverride(req);
    if (!target.shape || Object.values(target.within).some((value) => value.trim() === '')) throw notFound('there is nothing at this path');
    const { shape, id, collection, within } = target;
    refuseOthers(caller, shape.aboutMe);
    const interaction = interactionOf(shape, req.method, id);
    authorize(caller, shape.resource, interaction.permission);
    if (interaction.makes) refuseIfMatch(req);
    const body = interaction.body ? await bodyOf(req, readText) : NO_BODY;
    const port = shape.port === undefined ? undefined : door.ports[shape.port];
    const call = {
      req,
      shape,
      sent: body.exact,
      id,
      within,
      collection: door.baseUrl + collection,
      port,
      beside: (name: string) => door.mappings.shapes.find((one) => one.surface === surface && one.name === name)!,
      context: door.contextOf(caller, clientRequestOf(req, res)),
      requestId: exchange.requestId,
      rate: exchange.rate,
      seal: door.seal,
    };
    send(res, shape.surface, await interaction.run(call, body));
  };
}

/** Headers by which clients ask for another method than the one they send: a server that does not heed one would do what was not meant. */
const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'];

function refuseOverride({ headers, method }: Request): void {
  const header = OVERRIDES.find((name) => headers[name] !== undefined && headers[name] !== method);
  if (header !== undefined) throw overridden(header);
}

/** Whose requests are counted together. */
const counted = ({ name, rateLimit }: Surface, { tenant, actor }: Caller): string =>
  rateLimit?.per === 'tenant' ? `${name}/${tenant}` : `${name}/${tenant}/${actor}`;

/** The route as declared. */
const routeOf = (target: Target, { name }: Surface): string =>
  target.shape ? (target.id === undefined ? target.shape.path : target.shape.itemPath) : name;

/** The interaction a method means here, if the shape documents it. */
function interactionOf(shape: Shape, method: string, id: string | undefined): Interaction {
  const methods = id === undefined && !shape.me ? COLLECTION : ITEM;
  const offered = Object.keys(methods).filter((name) => shape.interactions.includes(methods[name]!.is));
  if (!offered.includes(method)) throw methodNotAllowed(offered);
  return methods[method]!;
}

/** Vendors' clients name their JSON in several ways; all of them are JSON. */
const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)$/;

/**
 * What a request says; without a body nothing, so that it is told what it must say. Many clients send one of no length, whole or in no pieces; a change
 * without one is none. https://www.rfc-editor.org/rfc/rfc9110#section-8.6
 */
async function bodyOf(req: Request, readText: ReadText): Promise<Parsed> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const other = unsupportedMedia('send the body as application/json');
  if (type !== '' && !JSON_TYPE.test(type)) throw other;
  const text = await readText(req);
  if (text === '' && req.method === 'POST') return { plain: {}, exact: {} };
  if (type === '') throw other;
  if (text.trim() === '') throw structure('the body must be a JSON object, and it is empty');
  return parse(text);
}

function send(res: Response, surface: Surface, { status, headers = {}, body }: Answer): void {
  const { requestId, rate } = requestContextOf(res);
  res.status(status).set({ ...surface.headers(responseFacts(requestId, status, rate)), ...headers });
  if (body !== undefined) res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(body);
}
