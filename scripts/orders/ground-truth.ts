// What is wrong in the end: the sandbox's orders beside the outbox and what FHIR says. Each sentence is one order that was lost, doubled, or told wrongly.
import pg from 'pg';
import { statusOf } from '../../src/outbound/sandbox/lifecycle.ts';
import type { SandboxOrder, World } from '../../src/outbound/sandbox/world.ts';
import type { Ordered } from './orderer.ts';

/** The database of the servers, looked at from outside. */
export interface Database {
  /** How many orders and cancellations have not come to their end. */
  open(): Promise<number>;
  stuck(): Promise<string[]>;
  /** How many followed orders are to be looked at by now. */
  due(at: string): Promise<number>;
  entries(): Promise<Entry[]>;
  /** Bodies by `tenant/Type/id`. */
  bodies(): Promise<Map<string, Body>>;
  close(): Promise<void>;
}

interface Entry {
  tenant: string;
  topic: string;
  subject: string;
  key: string;
  state: string;
  payload: { task: string; orderId?: string };
}
interface Body {
  status: string;
  identifier?: { value: string }[];
  businessStatus?: { coding?: { code: string }[] };
}

const OPEN = "topic in ('order', 'order-cancellation') and state not in ('done', 'refused', 'cancelled')";
const TYPES =
  "select r.body::json ->> 'resourceType' as type, t.slug as tenant, r.id, r.body::json as body from resource r join tenant t using (tenant_id)";

export async function openDatabase(url: string): Promise<Database> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const count = async (sql: string, values: unknown[] = []): Promise<number> => (await client.query(sql, values)).rows[0].count;
  return {
    open: () => count(`select count(*)::int as count from outbox where ${OPEN}`),
    stuck: async () =>
      (await client.query(`select subject, topic, state, last_error from outbox where ${OPEN} limit 20`)).rows.map(
        (row) => `stuck: ${row.topic} of ${row.subject} is ${row.state} (${row.last_error})`,
      ),
    due: (at) => count('select count(*)::int as count from placed_order where next_at <= $1', [at]),
    entries: async () =>
      (
        await client.query(`select t.slug as tenant, topic, subject, key, state, payload::json as payload from outbox join tenant t using (tenant_id)
          where topic in ('order', 'order-cancellation') order by id`)
      ).rows,
    bodies: async () => {
      const { rows } = await client.query(`${TYPES} where r.body is not null`);
      return new Map(rows.map(({ tenant, type, id, body }) => [`${tenant}/${type}/${id}`, body]));
    },
    close: () => client.end(),
  };
}

export async function anomaliesIn(database: Database, world: World, ordered: Ordered[]): Promise<string[]> {
  const entries = await database.entries();
  const orders = entries.filter(({ topic }) => topic === 'order');
  const bodies = await database.bodies();
  const there = Map.groupBy(world.orders.values(), ({ passthrough }) => passthrough);
  const ofId = Map.groupBy(orders, ({ tenant, subject }) => `${tenant}/${subject}`);
  const keys = new Set(orders.map(({ key }) => key));
  const strangers = [...world.orders.values()].filter(({ passthrough }) => !keys.has(passthrough ?? ''));
  return [
    ...strangers.map(({ id }) => `the network has an order that nobody sent: ${id}`),
    ...ordered.flatMap((one) => anomaliesOf(one, { lives: ofId.get(`${one.tenant}/ServiceRequest/${one.id}`) ?? [], bodies, there })),
  ];
}

interface Found {
  /** The entries of an id, oldest first. */
  lives: Entry[];
  bodies: Map<string, Body>;
  there: Map<string | null, SandboxOrder[]>;
}

function anomaliesOf({ tenant, id, lives: expected, wanted }: Ordered, { lives, bodies, there }: Found): string[] {
  const name = `${tenant}/ServiceRequest/${id}`;
  const wrong: string[] = [];
  if (lives.length !== expected) wrong.push(`${name}: ordered ${expected} times, accepted ${lives.length} times`);
  for (const [nth, { key, state, payload }] of lives.entries()) {
    const found = there.get(key) ?? [];
    const last = nth === lives.length - 1;
    const counts = last && wanted ? [1] : state === 'done' ? [1] : [0];
    if (!counts.includes(found.length)) wrong.push(`${name}: ${found.length} orders at the network for one that is ${state}`);
    if (found.length !== 1) continue;
    const [order] = found;
    const task = bodies.get(`${tenant}/Task/${payload.task}`);
    const says = [task?.identifier?.some(({ value }) => value === order!.id), task?.businessStatus?.coding?.[0]?.code];
    if (says[0] !== true || says[1] !== statusOf(order!)) wrong.push(`${name}: its Task says ${says[1]}, the network ${statusOf(order!)}`);
    const request = bodies.get(name);
    if (last && !request?.identifier?.some(({ value }) => value === order!.id)) wrong.push(`${name}: does not name its order`);
    if (!(last && wanted) && !/^(cancelled|sample_with_lab|completed)/.test(statusOf(order!)))
      wrong.push(`${name}: taken back and still ${statusOf(order!)}`);
  }
  return wrong;
}
