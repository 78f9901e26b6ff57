// One message to a subscriber: one request, no redirect, no retry, an end in time; of the answer nothing but its status is looked at.
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { guardedLookup, hostOf, mayBeCalled, PRIVATE_ADDRESS, type Reach } from './addresses.ts';

export interface Call {
  method: 'POST' | 'PUT';
  url: URL;
  headers: [name: string, value: string][];
  body: string;
}

/** `ok`: taken. Otherwise why not, without a word of what was sent or answered. `gone`: it asks not to be called again. `retryAfter` in seconds. */
export type Answer = { ok: true } | { ok: false; why: string; gone?: true; retryAfter?: number };

/** `Retry-After` counts up to an hour, in seconds. */
const LONGEST_WAIT = 3600;
const GONE = 410;

/** Never throws: a fault of the way is an answer too. */
export function call({ method, url, headers, body }: Call, reach: Reach, ms: number): Promise<Answer> {
  if (!mayBeCalled(hostOf(url), reach)) return Promise.resolve({ ok: false, why: 'the endpoint is a private address' });
  const send = url.protocol === 'https:' ? https : http;
  const signal = AbortSignal.timeout(ms);
  return new Promise((resolve) => {
    // a connection of its own: one that was kept could be closed by the other side at the moment it is used again
    const sending = send(url, { method, signal, agent: false, lookup: guardedLookup(reach) }, (answer) => {
      resolve(answerOf(answer.statusCode ?? 0, answer.headers['retry-after']));
      answer.destroy();
    });
    sending.on('error', (error) => resolve({ ok: false, why: faultOf(error, signal) }));
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

function answerOf(status: number, told: string | undefined): Answer {
  if (status >= 200 && status < 300) return { ok: true };
  const wait = told !== undefined && /^\d{1,6}$/.test(told) ? { retryAfter: Math.min(Number(told), LONGEST_WAIT) } : {};
  return { ok: false, why: `it answered ${status}`, ...(status === GONE && { gone: true }), ...wait };
}

/** The kind of fault alone: messages of the network carry addresses. */
function faultOf(error: Error & { code?: string }, signal: AbortSignal): string {
  if (signal.aborted) return 'no answer in time';
  return error.code === PRIVATE_ADDRESS ? 'the endpoint is a private address' : `no answer (${error.code ?? error.name})`;
}
