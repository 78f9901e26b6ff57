// The FHIR R4 REST API as a table of paths, methods and interactions. https://hl7.org/fhir/R4/http.html
import { type Request, type Response, Router } from 'express';
import { methodNotAllowed, notFound } from '../fhir/outcome.ts';
import type { Permission } from '../fhir/scope.ts';
import { isServed, type ServedType } from '../fhir/types.ts';
import type { Caller, Context } from '../resource/context.ts';
import { authenticate, authorize, type FindCaller } from './authenticate.ts';
import { type Answer, exchangeOf } from './exchange.ts';
import { bodyReader } from './fhir-body.ts';
import * as run from './fhir-interactions.ts';
import { fhirFormat, respond } from './fhir-respond.ts';
import type { Seal } from './page-link.ts';

/** What the FHIR door needs from the roof. */
export interface FhirDoor {
  find: FindCaller;
  /** The context of one request of this caller. */
  contextOf(caller: Caller): Context;
  seal: Seal;
  /** The CapabilityStatement as JSON text. */
  capability: string;
  bodyLimit: number;
}

/** One request, as an interaction sees it. */
export interface FhirCall {
  req: Request;
  context: Context;
  type: ServedType;
  id: string;
  versionId: string;
  seal: Seal;
}

interface Interaction {
  permission: Permission;
  run(call: FhirCall): Promise<Answer>;
  /** Whether the request carries a resource or a form. */
  body?: 'resource' | 'form';
}

const READ: Interaction = { permission: 'r', run: run.read };
const SEARCH: Interaction = { permission: 's', run: run.search };

/** Path → method → interaction. HEAD is GET without its body. */
const PATHS: Record<string, Record<string, Interaction>> = {
  '/:type': { GET: SEARCH, HEAD: SEARCH, POST: { permission: 'c', run: run.create, body: 'resource' } },
  '/:type/_search': { POST: { permission: 's', run: run.searchByPost, body: 'form' } },
  '/:type/:id': {
    GET: READ,
    HEAD: READ,
    PUT: { permission: 'u', run: run.update, body: 'resource' },
    DELETE: { permission: 'd', run: run.remove },
  },
  '/:type/:id/_history': { GET: { permission: 'r', run: run.history }, HEAD: { permission: 'r', run: run.history } },
  '/:type/:id/_history/:versionId': { GET: { permission: 'r', run: run.vread }, HEAD: { permission: 'r', run: run.vread } },
};

/** The router of `/fhir/R4`. */
export function fhirApi(door: FhirDoor): Router {
  const router = Router({ caseSensitive: true });
  const readBody = bodyReader(door.bodyLimit);
  router.use((_req, res, next) => {
    exchangeOf(res).surface = 'fhir';
    next();
  });
  router.all('/metadata', (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
    respond(req, res, { status: 200, body: door.capability });
  });
  for (const [path, methods] of Object.entries(PATHS)) {
    router.all(path, async (req: Request, res: Response) => {
      exchangeOf(res).route = `/fhir/R4${path}`;
      fhirFormat(req);
      const caller = await authenticate(req, 'fhir', door.find);
      exchangeOf(res).caller = caller;
      const { type, id = '', versionId = '' } = req.params as Record<string, string>;
      if (type === undefined || !isServed(type))
        throw notFound(`${isTypeName(type) ? 'this server does not serve that resource type' : 'there is nothing at this path'}`);
      const interaction = methods[req.method];
      if (!interaction) throw methodNotAllowed(Object.keys(methods));
      authorize(caller, type, interaction.permission);
      if (interaction.body) await readBody(req, res, interaction.body);
      const call = { req, context: door.contextOf(caller), type, id, versionId, seal: door.seal };
      respond(req, res, await interaction.run(call));
    });
  }
  router.use(async (req) => {
    await authenticate(req, 'fhir', door.find);
    throw notFound('there is nothing at this path of the FHIR API; /metadata lists what is served');
  });
  return router;
}

const isTypeName = (text: string | undefined): boolean => text !== undefined && /^[A-Z][A-Za-z]+$/.test(text);
