// An issuer on loopback whose keys the tests hold, so that they can forge tokens, rotate its keys, take it down and make it slow.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface SigningKey {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

export interface TestIssuer {
  url: string;
  /** The keys that it publishes; a test may change them. */
  keys: SigningKey[];
  /** The number of requests for its keys. */
  keyRequests: number;
  /** How it answers: normally, with an error, not for this many ms, or with a redirect. */
  behaviour: { status?: number; delayMs?: number; redirect?: string; metadata?: object };
  /** An access token with the claims that are usual, changed by these; undefined takes one away. */
  token(claims?: Record<string, unknown>, options?: { key?: SigningKey; header?: Record<string, unknown> }): Promise<string>;
  close(): Promise<void>;
}

export async function createSigningKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const AUDIENCE = 'https://fhir.test';
const SECOND = 1000;

/** `now`: the time that its tokens are issued at. Close it in `afterAll`. */
export async function startIssuer(now: () => number = Date.now): Promise<TestIssuer> {
  const issuer: TestIssuer = {
    url: '',
    keys: [await createSigningKey('first')],
    keyRequests: 0,
    behaviour: {},
    async token(claims = {}, { key = issuer.keys[0]!, header = {} } = {}) {
      const iat = Math.floor(now() / SECOND);
      const usual = {
        iss: issuer.url,
        aud: AUDIENCE,
        sub: 'ann',
        client_id: 'app',
        scope: 'system/*.cruds',
        iat,
        exp: iat + 300,
        jti: crypto.randomUUID(),
      };
      const { alg = 'RS256', kid } = key.jwk;
      return new SignJWT({ ...usual, ...claims } as JWTPayload)
        .setProtectedHeader({ alg, kid: kid!, typ: 'at+jwt', ...header })
        .sign(key.privateKey);
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
  const server = createServer(async (req, res) => {
    const { status = 200, delayMs = 0, redirect, metadata } = issuer.behaviour;
    if (req.url === '/jwks') issuer.keyRequests++;
    if (delayMs) await delay(delayMs);
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/jwks`,
        token_endpoint: `${issuer.url}/token`,
        ...metadata,
      },
      '/jwks': { keys: issuer.keys.map(({ jwk }) => jwk) },
    };
    const document = documents[req.url!];
    if (redirect !== undefined) return res.writeHead(302, { Location: redirect }).end();
    if (document === undefined || status !== 200) return res.writeHead(document === undefined ? 404 : status).end();
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return issuer;
}
