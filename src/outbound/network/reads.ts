// What Junction is asked about orders that stand there: how they are, which have changed, their results. Reading twice does no harm, so whoever asks may
// simply ask again. https://docs.junction.com/api-reference

import { type SeenOrder, seenOrder } from '../following/order-seen.ts';
import { type ExchangeRequest, exchange, type JunctionAccount } from './exchange.ts';
import { type Answered, type Outcome, objectOf, outcomeOf, type Unanswered } from './outcome.ts';

/** Orders changed in a closed window of time (ISO 8601), one page of them; pages count from 1. */
export interface Window {
  from: string;
  until: string;
  page: number;
}

export interface OrdersPage {
  orders: SeenOrder[];
  /** How many there are on all pages, when Junction says so. */
  total: number | undefined;
  last: boolean;
}

/** Whose results: one order's, or those of a whole journey. */
export type Reported = { order: string } | { transaction: string };

/** Each call ends with its `signal` at the latest. Accepted with undefined: there is none, or not yet. */
export interface JunctionReads {
  order(id: string, signal: AbortSignal): Promise<Outcome<SeenOrder | undefined>>;
  updated(window: Window, signal: AbortSignal): Promise<Outcome<OrdersPage>>;
  /** The answer as it came, numbers with their digits. */
  result(of: Reported, signal: AbortSignal): Promise<Outcome<Record<string, unknown> | undefined>>;
  /** A PDF's bytes. */
  document(of: Reported, signal: AbortSignal): Promise<Outcome<Buffer | undefined>>;
}

export function junctionReads(account: () => JunctionAccount | undefined): JunctionReads {
  const get = async (path: string, signal: AbortSignal, as: ExchangeRequest['as'] = 'json'): Promise<Answered | Unanswered> => {
    const to = account();
    return to ? exchange(to, { method: 'GET', path, signal, as }) : NOBODY;
  };
  return {
    order: async (id, signal) => orNothing(await get(`/v3/order/${encodeURIComponent(id)}`, signal), seenOrder),
    updated: async ({ from, until, page }, signal) => {
      const query = new URLSearchParams({ updated_start_date: from, updated_end_date: until, page: String(page), size: String(PAGE) });
      return outcomeOf(await get(`/v3/orders?${query}`, signal), pageOf);
    },
    result: async (of, signal) => orNothing(await get(`${placeOf(of)}/result`, signal, 'digits'), resultOf),
    document: async (of, signal) => orNothing(await get(`${placeOf(of)}/result/pdf`, signal, 'bytes'), pdfOf),
  };
}

const NOBODY: Answered = { status: 401, body: { detail: 'JUNCTION_API_KEY is not set' }, retryAfter: undefined };
const PAGE = 100;

const placeOf = (of: Reported): string =>
  'order' in of ? `/v3/order/${encodeURIComponent(of.order)}` : `/v3/order_transaction/${encodeURIComponent(of.transaction)}`;

/** The network's 404, or success without a body, says that it is not there; that is an answer. */
function orNothing<T>(answer: Answered | Unanswered, value: (body: unknown) => T | undefined): Outcome<T | undefined> {
  if ('status' in answer && answer.status < 300 && answer.body === null) return NOTHING;
  const outcome = outcomeOf(answer, value);
  return outcome.kind === 'refused' && outcome.status === 404 ? NOTHING : outcome;
}

const NOTHING = { kind: 'accepted', value: undefined } as const;

/** Undefined when one of its orders cannot be read: it might be the one that matters. */
function pageOf(body: unknown): OrdersPage | undefined {
  const { orders: listed, total, page, size } = objectOf(body);
  if (!Array.isArray(listed)) return undefined;
  const orders = listed.map(seenOrder).filter((order) => order !== undefined);
  if (orders.length < listed.length) return undefined;
  const seen = typeof page === 'number' && typeof size === 'number' ? page * size : undefined;
  const known = typeof total === 'number' ? total : undefined;
  const last = known !== undefined && seen !== undefined ? seen >= known : listed.length < PAGE;
  return { orders, total: known, last: last || listed.length === 0 };
}

const resultOf = (body: unknown): Record<string, unknown> | undefined =>
  Array.isArray(body) || body === null || typeof body !== 'object' ? undefined : (body as Record<string, unknown>);

/** https://www.rfc-editor.org/rfc/rfc8118: a PDF begins with its name. */
const pdfOf = (body: unknown): Buffer | undefined =>
  Buffer.isBuffer(body) && body.subarray(0, 5).toString('latin1') === '%PDF-' ? body : undefined;
