// Every request of the console goes through here: it has the header that lets the session count, and its errors are ApiErrors. Nothing is logged or stored.
import { ApiError, readProblems } from './api-error.ts';

interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  /** An object is sent as JSON; a text needs a Content-Type; URLSearchParams are a form. */
  body?: object | string | URLSearchParams | undefined;
  signal?: AbortSignal | undefined;
  /** The same for everyone: sent without the session, and the browser may keep the response. No other response is kept: it may contain patient data. */
  isPublic?: boolean;
  /** Sent for whatever session the browser has, not only for the one that the page shows. */
  isForAnySession?: boolean;
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

/** Sends a request to this server. Throws an ApiError for a status of 400 or more, and if there is no response. */
export async function request<T = unknown>(path: string, options: RequestOptions = {}): Promise<Reply<T>> {
  const response = await send(path, options);
  const text = await response.text();
  const body = parse(text);
  if (response.ok) return { status: response.status, headers: response.headers, body: body as T, text };
  if (response.status === 401) window.dispatchEvent(new Event(SESSION_REFUSED));
  throw new ApiError(response.status, readProblems(body, response.status), response.headers.get('x-request-id') ?? undefined);
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

const buildSessionHeaders = ({ isForAnySession = false }: RequestOptions): Record<string, string> => ({
  'X-Facet-Console': '1',
  ...(sessionId !== undefined && !isForAnySession && { 'X-Facet-Session': sessionId }),
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
