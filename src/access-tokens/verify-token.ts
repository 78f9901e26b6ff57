// Verifies an access token: its issuer is configured, the issuer's key signed it, and it is meant for one audience of this server.
// https://www.rfc-editor.org/rfc/rfc9068#section-4, https://www.rfc-editor.org/rfc/rfc8725
import { errors, jwtVerify } from 'jose';
import { FhirError, invalidToken, unavailable } from '../fhir/outcome.ts';
import { checkKind, readFacts, type TokenFacts } from './check-claims.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import { ALGORITHMS, type Claims, parseToken } from './parse-token.ts';
import { DocumentUnavailable } from './refreshed-document.ts';

export interface VerifiedToken extends TokenFacts {
  settings: IssuerSettings;
  /** When the token is refused by every process, whatever its clock: `exp` and the clock skew. */
  refusedFrom: Date;
}

/** How far the clocks of an issuer and of this server may differ. */
const CLOCK_SKEW_SECONDS = 30;
/** 31 December 9999: later times have another form in ISO 8601. */
const LAST_SECOND = 253_402_300_799;

export interface TrustedIssuers {
  /** The entries of FACET_ISSUERS. */
  settings: readonly IssuerSettings[];
  /** By the identifier of the issuer. */
  issuers: ReadonlyMap<string, Issuer>;
  clock: () => Date;
}

/** Throws 401 with the reason, or 503 if the issuer's keys cannot be read now. */
export async function verifyToken(token: string, { settings, issuers, clock }: TrustedIssuers): Promise<VerifiedToken> {
  const { isAccessTokenType, claims } = parseToken(token);
  const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
  if (issuer === undefined) throw invalidToken('the issuer (iss) of the access token is not one that this server trusts');
  const entries = settings.filter((entry) => entry.issuer === issuer.name);
  const currentDate = clock();
  await jwtVerify(token, issuer.findKey, {
    algorithms: ALGORITHMS,
    issuer: issuer.name,
    audience: entries.map(({ audience }) => audience),
    clockTolerance: CLOCK_SKEW_SECONDS,
    requiredClaims: ['exp'],
    currentDate,
  }).catch((error: unknown) => {
    throw toRefusal(error);
  });
  checkTimes(claims, currentDate);
  checkKind(claims, isAccessTokenType);
  const refusedFrom = new Date((Number(claims.exp) + CLOCK_SKEW_SECONDS) * 1000);
  return { ...readFacts(claims), settings: findEntry(entries, claims), refusedFrom };
}

/** `exp` and `nbf` were compared with the clock by `jose`. */
function checkTimes({ iat, exp }: Claims, now: Date): void {
  if (!(Number(exp) > 0 && Number(exp) < LAST_SECOND)) throw invalidToken('the claim exp of the access token is not a time in seconds');
  if (iat !== undefined && !(Number(iat) <= now.getTime() / 1000 + CLOCK_SKEW_SECONDS))
    throw invalidToken('the access token was issued in the future (iat): compare the clocks of the issuer and of this server');
}

/** A token that opens two tenants would leave the choice to chance. */
function findEntry(entries: IssuerSettings[], { aud }: Claims): IssuerSettings {
  const named = entries.filter(({ audience }) => [aud].flat().includes(audience));
  const [first] = named;
  if (first === undefined || named.some(({ tenant }) => tenant !== first.tenant))
    throw invalidToken('the audience (aud) of the access token names several tenants: request a token for one of them');
  return named.find(({ singleUse }) => singleUse) ?? first;
}

/** The claim of `jose`'s error → the text for the client. */
const CLAIM_TEXTS: Record<string, string> = {
  aud: 'the audience (aud) of the access token is not this server',
  nbf: 'the access token is not valid yet (nbf)',
  exp: 'the access token needs the claim exp, a time in seconds',
  iat: 'the claim iat of the access token must be a time in seconds',
};
/** The code of `jose`'s error → the text for the client. */
const CODE_TEXTS: Record<string, string> = {
  [errors.JWTExpired.code]: 'the access token has expired: request a new one',
  [errors.JWSSignatureVerificationFailed.code]: 'the signature of the access token is not valid',
  [errors.JWKSNoMatchingKey.code]: 'the issuer has no key with the kid and alg of the access token',
  [errors.JWKSMultipleMatchingKeys.code]: 'the header of the access token must name its key (kid), because the issuer has several',
};

/** Errors that are not of `jose` come from keys that the platform cannot use, for example RSA keys of less than 2048 bits. */
function toRefusal(error: unknown): FhirError {
  if (error instanceof DocumentUnavailable)
    return unavailable('the issuer of the access token does not respond: its keys are not known', error.retryAfter);
  if (error instanceof FhirError) return error;
  const claimText = error instanceof errors.JWTClaimValidationFailed ? CLAIM_TEXTS[error.claim] : undefined;
  const codeText = error instanceof errors.JOSEError ? CODE_TEXTS[error.code] : undefined;
  return invalidToken(claimText ?? codeText ?? 'the access token cannot be verified with the keys of its issuer');
}
