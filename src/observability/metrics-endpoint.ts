// Serves the metrics at /metrics on a separate port, on loopback unless the operator configures another address. The metrics therefore need no key, and a proxy
// in front of the server cannot expose them by mistake. docs/decisions/0015-metrics-endpoint.md
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { listen } from '../server/listen.ts';
import { addInstallationMetrics, type MetricSources } from './installation-metrics.ts';
import { addProcessMetrics, type ProcessMetrics } from './process-metrics.ts';
import { reportMetrics } from './worker-metrics.ts';

export interface Metrics extends ProcessMetrics {
  /** Adds the metrics that are read at each scrape, and starts to serve all of them. */
  serve(address: MetricsAddress, sources: MetricSources): Promise<MetricsEndpoint>;
  /** Adds the same, and sends them to the primary process when it asks for them. */
  report(sources: MetricSources): void;
}

interface MetricsAddress {
  host: string;
  port: number;
}

interface MetricsEndpoint {
  url: string;
  close(): Promise<void>;
}

/** Starts to count. `serve` starts the endpoint. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  return {
    ...addProcessMetrics(registry),
    serve: (address, sources) => {
      addInstallationMetrics(registry, sources);
      return serveMetrics(address, () => registry);
    },
    report: (sources) => {
      addInstallationMetrics(registry, sources);
      reportMetrics(registry);
    },
  };
}

/** `read`: the metrics of a scrape. */
export async function serveMetrics(address: MetricsAddress, read: () => Registry | Promise<Registry>): Promise<MetricsEndpoint> {
  const server = createServer((req, res) => void respond(read, req, res).catch((error: Error) => res.destroy(error)));
  const port = await listen(server, address, 'choose another one for the metrics with FACET_METRICS');
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${port}/metrics`, close: () => close(server) };
}

async function respond(read: () => Registry | Promise<Registry>, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.url !== '/metrics')
    return void res
      .writeHead(404, { 'Content-Type': 'application/json' })
      .end('{"error":"not-found","message":"the metrics are at /metrics"}');
  if (req.method !== 'GET')
    return void res
      .writeHead(405, { Allow: 'GET', 'Content-Type': 'application/json' })
      .end('{"error":"method","message":"this path supports only GET"}');
  const registry = await read();
  res.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics());
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
