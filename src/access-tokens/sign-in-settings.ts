// The member `signIn` of an entry of FACET_ISSUERS: people sign in to the console at this issuer. docs/decisions/0065-sign-in-at-an-issuer.md
import { existsSync, readFileSync } from 'node:fs';
import { isObject } from '../fhir/json-values.ts';

/** The console as a client of the issuer. https://www.rfc-editor.org/rfc/rfc6749#section-2 */
export interface SignInSettings {
  /** How the sign-in page names the issuer. Absent: by its host. */
  title?: string;
  clientId: string;
  /** Absent: a public client. */
  clientSecret?: string;
  /** The scopes to request, separated by spaces. */
  scopes: string;
  /** Further parameters of the authorization request that the issuer needs (`resource`, `audience`). */
  parameters: Record<string, string>;
}

const MEMBERS = ['clientId', 'clientSecret', 'clientSecretFile', 'scopes', 'parameters', 'title'];
const REQUIRED = ['clientId', 'scopes'];
const STANDARD_SCOPES = 'openid user/*.cruds';
/** Set by the server. With `request`, `request_uri` and `response_mode` the response would have another form. */
const OWN_PARAMETERS = [
  ...['client_id', 'response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method'],
  ...['response_mode', 'request', 'request_uri'],
];

/** Throws with the fault and the remedy. `where`: the entry. */
export function parseSignIn(value: unknown, where: string): SignInSettings {
  if (!isObject(value)) throw new Error(`${where}: signIn must be an object: {"clientId":"facet-console"}`);
  const unknown = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new Error(`${where}: signIn has no member ${unknown}: use ${MEMBERS.join(', ')}`);
  const { clientId, clientSecret, clientSecretFile, scopes = STANDARD_SCOPES, parameters = {}, title } = value;
  for (const [name, text] of Object.entries({ clientId, scopes, clientSecret, clientSecretFile, title }))
    if (text === undefined ? REQUIRED.includes(name) : !isText(text))
      throw new Error(`${where}: ${name} of signIn must be a text that is not empty`);
  if (!String(scopes).split(' ').includes('openid'))
    throw new Error(`${where}: scopes of signIn must contain openid: the issuer's ID token shows which sign-in its response belongs to`);
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    throw new Error(`${where}: give signIn clientSecret or clientSecretFile, not both`);
  const secret = clientSecretFile === undefined ? clientSecret : readSecret(String(clientSecretFile), where);
  return {
    ...(title !== undefined && { title: String(title) }),
    clientId: String(clientId),
    ...(secret !== undefined && { clientSecret: String(secret) }),
    scopes: String(scopes),
    parameters: checkParameters(parameters, where),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

function readSecret(file: string, where: string): string {
  if (!existsSync(file)) throw new Error(`${where}: there is no file ${file} (clientSecretFile of signIn)`);
  const secret = readFileSync(file, 'utf8').trim();
  if (secret === '') throw new Error(`${where}: the file ${file} is empty (clientSecretFile of signIn)`);
  return secret;
}

function checkParameters(parameters: unknown, where: string): Record<string, string> {
  if (!isObject(parameters) || !Object.values(parameters).every(isText))
    throw new Error(`${where}: parameters of signIn must be an object of texts: {"audience":"https://fhir.example.org"}`);
  const own = Object.keys(parameters).find((name) => OWN_PARAMETERS.includes(name));
  if (own !== undefined) throw new Error(`${where}: parameters of signIn cannot set ${own}: the server sets it`);
  // the assertion: all values were checked above
  return parameters as Record<string, string>;
}

/** The name of an issuer in paths of the console: host and path of its URL (`login.example.org-realms-clinic`). */
export const toIssuerName = (issuer: string): string =>
  issuer
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replaceAll(/[^A-Za-z0-9.]+/g, '-');
