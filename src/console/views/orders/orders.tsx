// The board of orders: a column for each state, with a filter, and the way to place an order.
import { useEffect, useState } from 'preact/hooks';
import { findDenial } from '../../api/access.ts';
import { findAdminQuery, listWaiting, type OrderMessage } from '../../api/admin-orders.ts';
import type { Session } from '../../api/session.ts';
import { useRefresh, useRequest } from '../../api/use-request.ts';
import { AddKeyButton } from '../../components/add-key-button.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { NotUpToDate } from '../../components/request-view.tsx';
import { navigate, useLocation } from '../../router.ts';
import { hasSurface, useSignedIn } from '../../session-context.tsx';
import { Board } from './board.tsx';
import { COLUMNS } from './order-states.ts';
import './orders.css';
import { PlaceOrder } from './place-order.tsx';

export function View() {
  const session = useSignedIn();
  return (
    <>
      <header class="page-header orders-header">
        <h1>Orders</h1>
        <p class="quiet">Laboratory orders by their state, last changed first.</p>
      </header>
      {hasSurface(session, 'fhir') ? <Orders session={session} /> : <NoFhirKey />}
    </>
  );
}

const NoFhirKey = () => (
  <EmptyState icon="key" title="Orders need a key of the FHIR API" actions={<AddKeyButton />}>
    <p>An order is a ServiceRequest, and its progress is a Task.</p>
  </EmptyState>
);

/** How long a text is left alone before it filters. */
const TYPING_MS = 300;
const PERIODS: [name: string, days: number | undefined][] = [
  ['Any time', undefined],
  ['Last 24 hours', 1],
  ['Last 7 days', 7],
  ['Last 30 days', 30],
];

function Orders({ session }: { session: Session }) {
  const [typed, setTyped] = useState('');
  const [patient, setPatient] = useState('');
  const [days, setDays] = useState<number | undefined>(undefined);
  const [column, setColumn] = useState('');
  const { query } = useLocation();
  useEffect(() => {
    const timer = setTimeout(() => setPatient(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const waiting = useWaiting(session);
  // the dry run asks whether it may be created, and the order is put at its id
  const denial = findDenial(session, { surface: 'fhir', type: 'ServiceRequest', permissions: ['c', 'u'] });
  return (
    <>
      <div class="orders-bar">
        <search class="orders-filter" aria-label="Filter orders">
          <label>
            <span>Patient</span>
            <input type="search" placeholder="Name begins with" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
          <label>
            <span>Changed</span>
            <select value={String(days ?? '')} onChange={(event) => setDays(Number(event.currentTarget.value) || undefined)}>
              {PERIODS.map(([name, length]) => (
                <option key={name} value={String(length ?? '')}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>State</span>
            <select value={column} onChange={(event) => setColumn(event.currentTarget.value)}>
              <option value="">All states</option>
              {COLUMNS.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        </search>
        <Button variant="primary" icon="orders" disabledReason={denial} onClick={() => navigate('/orders?place=1')}>
          Place an order
        </Button>
      </div>
      <WaitingProblem request={waiting} />
      <Board
        columns={COLUMNS.filter(({ name }) => column === '' || name === column)}
        filter={{ patient, days }}
        waiting={byOrder(waiting)}
      />
      {query.has('place') && <PlaceOrder denial={denial} onClose={leaveDialog} />}
    </>
  );
}

/** The dialog also closes because an order was placed, whose page is shown then. */
const leaveDialog = (): void => {
  if (new URLSearchParams(location.search).has('place')) navigate('/orders', { replace: true });
};

const REFRESH_MS = 5000;

/** The messages that wait. Without a key for the administration, there are none. */
function useWaiting(session: Session) {
  const query = findAdminQuery(session);
  const request = useRequest([query], async (options) => (query === undefined ? [] : listWaiting(query, options)));
  useRefresh(request, REFRESH_MS);
  return request;
}

type Waiting = ReturnType<typeof useWaiting>;

const byOrder = (request: Waiting): Map<string, OrderMessage> =>
  new Map('data' in request ? request.data?.map((message) => [message.order, message]) : []);

/** The orders themselves are read by FHIR, so the board is shown without what waits. */
function WaitingProblem({ request }: { request: Waiting }) {
  const error = request.state === 'ready' ? undefined : request.error;
  if (!error) return null;
  const retry = { error, retry: request.reload, isRetrying: request.state === 'loading' };
  return 'data' in request && request.data ? <NotUpToDate {...retry} /> : <ErrorNotice title="Read why orders wait" {...retry} />;
}
