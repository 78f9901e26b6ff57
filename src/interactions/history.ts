// history of a resource, of a type, or of all types: https://hl7.org/fhir/R4/http.html#history
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { HistoryEntry } from '../store/resources/history.ts';
import { type Context, toSizeLimit } from './context.ts';
import { redactFor } from './redaction.ts';

/** Times are ISO 8601 in UTC. */
export interface HistoryRequest {
  type?: ServedType;
  id?: string;
  count: number;
  since?: string;
  at?: { from: string; to: string };
  /** The position at which the previous page ended. */
  after?: string[];
}

/** Versions, newest first, deletions included. `next`: the `after` of the next page. If the id was never stored: 404. */
export async function readHistory(context: Context, request: HistoryRequest): Promise<{ rows: HistoryEntry[]; next?: string[] }> {
  const { type, id, count } = request;
  const { tenant } = context.caller;
  const found = await context.store.readHistory(tenant, { ...request, count: count + 1, ...toSizeLimit(context) });
  if (!found.length && type !== undefined && id !== undefined && !(await context.store.read(tenant, type, id)))
    throw notFound(`there is no ${type} with this id`);
  const full = found.findIndex(({ body, method }) => body === null && method !== 'DELETE');
  const page = found.slice(0, full < 0 ? count : Math.min(full, count));
  const rows = page.map(redactFor(context.caller));
  return found.length > page.length ? { rows, next: page.at(-1)!.position } : { rows };
}
