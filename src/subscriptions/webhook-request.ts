// Sends one HTTP request to a subscriber, with a timeout, without redirects or retries. Only the status and Retry-After of the response are read.
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { type AddressPolicy, createGuardedLookup, isAllowedHost, PRIVATE_ADDRESS, toHost } from '../messaging/address-policy.ts';
import { inRequestSpan, recordStatus } from '../tracing/span.ts';

export interface WebhookRequest {
  method: 'POST' | 'PUT';
  url: URL;
  headers: [name: string, value: string][];
  body: string;
}

/** `why` contains no part of a request or response body. `isGone`: the subscriber has ended the subscription (410). `retryAfter`: in seconds. */
export type DeliveryResult = { ok: true } | { ok: false; why: string; isGone?: true; retryAfter?: number };

/** In seconds: a longer `Retry-After` is shortened. */
const MAX_RETRY_AFTER = 3600;
const GONE = 410;

/** Never rejects: a network error is a result too. */
export function sendWebhookRequest(request: WebhookRequest, policy: AddressPolicy, timeoutMs: number): Promise<DeliveryResult> {
  const { method, url, headers } = request;
  if (!isAllowedHost(toHost(url), policy)) return Promise.resolve({ ok: false, why: 'the endpoint is a private address' });
  return inRequestSpan({ method, url }, async (span) => {
    // the subscriber's own headers win
    const traced = { ...request, headers: [...Object.entries(span.headers).filter(([name]) => !hasHeader(headers, name)), ...headers] };
    const { status, ...result } = await sendOnce(traced, policy, timeoutMs);
    if (status !== undefined) recordStatus(span, status);
    else if (!result.ok) span.fail(result.why);
    return result;
  });
}

const hasHeader = (headers: WebhookRequest['headers'], name: string): boolean => headers.some(([header]) => header.toLowerCase() === name);

/** `status`: of the response, if there was one. */
function sendOnce(
  { method, url, headers, body }: WebhookRequest,
  policy: AddressPolicy,
  timeoutMs: number,
): Promise<DeliveryResult & { status?: number }> {
  const send = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    // without an agent: the subscriber could close a kept-alive connection at the moment it is reused
    const sending = send(url, { method, signal, agent: false, lookup: createGuardedLookup(policy) }, (response) => {
      const status = response.statusCode ?? 0;
      resolve({ ...toDeliveryResult(status, response.headers['retry-after']), status });
      response.destroy();
    });
    sending.on('error', (error) => resolve({ ok: false, why: describeNetworkError(error, signal) }));
    // always emitted last; after a 101 response it is the only event
    sending.on('close', () => resolve({ ok: false, why: 'no response' }));
    for (const [name, values] of Map.groupBy(headers, ([header]) => header.toLowerCase()))
      sending.setHeader(
        name,
        values.map(([, value]) => value),
      );
    sending.setHeader('content-length', Buffer.byteLength(body));
    sending.end(body);
  });
}

function toDeliveryResult(status: number, retryAfter: string | undefined): DeliveryResult {
  if (status >= 200 && status < 300) return { ok: true };
  const wait =
    retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? { retryAfter: Math.min(Number(retryAfter), MAX_RETRY_AFTER) } : {};
  return { ok: false, why: `the subscriber responded with ${status}`, ...(status === GONE && { isGone: true }), ...wait };
}

/** Only the kind of error: messages contain addresses. */
function describeNetworkError(error: Error & { code?: string }, signal: AbortSignal): string {
  if (signal.aborted) return 'no response in time';
  return error.code === PRIVATE_ADDRESS ? 'the endpoint is a private address' : `no response (${error.code ?? error.name})`;
}
