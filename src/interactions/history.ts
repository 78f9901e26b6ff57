// history of a resource, of a type, or of all types: https://hl7.org/fhir/R4/http.html#history
import { notFound } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { HistoryEntry } from '../store/resources/history.ts';
import type { Position } from '../store/search/page.ts';
import { type Context, TOKEN_ACTOR_PREFIX, toSizeLimit } from './context.ts';
import { redactFor } from './redaction.ts';

/** Times are ISO 8601 in UTC. */
export interface HistoryRequest {
  type?: ServedType;
  id?: string;
  count: number;
  since?: string;
  at?: { from: string; to: string };
  /** The position at which the previous page ended. */
  after?: Position;
  /** `known`: the total only if the page shows it, without another statement. Default. */
  total?: 'none' | 'known' | 'accurate';
}

/** `next`: the `after` of the next page. `total`: the number of versions on all pages, if it is known. */
export interface HistoryPage {
  rows: HistoryEntry[];
  next?: Position;
  total?: number;
}

/** Versions, newest first, deletions included. If the id was never stored: 404. */
export async function readHistory(context: Context, { total: requested = 'known', ...request }: HistoryRequest): Promise<HistoryPage> {
  const { type, id, count } = request;
  const { tenant } = context.caller;
  const found = await context.store.readHistory(tenant, { ...request, count: count + 1, ...toSizeLimit(context) });
  if (!found.length && type !== undefined && id !== undefined && !(await context.store.read(tenant, type, id)))
    throw notFound(`there is no ${type} with this id`);
  const full = found.findIndex(({ body, method }) => body === null && method !== 'DELETE');
  const page = found.slice(0, full < 0 ? count : Math.min(full, count));
  const rows = page.map(redactFor(context.caller));
  const known = inferTotal(request, found, page.length);
  const total = requested === 'accurate' ? (known ?? (await context.store.countHistory(tenant, request))) : known;
  return {
    rows,
    ...(found.length > page.length && { next: page.at(-1)!.position }),
    ...(requested !== 'none' && total !== undefined && { total }),
  };
}

/** The API through which a version came: `fhir`, the name of a vendor's API, or `server` for changes by the server itself and at the command line. */
export const findApi = ({ surface, actor }: Pick<HistoryEntry, 'surface' | 'actor'>): string =>
  surface ?? (actor.startsWith(TOKEN_ACTOR_PREFIX) ? 'fhir' : 'server');

/** The total that the first page shows: it is the only page, or it begins with the newest version of one resource, whose number counts all versions. */
function inferTotal({ id, since, at, after }: HistoryRequest, found: HistoryEntry[], shown: number): number | undefined {
  if (after) return undefined;
  if (found.length === shown) return shown;
  return id !== undefined && !since && !at ? found[0]!.version : undefined;
}
