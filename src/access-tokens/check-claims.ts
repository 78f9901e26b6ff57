// The rules for the claims of a token whose signature, issuer, audience and times are valid.
import { isPatientScope } from '../fhir/access-scope.ts';
import { invalidToken } from '../fhir/outcome.ts';
import { ID_PATTERN } from '../fhir/types.ts';
import type { Claims } from './parse-token.ts';

/** What a request needs of an access token. */
export interface TokenFacts {
  /** The OAuth client. */
  client: string | undefined;
  /** The user, or the client itself. */
  subject: string | undefined;
  scopes: string[];
  /** The Patient of the launch context. */
  launchPatient: string | undefined;
  /** The user as a FHIR resource: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data */
  fhirUser: string | undefined;
  /** The id of the token. */
  id: string | undefined;
}

const MAX_LENGTH = 1024;

/** Claims that only ID tokens have. https://openid.net/specs/openid-connect-core-1_0.html#IDToken, #HybridIDToken */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/** Claim → its value in access tokens: Keycloak writes the kind of a token into `typ`, Amazon Cognito into `token_use`. */
const KINDS: Record<string, RegExp> = { typ: /^bearer$/i, token_use: /^access$/ };

/**
 * Refuses what is recognisably no bearer access token: another kind of token, an ID token (a claim of ID tokens, no scope, and no `typ` at+jwt), and a token
 * that is bound to a key of its client (`cnf`, RFC 7800), because possession of the key is not checked here.
 */
export function checkKind(claims: Claims, isAccessTokenType: boolean): void {
  const other = Object.entries(KINDS).find(([name, kind]) => claims[name] !== undefined && !kind.test(String(claims[name])));
  if (other) throw invalidToken(`this JWT is no access token: its claim ${other[0]} says so`);
  const hasScope = claims.scope !== undefined || claims.scp !== undefined;
  if (!isAccessTokenType && !hasScope && ID_TOKEN_CLAIMS.some((name) => claims[name] !== undefined))
    throw invalidToken('this JWT is an ID token: send the access token');
  if (claims.cnf !== undefined) throw invalidToken('sender-constrained access tokens (DPoP, mutual TLS) are not supported');
}

/** The facts of the claims. Refuses values of the wrong kind. */
export function readFacts(claims: Claims): TokenFacts {
  const client = ['client_id', 'azp', 'cid', 'appid'].map((name) => readText(claims, name)).find((value) => value !== undefined);
  const subject = readText(claims, 'sub');
  if (client === undefined && subject === undefined)
    throw invalidToken('the access token names neither a subject (sub) nor a client (client_id)');
  const launchPatient = readPatient(claims);
  const scopes = ['scope', 'scp', 'roles'].flatMap((name) => readWords(claims, name)).flatMap(toSmartScope);
  return {
    client,
    subject,
    // without a patient, a patient/ scope covers nothing
    scopes: launchPatient === undefined ? scopes.filter((scope) => !isPatientScope(scope)) : scopes,
    launchPatient,
    fhirUser: readText(claims, 'fhirUser'),
    // Entra ID writes the id into uti
    id: readText(claims, 'jti') ?? readText(claims, 'uti'),
  };
}

/** Control characters are refused: PostgreSQL stores no NUL, and a log line must stay one line. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH && value.isWellFormed() && !/\p{Cc}/u.test(value);

function readText(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (!isText(value)) throw invalidToken(`the claim ${name} of the access token must be a text of 1 to ${MAX_LENGTH} characters`);
  return value;
}

/** `scope` is a list separated by spaces (RFC 9068), `scp` the same (Entra ID) or an array (Okta), `roles` an array (application permissions of Entra ID). */
function readWords(claims: Claims, name: string): string[] {
  const value = claims[name] ?? [];
  if (typeof value === 'string') return value.split(' ').filter(Boolean);
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  throw invalidToken(`the claim ${name} of the access token must be a text, or a list of texts`);
}

/** Only SMART's scopes count: the words of API keys (`*`, `read`, `admin`) grant nothing in a token. */
const SMART_SCOPE = /^(?:system|user|patient)\//;
/** Entra ID allows no slash in scopes and roles: `user.Patient.rs` and `system.all.rs` are read as `user/Patient.rs` and `system/*.rs`. */
const DOTTED_SCOPE = /^(system|user|patient)\.(all|[A-Z][A-Za-z]+)\.([a-z]+(?:\?.*)?)$/;

function toSmartScope(word: string): string[] {
  const [, level, type, rest] = DOTTED_SCOPE.exec(word) ?? [];
  if (level !== undefined) return [`${level}/${type === 'all' ? '*' : type}.${rest}`];
  return SMART_SCOPE.test(word) ? [word] : [];
}

/** The id of the Patient, also as a relative reference. */
function readPatient(claims: Claims): string | undefined {
  const text = readText(claims, 'patient')?.replace(/^Patient\//, '');
  if (text !== undefined && !ID_PATTERN.test(text)) throw invalidToken('the claim patient of the access token must be the id of a Patient');
  return text;
}
