// The load of one tenant, in a process of its own, so that its work does not delay the program that measures. A message starts a load; its end is sent back.
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, type LoadRequest } from '../bench/client.ts';

export interface OverloadSettings {
  port: number;
  /** Sent in turn. `status` is not looked at. */
  requests: LoadRequest[];
  seconds: number;
  /** Requests per second, whatever the response times are. Undefined: each connection sends its next request when it has the response. */
  rate?: number;
  /** The most connections. A request without a free connection is not sent. */
  connections: number;
}

export interface OverloadResult {
  /** Status → number of responses. `0`: the connection was closed. */
  statuses: Record<string, number>;
  /** Requests for which there was no free connection. */
  unsent: number;
  seconds: number;
}

const TICK_MS = 5;

process.on('message', async (settings: OverloadSettings) => process.send!(await run(settings)));
process.on('disconnect', () => process.exit());

async function run(settings: OverloadSettings): Promise<OverloadResult> {
  const result: OverloadResult = { statuses: {}, unsent: 0, seconds: 0 };
  const began = performance.now();
  const connections = createConnections(settings, result);
  await (settings.rate === undefined ? sendInTurn(settings, connections) : sendAtRate(settings, settings.rate, connections, result));
  result.seconds = (performance.now() - began) / 1000;
  connections.close();
  return result;
}

interface Connections {
  /** Sends the next request. Undefined: no connection is free. */
  send(): Promise<void> | undefined;
  close(): void;
}

function createConnections({ port, requests, connections }: OverloadSettings, { statuses }: OverloadResult): Connections {
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  let sent = 0;
  const connect = (): Connection => {
    const connection = new Connection(port);
    open.add(connection);
    return connection;
  };
  const exchange = async (connection: Connection): Promise<void> => {
    const status = await connection.send(requests[sent++ % requests.length]!).then(
      (response) => response.status,
      () => 0,
    );
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status !== 0) return void idle.push(connection);
    open.delete(connection);
    connection.close();
  };
  return {
    send() {
      const connection = idle.pop() ?? (open.size < connections ? connect() : undefined);
      return connection && exchange(connection);
    },
    close() {
      for (const connection of open) connection.close();
    },
  };
}

async function sendInTurn({ seconds, connections }: OverloadSettings, { send }: Connections): Promise<void> {
  const until = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < until) await send();
    }),
  );
}

async function sendAtRate({ seconds }: OverloadSettings, rate: number, { send }: Connections, result: OverloadResult): Promise<void> {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  for (let n = 0; elapsed() < seconds; await delay(TICK_MS)) for (const due = elapsed() * rate; n <= due; n++) if (!send()) result.unsent++;
}
