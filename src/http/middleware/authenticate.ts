// Authentication: an API key in x-api-key or as a Bearer token gives access to the one surface it belongs to (https://www.rfc-editor.org/rfc/rfc6750, §2: one method in
// each request). docs/decisions/0013-api-keys-and-scopes.md

import { hash } from 'node:crypto';
import type { Request } from 'express';
import { isAdministrator, toLivePrefix } from '../../administration/key-surfaces.ts';
import { forbidden, loginRequired } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { Surface } from '../../mapping/shape.ts';

/** Finds the caller of an API key. Undefined: the key is unknown, revoked or expired, or its tenant is disabled. */
export type FindCaller = (key: string) => Promise<Caller | undefined>;

/** The API key of a request, if any. Of two, the one in `x-api-key`. */
export function readCredential(req: Request): string | undefined {
  const own = req.headers['x-api-key'];
  return typeof own === 'string' && own !== '' ? own.trim() : readBearerToken(req);
}

const readBearerToken = (req: Request): string | undefined => /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? '')?.[1];

/** The caller of a request to a surface. 401: no key, an unknown key, or two different keys. 403: a key of another surface. */
export async function authenticate(req: Request, surface: string, find: FindCaller): Promise<Caller> {
  const caller = await identify(req, find);
  if (caller.surface !== surface) throw forbidden(describeSurface(caller.surface));
  return caller;
}

const describeSurface = (surface: string): string =>
  isAdministrator(surface)
    ? 'this API key is a key of an administrator: it opens the paths below /admin only'
    : `this API key opens the ${surface} API only`;

/** The administrator of a request. */
export async function authenticateAdministrator(req: Request, find: FindCaller): Promise<Caller> {
  const caller = await identify(req, find);
  if (!isAdministrator(caller.surface))
    throw forbidden(`${describeSurface(caller.surface)}: create a key for administration with facet keys create --surface admin`);
  return caller;
}

/** The caller, whatever the surface of the key is. */
async function identify(req: Request, find: FindCaller): Promise<Caller> {
  const credential = readCredential(req);
  const bearer = readBearerToken(req);
  if (bearer !== undefined && bearer !== credential) throw loginRequired('the request has two different API keys: send one of them');
  if (credential === undefined) throw loginRequired('send an API key, as "Authorization: Bearer …" or "x-api-key: …"');
  const caller = await find(credential);
  if (!caller) throw loginRequired('this API key is not known, or no longer valid');
  return caller;
}

/**
 * The challenge of a 401 (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1): the credential that the surface's documentation names.
 * `ApiKey` and its parameter are an inference: no scheme is registered for keys in a header of their own.
 */
export const buildChallenge = (surface: Pick<Surface, 'auth'> | undefined): string =>
  surface?.auth.scheme === 'api-key' ? `ApiKey header="${surface.auth.header}"` : 'Bearer';

const CACHE_MS = 1000;
const MAX_CACHED = 10_000;

/**
 * Caches the caller of a key for a second, to save a database query on most requests. A revocation takes effect within that second. The text of a key is not kept,
 * and no time depends on how much of it is right: its hash is looked up. docs/decisions/0013-api-keys-and-scopes.md
 */
export function cacheCallers(find: FindCaller, now: () => number = Date.now): FindCaller {
  const known = new Map<string, { caller: Promise<Caller | undefined>; until: number }>();
  return (key) => {
    const digest = hash('sha256', key, 'base64');
    const found = known.get(digest);
    if (found && found.until > now()) return found.caller;
    if (known.size >= MAX_CACHED) known.clear();
    const caller = find(key);
    known.set(digest, { caller, until: now() + CACHE_MS });
    caller.catch(() => known.delete(digest));
    return caller;
  };
}

/** The prefixes of a surface's keys. Empty if its keys have no prefix. */
export const listKeyPrefixes = (prefix: string): string[] => (prefix === '' ? [] : [...new Set([prefix, toLivePrefix(prefix)])]);
