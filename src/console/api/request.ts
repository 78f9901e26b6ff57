// Every request of the console goes through here: it has the header that lets the session count, a read is repeated when a busy server says that it may be, and its errors
// are ApiErrors. Nothing is logged or stored.
import { ApiError, readProblems } from './api-error.ts';
import { readRetryTime, waitUntil } from './waits.ts';

/**
 * How a request is treated when the server is busy. `read`: it changes nothing, and is repeated while the user waits for it. `single-read`: it changes nothing, and is sent once:
 * its caller sends it again later, or goes on without it. `write`: it is sent once, because the server may have done it.
 */
type RequestKind = 'read' | 'single-read' | 'write';

interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  /** An object is sent as JSON; a text needs a Content-Type; URLSearchParams are a form. */
  body?: object | string | URLSearchParams | undefined;
  signal?: AbortSignal | undefined;
  /** Default: `read` if the method is GET, otherwise `write`. */
  kind?: RequestKind;
  /** The same for everyone: sent without the session, and the browser may keep the response. No other response is kept: it may contain patient data. */
  isPublic?: boolean;
  /** Sent for whatever session the browser has, not only for the one that the page shows. */
  isForAnySession?: boolean;
  /** The session that it belongs to, as a step of what was begun in it. The server refuses it in another one. Default: the session that the page shows. */
  session?: string | undefined;
}

/** The options of a read. */
export interface ReadOptions extends Pick<RequestOptions, 'signal' | 'session'> {
  kind?: Exclude<RequestKind, 'write'>;
}

export interface Reply<T = unknown> {
  status: number;
  headers: Headers;
  /** The parsed JSON; undefined for an empty body. */
  body: T;
  /** The body as it was sent: parsing changes decimals (`1.00`). */
  text: string;
}

let sessionId: string | undefined;

/** Names the session that the page shows. The server refuses a request if the browser has another one by now: all tabs share its cookie. */
export const nameSession = (id: string | undefined): void => {
  sessionId = id;
};

/** For what is kept in memory: of one session only. */
export const readSessionName = (): string | undefined => sessionId;

/** Fired when the server refuses the session. */
export const SESSION_REFUSED = 'facet:session-refused';

/** How often a request is repeated at most, and the longest time that is waited for it, in ms: after that the user decides. */
const MOST_REPEATS: Readonly<Record<RequestKind, number>> = { read: 5, 'single-read': 0, write: 0 };
const LONGEST_WAIT_MS = 120_000;
/** The shortest time before the first repeat; it doubles. Servers in trouble often ask for 0 or 1 s, of every page. */
const SHORTEST_WAIT_MS = 1000;

/** Sends a request to this server. Throws an ApiError for a status of 400 or more, and if there is no response. */
export async function request<T = unknown>(path: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const { method = 'GET', kind = method === 'GET' ? 'read' : 'write', signal } = options;
  const asked = sessionId;
  for (let repeats = 0; ; repeats++) {
    const reply = await sendOnce<T>(path, options);
    if (!(reply instanceof ApiError)) return reply;
    const { retryAt } = reply;
    const isRepeated = retryAt !== undefined && retryAt - Date.now() <= LONGEST_WAIT_MS && repeats < MOST_REPEATS[kind];
    if (!isRepeated) throw reply;
    await waitUntil(Math.max(retryAt, Date.now() + SHORTEST_WAIT_MS * 2 ** repeats), reply.message, signal);
    // an abort ends the wait, and the request as well
    if (signal?.aborted) throw isTimeout(signal) ? reply : signal.reason;
    // the page may show another session by now
    if (sessionId !== asked) throw reply;
  }
}

async function sendOnce<T>(path: string, options: RequestOptions): Promise<Reply<T> | ApiError> {
  const response = await send(path, options);
  const { status, headers } = response;
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return { status, headers, body: body as T, text };
  if (status === 401) window.dispatchEvent(new Event(SESSION_REFUSED));
  return new ApiError(status, readProblems(body, status), {
    requestId: headers.get('x-request-id') ?? undefined,
    retryAt: readRetryTime(response),
  });
}

async function send(path: string, { method = 'GET', body, signal, isPublic = false, ...options }: RequestOptions): Promise<Response> {
  const isForm = body instanceof URLSearchParams;
  const isJson = typeof body === 'object' && !isForm;
  try {
    return await fetch(path, {
      method,
      headers: {
        ...(!isPublic && buildSessionHeaders(options)),
        ...(isJson && { 'Content-Type': 'application/json' }),
        ...options.headers,
      },
      credentials: isPublic ? 'omit' : 'same-origin',
      cache: isPublic ? 'default' : 'no-store',
      redirect: 'error',
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted && !isTimeout(signal)) throw error;
    throw new ApiError(0, [{ text: 'the server does not respond' }]);
  }
}

const buildSessionHeaders = ({ isForAnySession = false, session = sessionId }: RequestOptions): Record<string, string> => ({
  'X-Facet-Console': '1',
  ...(session !== undefined && !isForAnySession && { 'X-Facet-Session': session }),
});

const isTimeout = ({ reason }: AbortSignal): boolean => reason instanceof DOMException && reason.name === 'TimeoutError';

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
