// One page of a list of orders. https://docs.junction.com/api-reference/lab-testing/get-orders

import { toRecord } from '../fhir/json-values.ts';
/** Orders per page. */
export const PAGE_SIZE = 100;

export interface OrdersPage<Order> {
  orders: Order[];
  /** The number of orders on all pages, if Junction returns it. */
  total: number | undefined;
  last: boolean;
}

/** Undefined if an order cannot be parsed: that order might be the one that the caller searches. */
export const parseOrdersPage =
  <Order>(parseOrder: (order: unknown) => Order | undefined) =>
  (body: unknown): OrdersPage<Order> | undefined => {
    const { orders: listed, total, page, size } = toRecord(body);
    if (!Array.isArray(listed)) return undefined;
    const orders = listed.map((order) => parseOrder(order)).filter((order) => order !== undefined);
    if (orders.length < listed.length) return undefined;
    const read = typeof page === 'number' && typeof size === 'number' ? page * size : undefined;
    const known = typeof total === 'number' ? total : undefined;
    const last = known !== undefined && read !== undefined ? read >= known : listed.length < PAGE_SIZE;
    return { orders, total: known, last: last || listed.length === 0 };
  };
