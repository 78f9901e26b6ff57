// A real OpenID provider on loopback (oidc-provider). Its clients are an app in the browser, a backend service, and the console as a public and a confidential client.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { toIssuerName } from '../../src/access-tokens/sign-in-settings.ts';
import { toCallbackPath } from '../../src/http/console/sign-in.ts';
import { AUDIENCE } from './issuer-fixture.ts';

/** What is used of a request's context. https://koajs.com */
interface TokenContext {
  oidc?: { route: string };
  path: string;
  status: number;
  body?: Record<string, unknown>;
}

interface OpenIdProvider {
  callback(): RequestListener;
  use(middleware: (context: TokenContext, next: () => Promise<void>) => Promise<void>): void;
}

export interface OidcIssuer {
  url: string;
  /** Its token endpoint's response to the backend service: SMART Backend Services with an asymmetric key. */
  requestServiceToken(scope: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** How its token endpoint behaves, and how often it was asked. */
  tokens: { status?: number; requests: number };
  /** A member `signIn` of FACET_ISSUERS with the confidential client. */
  confidential: { clientId: string; clientSecret: string };
  close(): Promise<void>;
}

export const [APP, SERVICE, CONSOLE] = ['app', 'service', 'console'];
const SCOPES = 'openid fhirUser launch/patient offline_access patient/*.rs system/Patient.rs system/*.rs user/*.cruds';
/** The lifetime of access tokens. */
export const TOKEN_SECONDS = 600;
/** The access tokens of this user are longer than a cookie. */
export const USER_WITH_GROUPS = 'user-with-groups';
const NAME: string = 'oidc-provider';

/** A port of its own, before the server that listens on it knows its URL. */
export async function listenOnLoopback(host = 'localhost'): Promise<{ url: string; serve(handler: RequestListener): void; close(): void }> {
  let handler: RequestListener = (_req, res) => void res.writeHead(503).end();
  const server = createServer((req, res) => handler(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    serve: (next) => {
      handler = next;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface IssuerOptions {
  /** Of the app. */
  redirectUri?: string;
  /** The patient of each launch. */
  patient?: string;
  /** The server of the console. */
  consoleUrl?: string;
  /** Another name of this machine makes it another site than the console's. */
  host?: string;
}

/** Close it in `afterAll`. */
export async function startOidcIssuer({ redirectUri, patient, consoleUrl, host }: IssuerOptions): Promise<OidcIssuer> {
  const { url, serve, close } = await listenOnLoopback(host);
  const tokens: OidcIssuer['tokens'] = { requests: 0 };
  const confidential = { clientId: 'confidential-console', clientSecret: 'a secret: of the test+client' };
  const web = { redirect_uris: [consoleUrl + toCallbackPath(toIssuerName(url))] };
  const [signing, service] = await Promise.all(['RS256', 'RS384'].map((alg) => generateKeyPair(alg, { extractable: true })));
  const publicJwk = { ...(await exportJWK(service!.publicKey)), kid: 'service', alg: 'RS384', use: 'sig' };
  const { default: Provider } = (await import(NAME)) as { default: new (issuer: string, options: object) => OpenIdProvider };
  const provider = new Provider(url, {
    jwks: { keys: [{ ...(await exportJWK(signing!.privateKey)), kid: 'issuer', alg: 'RS256', use: 'sig' }] },
    clients: [
      ...(redirectUri === undefined
        ? []
        : [{ client_id: APP, application_type: 'native', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }]),
      ...(consoleUrl === undefined
        ? []
        : [
            { ...web, client_id: CONSOLE, token_endpoint_auth_method: 'none' },
            { ...web, client_id: confidential.clientId, client_secret: confidential.clientSecret },
          ]),
      {
        client_id: SERVICE,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwk] },
      },
    ],
    // https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html: RS384 or ES384
    enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
    scopes: SCOPES.split(' '),
    cookies: { keys: ['a secret of the test'] },
    clientBasedCORS: () => true,
    extraTokenClaims: (_context: unknown, { kind, accountId }: { kind: string; accountId?: string }) => ({
      ...(kind === 'AccessToken' && patient !== undefined && { patient, fhirUser: `${url}/Patient/${patient}` }),
      ...(accountId === USER_WITH_GROUPS && { groups: Array.from({ length: 100 }, () => crypto.randomUUID()) }),
    }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          ...{ scope: SCOPES, audience, accessTokenFormat: 'jwt', accessTokenTTL: TOKEN_SECONDS },
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  // SMART's launch context is a member of the token response
  provider.use(async (context, next) => {
    if (context.path === '/token') tokens.requests++;
    if (context.path === '/token' && tokens.status !== undefined) {
      context.status = tokens.status;
      return;
    }
    await next();
    if (context.oidc?.route === 'token' && context.body?.id_token !== undefined) context.body.patient = patient;
  });
  serve(provider.callback());
  return {
    url,
    tokens,
    confidential,
    async requestServiceToken(scope) {
      const assertion = await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS384', kid: 'service', typ: 'JWT' })
        .setIssuer(SERVICE!)
        .setSubject(SERVICE!)
        .setAudience(`${url}/token`)
        .setExpirationTime('5 minutes')
        .setIssuedAt()
        .sign(service!.privateKey);
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    close: async () => close(),
  };
}

/** Requests of one browser: it keeps cookies, and follows no redirect. Cookies do not know ports. */
export type Browse = (
  url: string,
  init?: { method?: string; headers?: Record<string, string>; form?: Record<string, string>; body?: string },
) => Promise<Response>;

export interface TestBrowser {
  cookies: Map<string, string>;
  browse: Browse;
}

export function openTestBrowser(cookies = new Map<string, string>()): TestBrowser {
  return {
    cookies,
    async browse(url, { headers = {}, form, ...init } = {}) {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
      const response = await fetch(url, {
        ...init,
        redirect: 'manual',
        headers: { ...headers, Cookie: cookie },
        ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      });
      for (const set of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
        const [, expires] = /expires=([^;]+)/i.exec(set) ?? [];
        if (expires !== undefined && Date.parse(expires) < Date.parse('2000-01-01')) cookies.delete(name!);
        else cookies.set(name!, value!);
      }
      return response;
    },
  };
}

/** Signs in at the provider from its authorization endpoint on. Returns the URL that leads back. `login`: undefined cancels. */
export async function signInAtProvider({ browse }: TestBrowser, authorizationUrl: string, login: string | undefined): Promise<string> {
  const { origin } = new URL(authorizationUrl);
  let response = await browse(authorizationUrl);
  let at = authorizationUrl;
  for (let step = 0; step < 20; step++) {
    const location = response.headers.get('location');
    if (location !== null) {
      at = new URL(location, at).href;
      if (new URL(at).origin !== origin) return at;
      response = await browse(at);
      continue;
    }
    const page = await response.text();
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
    if (action === undefined || prompt === undefined) throw new Error(`the provider shows ${response.status} ${page}`);
    at = new URL(action, at).href;
    response = await (login === undefined ? browse(`${at}/abort`) : browse(at, { form: { prompt, login, password: 'any' } }));
  }
  throw new Error('the provider leads in a circle');
}
