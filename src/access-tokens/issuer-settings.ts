// FACET_ISSUERS: the issuers whose access tokens open the FHIR API, each with the audience that the tokens must name and the tenant that they open.
// docs/decisions/0047-access-tokens.md
import { isObject, tryParseJson } from '../fhir/json-values.ts';
import { isLoopback, toHost } from '../messaging/address-policy.ts';
import { parseSignIn, type SignInSettings, toIssuerName } from './sign-in-settings.ts';

/** One audience of one issuer. The pair decides the tenant. An issuer may occur several times, with other audiences. */
export interface IssuerSettings {
  /** The issuer identifier: exactly the claim `iss` of its tokens. https://www.rfc-editor.org/rfc/rfc8414#section-2 */
  issuer: string;
  audience: string;
  /** The slug of the tenant. It may be created later: until then its tokens are refused (401). */
  tenant: string;
  /** The URL of the issuer's keys. Absent: the one in its discovery document. */
  jwksUri?: string;
  /** Whether each token is accepted once only, by its `jti`. */
  singleUse: boolean;
  /** Absent: nobody signs in to the console at this issuer. */
  signIn?: SignInSettings;
}

const EXAMPLE = '[{"issuer":"https://login.example.org/realms/clinic","audience":"https://fhir.example.org","tenant":"demo"}]';
const MEMBERS = ['issuer', 'audience', 'tenant', 'jwksUri', 'singleUse', 'signIn'];

/** Parses the setting. Throws with the entry, the fault and the remedy. */
export function parseIssuers(text: string | undefined): IssuerSettings[] {
  if (text === undefined) return [];
  const parsed = tryParseJson(text);
  if (!Array.isArray(parsed) || parsed.length === 0)
    throw new Error(`FACET_ISSUERS must be a JSON list of issuers, for example ${EXAMPLE}`);
  const entries = parsed.map((entry: unknown, index) => parseEntry(entry, `FACET_ISSUERS, entry ${index + 1}`));
  for (const [index, { issuer, audience, jwksUri }] of entries.entries()) {
    const earlier = entries.slice(0, index).filter((other) => other.issuer === issuer);
    if (earlier.some((other) => other.audience === audience))
      throw new Error(`FACET_ISSUERS, entry ${index + 1}: this issuer and audience have an entry already: a pair decides one tenant`);
    if (earlier.some((other) => other.jwksUri !== jwksUri))
      throw new Error(`FACET_ISSUERS, entry ${index + 1}: all entries of one issuer need the same jwksUri`);
  }
  checkSignIns(entries);
  return entries;
}

/** Each issuer has a redirect URI of its own. A name that two issuers share would make it one. */
function checkSignIns(entries: IssuerSettings[]): void {
  const names = entries.map(({ issuer, signIn }) => signIn && toIssuerName(issuer));
  for (const [index, name] of names.entries())
    if (name !== undefined && names.indexOf(name) < index)
      throw new Error(
        `FACET_ISSUERS, entry ${index + 1}: entry ${names.indexOf(name) + 1} has signIn for this issuer already: users of another tenant need another issuer`,
      );
}

function parseEntry(entry: unknown, where: string): IssuerSettings {
  if (!isObject(entry)) throw new Error(`${where} must be an object: ${EXAMPLE}`);
  const unknown = Object.keys(entry).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new Error(`${where}: there is no member ${unknown}: use ${MEMBERS.join(', ')}`);
  const { issuer, audience, tenant, jwksUri, singleUse = false, signIn } = entry;
  for (const [name, value] of Object.entries({ issuer, audience, tenant }))
    if (typeof value !== 'string' || value === '') throw new Error(`${where}: ${name} must be a text that is not empty`);
  if (typeof singleUse !== 'boolean') throw new Error(`${where}: singleUse must be true or false`);
  if (!isIssuerUrl(issuer) || /[?#]/.test(issuer as string))
    throw new Error(
      `${where}: issuer must be an https:// URL without ? and # (http:// on a loopback host only), as the tokens' claim iss has it`,
    );
  if (jwksUri !== undefined && !isIssuerUrl(jwksUri))
    throw new Error(`${where}: jwksUri must be an https:// URL (http:// on a loopback host only)`);
  if (signIn !== undefined && singleUse)
    throw new Error(`${where}: signIn needs tokens that can be used several times: leave out singleUse, or sign in at another issuer`);
  const optional = { ...(jwksUri !== undefined && { jwksUri }), ...(signIn !== undefined && { signIn: parseSignIn(signIn, where) }) };
  // the assertion: all members were checked above
  return { issuer, audience, tenant, singleUse, ...optional } as IssuerSettings;
}

/** Keys that arrive over http could be anybody's. */
function isIssuerUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const url = new URL(value);
  return (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(toHost(url)))) && url.username === '' && url.password === '';
}
