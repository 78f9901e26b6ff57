// A client that keeps its connections open and never repeats a request. A request without a response has the status 0.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SentRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

export interface Outcome {
  /** 0: no response. */
  status: number;
  headers: IncomingHttpHeaders;
  /** The body, or the error. */
  text: string;
  ms: number;
}

export interface Client {
  send(sent: SentRequest): Promise<Outcome>;
  close(): void;
}

/** `patience`: in ms, after which a request without a response is given up. */
export function createClient(port: number, patience: number): Client {
  const agent = new Agent({ keepAlive: true });
  const exchange = ({ method, path, headers, body }: SentRequest): Promise<Omit<Outcome, 'ms'>> =>
    new Promise((resolve, reject) => {
      const json = body && { 'Content-Type': 'application/json' };
      const options = { agent, host: '127.0.0.1', port, method, path, headers: { ...json, ...headers } };
      const sending = request({ ...options, signal: AbortSignal.timeout(patience) }, (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((text) => resolve({ status, headers, text }), reject);
      });
      sending.on('error', reject).end(body && JSON.stringify(body));
    });
  return {
    async send(sent) {
      const from = performance.now();
      const outcome = await exchange(sent).catch((error: NodeJS.ErrnoException) => ({
        status: 0,
        headers: {},
        text: error.code ?? error.message,
      }));
      return { ...outcome, ms: performance.now() - from };
    },
    close: () => agent.destroy(),
  };
}
