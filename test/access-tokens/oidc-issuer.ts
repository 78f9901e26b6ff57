// A real OpenID provider on loopback (oidc-provider), with an app in the browser and a backend service as its clients.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { AUDIENCE } from './issuer-fixture.ts';

/** What is used of a request's context. https://koajs.com */
interface TokenContext {
  oidc?: { route: string };
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
  close(): Promise<void>;
}

export const [APP, SERVICE] = ['app', 'service'];
const SCOPES = 'openid fhirUser launch/patient offline_access patient/*.rs system/Patient.rs system/*.rs';
const NAME: string = 'oidc-provider';

/** A port of its own, before the server that listens on it knows its URL. */
export async function listenOnLoopback(): Promise<{ url: string; serve(handler: RequestListener): void; close(): void }> {
  let handler: RequestListener = (_req, res) => void res.writeHead(503).end();
  const server = createServer((req, res) => handler(req, res)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    serve: (next) => {
      handler = next;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** `patient`: the patient of each launch. Close it in `afterAll`. */
export async function startOidcIssuer({ redirectUri, patient }: { redirectUri: string; patient: string }): Promise<OidcIssuer> {
  const { url, serve, close } = await listenOnLoopback();
  const [signing, service] = await Promise.all(['RS256', 'RS384'].map((alg) => generateKeyPair(alg, { extractable: true })));
  const publicJwk = { ...(await exportJWK(service!.publicKey)), kid: 'service', alg: 'RS384', use: 'sig' };
  const { default: Provider } = (await import(NAME)) as { default: new (issuer: string, options: object) => OpenIdProvider };
  const provider = new Provider(url, {
    jwks: { keys: [{ ...(await exportJWK(signing!.privateKey)), kid: 'issuer', alg: 'RS256', use: 'sig' }] },
    clients: [
      { client_id: APP, application_type: 'native', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' },
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
    extraTokenClaims: (_context: unknown, token: { kind: string }) =>
      token.kind === 'AccessToken' ? { patient, fhirUser: `${url}/Patient/${patient}` } : {},
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: SCOPES, audience: AUDIENCE, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
  });
  // SMART's launch context is a member of the token response
  provider.use(async (context, next) => {
    await next();
    if (context.oidc?.route === 'token' && context.body?.id_token !== undefined) context.body.patient = patient;
  });
  serve(provider.callback());
  return {
    url,
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
