// /console/session: signs in with a credential, tells whose session it is, and signs out. No response contains a credential.
import { randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { parseJson } from '../../fhir/json.ts';
import { isObject } from '../../fhir/json-values.ts';
import { conflict, forbidden, invalid, invalidStructure, methodNotAllowed, notFound, unsupportedMedia } from '../../fhir/outcome.ts';
import type { Session } from '../../sessions/session-seal.ts';
import { findDevelopmentKeys, type ReadDevelopmentKeys } from '../middleware/development-keys.ts';
import { buildTextReader } from '../middleware/read-body.ts';
import { readRequestContext } from '../middleware/request-context.ts';
import { endSession, isFromConsole, readExpectedSession, readSession, writeSession } from '../middleware/session.ts';
import { findCallers, identify, joinCredential, type ValidCredential } from './session-callers.ts';
import { buildSignInRouter, endSignIns, listSignIns, type SignInParts } from './sign-in.ts';

/** What the console tells its user of the server. */
interface ServerFacts {
  version: string;
  engine: string;
  production: boolean;
  /** Whether lab orders go to a sandbox. */
  sandbox: boolean;
}

/** The dependencies of the console's session. */
export interface SessionApi extends SignInParts {
  findTenant(id: number): Promise<{ slug: string; name: string } | undefined>;
  /** The APIs whose credentials open them, with their titles. */
  surfaces: { name: string; title: string }[];
  /** The development keys: tenant → surface → key. Undefined: not in production. */
  readDevelopmentKeys: ReadDevelopmentKeys;
  server: ServerFacts;
}

const BODY_LIMIT = 16 * 1024;

/** The router of `/console/session`. */
export function buildSessionRouter(api: SessionApi): Router {
  const router = Router({ caseSensitive: true });
  const read = buildTextReader(BODY_LIMIT);
  router.use((req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    readRequestContext(res).route = '/console/session';
    if (req.method !== 'GET' && req.method !== 'HEAD' && !isFromConsole(req))
      throw forbidden('only the console of this server signs in and out: send the header X-Facet-Console: 1, from no other site');
    next();
  });
  router.get('/', async (req, res) => sendSession(api, req, res, await readSession(req, api)));
  router.post('/', async (req, res) => {
    const { key } = await readFields(req, read);
    await sendSession(api, req, res, await addKey(api, req, res, key));
  });
  router.delete('/', (req, res) => {
    endSession(req, res, api);
    endSignIns(req, res, api);
    res.status(204).end();
  });
  router.all('/', () => {
    throw methodNotAllowed(['GET', 'HEAD', 'POST', 'DELETE']);
  });
  router.post('/demo', async (req, res) => {
    const { tenant } = await readFields(req, read);
    const keys = (await findDevelopmentKeys(api.readDevelopmentKeys, req)) ?? {};
    const credentials = Object.hasOwn(keys, tenant ?? '') ? keys[tenant!] : undefined;
    if (!credentials) throw forbidden('a development server signs in like this, from the machine that it runs on: use a key instead');
    await sendSession(api, req, res, { id: randomUUID(), credentials, began: api.seal.now() });
  });
  router.use(buildSignInRouter(api));
  router.use(() => {
    throw notFound('there is nothing at this path');
  });
  return router;
}

/** Signs in with the key. If the request names the session of the page, the key is added to that one. */
async function addKey(api: SessionApi, req: Request, res: Response, key: string | undefined): Promise<Session> {
  const caller = await identify(api, key);
  readRequestContext(res).caller = caller;
  const before = await readSession(req, api);
  const { session, replaces } = await joinCredential(api, before, { caller, credential: key! });
  if (replaces && readExpectedSession(req) !== undefined)
    throw conflict('this key is of another tenant than the session: sign out, then sign in with it', 'key');
  return session;
}

/** Sends what the session opens, and renews its cookie. */
async function sendSession(api: SessionApi, req: Request, res: Response, session: Session | undefined): Promise<void> {
  const valid = await findCallers(api, session);
  const credentials = Object.fromEntries(valid.map(({ surface, credential }) => [surface, credential]));
  const ends = valid.length ? await writeSession(req, res, { ...session!, credentials }, api) : undefined;
  if (valid.length && ends === undefined) throw invalid('these credentials are too long for a cookie: sign in with an API key', 'key');
  if (session && !valid.length) endSession(req, res, api);
  const development = await findDevelopmentKeys(api.readDevelopmentKeys, req);
  res.json({
    surfaces: await Promise.all(valid.map((one) => describeCaller(api, one))),
    available: api.surfaces,
    ...(ends !== undefined && { id: session!.id, ends: new Date(ends).toISOString(), server: api.server }),
    ...(api.signIn.issuers.length > 0 && { signIn: listSignIns(api) }),
    ...(development && { development: { tenants: Object.keys(development) } }),
  });
}

async function describeCaller({ surfaces, findTenant }: SessionApi, { surface, caller }: ValidCredential): Promise<object> {
  const tenant = await findTenant(caller.tenant);
  return {
    name: surface,
    title: surfaces.find(({ name }) => name === surface)?.title ?? surface,
    ...(tenant && { tenant: { slug: tenant.slug, name: tenant.name } }),
    scopes: caller.scopes,
    actor: caller.actor,
  };
}

/** The members of the body that are texts. */
async function readFields(req: Request, read: ReturnType<typeof buildTextReader>): Promise<Record<string, string | undefined>> {
  if (!/^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')) throw unsupportedMedia('send the body as application/json');
  const { plain } = parseJson(await read(req));
  if (!isObject(plain)) throw invalidStructure('the body must be a JSON object');
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : undefined]));
}
