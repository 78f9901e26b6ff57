// The SMART configuration, from the issuer's discovery document. https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known
import type { IssuerMetadata } from './issuer.ts';
import { isUsableUrl } from './issuer-request.ts';

/** The members that are taken over if the issuer has them. */
const URLS = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'management_endpoint',
];
const LISTS = [
  'token_endpoint_auth_methods_supported',
  'token_endpoint_auth_signing_alg_values_supported',
  'scopes_supported',
  'response_types_supported',
];

/** A capability, and whether the issuer and this server have it. https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#capability-sets */
const CAPABILITIES: [capability: string, has: (issuer: IssuerMetadata) => boolean][] = [
  ['launch-standalone', canAuthorize],
  ['client-public', (issuer) => canAuthorize(issuer) && lists(issuer, 'token_endpoint_auth_methods_supported', 'none')],
  [
    'client-confidential-symmetric',
    (issuer) =>
      // https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata: the default
      issuer.token_endpoint_auth_methods_supported === undefined ||
      lists(issuer, 'token_endpoint_auth_methods_supported', 'client_secret_basic'),
  ],
  ['client-confidential-asymmetric', (issuer) => lists(issuer, 'token_endpoint_auth_methods_supported', 'private_key_jwt')],
  ['sso-openid-connect', (issuer) => canAuthorize(issuer) && lists(issuer, 'scopes_supported', 'openid')],
  ['context-standalone-patient', (issuer) => canAuthorize(issuer) && lists(issuer, 'scopes_supported', 'launch/patient')],
  ['permission-offline', (issuer) => canAuthorize(issuer) && lists(issuer, 'scopes_supported', 'offline_access')],
  ['permission-patient', () => true],
  ['permission-user', () => true],
  ['permission-v1', () => true],
  ['permission-v2', () => true],
];

/** Clients of SMART must use S256. An issuer that lists no methods may still support it: Entra ID does. */
const PKCE = 'S256';

export function buildSmartConfiguration(issuer: IssuerMetadata): object {
  const listed = toTexts(issuer.code_challenge_methods_supported);
  return {
    issuer: issuer.issuer,
    jwks_uri: issuer.jwks_uri,
    ...Object.fromEntries(URLS.flatMap((name) => (isUsableUrl(issuer[name], issuer.issuer) ? [[name, issuer[name]]] : []))),
    ...Object.fromEntries(LISTS.flatMap((name) => (toTexts(issuer[name]) ? [[name, toTexts(issuer[name])]] : []))),
    // https://www.rfc-editor.org/rfc/rfc8414#section-2: the default
    grant_types_supported: toTexts(issuer.grant_types_supported) ?? ['authorization_code', 'implicit'],
    code_challenge_methods_supported: listed === undefined ? [PKCE] : listed.filter((method) => method === PKCE),
    capabilities: CAPABILITIES.filter(([, has]) => has(issuer)).map(([capability]) => capability),
  };
}

const toTexts = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;

function lists(issuer: IssuerMetadata, member: string, value: string): boolean {
  return toTexts(issuer[member])?.includes(value) ?? false;
}

function canAuthorize(issuer: IssuerMetadata): boolean {
  return isUsableUrl(issuer.authorization_endpoint, issuer.issuer) && (toTexts(issuer.response_types_supported)?.includes('code') ?? true);
}
