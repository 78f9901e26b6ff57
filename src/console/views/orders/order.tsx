// One order: where it stands, what happened, what can be done, and its results. It is read again every few seconds, and every minute once it has ended.
import { useState } from 'preact/hooks';
import { type AdminOrder, findAdminQuery, readAdminOrder } from '../../api/admin-orders.ts';
import { ApiError } from '../../api/api-error.ts';
import { type OrderRecord, readOrderRecord, toId } from '../../api/orders.ts';
import { describePatient } from '../../api/patients.ts';
import { useRefresh, useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { NotUpToDate, RequestView } from '../../components/request-view.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { toHref } from '../../router.ts';
import { useSignedIn } from '../../session-context.tsx';
import type { ViewProps } from '../view.ts';
import { OperatorPanel } from './operator-panel.tsx';
import { describeTask, describeTest, findColumn, hasEnded } from './order-states.ts';
import './orders.css';
import { Report } from './report.tsx';
import { SandboxPanel } from './sandbox-panel.tsx';
import { Timeline } from './timeline.tsx';
import { buildTimeline } from './timeline-entries.ts';
import { Withdraw } from './withdraw.tsx';

interface LoadedOrder {
  record: OrderRecord;
  /** Undefined: no key for the administration, or the request is no order. */
  admin: AdminOrder | undefined;
  /** Why `admin` could not be read: it is of an earlier attempt. */
  adminError: ApiError | undefined;
}

const REFRESH_MS = 2500;
/** A report may be corrected long after the order has ended. */
const ENDED_REFRESH_MS = 60_000;
/** How long the outcome of an action is waited for, also if the order has ended. */
const OUTCOME_MS = 30_000;

export function View({ params: { id = '' } }: ViewProps) {
  const session = useSignedIn();
  const query = findAdminQuery(session);
  const request = useRequest<LoadedOrder>([id, query], async (options, before) => {
    const record = await readOrderRecord(id, options);
    if (query === undefined || record.tasks.length === 0) return { record, admin: undefined, adminError: undefined };
    try {
      return { record, admin: await readAdminOrder(id, query, options), adminError: undefined };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // a Task that a client made is no order
      if (error.status === 404) return { record, admin: undefined, adminError: undefined };
      return { record, admin: before?.admin, adminError: error };
    }
  });
  const [actedAt, setActedAt] = useState(0);
  const onAction = (): void => {
    setActedAt(Date.now());
    request.reload();
  };
  const { data } = request;
  const isOver = data !== undefined && hasEnded(data.record.tasks.at(-1)) && Date.now() - actedAt > OUTCOME_MS;
  const { adminError } = (request.state === 'ready' && data) || {};
  useRefresh(adminError ? { ...request, state: 'failed', error: adminError } : request, isOver ? ENDED_REFRESH_MS : REFRESH_MS);
  return (
    <>
      <OrderHeader record={data?.record} />
      <RequestView request={request} title="Read the order" lines={8}>
        {(loaded) => <Order {...loaded} reload={onAction} />}
      </RequestView>
    </>
  );
}

function Order({ record, admin, adminError, reload }: LoadedOrder & { reload: () => void }) {
  const session = useSignedIn();
  const query = findAdminQuery(session);
  const { request, tasks, report, results } = record;
  const task = tasks.at(-1);
  const isAtSandbox = session.server?.sandbox === true && query !== undefined && (admin?.networkOrders.length ?? 0) > 0;
  return (
    <div class="order-page">
      <div class="order-layout">
        <div class="order-main">
          {report ? (
            <Report report={report} results={results} patient={toId(request.subject, 'Patient')} />
          ) : (
            <section class="panel" aria-labelledby="no-report">
              <h2 id="no-report">Results</h2>
              <p class="quiet">
                {hasEnded(task)
                  ? 'The laboratory has sent no report.'
                  : 'There is no report yet. It appears here when the laboratory sends one.'}
              </p>
            </section>
          )}
          <Timeline entries={buildTimeline(record, admin)} />
        </div>
        <aside class="order-side" aria-label="What can be done">
          {isAtSandbox && <SandboxPanel id={request.id} query={query} onStep={reload} changes={record.taskVersions.length} />}
          {adminError &&
            (admin ? (
              <NotUpToDate error={adminError} retry={reload} />
            ) : (
              <ErrorNotice error={adminError} title="Read the operation of the order" retry={reload} />
            ))}
          {admin && query !== undefined && <OperatorPanel order={admin} query={query} onDone={reload} />}
          <Withdraw request={request} isOrder={task !== undefined} hasEnded={hasEnded(task)} onDone={reload} />
        </aside>
      </div>
    </div>
  );
}

/** The heading stays in its place when the order is known: it may have the focus. */
function OrderHeader({ record }: { record: OrderRecord | undefined }) {
  const task = record?.tasks.at(-1);
  const { title, tone } = findColumn(task);
  return (
    <header class="order-header">
      <p class="quiet">
        <a href={toHref('/orders')}>Orders</a>
      </p>
      <div class="row">
        <h1>{record ? describeTest(record.request) : 'Order'}</h1>
        {record && <Badge tone={task ? tone : 'neutral'}>{task ? title : 'Not an order'}</Badge>}
      </div>
      {record && <OrderFacts record={record} />}
    </header>
  );
}

function OrderFacts({ record: { request, patient, tasks } }: { record: OrderRecord }) {
  const task = tasks.at(-1);
  const reason = task?.statusReason?.text;
  const patientId = toId(request.subject, 'Patient');
  return (
    <>
      <p class="row order-facts">
        {patientId && <a href={toHref(`/Patient/${patientId}`)}>{patient ? describePatient(patient) : `Patient/${patientId}`}</a>}
        {task && <span>{describeTask(task)}</span>}
        {task?.owner?.display && <span>{task.owner.display}</span>}
        {task?.authoredOn && (
          <span>
            ordered <TimeText at={task.authoredOn} />
          </span>
        )}
        <a href={toHref(`/ServiceRequest/${request.id}`)}>The request in all faces</a>
      </p>
      {reason && (
        <div class={`notice ${findColumn(task).tone === 'bad' || task?.status === 'rejected' ? 'bad' : 'warn'}`}>
          <p class="notice-body">{reason}</p>
        </div>
      )}
      {task && request.status === 'revoked' && !hasEnded(task) && (
        <div class="notice warn">
          <p class="notice-body">
            The request is revoked. The laboratory may have the order: it is looked up there, and cancelled if it is found.
          </p>
        </div>
      )}
      {!task && <p class="quiet">This request has no Task, so it was not sent: it is a draft, a plan, or not for a laboratory.</p>}
    </>
  );
}
