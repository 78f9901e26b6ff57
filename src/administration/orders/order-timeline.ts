// What happened to one order, in one list: its messages and what operators did, webhooks, the statuses of its Tasks, and its reports. No values and no names.
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Context } from '../../interactions/context.ts';
import type { Database } from '../../store/database/database.ts';
import { listWebhooks } from '../../store/queues/backlogs.ts';
import { type HistoryRow, parseBody } from '../../store/resources/resource-row.ts';
import type { OrderDetails } from './order-details.ts';

/** `at`: ISO 8601. */
type TimelineEntry = { at: string } & (
  | { kind: 'ordered' | 'cancellation' }
  /** An attempt or an operator's action, `times` times until `until`. */
  | { kind: 'event'; until: string; times: number; of: string; what: string; state: string; reason: string | null }
  | { kind: 'webhook'; networkOrder: string | null; type: string | null; state: string; reason: string | null }
  /** `networkStatus`: that of the laboratory network. */
  | { kind: 'status'; task: string; version: number; status: string; networkStatus: string | null }
  | { kind: 'report'; report: string; version: number; status: string }
);

/** Of each resource and of the webhooks, no older ones are read. */
const MAX_EACH = 200;

/** Oldest first. */
export async function readOrderTimeline(database: Database, context: Context, details: OrderDetails): Promise<TimelineEntry[]> {
  const { entry, payload, cancellation, trackedOrders } = details;
  const messages: TimelineEntry[] = [
    { at: entry.createdAt, kind: 'ordered' },
    ...(cancellation ? [{ at: cancellation.createdAt, kind: 'cancellation' as const }] : []),
    ...details.events.map(({ lastAt, ...event }) => ({ kind: 'event' as const, until: lastAt, ...event })),
  ];
  const tasks = new Set([payload.task, ...trackedOrders.map(({ task }) => task)]);
  const histories = await Promise.all([...tasks].map((task) => readTaskHistory(context, entry.tenant, task)));
  const reports = new Set(histories.flatMap(({ reports }) => reports));
  const entries = [
    ...messages,
    ...(await readWebhooks(database, details)),
    ...histories.flatMap(({ statuses }) => statuses),
    ...(await Promise.all([...reports].map((report) => readReportVersions(context, entry.tenant, report)))).flat(),
  ];
  return entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

async function readWebhooks(database: Database, { entry, payload, trackedOrders }: OrderDetails): Promise<TimelineEntry[]> {
  const accepted = payload.state === 'accepted' ? [payload.orderId] : [];
  const subjects = [...new Set([...accepted, ...trackedOrders.map(({ orderId }) => orderId)])];
  // the account of the environment belongs to no tenant: its webhooks have the tenant 0
  const tenants = [entry.account === 0 ? 0 : entry.tenant];
  const webhooks = await listWebhooks(database, { tenants, subjects, limit: MAX_EACH });
  return webhooks.map(({ receivedAt, subject, type, state, lastError }) => ({
    at: receivedAt,
    kind: 'webhook',
    networkOrder: subject,
    type,
    state,
    reason: lastError,
  }));
}

interface TaskHistory {
  statuses: TimelineEntry[];
  /** The ids of the DiagnosticReports in the output of the current version. */
  reports: string[];
}

async function readTaskHistory({ store }: Context, tenant: number, id: string): Promise<TaskHistory> {
  const versions = (await store.readVersions(tenant, 'Task', id, { count: MAX_EACH })).reverse();
  const statuses = versions.flatMap((row): TimelineEntry[] => {
    const task = readTask(row);
    return task ? [{ at: row.lastUpdated, kind: 'status', task: id, version: row.version, ...task.state }] : [];
  });
  const changed = statuses.filter((one, index) => !index || toStatusText(one) !== toStatusText(statuses[index - 1]!));
  return { statuses: changed, reports: versions.at(-1)?.body ? readTask(versions.at(-1)!)!.reports : [] };
}

const toStatusText = (entry: TimelineEntry): string => (entry.kind === 'status' ? `${entry.status} ${entry.networkStatus}` : '');

const REPORT = /^DiagnosticReport\/([A-Za-z0-9.-]+)$/;

function readTask({ body }: HistoryRow) {
  if (body === null) return undefined;
  const { status, businessStatus, output = [] } = toTyped('Task', parseBody(body));
  const networkStatus = businessStatus?.coding?.[0]?.code ?? businessStatus?.text ?? null;
  const reports = output.flatMap(({ valueReference }) => REPORT.exec(valueReference?.reference ?? '')?.[1] ?? []);
  return { state: { status, networkStatus }, reports };
}

async function readReportVersions({ store }: Context, tenant: number, id: string): Promise<TimelineEntry[]> {
  const versions = (await store.readVersions(tenant, 'DiagnosticReport', id, { count: MAX_EACH })).reverse();
  return versions.flatMap(({ body, lastUpdated, version }): TimelineEntry[] =>
    body === null ? [] : [{ at: lastUpdated, kind: 'report', report: id, version, status: String(parseBody(body).status) }],
  );
}
