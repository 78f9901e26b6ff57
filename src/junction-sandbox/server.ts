// The sandbox: an HTTP server on loopback that behaves as Junction does, faults included. For trying out, development and tests; never in production.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { CONTROL_OPERATIONS } from './control.ts';
import { execute, sendReply } from './execution.ts';
import { JUNCTION_OPERATIONS, type Operation } from './operations.ts';
import { createSandboxState, refuse, SANDBOX_PANELS, type SandboxState } from './sandbox-state.ts';
import { startWebhookSender } from './webhook-sender.ts';

export interface Sandbox {
  url: string;
  apiKey: string;
  teamId: string;
  /** Panel → lab test ids. */
  panels: Record<string, string[]>;
  /** For code in the same process; other processes use the API under `/sandbox`. */
  state: SandboxState;
  close(): Promise<void>;
}

/** Port 0 (default) takes a free one. */
export async function startSandbox({ port = 0, clock = () => new Date() }: { port?: number; clock?: () => Date } = {}): Promise<Sandbox> {
  const state = createSandboxState(clock);
  const stopSender = startWebhookSender(state);
  const server = createServer((req, res) => {
    serve(state, req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
  return { url, apiKey: state.apiKey, teamId: state.teamId, panels: SANDBOX_PANELS, state, close: () => closeServer(server, stopSender) };
}

function closeServer(server: Server, stopSender: () => void): Promise<void> {
  stopSender();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Former path → its present name. Former paths are accepted for one release, with a warning in the response. */
const DEPRECATED_PATHS: Record<string, string> = { '/sandbox/webhooks/mishaps': '/sandbox/webhooks/faults' };

/** https://www.rfc-editor.org/rfc/rfc7234#section-5.5.7 */
const toWarning = (former: string, path: string): Record<string, string> => ({
  warning: `299 - "${former} is deprecated and will be removed in the next release: use ${path}"`,
});

async function serve(state: SandboxState, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://sandbox');
  const path = DEPRECATED_PATHS[url.pathname] ?? url.pathname;
  const found = findOperation(path.startsWith('/sandbox') ? CONTROL_OPERATIONS : JUNCTION_OPERATIONS, req.method, path);
  const body = parseBody(await text(req));
  if (body === undefined) return sendReply(res, refuse(422, [{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }]));
  if (!found) return sendReply(res, refuse(404, 'Not Found'));
  const request = { path: found.path, query: url.searchParams, body };
  if (CONTROL_OPERATIONS.includes(found.operation)) {
    const reply = await found.operation.run(state, request);
    return sendReply(res, path === url.pathname ? reply : { ...reply, headers: { ...reply.headers, ...toWarning(url.pathname, path) } });
  }
  if (req.headers['x-vital-api-key'] !== state.apiKey) return sendReply(res, refuse(401, 'Invalid API key.'));
  await execute(state, { operation: found.operation, request, req, res });
}

function findOperation(
  operations: Operation[],
  method: string | undefined,
  path: string,
): { operation: Operation; path: string[] } | undefined {
  for (const operation of operations) {
    const pattern = operation.endpoint.replaceAll('{id}', '([^/]+)');
    const groups = new RegExp(`^${pattern}$`).exec(`${method} ${path}`);
    if (groups) return { operation, path: groups.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

/** An empty object if there is no body, undefined if it is not JSON. */
function parseBody(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
}
