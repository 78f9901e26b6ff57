// history of a resource, of a type, of everything: https://hl7.org/fhir/R4/http.html#history
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { HistoryRow } from '../store/store.ts';
import type { Context } from './context.ts';
import { shownTo } from './security-context.ts';

/** Times are ISO 8601 in UTC. */
export interface HistoryRequest {
  type?: ServedType;
  id?: string;
  count: number;
  since?: string;
  at?: { from: string; to: string };
  /** Where the page before this one ended. */
  after?: string[];
}

/** Versions, newest first, deletions among them; `next` is the `after` of the following page. An id that was never stored: 404. */
export async function history(context: Context, request: HistoryRequest): Promise<{ rows: HistoryRow[]; next?: string[] }> {
  const { type, id, count } = request;
  const { tenant } = context.caller;
  const found = await context.store.timeline(tenant, { ...request, count: count + 1 });
  if (!found.length && type !== undefined && id !== undefined && !(await context.store.read(tenant, type, id)))
    throw notFound(`there is no ${type} with this id`);
  const rows = found.slice(0, count).map(shownTo(context.caller));
  const last = rows.at(-1);
  return found.length > count && last ? { rows, next: last.place } : { rows };
}
