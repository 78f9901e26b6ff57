// history of one resource: https://hl7.org/fhir/R4/http.html#history
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { HistoryRow } from '../store/store.ts';
import type { Context } from './context.ts';

export interface HistoryRequest {
  type: ServedType;
  id: string;
  count: number;
  /** Only versions below this number: where the next page starts. */
  before?: number;
}

/** Versions, newest first, deletions among them; `next` is the `before` of the following page. An id that was never stored: 404. */
export async function history(context: Context, request: HistoryRequest): Promise<{ rows: HistoryRow[]; next?: number }> {
  const { type, id, count, before } = request;
  const page = { count: count + 1, ...(before !== undefined && { before }) };
  const found = await context.store.history(context.caller.tenant, type, id, page);
  if (!found.length && before === undefined) throw notFound(`there is no ${type} with this id`);
  const rows = found.slice(0, count);
  const last = rows.at(-1);
  return found.length > count && last ? { rows, next: last.version } : { rows };
}
