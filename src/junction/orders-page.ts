// One page of a list of orders. https://docs.junction.com/api-reference/lab-testing/get-orders
import { toJsonObject } from './json-fields.ts';

/** How many orders are asked for at once. */
export const PAGE_SIZE = 100;

export interface OrdersPage<Order> {
  orders: Order[];
  /** How many there are on all pages, when Junction says so. */
  total: number | undefined;
  last: boolean;
}

/** Reads a page, each order as it is given; undefined when one of them cannot be read: it might be the one that is sought. */
export const parseOrdersPage =
  <Order>(orderOf: (given: unknown) => Order | undefined) =>
  (body: unknown): OrdersPage<Order> | undefined => {
    const { orders: listed, total, page, size } = toJsonObject(body);
    if (!Array.isArray(listed)) return undefined;
    const orders = listed.map((given) => orderOf(given)).filter((order) => order !== undefined);
    if (orders.length < listed.length) return undefined;
    const seen = typeof page === 'number' && typeof size === 'number' ? page * size : undefined;
    const known = typeof total === 'number' ? total : undefined;
    const last = known !== undefined && seen !== undefined ? seen >= known : listed.length < PAGE_SIZE;
    return { orders, total: known, last: last || listed.length === 0 };
  };
