// The FHIR R4 REST API as it stands in Express: who calls, in which format, and what of the answer goes out. https://hl7.org/fhir/R4/http.html
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { BASE64 } from '../../fhir/binary.ts';
import { methodNotAllowed, notFound } from '../../fhir/outcome.ts';
import type { Caller, Context } from '../../interactions/context.ts';
import type { ClientRequest } from '../../store/database/database.ts';
import { authenticate, type FindCaller, refuseOthers } from '../middleware/authenticate.ts';
import { bytesReader, textReader } from '../middleware/body-text.ts';
import { type LogFailure, toFhirError } from '../middleware/error-handler.ts';
import { isNotModified } from '../middleware/etag.ts';
import type { Seal } from '../middleware/page-token.ts';
import { clientRequestOf, requestContextOf } from '../middleware/request-context.ts';
import { parseQuery } from '../middleware/url-query.ts';
import { readsBinary } from './binary.ts';
import { requestBody } from './body.ts';
import { corsAndRequestId } from './cors-and-request-id.ts';
import { routeOf } from './path.ts';
import { fhirFormat, respond } from './respond.ts';
import { runInteraction } from './run-interaction.ts';

/** What the FHIR door needs from the roof. */
export interface FhirApi {
  find: FindCaller;
  /** The context of one request of this caller. */
  contextOf(caller: Caller, request: ClientRequest): Context;
  seal: Seal;
  /** The CapabilityStatement as it is now: its JSON text, and the tag of that. */
  capability(): Promise<{ text: string; etag: string }>;
  bodyLimit: number;
}

/** Of the parameters of a search by POST, in bytes. */
const FORM_LIMIT = 1024 * 1024;

/** The router of `/fhir/R4`. */
export function fhirRouter(door: FhirApi, log: LogFailure): Router {
  const router = Router({ caseSensitive: true });
  const read = { text: textReader(door.bodyLimit), form: textReader(FORM_LIMIT), bytes: bytesReader(Math.floor(door.bodyLimit * BASE64)) };
  router.use(corsAndRequestId);
  router.all('/metadata', async (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
    const { text, etag } = await door.capability();
    const known = isNotModified(req, etag);
    respond(req, res, { status: known ? 304 : 200, headers: { ETag: etag }, ...(!known && { body: text }) });
  });
  router.use(async (req: Request, res: Response) => {
    if (!readsBinary(req.method, req.path)) fhirFormat(req);
    const caller = await authenticate(req, 'fhir', door.find);
    requestContextOf(res).caller = caller;
    refuseOthers(caller, false);
    const route = routeOf(req.method, req.path);
    requestContextOf(res).route = `/fhir/R4${route.facts.path}`;
    const answer = await runInteraction(
      {
        context: door.contextOf(caller, clientRequestOf(req, res)),
        seal: door.seal,
        method: req.method,
        path: req.path,
        query: parseQuery(req.url),
        header: (name) => headerOf(req, name),
        body: requestBody(req, read),
        failed: (error) => toFhirError(error, requestContextOf(res), log),
        alone: true,
      },
      route,
    );
    respond(req, res, answer);
  });
  return router;
}

/** Who looks for FHIR at another base is told the one there is, whoever it is. */
export const fhirElsewhere =
  (base: string): RequestHandler =>
  (_req, res) => {
    requestContextOf(res).surface = 'fhir';
    throw notFound(`there is nothing here: the FHIR API is at ${base}`);
  };

function headerOf(req: Request, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
