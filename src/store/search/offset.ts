// A page at an offset in a sorted list of all resources of a type. Earlier rows are counted in the index of the first sort key alone. The other sort keys are
// read only for rows whose first key lies within the page.
import type { Binder } from '../database/parameter-binder.ts';
import type { OrderSql } from './order.ts';
import type { OrderedScan } from './sort-value.ts';

/** An order that is read from an index. `descending`: the direction of the first key. */
interface OrderedPage extends Pick<OrderSql, 'joins' | 'values' | 'order'> {
  scan: OrderedScan;
  descending: boolean;
}

/**
 * Selects the rows of the page: `pid` and the sort values. The CTE has the first keys up to the end of the page; the page lies between two of them. Both are
 * subqueries of their own, because the index is then read between them; joined to the CTE, all keys would be read and compared.
 */
export function buildOffsetPageSql(
  { scan, descending, ...order }: OrderedPage,
  page: { limit: number; offset: number },
  binder: Binder,
): string {
  const { from, row, test, first } = scan;
  const [skipped, v] = [binder.bind(page.offset, 'bigint'), binder.alias('v')];
  const begin = `(select ${v}.keys[${skipped} + 1] from ${v})`;
  const end = `(select ${v}.keys[cardinality(${v}.keys)] from ${v})`;
  const between = `${first} between ${descending ? `${end} and ${begin}` : `${begin} and ${end}`}`;
  const direction = descending ? ' desc' : '';
  return `with ${v} as materialized (
      select array(select ${first} from ${from} where ${test} order by ${first}${direction} limit ${skipped} + ${page.limit}) as keys)
    select ${[`${row}.pid`, ...order.values].join(', ')} from ${from} ${order.joins} where ${test} and ${between}
    order by ${order.order} limit ${page.limit} offset (select ${skipped} + 1 - array_position(${v}.keys, ${v}.keys[${skipped} + 1]) from ${v})`;
}
