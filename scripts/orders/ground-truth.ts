// Compares the sandbox's orders with the outbox and the FHIR resources at the end of a run. Each sentence reports one order that is lost, doubled or wrong in FHIR.
import pg from 'pg';
import { readStatus, type SandboxOrder, type SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';
import { expectedOf, valueIn } from './expected.ts';
import { wronglyBilled } from './insured-orders.ts';
import { NPIS, type Ordered } from './orderer.ts';

/** The database of the servers, looked at from outside. */
export interface Database {
  /** How many orders and cancellations have not come to their end. */
  open(): Promise<number>;
  /** How many of them are being sent, or may be. */
  atWork(at: string): Promise<number>;
  stuck(): Promise<string[]>;
  /** How many followed orders are to be looked at by now, and webhooks to be worked through. */
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
type Body = Record<string, unknown> & {
  resourceType: string;
  status: string;
  identifier?: { value: string }[];
  businessStatus?: { coding?: { code: string }[] };
  basedOn?: { reference: string }[];
  result?: { reference: string }[];
  code?: { text?: string };
  subject?: { reference: string };
};

const OPEN = "topic in ('order', 'order-cancellation') and state not in ('done', 'refused', 'cancelled')";
const DUE = `select (select count(*) from placed_order where next_at <= $1)::int
  + (select count(*) from webhook_inbox where state in ('new', 'retry') and next_at <= $1)::int as count`;
const TYPES =
  "select r.body::json ->> 'resourceType' as type, t.slug as tenant, r.id, r.body::json as body from resource r join tenant t using (tenant_id)";

export async function openDatabase(url: string): Promise<Database> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const count = async (sql: string, values: unknown[] = []): Promise<number> => (await client.query(sql, values)).rows[0].count;
  return {
    open: () => count(`select count(*)::int as count from outbox where ${OPEN}`),
    atWork: (at) => count(`select count(*)::int as count from outbox where ${OPEN} and (state = 'sending' or next_at <= $1)`, [at]),
    stuck: async () =>
      (await client.query(`select subject, topic, state, last_error from outbox where ${OPEN} limit 20`)).rows.map(
        (row) => `stuck: ${row.topic} of ${row.subject} is ${row.state} (${row.last_error})`,
      ),
    due: (at) => count(DUE, [at]),
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

/** `worlds`: the network of each tenant. */
export async function anomaliesIn(
  database: Database,
  worlds: Record<Ordered['tenant'], SandboxState>,
  ordered: Ordered[],
): Promise<string[]> {
  const entries = await database.entries();
  const orders = entries.filter(({ topic }) => topic === 'order');
  const bodies = await database.bodies();
  const networks = Object.entries(worlds);
  const atNetworks = networks.flatMap(([, { orders: all }]) => [...all.values()]);
  const there = Map.groupBy(atNetworks, ({ passthrough }) => passthrough);
  const ofId = Map.groupBy(orders, ({ tenant, subject }) => `${tenant}/${subject}`);
  const keys = new Map(orders.map((entry) => [entry.key, entry]));
  const strangers = atNetworks.filter(({ passthrough }) => !keys.has(passthrough ?? ''));
  const reports = Map.groupBy(
    [...bodies].filter(([, { resourceType }]) => resourceType === 'DiagnosticReport'),
    ([name, { basedOn }]) => `${name.split('/')[0]}/${basedOn?.[0]?.reference}`,
  );
  return [
    ...strangers.map(({ id }) => `the network has an order that nobody sent: ${id}`),
    ...networks.flatMap(([tenant, world]) => [
      ...crossed(world, { tenant, keys }),
      ...wronglySigned(world, keys),
      ...wronglyBilled(world, membersByKey(orders, ordered)),
    ]),
    ...ordered.flatMap((order) =>
      anomaliesOf(order, { lives: ofId.get(`${order.tenant}/ServiceRequest/${order.id}`) ?? [], bodies, there, reports }),
    ),
  ];
}

/** Orders at the network of this tenant that are another tenant's. */
function crossed(world: SandboxState, { tenant, keys }: { tenant: string; keys: Map<string, Entry> }): string[] {
  return [...world.orders.values()].flatMap(({ id, passthrough }) => {
    const owner = keys.get(passthrough ?? '')?.tenant;
    return owner === undefined || owner === tenant ? [] : [`the order ${id} of ${owner} is at the network of ${tenant}`];
  });
}

/** The key of each order → the member whose insurance it is billed to. */
function membersByKey(entries: Entry[], ordered: Ordered[]): Map<string, string | undefined> {
  const ofRequest = new Map(ordered.map(({ tenant, id, member }) => [`${tenant}/ServiceRequest/${id}`, member]));
  return new Map(entries.map(({ tenant, subject, key }) => [key, ofRequest.get(`${tenant}/${subject}`)]));
}

/** Orders at the network that another physician signs than the one who is registered in their tenant. */
function wronglySigned(world: SandboxState, keys: Map<string, Entry>): string[] {
  return [...world.orders.values()].flatMap(({ id, passthrough, sent: { physician } }) => {
    const tenant = keys.get(passthrough ?? '')?.tenant;
    const npi = typeof physician === 'object' && physician !== null && 'npi' in physician ? physician.npi : undefined;
    return tenant === undefined || npi === NPIS[tenant as Ordered['tenant']] ? [] : [`the order ${id} of ${tenant} is signed by ${npi}`];
  });
}

interface Found {
  /** The entries of an id, oldest first. */
  lives: Entry[];
  bodies: Map<string, Body>;
  there: Map<string | null, SandboxOrder[]>;
  /** By `tenant/ServiceRequest/id`. */
  reports: Map<string, [string, Body][]>;
}

function anomaliesOf(ordered: Ordered, found: Found): string[] {
  const { tenant, id, patient, lives: expected, wanted, shown: shownText } = ordered;
  const { lives, bodies, there } = found;
  const name = `${tenant}/ServiceRequest/${id}`;
  const failures: string[] = [];
  if (lives.length !== expected) failures.push(`ordered ${expected} times, accepted ${lives.length} times`);
  for (const [n, { key, state, payload }] of lives.entries()) {
    const orders = there.get(key) ?? [];
    const stands = wanted && n === lives.length - 1;
    const count = stands || state === 'done' ? 1 : 0;
    if (orders.length !== count) failures.push(`${orders.length} orders at the network for one that is ${state}`);
    const [order] = orders;
    if (!order || orders.length > 1) continue;
    if (shownText !== undefined && shownText !== order.id) failures.push(`the caller was shown the order ${shownText}, not ${order.id}`);
    failures.push(...taskAnomalies(order, bodies.get(`${tenant}/Task/${payload.task}`)));
    if (stands) failures.push(...requestAnomalies(order, bodies.get(name)));
    else if (!/^(cancelled|sample_with_lab|completed|failed)/.test(readStatus(order)))
      failures.push(`taken back and still ${readStatus(order)}`);
    if (lives.length === 1) failures.push(...reportAnomalies(order, `${tenant}/`, found.reports.get(name) ?? [], bodies));
  }
  const reportedBodies = [bodies.get(name), ...(found.reports.get(name) ?? []).map(([, report]) => report)];
  if (reportedBodies.some((body) => body?.subject?.reference !== `Patient/${patient}`))
    failures.push("it, or its report, is another patient's");
  if (!wanted && bodies.get(name)?.status !== 'revoked') failures.push(`taken back and ${bodies.get(name)?.status}`);
  return failures.map((text) => `${name}: ${text}`);
}

const names = (body: Body | undefined, { id }: SandboxOrder): boolean => body?.identifier?.some(({ value }) => value === id) === true;

function taskAnomalies(order: SandboxOrder, task: Body | undefined): string[] {
  const [says, is] = [
    [task?.status, task?.businessStatus?.coding?.[0]?.code],
    [expectedOf([order]).tasks[0], readStatus(order)],
  ].map((words) => words.join(', '));
  return [
    ...(names(task, order) ? [] : ['its Task does not name its order']),
    ...(says === is ? [] : [`its Task says ${says}, not ${is}`]),
  ];
}

function requestAnomalies(order: SandboxOrder, request: Body | undefined): string[] {
  const { request: expected } = expectedOf([order]);
  const status = request?.status === expected ? [] : [`it is ${request?.status}, not ${expected} (${readStatus(order)})`];
  return [...(names(request, order) ? [] : ['it does not name its order']), ...status];
}

/** The report's status, its document, and each value that the laboratory has measured. */
function reportAnomalies(order: SandboxOrder, tenant: string, reports: [string, Body][], bodies: Map<string, Body>): string[] {
  const expected = expectedOf([order]);
  if (reports.length > 1) return [`${reports.length} reports`];
  const report = reports[0]?.[1];
  const observations = (report?.result ?? []).map(({ reference }) => bodies.get(`${tenant}${reference}`));
  const storedValues = new Map(observations.map((observation) => [observation?.code?.text, observation && valueIn(observation)]));
  const missing = [...expected.markers].filter(([marker, text]) => {
    const value = storedValues.get(marker.split('|')[0]);
    return value !== (Number.isNaN(Number(text)) ? text : Number(text));
  });
  const stands = [report?.status, report?.presentedForm !== undefined].join(', ');
  const wanted = [expected.report, expected.document].join(', ');
  return [
    ...(stands === wanted ? [] : [`its report: ${stands}; expected: ${wanted}`]),
    ...missing.map(([marker]) => `its ${marker} is wrong`),
  ];
}
