// Real servers with several workers: their processes, and clients that keep their connections.
import { execFileSync } from 'node:child_process';
import { Agent, type IncomingMessage, request } from 'node:http';

/** The workers of a primary process, by process id. */
export function listWorkers(primary: number): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(primary)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    return [];
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

export interface Sent {
  status: number | undefined;
  body: string;
  connection: string | undefined;
}

/** A client with one connection at a time, which it keeps. */
export class KeepAliveClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private readonly url: string;
  private readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  send(method: string, path: string, body?: object): Promise<Sent> {
    const headers = { Authorization: `Bearer ${this.key}`, ...(body && { 'Content-Type': 'application/fhir+json' }) };
    return new Promise((resolve, reject) => {
      const sent = request(this.url + path, { agent: this.agent, method, headers }, (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, body: text, connection: response.headers.connection }));
      });
      sent.on('error', reject).end(body && JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
