// The columns of the board. Arrow keys move between the orders; each column is read on its own and again every few seconds.
import { useRef, useState } from 'preact/hooks';
import type { OrderMessage } from '../../api/admin-orders.ts';
import { readBoardColumn } from '../../api/orders.ts';
import { useRefresh, useRequest } from '../../api/use-request.ts';
import { Button } from '../../components/button.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { OrderCard } from './order-card.tsx';
import type { OrderColumn } from './order-states.ts';

interface Filter {
  patient: string;
  days: number | undefined;
}

interface BoardProps {
  columns: OrderColumn[];
  filter: Filter;
  /** What waits, by the id of the order: for administrators. */
  waiting: Map<string, OrderMessage>;
}

export function Board({ columns, filter, waiting }: BoardProps) {
  const board = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const next = board.current && findNext(board.current, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are a shortcut; the orders are links
    <div class="board" ref={board} onKeyDown={move}>
      {columns.map((column) => (
        <Column key={column.name} column={column} filter={filter} waiting={waiting} />
      ))}
    </div>
  );
}

/** The order to which an arrow key leads from the one with the focus. */
function findNext(board: HTMLElement, key: string): HTMLElement | undefined {
  const columns = [...board.querySelectorAll('.board-column')].map((column) => [...column.querySelectorAll<HTMLElement>('a.order-card')]);
  const filled = columns.filter((cards) => cards.length);
  const x = filled.findIndex((cards) => cards.includes(document.activeElement as HTMLElement));
  if (x < 0) return undefined;
  const y = filled[x]!.indexOf(document.activeElement as HTMLElement);
  const [toX, toY] = findTarget(key, x, y);
  const column = filled[toX];
  return toX === x ? column?.[toY] : (column?.[toY] ?? column?.at(-1));
}

function findTarget(key: string, x: number, y: number): [x: number, y: number] {
  if (key === 'ArrowLeft') return [x - 1, y];
  if (key === 'ArrowRight') return [x + 1, y];
  if (key === 'ArrowUp') return [x, y - 1];
  return [x, key === 'ArrowDown' ? y + 1 : -1];
}

const PAGE = 20;
const REFRESH_MS = 5000;
const DAY_MS = 86_400_000;

function Column({ column, filter, waiting }: { column: OrderColumn; filter: Filter; waiting: Map<string, OrderMessage> }) {
  const [count, setCount] = useState(PAGE);
  const { patient, days } = filter;
  const since = days === undefined ? undefined : new Date(Date.now() - days * DAY_MS).toISOString();
  const request = useRequest([column.name, patient, days], (options) =>
    readBoardColumn({ statuses: column.statuses, patient, since, count }, options),
  );
  useRefresh(request, REFRESH_MS);
  const showMore = (): void => {
    setCount(count + PAGE);
    request.reload();
  };
  const total = 'data' in request ? request.data?.total : undefined;
  return (
    <section class="board-column" aria-labelledby={`column-${column.name}`}>
      <h2 id={`column-${column.name}`}>
        <span class={`dot ${column.tone}`} aria-hidden="true" />
        {column.title}
        {total !== undefined && <span class="quiet count">{total}</span>}
      </h2>
      <RequestView request={request} title={`Read the orders: ${column.title}`} lines={3}>
        {({ orders, total: all = 0 }) => (
          <>
            {orders.length === 0 && <p class="quiet none">{patient || days ? 'No order matches.' : column.empty}</p>}
            <ul>
              {orders.map((order) => (
                <li key={order.id}>
                  <OrderCard order={order} waiting={waiting.get(order.id)} />
                </li>
              ))}
            </ul>
            {all > orders.length && (
              <Button variant="quiet" onClick={showMore}>
                Show more
              </Button>
            )}
          </>
        )}
      </RequestView>
    </section>
  );
}
