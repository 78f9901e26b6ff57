// The session of the console: a cookie with encrypted credentials, which becomes the credential of a request that the console sends.
// https://www.rfc-editor.org/rfc/rfc6265, docs/decisions/0061-console-application.md
import type { CookieOptions, Request, RequestHandler, Response } from 'express';
import { loginRequired } from '../../fhir/outcome.ts';
import type { Session, SessionSeal } from '../../sessions/session-seal.ts';
import { type RequestContext, readRequestContext } from './request-context.ts';

export interface SessionParts {
  seal: SessionSeal;
  /** Where the client of a request reached this server. */
  findBaseUrl(req: Request): string;
}

/**
 * Whether the console sent this request. A page of another origin cannot send the header without a CORS preflight, and no response allows it.
 * https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html#employing-custom-request-headers-for-ajaxapi
 */
export const isFromConsole = ({ headers }: Request): boolean =>
  headers['x-facet-console'] === '1' && ['same-origin', 'none', undefined].includes(headers['sec-fetch-site'] as string | undefined);

/** The session of a request from the console. */
export async function readSession(req: Request, { seal, findBaseUrl }: SessionParts): Promise<Session | undefined> {
  return isFromConsole(req) ? openSession(req, { seal, findBaseUrl }) : undefined;
}

/** The session of the browser, also of a navigation: the caller checks where the request comes from. */
export async function openSession(req: Request, { seal, findBaseUrl }: SessionParts): Promise<Session | undefined> {
  const text = readCookie(req, describeCookie(SESSION, findBaseUrl(req)).name);
  return text === undefined ? undefined : seal.open(text);
}

/** The id of the session that a page shows. Undefined: the page does not say. */
export function readExpectedSession({ headers }: Request): string | undefined {
  const id = headers['x-facet-session'];
  return typeof id === 'string' ? id : undefined;
}

/** Browsers drop longer cookies: https://www.rfc-editor.org/rfc/rfc6265#section-6.1 */
const MAX_COOKIE_LENGTH = 4000;

/** Sets the cookie of a session; returns when it ends, in ms. Undefined: the credentials are too long for a cookie. */
export async function writeSession(
  req: Request,
  res: Response,
  session: Session,
  { seal, findBaseUrl }: SessionParts,
): Promise<number | undefined> {
  const { text, ends } = await seal.seal(session);
  if (text.length > MAX_COOKIE_LENGTH) return undefined;
  const { name, options } = describeCookie(SESSION, findBaseUrl(req));
  res.cookie(name, text, { ...options, expires: new Date(ends) });
  return ends;
}

export function endSession(req: Request, res: Response, { findBaseUrl }: SessionParts): void {
  const { name, options } = describeCookie(SESSION, findBaseUrl(req));
  res.clearCookie(name, options);
}

interface CookieKind {
  name: string;
  sameSite: 'strict' | 'lax';
}

const SESSION: CookieKind = { name: 'facet-console', sameSite: 'strict' };

const PLAIN_LOOPBACK = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d+))?$/i;

/**
 * Plain HTTP is for this machine only. Its cookies are shared by all ports, so the port is in the name. The prefix `__Host-`: no other host of the domain can set the
 * cookie (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes).
 */
export function describeCookie({ name, sameSite }: CookieKind, baseUrl: string): { name: string; options: CookieOptions } {
  const plain = PLAIN_LOOPBACK.exec(baseUrl);
  const options = { httpOnly: true, sameSite, path: '/' } as const;
  return plain ? { name: `${name}-${plain[1] ?? '80'}`, options } : { name: `__Host-${name}`, options: { ...options, secure: true } };
}

export const readCookie = ({ headers: { cookie = '' } }: Request, name: string): string | undefined =>
  cookie
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

interface SessionUse extends SessionParts {
  /** The surfaces whose credentials open the path of a request, the preferred one first. */
  listSurfaces(req: Request): string[];
  /** The surface in whose format a request is refused. */
  findSurface(req: Request): RequestContext['surface'];
}

/**
 * Gives a request of the console the credential of its session for the surface that it goes to. A request with a credential of its own keeps it. All tabs of a browser
 * share the cookie, so a page names the session that it shows, and is refused if that is another one by now.
 */
export const useSession =
  ({ listSurfaces, findSurface, ...parts }: SessionUse): RequestHandler =>
  (req, res, next) => {
    if (hasCredential(req) || !isFromConsole(req)) return next();
    return readSession(req, parts).then((session) => {
      const expected = readExpectedSession(req);
      if (expected !== undefined && session?.id !== expected) {
        readRequestContext(res).surface = findSurface(req);
        throw loginRequired('the session of this page has ended, or another one has begun in this browser: load the page again');
      }
      const surface = session && listSurfaces(req).find((name) => Object.hasOwn(session.credentials, name));
      if (surface !== undefined) useCredential(req, res, session!.credentials[surface]!);
      next();
    });
  };

/** A browser that kept the response would offer its version to the server in another session, whose tenant may have the same id and version. */
function useCredential(req: Request, res: Response, credential: string): void {
  req.headers.authorization = `Bearer ${credential}`;
  res.setHeader('Cache-Control', 'no-store');
}

const hasCredential = ({ headers }: Request): boolean => headers.authorization !== undefined || headers['x-api-key'] !== undefined;
