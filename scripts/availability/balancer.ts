// A load balancer for HTTP: in turn to each server whose /readyz returns 200, or to all while there is none ("fail open"). It repeats no request, so that every
// failure of a server reaches the client.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Balancer {
  port: number;
  /** Waits until this server gets requests. */
  waitFor(port: number): Promise<void>;
  close(): void;
}

export interface HealthCheck {
  everyMs: number;
  /** A check without a response in this time counts as missed. Default: that of Kubernetes. */
  timeoutMs?: number;
}

/**
 * A response other than 200 takes a server out at once. A missed check counts, and the third one in a row takes the server out: the defaults of Kubernetes.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
const TIMEOUT_MS = 1000;
const MAX_SILENT = 3;
/** Headers of one connection. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const OF_CONNECTION = ['connection', 'keep-alive'];

export async function startBalancer(ports: number[], { everyMs, timeoutMs = TIMEOUT_MS }: HealthCheck): Promise<Balancer> {
  const agents = new Map(ports.map((port) => [port, new Agent({ keepAlive: true })]));
  const ready = new Set<number>();
  const silent = new Map<number, number>();
  let turn = 0;
  const balancer = createServer((req, res) => {
    const targets = ready.size > 0 ? [...ready] : ports;
    const port = targets[turn++ % targets.length]!;
    forward(req, res, port, agents.get(port)!);
  });
  balancer.keepAliveTimeout = 60_000;
  const check = async (port: number): Promise<void> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const status = await fetch(`http://127.0.0.1:${port}/readyz`, { signal, headers: { Connection: 'close' } }).then(
      (response) => response.text().then(() => response.status),
      () => undefined,
    );
    const missed = status === undefined ? (silent.get(port) ?? 0) + 1 : 0;
    silent.set(port, missed);
    if (status === 200) ready.add(port);
    else if (missed === 0 || missed >= MAX_SILENT) ready.delete(port);
  };
  const running = { now: true };
  const keepChecking = async (port: number): Promise<void> => {
    for (; running.now; await delay(everyMs)) await check(port);
  };
  await Promise.all(ports.map(check));
  for (const port of ports) void keepChecking(port);
  await once(balancer.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (balancer.address() as AddressInfo).port,
    async waitFor(port) {
      while (!ready.has(port)) await delay(everyMs);
    },
    close() {
      running.now = false;
      balancer.close();
      balancer.closeAllConnections();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function forward(req: IncomingMessage, res: ServerResponse, port: number, agent: Agent): void {
  const { method, url: path } = req;
  const sending = request({ agent, host: '127.0.0.1', port, method, path, headers: withoutConnection(req.headers) }, (response) => {
    res.writeHead(response.statusCode!, withoutConnection(response.headers));
    response.pipe(res);
    response.on('error', () => res.destroy());
  });
  sending.on('error', (error: NodeJS.ErrnoException) => {
    if (res.headersSent) res.destroy();
    else res.writeHead(502).end(`server ${port}: ${error.code ?? error.message}`);
  });
  req.pipe(sending);
}

const withoutConnection = <T extends IncomingMessage['headers']>(headers: T): T =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.includes(name))) as T;
