// Parses a signed JWT before its signature is checked: form, header and JSON. https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc8725
import { parseJson } from '../fhir/json.ts';
import { isObject } from '../fhir/json-values.ts';
import { invalidToken } from '../fhir/outcome.ts';

export type Claims = Record<string, unknown>;

/** Half of what Node accepts as all headers of a request. */
const MAX_TOKEN_LENGTH = 8192;

/** Asymmetric algorithms only: with HS256 the public key would be the secret, and `none` is no signature. https://www.rfc-editor.org/rfc/rfc8725#section-3.1 */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** https://www.rfc-editor.org/rfc/rfc9068#section-4: `at+jwt`. Most issuers write JWT, or nothing. */
const TYPES = /^(?:application\/)?(?:at\+)?jwt$/i;
/** Header parameters that change what is signed or how. Those that bring a key (jwk, jku, x5u, x5c) are ignored: keys come from the issuer alone. */
const REFUSED_PARAMETERS = ['crit', 'b64', 'enc', 'zip'];

/** The header parameter `typ` and the claims, unverified. */
export function parseToken(token: string): { isAccessTokenType: boolean; claims: Claims } {
  if (token.length > MAX_TOKEN_LENGTH) throw invalidToken(`the access token is longer than ${MAX_TOKEN_LENGTH} characters`);
  const parts = token.split('.');
  if (parts.length === 5) throw invalidToken('the access token is encrypted (JWE): this server accepts signed JWTs');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !isBase64Url(header) || !isBase64Url(payload) || !(signature === '' || isBase64Url(signature)))
    throw invalidToken('the access token is not a signed JWT: three parts in base64url, separated by dots');
  const parameters = parsePart(header, 'header');
  checkHeader(parameters);
  return { isAccessTokenType: /at\+jwt$/i.test(String(parameters.typ)), claims: parsePart(payload, 'payload') };
}

const isBase64Url = (part: string | undefined): part is string => part !== undefined && /^[A-Za-z0-9_-]+$/.test(part);

/** Repeated members are refused: of two, another reader may take the other one. https://www.rfc-editor.org/rfc/rfc7519#section-4 */
function parsePart(part: string, name: string): Claims {
  try {
    const { plain } = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')));
    if (isObject(plain)) return plain;
  } catch {
    // the same error as for another kind of JSON
  }
  throw invalidToken(`the ${name} of the access token is not a JSON object, or repeats a member`);
}

function checkHeader({ alg, typ, ...parameters }: Claims): void {
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg))
    throw invalidToken(`the algorithm of the access token is not accepted: use one of ${ALGORITHMS.join(', ')}`);
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.test(typ)))
    throw invalidToken('this JWT is no access token: its typ must be at+jwt, JWT, or absent');
  const refused = REFUSED_PARAMETERS.find((name) => Object.hasOwn(parameters, name));
  if (refused !== undefined) throw invalidToken(`the header parameter ${refused} of the access token is not supported`);
}
