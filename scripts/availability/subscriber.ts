// A subscriber (rest-hook) to the patients of the workload: of which creates it was not notified.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from '../histories/servers.ts';

export interface Subscriber {
  /** The ids of which no notification has come when nothing has come for a minute. */
  findMissing(ids: string[]): Promise<string[]>;
  close(): void;
}

const CRITERIA = 'Patient?family=Load';
const LONGEST_SILENCE_MS = 60_000;
const POLL_MS = 100;

export async function startSubscriber({ bases, key }: Servers): Promise<Subscriber> {
  const notified = new Set<string>();
  let last = performance.now();
  const receiver = createServer((req, res) => {
    void json(req).then((resource) => {
      // the payload of the subscription is the resource
      notified.add((resource as { id: string }).id);
      last = performance.now();
      res.end();
    });
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const { port } = receiver.address() as AddressInfo;
  await subscribe(bases()[0]!, key, `http://127.0.0.1:${port}/`);
  return {
    async findMissing(ids) {
      last = performance.now();
      const listMissing = (): string[] => ids.filter((id) => !notified.has(id));
      while (listMissing().length > 0 && performance.now() - last < LONGEST_SILENCE_MS) await delay(POLL_MS);
      return listMissing();
    },
    close() {
      receiver.close();
      receiver.closeAllConnections();
    },
  };
}

/** Resolves when the subscription is active. */
async function subscribe(base: string, key: string, endpoint: string): Promise<void> {
  const send = async (init: RequestInit): Promise<string> => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' };
    const response = await fetch(`${base}/Subscription/load`, { ...init, headers });
    const body = await response.text();
    if (!response.ok) throw new Error(`the subscription: ${response.status} ${body}`);
    return (JSON.parse(body) as { status: string }).status;
  };
  const channel = { type: 'rest-hook', endpoint, payload: 'application/fhir+json' };
  const subscription = { resourceType: 'Subscription', id: 'load', status: 'requested', reason: 'load', criteria: CRITERIA, channel };
  let status = await send({ method: 'PUT', body: JSON.stringify(subscription) });
  for (; status === 'requested'; status = await send({})) await delay(POLL_MS);
  if (status !== 'active') throw new Error(`the subscription is ${status}`);
}
