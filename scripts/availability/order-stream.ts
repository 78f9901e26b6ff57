// Orders through FHIR and Loop's API, one after the other, while the database is restarted. Each request is repeated until its order is confirmed; Loop's
// requests have an idempotency key. Afterwards the orders at the lab network are compared with those that were placed.
import type { Servers } from '../histories/servers.ts';
import { drained } from '../orders/fault-run.ts';
import { anomaliesIn, openDatabase } from '../orders/ground-truth.ts';
import type { Networks } from '../orders/networks.ts';
import { type Ordered, orderer } from '../orders/orderer.ts';

export interface OrderFigures {
  placed: number;
  /** Each sentence is an order that is lost, doubled or wrong. */
  anomalies: string[];
}

export interface OrderStream {
  /** Places no more orders, waits until all are delivered, and compares. */
  finish(): Promise<OrderFigures>;
}

/** No order is revoked or placed for two tenants. */
const plain = (): number => 0.5;

export async function startOrders(servers: Servers, networks: Networks): Promise<OrderStream> {
  const { demo } = networks.states;
  demo.webhooks.url = new URL(networks.webhookPath('demo'), servers.bases()[0]).href;
  const place = await orderer(servers);
  const ordered: Ordered[] = [];
  const running = { now: true };
  const placing = (async () => {
    for (let n = 0; running.now; n++) ordered.push(...(await place(n, plain, true)));
  })();
  // a failure is reported by `finish`
  placing.catch(() => {});
  return {
    async finish() {
      running.now = false;
      await placing;
      const database = await openDatabase(servers.url);
      try {
        await drained(networks, database);
        const stuck = await database.stuck();
        return { placed: ordered.length, anomalies: [...stuck, ...(await anomaliesIn(database, networks.states, ordered))] };
      } finally {
        await database.close();
      }
    },
  };
}
