// Duplicated, reordered, late, lost, forged and replayed webhooks, and wrong clocks, while the network fails and workers die: in the end FHIR matches the
// network, and another delivery changes nothing. FACET_TEST_SEEDS sets the number of seeds.
import { expectedOf, journeyOf, valueIn } from '../../scripts/orders/expected.ts';
import { randomFrom } from '../../scripts/orders/random.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import type { SandboxMessage, SandboxOrder, WebhookFault } from '../../src/junction-sandbox/sandbox-state.ts';
import { buildSignedHeaders, sendDueWebhooks, sendWebhook } from '../../src/junction-sandbox/webhook-sender.ts';
import type { OrderTracker } from '../../src/orders/track/order-tracker.ts';
import { runSweep } from '../../src/orders/track/reconciliation-sweep.ts';
import { runTrackingRound } from '../../src/orders/tracking-worker.ts';
import type { TestStore } from '../store/open.ts';
import { storeExcept } from '../store/store-except.ts';
import { openBeforeEach } from './open-before-each.ts';
import { openTrackingFixture, type TrackingFixture } from './tracking-fixture.ts';

const ORDERS = 10;
const ACTIONS = 130;
const SEEDS = Array.from({ length: Number(process.env.FACET_TEST_SEEDS ?? 1) }, (_, index) => 20_261_122 + index);

let store: TestStore;
let fixture: TrackingFixture;
openBeforeEach(openTrackingFixture, (opened, on) => {
  [fixture, store] = [opened, on];
});

const [ORDERED, REQUISITION, PENDING] = [
  'received.walk_in_test.ordered',
  'received.walk_in_test.requisition_created',
  'collecting_sample.walk_in_test.appointment_pending',
];
const [REDRAW, PARTIAL, COMPLETED] = [
  'collecting_sample.walk_in_test.redraw_available',
  'sample_with_lab.walk_in_test.partial_results',
  'completed.walk_in_test.completed',
];
const [CORRECTED, CANCELLED, FAILED] = [
  'completed.walk_in_test.corrected',
  'cancelled.walk_in_test.cancelled',
  'failed.walk_in_test.sample_error',
];

/** What may happen next to an order. */
const NEXT: Record<string, string[]> = {
  [ORDERED]: [REQUISITION, PENDING, CANCELLED],
  [REQUISITION]: [PENDING, CANCELLED, COMPLETED],
  [PENDING]: [PARTIAL, COMPLETED, REDRAW, CANCELLED, FAILED],
  [PARTIAL]: [COMPLETED, COMPLETED, REDRAW, FAILED],
  [COMPLETED]: [CORRECTED],
  [CORRECTED]: [CORRECTED],
};

const FAULTS: Fault[] = [
  { kind: 'error' },
  { kind: 'error', status: 503 },
  { kind: 'error', status: 429, retryAfter: 30 },
  { kind: 'error', status: 401 },
  { kind: 'reset' },
  { kind: 'cut', when: 'after' },
];
const MISHAPS: WebhookFault[] = [
  { kind: 'drop' },
  { kind: 'duplicate', times: 2 },
  { kind: 'delay', seconds: 24 * 3600 },
  { kind: 'delay', seconds: 90 },
  { kind: 'forge' },
  { kind: 'skew', seconds: -900 },
  { kind: 'skew', seconds: 900 },
];
const READS = ['order', 'result', 'journeyResult', 'document', 'orders'];

/** A process that dies after it has read and before it has written anything down, as often as `dies` says: nothing it does after that counts. */
function mortal(tracker: OrderTracker, dies: () => boolean): OrderTracker & { live(): void } {
  const { reads, store: alive } = tracker;
  let dead = false;
  const living =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>, deadly = false) =>
    async (...args: A): Promise<T> => {
      if (dead) throw new Error('this process is dead');
      const answer = await work(...args);
      dead ||= deadly && dies();
      if (dead) throw new Error('the process died here');
      return answer;
    };
  const { trackedOrders, inbox } = alive;
  return {
    ...tracker,
    reads: {
      ...reads,
      readOrder: living(reads.readOrder, true),
      readResult: living(reads.readResult, true),
      readResultPdf: living(reads.readResultPdf, true),
    },
    store: storeExcept(alive, {
      transaction: living((work) => alive.transaction(work)) as typeof alive.transaction,
      trackedOrders: { ...trackedOrders, scheduleNextPoll: living(trackedOrders.scheduleNextPoll) },
      inbox: { ...inbox, recordOutcome: living(inbox.recordOutcome) },
    }),
    live: () => {
      dead = false;
    },
  };
}

/** What a process does until it dies; another one takes its place. */
async function inProcess(worker: ReturnType<typeof mortal>, work: (tracker: OrderTracker) => Promise<unknown>): Promise<void> {
  worker.live();
  await work(worker).catch(() => {});
}

/** Somebody who has caught a message sends it again as it was. */
async function replay(message: SandboxMessage, stamped: Record<string, string>): Promise<number> {
  const response = await fetch(fixture.hookUrl, { method: 'POST', headers: stamped, body: message.body });
  return response.status;
}

test.each(SEEDS)('FHIR shows the state of the network, whatever happens to the webhooks (seed %i)', async (seed) => {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const { state } = fixture.sandbox;
  const workers = [fixture.tracker, fixture.createTracker()].map((tracker) => mortal(tracker, () => random() < 0.08));
  const caught: { message: SandboxMessage; headers: Record<string, string> }[] = [];
  const happen = (): void => {
    const order: SandboxOrder | undefined = pick([...state.orders.values()]);
    const next = order && NEXT[order.events.at(-1)!.status];
    if (!order || !next) return;
    fixture.advanceOrder(order.id, pick(next), {
      ...(random() < 0.2 && { missing: true }),
      ...(random() < 0.2 && { interpretation: pick(['abnormal', 'critical']) }),
      ...(random() < 0.2 && { passthrough: true }),
      ...(random() < 0.1 && { silent: true }),
    });
    const message = state.webhooks.messages.at(-1);
    if (message && random() < 0.1) caught.push({ message, headers: buildSignedHeaders(state, message) });
  };
  const act: (() => unknown)[] = [
    happen,
    happen,
    happen,
    () => sendDueWebhooks(state),
    () => sendDueWebhooks(state),
    () => inProcess(workers[0]!, runTrackingRound),
    () => Promise.all(workers.map((worker) => inProcess(worker, runTrackingRound))),
    () => fixture.advance(random() * 120),
    () => fixture.advance(random() < 0.15 ? 25 * 3600 : 30),
    () => {
      state.webhooks.faults = [...state.webhooks.faults, pick(MISHAPS)];
    },
    () => fixture.addFaults({ ...pick(FAULTS), operation: pick(READS) }),
    () => inProcess(pick(workers), runSweep),
    async () => state.webhooks.messages.length && sendWebhook(state, pick(state.webhooks.messages)),
    async () => {
      const message = caught.length ? pick(caught) : undefined;
      if (message) await replay(message.message, message.headers);
    },
  ];
  for (let n = 0; n < ORDERS; n++) await fixture.placeOrder(`o${n}`);
  for (let n = 0; n < ACTIONS; n++) await pick(act)();

  state.faults = [];
  state.webhooks.faults = [];
  for (let hour = 0; hour < 30; hour++) {
    fixture.advance(3600);
    await sendDueWebhooks(state);
    await runSweep(fixture.tracker);
    await fixture.track();
  }
  const forged = state.webhooks.messages.filter(({ fault }) => fault?.kind === 'forge');
  expect(forged.flatMap(({ answers }) => answers).every((status) => status === 401)).toBe(true);
  expect(await store.database.query("select state, last_error from webhook_inbox where state <> 'done'")).toEqual([]);
  for (let n = 0; n < ORDERS; n++) await agrees(`o${n}`);

  const before = await versions();
  await store.store.trackedOrders.wake(
    await store.store.trackedOrders.find({ account: 0, orderIds: [...state.orders.keys()] }),
    fixture.tracker.clock().toISOString(),
  );
  await fixture.track();
  expect(await versions()).toEqual(before);
});

const versions = () =>
  store.database.query<{ rtype: number; id: string; ver: number }>(
    'select rtype, id, ver from resource where tenant_id = $1 order by rtype, id',
    [fixture.tenant],
  );

/** All that FHIR says of one request, beside what the network says. */
async function agrees(id: string): Promise<void> {
  const first = JSON.parse((await fixture.entry(id))!.payload).orderId as string;
  const orders = journeyOf(fixture.sandbox.state, fixture.networkOrder(first).transactionId);
  const expected = expectedOf(orders);
  const placed = await Promise.all(orders.map((order) => fixture.trackedOrder(order.id)));
  const tasks = await Promise.all(placed.map((order) => fixture.read('Task', order!.task)));
  const report = await reportOf(id);
  const observations = await Promise.all(referencesOf(report).map(([type, own]) => fixture.read(type, own)));
  expect({
    id,
    tasks: tasks.map(({ status }) => status),
    request: (await fixture.read('ServiceRequest', id)).status,
    report: report?.status,
    document: report?.presentedForm !== undefined,
  }).toEqual({ id, tasks: expected.tasks, request: expected.request, report: expected.report, document: expected.document });
  const samples = await samplesOf(report);
  const sampleOf = ({ specimen }: Resource) => samples.get((specimen as { reference?: string } | undefined)?.reference ?? '');
  const storedValues = new Map(
    observations.map((observation) => [`${(observation.code as { text: string }).text}|${sampleOf(observation)}`, valueIn(observation)]),
  );
  for (const [marker, text] of expected.markers)
    expect([marker, storedValues.get(marker)]).toEqual([marker, Number.isNaN(Number(text)) ? text : Number(text)]);
}

/** Specimen → the laboratory's number of the sample. */
async function samplesOf(report: Resource | undefined): Promise<Map<string, string>> {
  const references = ((report?.specimen ?? []) as { reference: string }[]).map(({ reference }) => reference);
  const specimens = await Promise.all(references.map((reference) => fixture.read('Specimen', reference.split('/')[1]!)));
  return new Map(specimens.map((specimen, index) => [references[index]!, (specimen.accessionIdentifier as { value: string }).value]));
}

async function reportOf(id: string): Promise<Resource | undefined> {
  const rows = await store.database.query<{ body: string }>(
    `select body from resource where tenant_id = $1 and rtype = 12 and body::json -> 'basedOn' -> 0 ->> 'reference' = $2`,
    [fixture.tenant, `ServiceRequest/${id}`],
  );
  expect(rows.length).toBeLessThan(2);
  return rows[0] && (JSON.parse(rows[0].body) as Resource);
}

const referencesOf = (report: Resource | undefined): [ServedType, string][] =>
  ((report?.result ?? []) as { reference: string }[]).map(({ reference }) => reference.split('/') as [ServedType, string]);
