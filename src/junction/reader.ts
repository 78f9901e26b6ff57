// What Junction is asked about orders that stand there: how they are, which have changed, their results. Reading twice does no harm, so whoever asks may
// simply ask again. https://docs.junction.com/api-reference

import type { Outcome } from '../messaging/outcome.ts';
import { readTextField, toJsonObject } from './json-fields.ts';
import { type OrderSnapshot, parseOrderSnapshot } from './order-snapshot.ts';
import { type OrdersPage, PAGE_SIZE, parseOrdersPage } from './orders-page.ts';
import { classifyResponse, type JunctionResponse, type NoResponse, requireSubject } from './outcome.ts';
import { createTransport, type JunctionAccount, type JunctionRequest } from './transport.ts';

/** Orders changed in a closed window of time (ISO 8601), one page of them; pages count from 1. */
export interface UpdateWindow {
  from: string;
  until: string;
  page: number;
}

export type SnapshotsPage = OrdersPage<OrderSnapshot>;

/** Whose results: one order's, or those of a whole journey. */
export type ResultSubject = { order: string } | { transaction: string };

/** Each call ends with its `signal` at the latest. Accepted with undefined: there is none, or not yet. */
export interface JunctionReader {
  readOrder(id: string, signal: AbortSignal): Promise<Outcome<OrderSnapshot | undefined>>;
  listUpdatedOrders(window: UpdateWindow, signal: AbortSignal): Promise<Outcome<SnapshotsPage>>;
  /** The answer as it came, numbers with their digits. */
  readResult(of: ResultSubject, signal: AbortSignal): Promise<Outcome<Record<string, unknown> | undefined>>;
  /** A PDF's bytes. */
  readResultPdf(of: ResultSubject, signal: AbortSignal): Promise<Outcome<Buffer | undefined>>;
}

export function createJunctionReader(account: () => JunctionAccount | undefined): JunctionReader {
  const reach = createTransport(account);
  const get = (path: string, signal: AbortSignal, as: JunctionRequest['as'] = 'json') => reach({ method: 'GET', path, signal, as });
  return {
    readOrder: async (id, signal) =>
      requireSubject(
        classifyOptional(await get(`/v3/order/${encodeURIComponent(id)}`, signal), parseOrderSnapshot),
        (order) => !order || order.id === id,
      ),
    listUpdatedOrders: async ({ from, until, page }, signal) => {
      const query = new URLSearchParams({ updated_start_date: from, updated_end_date: until, page: String(page), size: String(PAGE_SIZE) });
      return classifyResponse(await get(`/v3/orders?${query}`, signal), parseOrdersPage(parseOrderSnapshot));
    },
    readResult: async (of, signal) =>
      requireSubject(
        classifyOptional(await get(`${toPath(of)}/result`, signal, 'digits'), parseResult),
        (result) => !result || isResultFor(result, of),
      ),
    readResultPdf: async (of, signal) => classifyOptional(await get(`${toPath(of)}/result/pdf`, signal, 'bytes'), parsePdf),
  };
}

const toPath = (of: ResultSubject): string =>
  'order' in of ? `/v3/order/${encodeURIComponent(of.order)}` : `/v3/order_transaction/${encodeURIComponent(of.transaction)}`;

/** The network's 404, or success without a body, says that it is not there; that is an answer. */
function classifyOptional<T>(answer: JunctionResponse | NoResponse, value: (body: unknown) => T | undefined): Outcome<T | undefined> {
  if ('status' in answer && answer.status < 300 && answer.body === null) return NOT_FOUND;
  const outcome = classifyResponse(answer, value);
  return outcome.kind === 'refused' && outcome.status === 404 ? NOT_FOUND : outcome;
}

const NOT_FOUND = { kind: 'accepted', value: undefined } as const;

const parseResult = (body: unknown): Record<string, unknown> | undefined =>
  Array.isArray(body) || body === null || typeof body !== 'object' ? undefined : (body as Record<string, unknown>);

/** By the journey that it names; one that names none counts. https://docs.junction.com/api-reference */
function isResultFor({ order_transaction: journey }: Record<string, unknown>, of: ResultSubject): boolean {
  const { id, orders } = toJsonObject(journey);
  if ('transaction' in of) return id === undefined || id === of.transaction;
  return !Array.isArray(orders) || orders.some((order) => readTextField(order, 'id') === of.order);
}

/** https://www.rfc-editor.org/rfc/rfc8118: a PDF begins with its name. */
const parsePdf = (body: unknown): Buffer | undefined =>
  Buffer.isBuffer(body) && body.subarray(0, 5).toString('latin1') === '%PDF-' ? body : undefined;
