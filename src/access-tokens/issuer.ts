// An issuer of access tokens: its discovery document and its keys, both cached.
// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig, https://www.rfc-editor.org/rfc/rfc8414#section-3
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { isObject } from '../fhir/json-values.ts';
import { fetchJson, IssuerResponseError, isUsableUrl } from './issuer-request.ts';
import { createRefreshedDocument, type RefreshedDocument } from './refreshed-document.ts';

/** The discovery document: its issuer and the URL of its keys are checked, other members are as the issuer sent them. */
export interface IssuerMetadata {
  issuer: string;
  jwks_uri: string;
  [member: string]: unknown;
}

export interface Issuer {
  name: string;
  metadata: RefreshedDocument<IssuerMetadata>;
  /** The key that verifies a token. Throws DocumentUnavailable, or an error of `jose` if the issuer has no such key. */
  findKey: JWTVerifyGetKey;
}

interface IssuerParts {
  name: string;
  jwksUri: string | undefined;
  now: () => number;
  log: (fields: Record<string, unknown>, text: string) => void;
}

export function createIssuer({ name, jwksUri, now, log }: IssuerParts): Issuer {
  const report = (what: string) => (error: unknown) =>
    log({ issuer: name, reason: toReason(error) }, `the ${what} of an issuer of access tokens cannot be read`);
  const metadata = createRefreshedDocument(() => discover(name), { now, failed: report('discovery document') });
  const keys = createRefreshedDocument(async () => loadKeys(jwksUri ?? (await metadata.read()).jwks_uri), { now, failed: report('keys') });
  return {
    name,
    metadata,
    async findKey(header, token) {
      const find = await keys.read();
      try {
        return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        // the issuer may have a new key
        return (await keys.readNewer())(header, token);
      }
    },
  };
}

/** Names and codes only: a message could contain what the issuer sent. */
function toReason(error: unknown): string {
  if (error instanceof IssuerResponseError) return error.message;
  const { name, cause } = error instanceof Error ? error : {};
  return isObject(cause) && typeof cause.code === 'string' ? cause.code : (name ?? 'unknown');
}

/** OpenID Connect appends the well-known path to the issuer; OAuth inserts it before the issuer's own path. */
function listDiscoveryUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`];
}

async function discover(issuer: string): Promise<IssuerMetadata> {
  let status = 0;
  for (const url of listDiscoveryUrls(issuer)) {
    const response = await fetchJson(url);
    if (response.status === 200) return checkMetadata(response.json, issuer);
    status = response.status;
  }
  throw new IssuerResponseError(`HTTP ${status} instead of a discovery document: set jwksUri in FACET_ISSUERS if the issuer has none`);
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation: the issuer must be exactly the configured one. */
function checkMetadata(json: unknown, issuer: string): IssuerMetadata {
  if (!isObject(json)) throw new IssuerResponseError('a discovery document that is no object');
  if (json.issuer !== issuer) throw new IssuerResponseError('a discovery document of another issuer: FACET_ISSUERS must name it exactly');
  if (!isUsableUrl(json.jwks_uri, issuer))
    throw new IssuerResponseError('a discovery document with a jwks_uri that is not https, or leads to a private address');
  return { ...json, issuer, jwks_uri: json.jwks_uri };
}

async function loadKeys(url: string): Promise<JWTVerifyGetKey> {
  const { status, json } = await fetchJson(url);
  if (status !== 200) throw new IssuerResponseError(`HTTP ${status} instead of keys`);
  if (!isObject(json) || !Array.isArray(json.keys)) throw new IssuerResponseError('a document without a list of keys');
  // jose checks each key
  return createLocalJWKSet({ keys: json.keys });
}
