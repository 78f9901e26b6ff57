// The URL at which the client of a request reached this server, for absolute links. https://hl7.org/fhir/R4/http.html#general
// Anyone can send any Host or X-Forwarded-Host. A link to a foreign host could lead a client, with its credential, to another server.
import type { Request } from 'express';

/** The path of the FHIR API. */
export const FHIR_PATH = '/fhir/R4';

/** `fixed`: FACET_BASE_URL, which applies to all requests. `standard`: the URL if neither a trusted proxy nor a loopback host names another one. */
export const buildBaseUrlFinder = (fixed: string | undefined, standard: string): ((req: Request) => string) =>
  fixed === undefined ? (req) => readForwardedUrl(req) ?? readLoopbackUrl(req) ?? standard : () => fixed;

/** `uri-host [":" port]` without user information and percent-encoding. https://www.rfc-editor.org/rfc/rfc9110#section-7.2 */
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/i;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const PROTOCOLS = new Set(['http', 'https']);

/** From X-Forwarded-Host and X-Forwarded-Proto of a proxy that TRUST_PROXY names. Several hosts are ambiguous, so they are ignored. */
function readForwardedUrl(req: Request): string | undefined {
  const host = req.headers['x-forwarded-host'];
  if (typeof host !== 'string' || !HOST.test(host) || !isTrustedProxy(req)) return undefined;
  return PROTOCOLS.has(req.protocol) ? `${req.protocol}://${host.toLowerCase()}` : undefined;
}

/** Express' `trust proxy` for the peer of the connection. https://expressjs.com/en/guide/behind-proxies.html */
function isTrustedProxy({ app, socket }: Request): boolean {
  // the assertion: Express compiles its setting `trust proxy` to this function
  const trusts = app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  return trusts(socket.remoteAddress, 0);
}

const readLoopbackUrl = ({ headers: { host } }: Request): string | undefined =>
  host !== undefined && LOOPBACK.test(host) ? `http://${host.toLowerCase()}` : undefined;
