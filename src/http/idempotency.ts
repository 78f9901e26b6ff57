// One request is one request: a repeated `idempotency-key` gets the first answer again. The row is written by the write's own transaction; here it is
// looked up, replayed and settled. Rules: same key and body → the same answer; another body → 409; still running → 409; failures are not kept.
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { conflict, invalid } from '../fhir/outcome.ts';
import type { Shape, View } from '../projection/shape.ts';
import type { Context } from '../resource/context.ts';
import type { IdempotencyKey, IdempotencyRecord } from '../store/store.ts';
import type { Answer } from './exchange.ts';

/** A request under a key, or undefined when it has none. */
export interface Promised {
  key: IdempotencyKey;
  hash: string;
}

const LONGEST = 255;

/** The key a request carries. A shape that requires one refuses a request without (400). */
export function promised(req: Request, shape: Shape, context: Context, body: View): Promised | undefined {
  const text = req.get('idempotency-key')?.trim() ?? '';
  if (text === '') {
    if (shape.idempotency === 'required') throw invalid('the header idempotency-key is required', 'idempotency-key');
    return undefined;
  }
  if (text.length > LONGEST) throw invalid(`an idempotency-key has at most ${LONGEST} characters`, 'idempotency-key');
  const { tenant, actor } = context.caller;
  const hash = createHash('sha256').update(canonical(body)).digest('hex');
  return { key: { tenant, caller: actor, route: `POST ${shape.path}`, key: text }, hash };
}

/** The record of an earlier request with this key, if it is the same request; another one is refused in the vendor's words. */
export async function earlier(
  { context, shape }: { context: Context; shape: Shape },
  { key, hash }: Promised,
): Promise<IdempotencyRecord | undefined> {
  const record = await context.store.idempotency.find(key);
  if (record && record.hash !== hash) throw conflict(shape.says.idempotency, 'idempotency-key');
  return record;
}

/** The stored answer of a finished request. */
export const replay = (record: IdempotencyRecord): Answer | undefined =>
  record.response === undefined ? undefined : (JSON.parse(record.response) as Answer);

/** Another request with the same key has committed meanwhile: start again, and find its answer. */
export class Taken extends Error {}

/** Inside the write's transaction: takes the key for what is being made. Waits for a concurrent transaction that is taking it, and fails with `Taken` when that commits. */
export async function take(context: Context, { key, hash }: Promised, subject: string, expires: string | null): Promise<void> {
  const record = { hash, subject, at: context.clock().toISOString(), expires };
  if (!(await context.store.idempotency.claim(key, record))) throw new Taken();
}

/** Keeps the answer for whoever asks again. */
export const keep = (context: Context, { key }: Promised, answer: Answer): Promise<void> =>
  context.store.idempotency.settle(key, JSON.stringify(answer));

/** JSON with sorted keys: the same request however its keys were ordered. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
}
