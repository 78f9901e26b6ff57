// One message to a subscriber: one request, no redirect, no retry, an end in time; of the answer nothing but its status is looked at.
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { type AddressPolicy, createGuardedLookup, isAllowedHost, PRIVATE_ADDRESS, toHost } from './address-policy.ts';

export interface WebhookRequest {
  method: 'POST' | 'PUT';
  url: URL;
  headers: [name: string, value: string][];
  body: string;
}

/** `ok`: taken. Otherwise why not, without a word of what was sent or answered. `gone`: it asks not to be called again. `retryAfter` in seconds. */
export type DeliveryResult = { ok: true } | { ok: false; why: string; gone?: true; retryAfter?: number };

/** `Retry-After` counts up to an hour, in seconds. */
const MAX_RETRY_AFTER = 3600;
const GONE = 410;

/** Never throws: a fault of the way is an answer too. */
export function sendWebhookRequest(
  { method, url, headers, body }: WebhookRequest,
  reach: AddressPolicy,
  ms: number,
): Promise<DeliveryResult> {
  if (!isAllowedHost(toHost(url), reach)) return Promise.resolve({ ok: false, why: 'the endpoint is a private address' });
  const send = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(ms);
  return new Promise((resolve) => {
    // a connection of its own: one that was kept could be closed by the other side at the moment it is used again
    const sending = send(url, { method, signal, agent: false, lookup: createGuardedLookup(reach) }, (answer) => {
      resolve(toDeliveryResult(answer.statusCode ?? 0, answer.headers['retry-after']));
      answer.destroy();
    });
    sending.on('error', (error) => resolve({ ok: false, why: describeNetworkError(error, signal) }));
    // the last that is heard of it in any case: after an answer that would change the protocol it is the only thing
    sending.on('close', () => resolve({ ok: false, why: 'no answer' }));
    for (const [name, values] of Map.groupBy(headers, ([one]) => one.toLowerCase()))
      sending.setHeader(
        name,
        values.map(([, value]) => value),
      );
    sending.setHeader('content-length', Buffer.byteLength(body));
    sending.end(body);
  });
}

function toDeliveryResult(status: number, told: string | undefined): DeliveryResult {
  if (status >= 200 && status < 300) return { ok: true };
  const wait = told !== undefined && /^\d{1,6}$/.test(told) ? { retryAfter: Math.min(Number(told), MAX_RETRY_AFTER) } : {};
  return { ok: false, why: `it answered ${status}`, ...(status === GONE && { gone: true }), ...wait };
}

/** The kind of fault alone: messages of the network carry addresses. */
function describeNetworkError(error: Error & { code?: string }, signal: AbortSignal): string {
  if (signal.aborted) return 'no answer in time';
  return error.code === PRIVATE_ADDRESS ? 'the endpoint is a private address' : `no answer (${error.code ?? error.name})`;
}
