// A constant rate of reads, searches and creates through FHIR and Loop's API, whatever the response times are. Every create that was confirmed is remembered.
import { setTimeout as delay } from 'node:timers/promises';
import {
  buildConditionalCreate,
  buildPatient,
  type ConditionalCreate,
  type Created,
  findLost,
  findNotOnce,
  type RepeatedCreates,
  repeatUnconfirmed,
} from './creates.ts';
import { type Client, createClient, type Outcome, type SentRequest } from './http-client.ts';

interface Target {
  port: number;
  keys: Record<'fhir' | 'loop', string>;
  /** Requests per second. */
  rate: number;
  /** In ms, after which a request is given up. */
  patience: number;
  /** In turn; a kind that is named twice is sent twice as often. */
  kinds: Kind[];
}

export type Kind = 'FHIR read' | 'FHIR search' | 'FHIR create' | 'FHIR conditional create' | 'Loop read' | 'Loop create';

/** A request that has ended. */
export interface Sent extends Outcome {
  kind: Kind;
  /** When it was sent, by `performance.now()`. */
  from: number;
  /** The response is the expected one. */
  isRight: boolean;
}

export interface Workload {
  sent: Sent[];
  /** The ids of the confirmed creates. */
  listConfirmed(): string[];
  /** Resolves when the requests that are under way have ended. */
  settled(): Promise<unknown>;
  /** Sends no more requests, and waits for those under way. */
  stop(): Promise<void>;
  /** The ids of the confirmed creates that are not stored as they were sent. */
  findLost(): Promise<string[]>;
  /** Repeats the conditional creates that were not confirmed. */
  repeatUnconfirmed(): Promise<RepeatedCreates>;
  /** The texts of conditional creates for which another number of resources than one is stored. */
  findNotOnce(): Promise<string[]>;
  close(): void;
}

const TICK_MS = 5;

export async function startWorkload(target: Target): Promise<Workload> {
  const client = createClient(target.port, target.patience);
  const confirmed: Created[] = [];
  const conditional: ConditionalCreate[] = [];
  const sent: Sent[] = [];
  const begun = new Set<Promise<void>>();
  const exchange = createExchange(target, client, { confirmed, conditional });
  const reader = { client, key: target.keys.fhir };
  // what is read first
  const first = await exchange('FHIR create', 0);
  if (!first.isRight) throw new Error(`the first create failed: ${first.status} ${first.text}`);
  const running = { now: true };
  const pacing = pace(target.rate, running, (n) => {
    const one = exchange(target.kinds[n % target.kinds.length]!, n).then((outcome) => void sent.push(outcome));
    begun.add(one);
    void one.finally(() => begun.delete(one));
  });
  return {
    sent,
    listConfirmed: () => confirmed.map(({ id }) => id),
    settled: () => Promise.all(begun),
    async stop() {
      running.now = false;
      await pacing;
      await Promise.all(begun);
    },
    findLost: () => findLost(reader, confirmed),
    repeatUnconfirmed: () => repeatUnconfirmed(reader, conditional),
    findNotOnce: () => findNotOnce(reader, conditional),
    close() {
      running.now = false;
      client.close();
    },
  };
}

async function pace(rate: number, running: { now: boolean }, send: (n: number) => void): Promise<void> {
  const from = performance.now();
  for (let n = 1; running.now; await delay(TICK_MS)) {
    for (const due = ((performance.now() - from) / 1000) * rate; n <= due; n++) send(n);
  }
}

interface Creates {
  confirmed: Created[];
  conditional: ConditionalCreate[];
}

function createExchange({ keys }: Target, client: Client, { confirmed, conditional }: Creates): (kind: Kind, n: number) => Promise<Sent> {
  const asking = { fhir: { Authorization: `Bearer ${keys.fhir}` }, loop: { Authorization: `Bearer ${keys.loop}` } };
  const get = (surface: 'fhir' | 'loop', path: string): SentRequest => ({ method: 'GET', path, headers: asking[surface] });
  const post = (surface: 'fhir' | 'loop', path: string, body: object): SentRequest => ({ ...get(surface, path), method: 'POST', body });
  const build: Record<Kind, (mark: string, other: Created) => SentRequest> = {
    'FHIR read': (_mark, { id }) => get('fhir', `/fhir/R4/Patient/${id}`),
    'FHIR search': (_mark, { id }) => get('fhir', `/fhir/R4/Patient?_id=${id}&active:not=false`),
    'FHIR create': (mark) => post('fhir', '/fhir/R4/Patient', buildPatient(mark)),
    'FHIR conditional create': (mark) => buildConditionalCreate(mark, keys.fhir),
    'Loop read': (_mark, { id }) => get('loop', `/v1/patients/${id}`),
    'Loop create': (mark) => post('loop', '/v1/patients', { brand_id: 'loop', first_name: 'Load', last_name: mark }),
  };
  return async (kind, n) => {
    const mark = `Load${n}x`;
    const other = confirmed[(n * 7919) % Math.max(confirmed.length, 1)] ?? { id: '', mark: '' };
    const from = performance.now();
    const outcome = await client.send(build[kind](mark, other));
    const creates = kind.endsWith('create');
    const id = creates && outcome.status === 201 ? readId(outcome.text) : undefined;
    if (id !== undefined) confirmed.push({ id, mark });
    if (kind === 'FHIR conditional create') conditional.push({ mark, isConfirmed: id !== undefined });
    const isRight = creates ? id !== undefined : outcome.status === 200 && outcome.text.includes(other.mark);
    return { ...outcome, kind, from, isRight };
  };
}

function readId(text: string): string | undefined {
  const { id } = JSON.parse(text) as { id?: string };
  return id;
}
