// Creating through a vendor's door: body → view → resource, in one transaction with everything that must be true of it, then the outside step if there is one.
import type { Parsed } from '../fhir/json.ts';
import { conflict, duplicate, FhirError, invalidAll, issue, KINDS, type Kind, multipleMatches } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Env, View } from '../projection/shape.ts';
import type { Context } from '../resource/context.ts';
import { create } from '../resource/create.ts';
import { rewrite } from '../resource/rewrite.ts';
import { draftOf } from '../resource/write.ts';
import type { Row } from '../store/store.ts';
import { answerFacts } from './answer-facts.ts';
import type { Answer } from './exchange.ts';
import { earlier, keep, type Promised, promised, replay, Taken, take } from './idempotency.ts';
import type { PortItem } from './port.ts';
import { envOf, exactOf, find, inVendorWords, rowOf, type V1Call, viewOf } from './v1-call.ts';

/** How often a request starts again because another with the same idempotency-key has just committed. */
const ATTEMPTS = 3;

/** POST the collection. */
export async function createItem(call: V1Call, body: Parsed): Promise<Answer> {
  const { shape, context } = call;
  const issues = shape.check(body.plain);
  if (issues.length) throw invalidAll(issues);
  const request = { view: shape.known(body.exact as View), promise: promised(call.req, shape, context, body.plain as View) };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await attemptOnce(call, request);
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
    }
  }
  throw conflict('a request with this idempotency-key is running', 'idempotency-key');
}

interface CreateRequest {
  view: View;
  promise: Promised | undefined;
}

async function attemptOnce(call: V1Call, { view, promise }: CreateRequest): Promise<Answer> {
  const before = promise && (await earlier(call.context, promise));
  const answer = before && replay(before);
  if (answer) return answer;
  if (before?.subject) return finish(call, await resumed(call, before.subject, view), promise);
  if (call.port)
    return finish(call, await inVendorWords(call.shape, () => inTransaction(call, (inside) => accept(inside, view, promise))), promise);
  return inVendorWords(call.shape, () =>
    inTransaction(call, async (inside) => answered(inside, await accept(inside, view, promise), promise)),
  );
}

const inTransaction = <T>(call: V1Call, work: (inside: V1Call) => Promise<T>): Promise<T> =>
  call.context.store.transaction((store) => work({ ...call, context: { ...call.context, store } }));

/** A request that was accepted before and not answered: the outside step goes on with what it made. */
async function resumed({ context, shape }: V1Call, subject: string, view: View): Promise<PortItem> {
  const row = await rowOf(context, shape.resource, subject.slice(subject.indexOf('/') + 1));
  if (!row) throw duplicate('what this idempotency-key made has been deleted');
  return { row, key: shape.rows?.of(view) ?? '', view };
}

/** Inside the transaction: everything that must be true of it, and the write. */
async function accept(call: V1Call, view: View, promise: Promised | undefined): Promise<PortItem> {
  const { context, shape } = call;
  const newId = context.newId();
  const target = await targetOf(context, shape.into(view));
  const subject = `${shape.resource}/${target?.id ?? newId}`;
  if (promise) await take(context, promise, subject, shape.idempotency === 'required' ? null : inADay(context));
  const env = envOf(context, { newId, now: context.clock().toISOString(), resolved: await resolved(call, view) });
  await refuseDuplicate(call, view);
  return storeItem(call, { view, env, target, newId });
}

const inADay = (context: Context): string => new Date(context.clock().getTime() + 86_400_000).toISOString();

/** References of the request that must lead to something, and the FHIR ids behind aliases among them. */
async function resolved({ shape, context }: V1Call, view: View): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { field, type, missing, id, accepts } of shape.exists) {
    const shown = id(view);
    if (shown === undefined) continue;
    const row = await rowOf(context, type, shown);
    if (!row || !accepts(JSON.parse(row.body!) as Resource, view))
      throw new FhirError(missing, [issue(codeOf(missing), `${field} leads to no ${type} that exists`, field)]);
    if (row.id !== shown) ids.set(shown, row.id);
  }
  return ids;
}

const codeOf = (kind: Kind): string => KINDS[kind].code;

async function refuseDuplicate(call: V1Call, view: View): Promise<void> {
  const { shape, context } = call;
  const rule = shape.duplicates(view);
  if (!rule) return;
  await context.store.lock(
    context.caller.tenant,
    rule.keys.map((key) => `${shape.resource}#${key}`),
  );
  for (const { search, same } of rule.candidates) {
    const { rows } = await find(context, search, { count: 100 });
    for (const row of rows) if (same(await viewOf(call, row))) throw duplicate('this exists already');
  }
}

/** The resource this create goes into, when the mapping says so and one is there. */
async function targetOf(context: Context, criteria: string | null): Promise<Row | undefined> {
  if (criteria === null) return undefined;
  await context.store.lock(context.caller.tenant, [criteria]);
  const { rows } = await find(context, criteria, { count: 2 });
  if (rows.length > 1) throw multipleMatches('more than one stored resource carries the identifier of this request');
  return rows[0];
}

interface Making {
  view: View;
  env: Env;
  target: Row | undefined;
  newId: string;
}

async function storeItem(call: V1Call, { view, env, target, newId }: Making): Promise<PortItem> {
  const { shape, context } = call;
  const key = shape.rows?.of(view) ?? '';
  if (target && shape.rows?.keys(exactOf(target)).includes(key)) await refuseComplete(call, { row: target, key, view });
  const made = (current?: Resource) => linked(call, view, shape.write(view, current, env));
  const row = target
    ? await rewrite(context, { type: shape.resource, id: target.id, edit: made })
    : (await create(context, { type: shape.resource, id: newId, draft: draftOf(await made()) })).row;
  if (!row) throw conflict('what this request goes into was deleted meanwhile: repeat the request');
  const item = { row, key, view };
  await call.port?.claim(context, item);
  return item;
}

async function refuseComplete({ port, context }: V1Call, item: PortItem): Promise<void> {
  if (!port || (await port.claim(context, item)) === 'complete') throw duplicate('this exists already');
}

/** Names that lead to exactly one resource become references to it. */
async function linked({ shape, context }: V1Call, view: View, resource: Resource): Promise<Resource> {
  let made = resource;
  for (const { search, put } of shape.links) {
    const text = search(view);
    if (text === undefined) continue;
    const { rows } = await find(context, text, { count: 2 });
    if (rows.length === 1) made = put(made, `${rows[0]!.type}/${rows[0]!.id}`);
  }
  return made;
}

/** Everything after the commit: the outside step, what it answered, the answer. */
async function finish(call: V1Call, item: PortItem, promise: Promised | undefined): Promise<Answer> {
  const fields = await call.port?.finish(call.context, item);
  return inTransaction(call, async (inside) => {
    const row = inside.port ? await completed(inside, item, fields) : item.row;
    return answered(inside, { ...item, row }, promise);
  });
}

/** The row with the fields that only the server fills in, written through the same lens. */
async function completed(call: V1Call, item: PortItem, fields: View | undefined): Promise<Row> {
  const { shape, context, port } = call;
  // several items of one resource (a physician's states) are completed one after the other: none writes over what another has just written
  await context.store.lock(context.caller.tenant, [shape.into(item.view) ?? `${shape.resource}/${item.row.id}`]);
  const row = (await context.store.read(context.caller.tenant, shape.resource, item.row.id)) ?? item.row;
  await port?.settle(context, item);
  if (!fields) return row;
  const env = envOf(context, { now: context.clock().toISOString(), ...(shape.rows && { [shape.rows.name]: item.key }) });
  const edit = (current: Resource) => shape.write(fields, current, env, { server: true });
  return (await rewrite(context, { type: shape.resource, id: row.id, edit })) ?? row;
}

/** The 201, kept for whoever repeats the request. */
async function answered(call: V1Call, { row, key }: PortItem, promise: Promised | undefined): Promise<Answer> {
  const { shape } = call;
  const view = await viewOf(call, row, shape.rows && { [shape.rows.name]: key });
  const facts = answerFacts(call.requestId, 201, call.rate);
  const headers = { Location: `${shape.path}/${view.id}`, ETag: `W/"${row.version}"` };
  const answer = { status: 201, headers, body: JSON.stringify(shape.surface.item(view, facts)) };
  if (promise) await keep(call.context, promise, answer);
  return answer;
}
