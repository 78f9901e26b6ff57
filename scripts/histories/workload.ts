// Many clients who add to the same lists at once, in transactions: guarded by versions, or as patches that need no guard.
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt, Histories } from './checker.ts';

export interface Workload {
  /** FHIR base URLs of the servers; clients are shared out among them. */
  bases: string[];
  key: string;
  clients: number;
  /** How many lists there are, and how many transactions each client sends. */
  lists: number;
  each: number;
  random: () => number;
}

interface ListResource {
  meta: { versionId: string };
  entry?: Entry[];
}
/** An entry of a List or of a Bundle. */
interface Entry {
  item?: { display: string };
  resource?: ListResource;
  response?: { status: string; etag?: string };
}

export interface Written {
  attempts: Attempt[];
  histories: Histories;
  /** How often each status was answered to a transaction. */
  statuses: Record<number, number>;
}

/** Runs it to its end and reads what stands. The lists are made anew, under `name`. */
export async function write(work: Workload, name: string): Promise<Written> {
  const lists = Array.from({ length: work.lists }, (_one, index) => `${name}-${index}`);
  const send = createSender(work);
  for (const id of lists) await send(0, 'PUT', `/List/${id}`, listOf(id, []));
  const statuses: Record<number, number> = {};
  const attempts = await Promise.all(
    Array.from({ length: work.clients }, async (_one, client) => {
      const mine: Attempt[] = [];
      for (let n = 0; n < work.each; n++) {
        const { attempt, status } = await attempted(work, send, { client, value: `${client}.${n}`, lists: some(lists, work.random) });
        statuses[status] = (statuses[status] ?? 0) + 1;
        mine.push(attempt);
      }
      return mine;
    }),
  );
  const histories = await Promise.all(lists.map(async (id) => [id, await historyOf(send, id)] as const));
  return { attempts: attempts.flat(), histories: Object.fromEntries(histories), statuses };
}

interface Answer {
  status: number;
  /** A List or a Bundle; empty when no answer came. */
  body: Partial<ListResource> & { entry?: Entry[]; link?: { relation: string; url: string }[] };
}
type Send = (client: number, method: string, path: string, body?: object) => Promise<Answer>;

const createSender =
  ({ bases, key }: Workload): Send =>
  async (client, method, path, body) => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' };
    try {
      const response = await fetch(bases[client % bases.length] + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    } catch {
      return { status: 0, body: {} };
    }
  };

const listOf = (id: string, values: string[]): object => ({
  resourceType: 'List',
  id,
  status: 'current',
  mode: 'working',
  ...(values.length && { entry: values.map((display) => ({ item: { display } })) }),
});

/** One to three of them, in any order. */
function some(lists: string[], random: () => number): string[] {
  const shuffled = lists.map((id) => ({ id, rank: random() })).sort((a, b) => a.rank - b.rank);
  return shuffled.slice(0, 1 + Math.floor(random() * 3)).map(({ id }) => id);
}

interface Wish {
  client: number;
  value: string;
  lists: string[];
}

async function attempted(work: Workload, send: Send, write: Wish): Promise<{ attempt: Attempt; status: number }> {
  const writes = work.random() < 0.5 ? await guarded(send, write) : write.lists.map((id) => patched(id, write.value));
  const readEntry = { request: { method: 'GET', url: `List/${write.lists[0]}` } };
  const { status, body } = await send(write.client, 'POST', '', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [...writes, readEntry],
  });
  const entries = (status === 200 && body.entry) || [];
  const versions = write.lists.map((id, index) => [id, Number(/\d+/.exec(entries[index]?.response?.etag ?? '')?.[0])] as const);
  const seen = entries.at(-1)?.resource;
  const outcome = status === 200 ? 'done' : status === 0 || status >= 500 ? 'unknown' : 'refused';
  return {
    status,
    attempt: {
      value: write.value,
      lists: write.lists,
      outcome,
      versions: Object.fromEntries(versions),
      seen: seen ? { [write.lists[0]!]: valuesOf(seen) } : {},
    },
  };
}

const valuesOf = ({ entry = [] }: { entry?: Entry[] }): string[] => entry.map(({ item }) => item!.display);

/** Reads each list and writes it with one value more, if it is still the version that was read. */
const guarded = (send: Send, { client, value, lists }: Wish): Promise<object[]> =>
  Promise.all(
    lists.map(async (id) => {
      const { body } = await send(client, 'GET', `/List/${id}`);
      const ifMatch = `W/"${body.meta?.versionId ?? '0'}"`;
      return { resource: listOf(id, [...valuesOf(body), value]), request: { method: 'PUT', url: `List/${id}`, ifMatch } };
    }),
  );

/** Adds the value, whatever stands there. https://hl7.org/fhir/R4/fhirpatch.html */
const patched = (id: string, value: string): object => ({
  resource: {
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'operation',
        part: [
          { name: 'type', valueCode: 'add' },
          { name: 'path', valueString: 'List' },
          { name: 'name', valueString: 'entry' },
          { name: 'value', part: [{ name: 'item', valueReference: { display: value } }] },
        ],
      },
    ],
  },
  request: { method: 'PATCH', url: `List/${id}` },
});

/** All versions of a list, oldest first. */
async function historyOf(send: Send, id: string): Promise<string[][]> {
  const versions: string[][] = [];
  let path: string | undefined = `/List/${id}/_history?_count=1000`;
  while (path !== undefined) {
    const body = await readUntilAnswered(send, path);
    versions.push(...body.entry!.map(({ resource }) => valuesOf(resource!)));
    const next = body.link!.find(({ relation }) => relation === 'next')?.url;
    path = next?.slice(next.indexOf('/List/'));
  }
  return versions.reverse();
}

const PAUSE_MS = 200;
const MAX_PAUSES = 300;

/** Repeats a read until its response is 200, because the server may have been killed and start again. Throws after a minute. */
async function readUntilAnswered(send: Send, path: string): Promise<Answer['body']> {
  for (let pauses = 0; ; pauses++) {
    const { status, body } = await send(0, 'GET', path);
    if (status === 200) return body;
    if (pauses === MAX_PAUSES) throw new Error(`GET ${path} was answered with ${status} for a minute`);
    await delay(PAUSE_MS);
  }
}
