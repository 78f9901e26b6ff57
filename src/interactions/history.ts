// history of a resource, of a type, of everything: https://hl7.org/fhir/R4/http.html#history
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { TimelineRow } from '../store/resources/timeline.ts';
import { type Context, roomOf } from './context.ts';
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
export async function history(context: Context, request: HistoryRequest): Promise<{ rows: TimelineRow[]; next?: string[] }> {
  const { type, id, count } = request;
  const { tenant } = context.caller;
  const found = await context.store.timeline(tenant, { ...request, count: count + 1, ...roomOf(context) });
  if (!found.length && type !== undefined && id !== undefined && !(await context.store.read(tenant, type, id)))
    throw notFound(`there is no ${type} with this id`);
  const full = found.findIndex(({ body, method }) => body === null && method !== 'DELETE');
  const page = found.slice(0, full < 0 ? count : Math.min(full, count));
  const rows = page.map(shownTo(context.caller));
  return found.length > page.length ? { rows, next: page.at(-1)!.place } : { rows };
}
