// Requests to an issuer: bounded in time and size, and without redirects, which could lead into a private network.
import { isIP } from 'node:net';
import { isLoopback, isPrivateAddress, toHost } from '../messaging/address-policy.ts';
import { inRequestSpan, recordStatus } from '../tracing/span.ts';

/** The maximum duration of a request, with its body. */
const TIMEOUT_MS = 3000;
const MAX_BYTES = 512 * 1024;

/** The issuer's response is no usable document. The message has no content of the response. */
export class IssuerResponseError extends Error {}

/** The status and the JSON of a response. The body of another status than 200 is not read. */
export const fetchJson = (url: string): Promise<{ status: number; json: unknown }> =>
  inRequestSpan({ method: 'GET', url }, async (span) => {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { Accept: 'application/json', ...span.headers },
    });
    recordStatus(span, response.status);
    if (response.status !== 200) {
      await response.body?.cancel();
      return { status: response.status, json: undefined };
    }
    return { status: 200, json: parseBody(await readBounded(response)) };
  });

/** What a request of an OAuth client has (`CustomFetchOptions` of openid-client). */
interface ClientRequest {
  method: string;
  headers: Record<string, string>;
  body: BodyInit | null;
}

/** A token request may ask the issuer's directory of users. */
const CLIENT_TIMEOUT_MS = 10_000;

/** The response to a request of an OAuth client, with its whole body. */
export const fetchForClient = (url: string, { method, headers, body }: ClientRequest): Promise<Response> =>
  inRequestSpan({ method, url }, async (span) => {
    const response = await fetch(url, {
      method,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
      headers: { ...headers, ...span.headers },
    });
    recordStatus(span, response.status);
    return new Response(await readBounded(response), { status: response.status, headers: response.headers });
  });

async function readBounded({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) throw new IssuerResponseError(`a response of more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new IssuerResponseError('a response that is not JSON');
  }
}

/** Whether a URL in an issuer's document may be used: https, or http if the issuer itself is on loopback; on another host than the issuer's no private address. */
export function isUsableUrl(value: unknown, issuer: string): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const [url, own] = [new URL(value), new URL(issuer)];
  const [host, ownHost] = [toHost(url), toHost(own)];
  const areLoopback = isLoopback(host) && isLoopback(ownHost);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && areLoopback)) return false;
  return host === ownHost || areLoopback || !(isIP(host) ? isPrivateAddress(host) : isLoopback(host));
}
