// Authentication: an API key in x-api-key or as a Bearer token gives access to the one surface it belongs to, an access token of an issuer to the FHIR API
// (https://www.rfc-editor.org/rfc/rfc6750, §2: one method in each request). docs/decisions/0013-api-keys-and-scopes.md, docs/decisions/0047-access-tokens.md

import { hash } from 'node:crypto';
import type { Request } from 'express';
import { isAdministrator, toLivePrefix } from '../../administration/key-surfaces.ts';
import { FHIR_REALM, forbidden, invalidToken, loginRequired } from '../../fhir/outcome.ts';
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

/** A bearer credential with a dot is a JWT: API keys have letters, digits and underscores only. */
const isToken = (credential: string): boolean => credential.includes('.');

/** Finds the caller of an access token. Throws 401 with the reason, or 503 if the token cannot be checked now. */
export type FindTokenCaller = (token: string) => Promise<Caller>;

/**
 * The caller of a request to a surface. `findByToken`: absent where access tokens are not accepted. 401: no credential, an unknown one, or two different keys.
 * 403: a key of another surface.
 */
export const authenticate = (req: Request, surface: string, find: FindCaller, findByToken?: FindTokenCaller): Promise<Caller> =>
  authenticateForAny(req, [surface], find, findByToken);

/** The caller of a request that credentials of several surfaces open. */
export async function authenticateForAny(
  req: Request,
  [surface, ...others]: [string, ...string[]],
  find: FindCaller,
  findByToken?: FindTokenCaller,
): Promise<Caller> {
  const caller = await identify(req, { surface, find, findByToken });
  if (caller.surface !== surface && !others.includes(caller.surface)) throw forbidden(describeSurface(caller.surface));
  return caller;
}

const describeSurface = (surface: string): string =>
  isAdministrator(surface)
    ? 'this API key is a key of an administrator: it opens the paths below /admin only'
    : `this API key opens the ${surface} API only`;

/** The administrator of a request. */
export async function authenticateAdministrator(req: Request, find: FindCaller): Promise<Caller> {
  const caller = await identify(req, { find });
  if (!isAdministrator(caller.surface))
    throw forbidden(`${describeSurface(caller.surface)}: create a key for administration with facet keys create --surface admin`);
  return caller;
}

interface Identification {
  surface?: string;
  find: FindCaller;
  findByToken?: FindTokenCaller | undefined;
}

/** The caller, whatever the surface of the key is. */
async function identify(req: Request, { surface, find, findByToken }: Identification): Promise<Caller> {
  const credential = readCredential(req);
  const bearer = readBearerToken(req);
  if (bearer !== undefined && bearer !== credential) throw loginRequired('the request has two different API keys: send one of them');
  if (credential === undefined) throw loginRequired('send an API key, as "Authorization: Bearer …" or "x-api-key: …"');
  if (findByToken && bearer !== undefined && isToken(bearer)) return findByToken(bearer);
  const caller = await find(credential);
  if (!caller)
    throw (surface === 'fhir' && bearer !== undefined ? invalidToken : loginRequired)('this API key is not known, or no longer valid');
  return caller;
}

/**
 * The challenge of a 401 (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1): the credential that the surface's documentation names.
 * `ApiKey` and its parameter are an inference: no scheme is registered for keys in a header of their own.
 */
export const buildChallenge = (surface: 'fhir' | Pick<Surface, 'auth'> | undefined): string =>
  surface === 'fhir'
    ? `Bearer realm="${FHIR_REALM}"`
    : surface?.auth.scheme === 'api-key'
      ? `ApiKey header="${surface.auth.header}"`
      : 'Bearer';

/** The challenge of a 403 for a missing scope. https://www.rfc-editor.org/rfc/rfc6750#section-3.1 */
export const buildScopeChallenge = (scope: string): string => `Bearer realm="${FHIR_REALM}", error="insufficient_scope", scope="${scope}"`;

const CACHE_MS = 1000;
const MAX_CACHED = 10_000;

/**
 * Caches what was found (the caller of a key, the tenant of a token) for a second, to save a database query on most requests. A revocation takes effect within that
 * second. The text of a key is not kept, and no time depends on how much of it is right: its hash is looked up. docs/decisions/0013-api-keys-and-scopes.md
 */
export function cacheLookups<T>(find: (key: string) => Promise<T>, now: () => number = Date.now): (key: string) => Promise<T> {
  const known = new Map<string, { found: Promise<T>; until: number }>();
  return (key) => {
    const digest = hash('sha256', key, 'base64');
    const cached = known.get(digest);
    if (cached && cached.until > now()) return cached.found;
    if (known.size >= MAX_CACHED) known.clear();
    const found = find(key);
    known.set(digest, { found, until: now() + CACHE_MS });
    found.catch(() => known.delete(digest));
    return found;
  };
}

/** The prefixes of a surface's keys. Empty if its keys have no prefix. */
export const listKeyPrefixes = (prefix: string): string[] => (prefix === '' ? [] : [...new Set([prefix, toLivePrefix(prefix)])]);
