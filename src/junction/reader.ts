// Junction's read operations for tracking: orders, changed orders, results. A caller may repeat a read that failed. https://docs.junction.com/api-reference

import { isObject, toRecord } from '../fhir/json-values.ts';
import type { Outcome } from '../messaging/outcome.ts';
import type { JunctionAccount } from './account.ts';
import { readTextField } from './json-fields.ts';
import { type OrderSnapshot, parseOrderSnapshot } from './order-snapshot.ts';
import { type OrdersPage, PAGE_SIZE, parseOrdersPage } from './orders-page.ts';
import { buildPath, type JunctionPath } from './path.ts';
import {
  classifyResponse,
  createTransport,
  type JunctionRequest,
  type JunctionResponse,
  type NoResponse,
  requireSubject,
} from './transport.ts';

/** A closed interval of update times (ISO 8601), and the page of it to read, from 1. */
export interface UpdateWindow {
  from: string;
  until: string;
  page: number;
}

export type SnapshotsPage = OrdersPage<OrderSnapshot>;

/** The results of one order, or of a whole order transaction (an order and its redraws). */
export type ResultSubject = { order: string } | { transaction: string };

/** Each request is aborted by its `signal`. `accepted` with undefined: the resource does not exist, or not yet. */
export interface JunctionReader {
  readOrder(id: string, signal: AbortSignal): Promise<Outcome<OrderSnapshot | undefined>>;
  listUpdatedOrders(window: UpdateWindow, signal: AbortSignal): Promise<Outcome<SnapshotsPage>>;
  /** The whole body; numbers keep their digits. */
  readResult(of: ResultSubject, signal: AbortSignal): Promise<Outcome<Record<string, unknown> | undefined>>;
  readResultPdf(of: ResultSubject, signal: AbortSignal): Promise<Outcome<Buffer | undefined>>;
}

export function createJunctionReader(account: () => JunctionAccount | undefined): JunctionReader {
  const send = createTransport(account);
  const get = (path: JunctionPath, signal: AbortSignal, as: JunctionRequest['as'] = 'json') => send({ method: 'GET', path, signal, as });
  return {
    readOrder: async (id, signal) =>
      requireSubject(
        classifyOptional(await get(buildPath`/v3/order/${id}`, signal), parseOrderSnapshot),
        (order) => !order || order.id === id,
      ),
    listUpdatedOrders: async ({ from, until, page }, signal) => {
      const query = { updated_start_date: from, updated_end_date: until, page: String(page), size: String(PAGE_SIZE) };
      const response = await send({ method: 'GET', path: buildPath`/v3/orders`, query, signal });
      return classifyResponse(response, parseOrdersPage(parseOrderSnapshot));
    },
    readResult: async (of, signal) =>
      requireSubject(
        classifyOptional(await get(toResultPath(of), signal, 'digits'), parseResult),
        (result) => !result || isResultFor(result, of),
      ),
    readResultPdf: async (of, signal) => classifyOptional(await get(toPdfPath(of), signal, 'bytes'), parsePdf),
  };
}

const toResultPath = (of: ResultSubject): JunctionPath =>
  'order' in of ? buildPath`/v3/order/${of.order}/result` : buildPath`/v3/order_transaction/${of.transaction}/result`;

const toPdfPath = (of: ResultSubject): JunctionPath =>
  'order' in of ? buildPath`/v3/order/${of.order}/result/pdf` : buildPath`/v3/order_transaction/${of.transaction}/result/pdf`;

/** Junction's 404, and a success without a body, mean that the resource does not exist. */
function classifyOptional<T>(response: JunctionResponse | NoResponse, parse: (body: unknown) => T | undefined): Outcome<T | undefined> {
  if ('status' in response && response.status < 300 && response.body === null) return NOT_FOUND;
  const outcome = classifyResponse(response, parse);
  return outcome.kind === 'refused' && outcome.status === 404 ? NOT_FOUND : outcome;
}

const NOT_FOUND = { kind: 'accepted', value: undefined } as const;

const parseResult = (body: unknown): Record<string, unknown> | undefined => (isObject(body) ? body : undefined);

/** Compares the order transaction in the result, if it has one. https://docs.junction.com/api-reference */
function isResultFor({ order_transaction: transaction }: Record<string, unknown>, of: ResultSubject): boolean {
  const { id, orders } = toRecord(transaction);
  if ('transaction' in of) return id === undefined || id === of.transaction;
  return !Array.isArray(orders) || orders.some((order) => readTextField(order, 'id') === of.order);
}

/** Recognized by its first bytes. https://www.rfc-editor.org/rfc/rfc8118 */
const parsePdf = (body: unknown): Buffer | undefined =>
  Buffer.isBuffer(body) && body.subarray(0, 5).toString('latin1') === '%PDF-' ? body : undefined;
