// `node scripts/check-junction-sdk.ts <folder>`: Junction's own client (npm package @junction-api/sdk, unpacked into that folder; not part of this project) and
// ours ask the sandbox for the same things. Both must say them alike, and Junction's client must know every field of every answer, and of our order. Ends with
// 1 when one differs.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createJunctionClient } from '../src/junction/client.ts';
import { createJunctionReader } from '../src/junction/reader.ts';
import { advanceOrder } from '../src/junction-sandbox/lifecycle.ts';
import { startSandbox } from '../src/junction-sandbox/server.ts';
import { type Exchange, recorderBefore } from './orders/recorder.ts';
import { SAMPLE_ORDER } from './orders/sample-order.ts';

/** How Junction's client reads and writes JSON of one type. */
interface Serializer {
  parse(raw: unknown, options: object): { ok: true; value: unknown } | { ok: false; errors: { path: string[]; message: string }[] };
}
type Call = (request?: object) => Promise<unknown>;
/** What is used of the package. */
interface Sdk {
  JunctionClient: new (options: object) => Record<'user' | 'labTests' | 'orderTransaction' | 'team', Record<string, Call>>;
  serialization: Record<string, Serializer>;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('give the folder of the unpacked SDK package');
const { JunctionClient, serialization } = createRequire(import.meta.url)(resolve(folder)) as Sdk;

const sandbox = await startSandbox();
const { state } = sandbox;
const [theirs, ours] = [await recorderBefore(sandbox.url), await recorderBefore(sandbox.url)];
const sdk = new JunctionClient({ apiKey: sandbox.apiKey, baseUrl: theirs.url, maxRetries: 0 });
const account = () => ({ apiKey: sandbox.apiKey, baseUrl: ours.url, teamId: sandbox.teamId });
const [client, reads] = [createJunctionClient(account), createJunctionReader(account)];
const signal = AbortSignal.timeout(60_000);
const faults: string[] = [];

try {
  state.webhooks.url = 'http://127.0.0.1:9';
  state.physicians = [{ first_name: 'Ann', last_name: 'Lee', npi: '1234567893' }];
  await talk();
} finally {
  theirs.close();
  ours.close();
  await sandbox.close();
}
for (const fault of faults) console.error(`  ${fault}`);
process.exitCode = faults.length ? 1 : 0;

/** Every operation of ours, of which Junction's client has the like. */
async function talk(): Promise<void> {
  const name = { clientUserId: 'somebody' };
  await both('ClientFacingUser', sdk.user!.create!(name), () => client.ensureUser('somebody-else', signal));
  await refusedAs('ClientUserIdConflictResponse', sdk.user!.create!(name));
  await both('ClientFacingUser', sdk.user!.getByClientUserId!(name));
  const userId = [...state.users.values()][0]!.user_id;

  const body = { user_id: userId, ...SAMPLE_ORDER, passthrough: 'key', priority: true, icd_codes: ['E28.2'], activate_by: '2030-01-02' };
  const order = read('CreateOrderRequestCompatible', body) as object;
  const create = sdk.labTests!.createOrder!({ ...order, idempotencyKey: 'one' });
  await both('PostOrderResponse', create, () => client.createOrder({ body: JSON.stringify(body), key: 'two' }, signal));
  await refusedAs('HttpValidationError', sdk.labTests!.createOrder!({ ...order, userId: 'no uuid' }));

  await client.createOrder({ body: JSON.stringify(body), key: 'three' }, signal);
  const [first, second, third] = [...state.orders.keys()] as [string, string, string];
  const of = { orderId: first };
  await both('ClientFacingOrder', sdk.labTests!.getOrder!(of), () => reads.readOrder(first, signal));
  const page = { page: 1, size: 100 };
  await both('GetOrdersResponse', sdk.labTests!.getOrders!({ userId, ...page }), () =>
    client.findOrder({ userId, passthrough: 'none' }, signal),
  );
  const [from, until] = ['2020-01-01T00:00:00.000Z', '2035-01-01T00:00:00.000Z'];
  await both(
    'GetOrdersResponse',
    sdk.labTests!.getOrders!({ updatedStartDate: new Date(from), updatedEndDate: new Date(until), ...page }),
    () => reads.listUpdatedOrders({ from, until, page: 1 }, signal),
  );
  await both('PostOrderResponse', sdk.labTests!.cancelOrder!({ orderId: second }), () => client.cancelOrder(third, signal));
  await results(first);
  await both('ClientFacingPhysician', sdk.team!.getPhysicians!({ teamId: sandbox.teamId }), () => client.listPhysicians(signal));
  messages();
}

async function results(first: string): Promise<void> {
  const of = { orderId: first };
  for (const status of ['requisition_created', 'appointment_pending'])
    advanceOrder(
      state,
      state.orders.get(first)!,
      `${status === 'appointment_pending' ? 'collecting_sample' : 'received'}.walk_in_test.${status}`,
      {},
    );
  advanceOrder(state, state.orders.get(first)!, 'completed.walk_in_test.completed', { missing: true, interpretation: 'critical' });
  await both('LabResultsRaw', sdk.labTests!.getResultRaw!(of), () => reads.readResult({ order: first }, signal));
  await both('LabResultsMetadata', sdk.labTests!.getResultMetadata!(of));
  await both(undefined, sdk.labTests!.getResultPdf!(of), () => reads.readResultPdf({ order: first }, signal));
  const transaction = state.orders.get(first)!.transactionId;
  const whole = { transactionId: transaction };
  await both('LabResultsRaw', sdk.orderTransaction!.getTransactionResult!(whole), () => reads.readResult({ transaction }, signal));
  await both(undefined, sdk.orderTransaction!.getTransactionResultPdf!(whole), () => reads.readResultPdf({ transaction }, signal));
}

function messages(): void {
  const eventNames: Record<string, string> = { order: 'ClientFacingOrderChanged', critical: 'ClientFacingCriticalResultIdentified' };
  for (const { type, body: message } of state.webhooks.messages)
    read(eventNames[type.includes('critical') ? 'critical' : 'order']!, JSON.parse(message));
  console.log(`webhooks: ${state.webhooks.messages.length}`);
}

/** The same question twice: alike, and the answer known whole. `type`: of the answer; undefined: bytes. */
async function both(type: string | undefined, call: Promise<unknown>, repeat?: () => Promise<{ kind: string }>): Promise<void> {
  await call;
  const exchange = theirs.exchanges.at(-1)!;
  console.log(`${exchange.method} ${pathOf(exchange.url)}: ${exchange.status}`);
  if (type) for (const response of [exchange.answered].flat()) read(type, response);
  if (!repeat) return;
  const outcome = await repeat();
  if (outcome.kind !== 'accepted') faults.push(`${exchange.url.pathname}: ours is ${JSON.stringify(outcome)}`);
  const mine = ours.exchanges.at(-1)!;
  const [expected, actual] = [exchange, mine].map(saidBy);
  if (!isDeepStrictEqual(actual, expected))
    faults.push(`${exchange.url.pathname}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  if (type) for (const response of [mine.answered].flat()) read(type, response);
}

/** Both are refused; the refusal is one that Junction's client knows. */
async function refusedAs(type: string, call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => undefined,
    (error: Error) => error,
  );
  const { status, answered, url } = theirs.exchanges.at(-1)!;
  console.log(`POST ${url.pathname}: ${status}`);
  if (!error) faults.push(`${url.pathname}: was not refused`);
  else read(type, answered);
}

function pathOf({ pathname }: URL): string {
  return pathname.replace(/[0-9a-f-]{36}/g, '…');
}

/** The content of an exchange without ids and times, which differ between two exchanges. */
function saidBy({ method, url, requestBody, keyed }: Exchange): object {
  const { client_user_id: _name, ...body } = (requestBody ?? {}) as Record<string, unknown>;
  const query = [...url.searchParams].map(([name, value]) => [name, name.endsWith('date') ? Date.parse(value) : value]);
  return { method, path: pathOf(url), query: query.sort(), body, keyed };
}

/** In the words of Junction's client, which must know every field and every code. */
function read(type: string, raw: unknown): unknown {
  const outcome = serialization[type]!.parse(withoutDeprecated(raw), { unrecognizedObjectKeys: 'fail' });
  if (outcome.ok) return outcome.value;
  for (const { path, message } of outcome.errors) faults.push(`${type} ${path.join('.')}: ${message}`);
  return raw;
}

/** A value as a number is in the description, marked as deprecated and as nothing for Junction's client (`x-fern-ignore`). */
function withoutDeprecated(raw: unknown): unknown {
  const { results, ...rest } = raw as { results?: unknown };
  return Array.isArray(results) ? { ...rest, results: results.map(({ value: _number, ...result }) => result) } : raw;
}
