// Signs people in at an issuer: authorization code with PKCE. The protocol is that of openid-client; here are its bounds, and what its errors mean for the user.
// https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, https://www.rfc-editor.org/rfc/rfc9700, docs/decisions/0065-sign-in-at-an-issuer.md
import * as oauth from 'openid-client';
import { FhirError } from '../fhir/outcome.ts';
import type { Caller } from '../interactions/context.ts';
import type { Issuer, IssuerMetadata } from './issuer.ts';
import { fetchForClient, isUsableUrl } from './issuer-request.ts';
import type { SignInSettings } from './sign-in-settings.ts';

/** What a sign-in must remember until the issuer responds. */
interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

/**
 * Why nobody was signed in. `denied`: by the user or the issuer. `expired`: the response belongs to no sign-in of this browser. `unreachable`: the issuer does not
 * respond. `refused`: issuer and server do not understand each other. `token`: the access token does not open the tenant. `scopes`: it has none of this server.
 */
type Problem = 'denied' | 'expired' | 'unreachable' | 'refused' | 'token' | 'scopes';

export interface SignInClient {
  begin(redirectUri: string): Promise<{ url: string; attempt: Attempt } | { problem: Problem }>;
  /** `response`: the redirect URI with the parameters of the authorization response. */
  complete(response: URL, attempt: Attempt): Promise<{ token: string; caller: Caller } | { problem: Problem }>;
}

interface ClientParts {
  issuer: Issuer;
  settings: SignInSettings;
  now: () => number;
  /** The check of every bearer token. Throws 401 or 503. */
  findCaller(token: string): Promise<Caller>;
  /** Whether the caller is of the tenant of the issuer's entry. */
  isOwnTenant(caller: Caller): Promise<boolean>;
  /** `fields` contain codes and names only. */
  log(fields: Record<string, unknown>, text: string): void;
}

export function createSignInClient(parts: ClientParts): SignInClient {
  const { settings, issuer } = parts;
  const fail = (error: unknown): { problem: Problem } => {
    const { problem, reason } = describeFailure(error);
    parts.log({ issuer: issuer.name, problem, reason }, 'a sign-in at an issuer failed');
    return { problem };
  };
  return {
    async begin(redirectUri) {
      try {
        const client = await configure(parts);
        const attempt = { state: oauth.randomState(), nonce: oauth.randomNonce(), verifier: oauth.randomPKCECodeVerifier() };
        const url = oauth.buildAuthorizationUrl(client, {
          ...settings.parameters,
          response_type: 'code',
          redirect_uri: redirectUri,
          scope: settings.scopes,
          state: attempt.state,
          nonce: attempt.nonce,
          code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
          code_challenge_method: 'S256',
        });
        return { url: url.href, attempt };
      } catch (error) {
        return fail(error);
      }
    },
    async complete(response, { state, nonce, verifier }) {
      if (response.searchParams.get('state') !== state) return { problem: 'expired' };
      try {
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
        const { access_token: token } = await oauth.authorizationCodeGrant(await configure(parts), response, checks);
        return { token, caller: await openTenant(token, parts) };
      } catch (error) {
        return fail(error);
      }
    },
  };
}

class SignInRefused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, reason: string) {
    super(reason);
    this.problem = problem;
  }
}

/** The caller, if the token is one of this issuer for its tenant, with scopes of SMART. */
async function openTenant(token: string, { issuer, findCaller, isOwnTenant }: ClientParts): Promise<Caller> {
  const caller = await findCaller(token);
  if (caller.token?.issuer !== issuer.name) throw new SignInRefused('token', 'the access token is of another issuer');
  if (!(await isOwnTenant(caller))) throw new SignInRefused('token', 'the access token opens another tenant than that of the entry');
  if (caller.scopes.length === 0) throw new SignInRefused('scopes', 'the access token has no scope that this server knows');
  return caller;
}

/** From the cached discovery document. */
async function configure({ issuer, settings, now }: ClientParts): Promise<oauth.Configuration> {
  const metadata = await issuer.metadata.read().catch(() => {
    throw new SignInRefused('unreachable', 'the discovery document cannot be read');
  });
  for (const name of ['authorization_endpoint', 'token_endpoint'])
    if (!isUsableUrl(metadata[name], issuer.name))
      throw new SignInRefused('refused', `the discovery document has no ${name}, or one that is not https or leads to a private address`);
  const client = new oauth.Configuration(
    // the assertion: the document was JSON
    metadata as oauth.ServerMetadata,
    settings.clientId,
    { [oauth.clockSkew]: Math.round((now() - Date.now()) / 1000) },
    authenticate(metadata, settings),
  );
  client[oauth.customFetch] = fetchBounded;
  // only for an issuer on loopback: FACET_ISSUERS allows no other
  if (issuer.name.startsWith('http:')) oauth.allowInsecureRequests(client);
  return client;
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata: client_secret_basic if the issuer names no method. */
function authenticate(
  { token_endpoint_auth_methods_supported: methods }: IssuerMetadata,
  { clientSecret }: SignInSettings,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None();
  const isPost = Array.isArray(methods) && methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
  return isPost ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret);
}

const fetchBounded: oauth.CustomFetch = async (url, options) => {
  // the assertion: another name for the same types
  const response = await fetchForClient(url, options as { body: BodyInit } & typeof options).catch((error: unknown) => {
    throw new SignInRefused('unreachable', error instanceof Error ? error.name : 'unknown');
  });
  if (response.status >= 500) throw new SignInRefused('unreachable', `HTTP ${response.status}`);
  return response;
};

/** An error code of OAuth. Another text is left out of the log, because anyone can write the URL of a response. */
const ERROR_CODE = /^[a-z_]{1,40}$/;
const TEMPORARY = new Set(['temporarily_unavailable', 'server_error']);

/** `reason`: without any value that the issuer or the browser sent. */
function describeFailure(error: unknown): { problem: Problem; reason: string } {
  const known = [error, error instanceof Error ? error.cause : undefined].find((one) => one instanceof SignInRefused);
  if (known) return { problem: known.problem, reason: known.message };
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
    const code = ERROR_CODE.test(error.error) ? error.error : 'an error with an unknown code';
    return { problem: code === 'access_denied' ? 'denied' : TEMPORARY.has(code) ? 'unreachable' : 'refused', reason: code };
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return { problem: 'refused', reason: 'the issuer does not accept the credentials of the client' };
  if (error instanceof oauth.ClientError) return { problem: 'refused', reason: describeClientError(error) };
  if (error instanceof FhirError && error.kind === 'login') return { problem: 'token', reason: error.message };
  if (error instanceof FhirError && error.kind === 'unavailable') return { problem: 'unreachable', reason: error.message };
  throw error;
}

/** The messages of openid-client, and of the library below it (`OperationProcessingError`), are fixed texts. Those of other causes may repeat what was sent. */
const describeClientError = ({ message, cause }: Error): string =>
  cause instanceof Error && cause.name === 'OperationProcessingError' ? `${message}: ${cause.message}` : message;
