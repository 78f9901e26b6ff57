// What Junction is asked about orders that stand there: how they are, which have changed, their results. Reading twice does no harm, so whoever asks may
// simply ask again. https://docs.junction.com/api-reference

import type { Outcome } from '../messaging/outcome.ts';
import { asking, type ExchangeRequest, type JunctionAccount } from './exchange.ts';
import { objectOf, textIn } from './json-accessors.ts';
import { type OrderSnapshot, parseOrderSnapshot } from './order-snapshot.ts';
import { PAGE, type Page, pageOf } from './orders-page.ts';
import { type Answered, onlyAbout, outcomeOf, type Unanswered } from './outcome.ts';

/** Orders changed in a closed window of time (ISO 8601), one page of them; pages count from 1. */
export interface Window {
  from: string;
  until: string;
  page: number;
}

export type OrdersPage = Page<OrderSnapshot>;

/** Whose results: one order's, or those of a whole journey. */
export type Reported = { order: string } | { transaction: string };

/** Each call ends with its `signal` at the latest. Accepted with undefined: there is none, or not yet. */
export interface JunctionReads {
  order(id: string, signal: AbortSignal): Promise<Outcome<OrderSnapshot | undefined>>;
  updated(window: Window, signal: AbortSignal): Promise<Outcome<OrdersPage>>;
  /** The answer as it came, numbers with their digits. */
  result(of: Reported, signal: AbortSignal): Promise<Outcome<Record<string, unknown> | undefined>>;
  /** A PDF's bytes. */
  document(of: Reported, signal: AbortSignal): Promise<Outcome<Buffer | undefined>>;
}

export function junctionReads(account: () => JunctionAccount | undefined): JunctionReads {
  const reach = asking(account);
  const get = (path: string, signal: AbortSignal, as: ExchangeRequest['as'] = 'json') => reach({ method: 'GET', path, signal, as });
  return {
    order: async (id, signal) =>
      onlyAbout(
        orNothing(await get(`/v3/order/${encodeURIComponent(id)}`, signal), parseOrderSnapshot),
        (order) => !order || order.id === id,
      ),
    updated: async ({ from, until, page }, signal) => {
      const query = new URLSearchParams({ updated_start_date: from, updated_end_date: until, page: String(page), size: String(PAGE) });
      return outcomeOf(await get(`/v3/orders?${query}`, signal), pageOf(parseOrderSnapshot));
    },
    result: async (of, signal) =>
      onlyAbout(orNothing(await get(`${placeOf(of)}/result`, signal, 'digits'), resultOf), (result) => !result || isResultOf(result, of)),
    document: async (of, signal) => orNothing(await get(`${placeOf(of)}/result/pdf`, signal, 'bytes'), pdfOf),
  };
}

const placeOf = (of: Reported): string =>
  'order' in of ? `/v3/order/${encodeURIComponent(of.order)}` : `/v3/order_transaction/${encodeURIComponent(of.transaction)}`;

/** The network's 404, or success without a body, says that it is not there; that is an answer. */
function orNothing<T>(answer: Answered | Unanswered, value: (body: unknown) => T | undefined): Outcome<T | undefined> {
  if ('status' in answer && answer.status < 300 && answer.body === null) return NOTHING;
  const outcome = outcomeOf(answer, value);
  return outcome.kind === 'refused' && outcome.status === 404 ? NOTHING : outcome;
}

const NOTHING = { kind: 'accepted', value: undefined } as const;

const resultOf = (body: unknown): Record<string, unknown> | undefined =>
  Array.isArray(body) || body === null || typeof body !== 'object' ? undefined : (body as Record<string, unknown>);

/** By the journey that it names; one that names none counts. https://docs.junction.com/api-reference */
function isResultOf({ order_transaction: journey }: Record<string, unknown>, of: Reported): boolean {
  const { id, orders } = objectOf(journey);
  if ('transaction' in of) return id === undefined || id === of.transaction;
  return !Array.isArray(orders) || orders.some((order) => textIn(order, 'id') === of.order);
}

/** https://www.rfc-editor.org/rfc/rfc8118: a PDF begins with its name. */
const pdfOf = (body: unknown): Buffer | undefined =>
  Buffer.isBuffer(body) && body.subarray(0, 5).toString('latin1') === '%PDF-' ? body : undefined;
