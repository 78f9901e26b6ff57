// Signs in to the console at an issuer of access tokens: leads the browser there, and makes a session of the access token that it brings back.
// https://www.rfc-editor.org/rfc/rfc9700, docs/decisions/0065-sign-in-at-an-issuer.md
import { createHash, randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { notFound } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { Session } from '../../sessions/session-seal.ts';
import type { PendingSignIn, SignInSeal } from '../../sessions/sign-in-seal.ts';
import { parseQuery, readRequestContext } from '../middleware/request-context.ts';
import { describeCookie, openSession, readCookie, writeSession } from '../middleware/session.ts';
import { type CallerParts, joinCredential } from './session-callers.ts';

interface Failed {
  problem: string;
}

/** An issuer at which people sign in. */
export interface SignInIssuer {
  /** In the paths: `login.example.org-realms-clinic`. */
  name: string;
  /** For people: `login.example.org`. */
  title: string;
  begin(redirectUri: string): Promise<{ url: string; attempt: PendingSignIn['attempt'] } | Failed>;
  /** `response`: the redirect URI with the parameters of the authorization response. */
  complete(response: URL, attempt: PendingSignIn['attempt']): Promise<{ token: string; caller: Caller } | Failed>;
}

export interface SignInParts extends CallerParts {
  signIn: { issuers: SignInIssuer[]; seal: SignInSeal };
}

const CONSOLE = '/console';
const SESSION = `${CONSOLE}/session`;
/** A navigation that the console or the user begins. Another site cannot begin a sign-in. */
const OWN_SITES = ['same-origin', 'none', undefined];
const COOKIE = { name: 'facet-console-sign-in', sameSite: 'lax' } as const;
/** How many sign-ins of one browser may be under way: each has a cookie, and the headers of a request are limited. */
const MAX_PENDING = 4;
const MAX_PATH_LENGTH = 1000;

/** The path to which an issuer with this name sends the browser back. Each has its own, so that none can pass its response off as one of another. */
export const toCallbackPath = (name: string): string => `${SESSION}/callback/${name}`;

/** What the sign-in page shows of the issuers. */
export const listSignIns = ({ signIn }: SignInParts): { title: string; url: string }[] =>
  signIn.issuers.map(({ name, title }) => ({ title, url: `${SESSION}/login/${name}` }));

/** The routes below `/console/session`. */
export function buildSignInRouter(parts: SignInParts): Router {
  const router = Router({ caseSensitive: true });
  router.get('/login/:issuer', (req, res) => begin(parts, req, res));
  router.get('/callback/:issuer', (req, res) => complete(parts, req, res));
  return router;
}

async function begin(parts: SignInParts, req: Request, res: Response): Promise<void> {
  const issuer = findIssuer(parts, req);
  readRequestContext(res).route = `${SESSION}/login/:issuer`;
  const baseUrl = parts.findBaseUrl(req);
  const to = toConsolePath(readParameter(req, 'to'), baseUrl);
  if (!OWN_SITES.includes(req.headers['sec-fetch-site'] as string | undefined)) return redirect(res, to);
  const begun = await issuer.begin(baseUrl + toCallbackPath(issuer.name));
  if ('problem' in begun) return redirectToProblem(res, to, begun);
  const session = withoutToken(await openSession(req, parts));
  const { text, ends } = await parts.signIn.seal.seal({ name: issuer.name, attempt: begun.attempt, to, ...(session && { session }) });
  const { name, options } = describeCookie(toCookieKind(hashState(begun.attempt.state)), baseUrl);
  for (const old of listPending(req, baseUrl).slice(0, -MAX_PENDING + 1)) res.clearCookie(old, options);
  res.cookie(name, text, { ...options, expires: new Date(ends) });
  redirect(res, begun.url);
}

/**
 * What the session keeps when a token is added. It is remembered with the sign-in, because the browser does not send the cookie of the session with the navigation that
 * comes from the issuer (SameSite=Strict). The token that is replaced may be long.
 */
function withoutToken(session: Session | undefined): Session | undefined {
  if (!session) return undefined;
  const { fhir, ...credentials } = session.credentials;
  return { ...session, credentials, id: fhir === undefined ? session.id : randomUUID() };
}

async function complete(parts: SignInParts, req: Request, res: Response): Promise<void> {
  const issuer = findIssuer(parts, req);
  readRequestContext(res).route = `${SESSION}/callback/:issuer`;
  const baseUrl = parts.findBaseUrl(req);
  const pending = await takePending(parts, req, res);
  if (pending?.name !== issuer.name) return redirectToProblem(res, CONSOLE, { problem: 'expired' });
  const { to, attempt } = pending;
  const completed = await issuer.complete(new URL(toCallbackPath(issuer.name) + readSearch(req), baseUrl), attempt);
  if ('problem' in completed) return redirectToProblem(res, to, completed);
  const { caller, token } = completed;
  const { session } = await joinCredential(parts, pending.session, { caller, credential: token });
  if ((await writeSession(req, res, session, parts)) === undefined) return redirectToProblem(res, to, { problem: 'length' });
  readRequestContext(res).caller = caller;
  redirect(res, to);
}

/** Signing out ends a sign-in that was begun, because it remembers credentials of the session. */
export function endSignIns(req: Request, res: Response, { findBaseUrl }: SignInParts): void {
  const baseUrl = findBaseUrl(req);
  const { options } = describeCookie(COOKIE, baseUrl);
  for (const name of listPending(req, baseUrl)) res.clearCookie(name, options);
}

/** Each sign-in has a cookie of its own, so that two tabs can sign in at once. */
const toCookieKind = (suffix: string) => ({ ...COOKIE, name: `${COOKIE.name}-${suffix}` });

const hashState = (state: string): string => createHash('sha256').update(state).digest('hex').slice(0, 12);

/** The cookies of sign-ins that were begun, the oldest first: https://www.rfc-editor.org/rfc/rfc6265#section-5.4 */
function listPending({ headers: { cookie = '' } }: Request, baseUrl: string): string[] {
  const pattern = new RegExp(`^${describeCookie(toCookieKind('[0-9a-f]{12}'), baseUrl).name}$`);
  return cookie
    .split(';')
    .map((pair) => pair.trim().split('=')[0]!)
    .filter((name) => pattern.test(name));
}

function findIssuer({ signIn }: SignInParts, { params }: Request): SignInIssuer {
  const issuer = signIn.issuers.find(({ name }) => name === params.issuer);
  if (!issuer) throw notFound('there is nothing at this path');
  return issuer;
}

/** The sign-in that this browser began with the state of the response. It can be completed once only: the cookie ends. */
async function takePending({ signIn, findBaseUrl }: SignInParts, req: Request, res: Response): Promise<PendingSignIn | undefined> {
  const { name, options } = describeCookie(toCookieKind(hashState(readParameter(req, 'state'))), findBaseUrl(req));
  const text = readCookie(req, name);
  res.clearCookie(name, options);
  return text === undefined ? undefined : signIn.seal.open(text);
}

/** The view that was asked for, if it is a path of the console at this server: never another host (https://www.rfc-editor.org/rfc/rfc9700#section-4.11). */
function toConsolePath(text: string, baseUrl: string): string {
  if (text.length > MAX_PATH_LENGTH || !URL.canParse(text, baseUrl)) return CONSOLE;
  const { origin, pathname, search } = new URL(text, baseUrl);
  const isView = pathname === CONSOLE || (pathname.startsWith(`${CONSOLE}/`) && !/^\/console\/(?:api|session)(?:\/|$)/.test(pathname));
  return isView && origin === new URL(baseUrl).origin ? pathname + search : CONSOLE;
}

const readParameter = ({ originalUrl }: Request, name: string): string =>
  parseQuery(originalUrl).find(([other]) => other === name)?.[1] ?? '';

const readSearch = ({ originalUrl }: Request): string => /\?.*$/s.exec(originalUrl)?.[0] ?? '';

const LOGIN_REQUIRED = 401;

/** The page shows the sentence of the problem: `sign-in-problem.ts` of the console. A sign-in that was refused is in the audit. */
function redirectToProblem(res: Response, to: string, { problem }: Failed): void {
  readRequestContext(res).auditedStatus = LOGIN_REQUIRED;
  const separator = to.includes('?') ? '&' : '?';
  redirect(res, `${to}${separator}sign-in=${problem}`);
}

/** 303, so that no body is sent again. No page learns the URL of this one, which contains the code. */
function redirect(res: Response, url: string): void {
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.redirect(303, url);
}
