// Starts a Facet on a port, for clients that know only its URL and a key.
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Instead, type Running, startFacet } from './running-server.ts';

export interface Listening extends Running {
  /** Its address, without a path. */
  url: string;
}

type Settings = Record<string, string>;

/** Starts it on a free port. `instead`: what stands in place of the real thing. `env`: settings besides the defaults, also by its URL. Close it in `afterAll`. */
export async function listen(instead: Instead = {}, env: Settings | ((url: string) => Promise<Settings>) = {}): Promise<Listening> {
  const handler: { answer: RequestListener } = { answer: (_req, res) => void res.end() };
  const server = createServer((req, res) => handler.answer(req, res)).listen(0);
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const facet = await startFacet(typeof env === 'function' ? await env(url) : env, url, instead);
  handler.answer = facet.app;
  return {
    ...facet,
    url,
    async close() {
      server.closeAllConnections();
      server.close();
      await facet.close();
    },
  };
}
