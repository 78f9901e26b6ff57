// What happened to an order, newest first: by the administration where the session may read it, else by the versions of the Tasks and of the report.
import type { AdminOrder, TimelineEntry } from '../../api/admin-orders.ts';
import type { OrderRecord, Task } from '../../api/orders.ts';
import { describeNetworkStatus } from './order-states.ts';

/** `source`: where it is recorded. */
export interface ShownEntry {
  at: string;
  until?: string;
  title: string;
  detail?: string;
  source: 'server' | 'operator' | 'laboratory' | 'report';
  tone: 'neutral' | 'good' | 'warn' | 'bad';
  /** Shown with less weight. */
  isMinor?: true;
}

export const buildTimeline = (record: OrderRecord, admin: AdminOrder | undefined): ShownEntry[] =>
  joinReports(admin?.timeline ?? listFromVersions(record))
    .map(toShown)
    .reverse();

const JOINED_MS = 10_000;

/** A report is stored again when its document arrives: such versions are one entry, that of the last. */
const joinReports = (entries: TimelineEntry[]): TimelineEntry[] =>
  entries.filter((entry, at) => {
    const next = entries.slice(at + 1).find(({ kind }) => kind === 'report');
    if (entry.kind !== 'report' || next?.kind !== 'report') return true;
    return entry.status !== next.status || Date.parse(next.at) - Date.parse(entry.at) > JOINED_MS;
  });

function listFromVersions({ taskVersions, reportVersions }: OrderRecord): TimelineEntry[] {
  const statuses = taskVersions.map(toStatusEntry).filter((one, at, all) => at === 0 || toText(one) !== toText(all[at - 1]!));
  const reports = reportVersions.map(
    ({ id, meta, status }): TimelineEntry => ({
      at: meta?.lastUpdated ?? '',
      kind: 'report',
      report: id,
      version: Number(meta?.versionId),
      status,
    }),
  );
  return [...statuses, ...reports].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

const toStatusEntry = ({ id, meta, status, businessStatus }: Task): TimelineEntry => ({
  at: meta?.lastUpdated ?? '',
  kind: 'status',
  task: id,
  version: Number(meta?.versionId),
  status,
  networkStatus: businessStatus?.coding?.[0]?.code ?? businessStatus?.text ?? null,
});

const toText = (entry: TimelineEntry): string => (entry.kind === 'status' ? `${entry.task} ${entry.status} ${entry.networkStatus}` : '');

function toShown(entry: TimelineEntry): ShownEntry {
  const { at } = entry;
  switch (entry.kind) {
    case 'ordered':
      return { at, title: 'Ordered', source: 'server', tone: 'neutral' };
    case 'cancellation':
      return { at, title: 'Cancellation ordered', source: 'server', tone: 'warn' };
    case 'event':
      return toShownEvent(entry);
    case 'webhook':
      return {
        at,
        title: 'Webhook of the laboratory',
        detail: [entry.type, entry.state === 'done' ? undefined : entry.state, entry.reason].filter(Boolean).join(' · '),
        source: 'laboratory',
        tone: entry.reason ? 'warn' : 'neutral',
        isMinor: true,
      };
    case 'status':
      return toShownStatus(entry);
    case 'report':
      return { at, title: `Report: ${entry.status}`, detail: `version ${entry.version}`, source: 'report', tone: 'good' };
  }
}

const OUTCOMES: Readonly<Record<string, [text: string, tone: ShownEntry['tone']]>> = {
  done: ['accepted by the laboratory network', 'good'],
  refused: ['refused by the laboratory network', 'bad'],
  unknown: ['the outcome is not known', 'warn'],
  queued: ['not sent', 'warn'],
  parked: ['parked', 'bad'],
  cancelled: ['cancelled', 'neutral'],
};

function toShownEvent({ at, until, times, of, what, state, reason }: Extract<TimelineEntry, { kind: 'event' }>): ShownEntry {
  const [outcome, tone] = OUTCOMES[state] ?? [state, 'neutral'];
  const repeated = times > 1 ? ` (${times} times)` : '';
  const of_ = of === 'cancellation' ? ' of the cancellation' : '';
  const span = times > 1 ? { until } : {};
  if (what === 'attempt')
    return {
      at,
      ...span,
      title: `Attempt${of_}: ${outcome}${repeated}`,
      ...(reason !== null && { detail: reason }),
      source: 'server',
      tone,
    };
  const title = `${what[0]!.toUpperCase()}${what.slice(1).replaceAll('-', ' ')}${of_}${repeated}`;
  return { at, ...span, title, ...(reason !== null && { detail: reason }), source: 'operator', tone: 'neutral' };
}

const STATUS_TONES: Readonly<Record<string, ShownEntry['tone']>> = {
  completed: 'good',
  'on-hold': 'warn',
  rejected: 'bad',
  failed: 'bad',
  cancelled: 'warn',
};

function toShownStatus({ at, status, networkStatus }: Extract<TimelineEntry, { kind: 'status' }>): ShownEntry {
  const source = networkStatus?.includes('.') ? 'laboratory' : 'server';
  const words = networkStatus === null ? status.replaceAll('-', ' ') : describeNetworkStatus(networkStatus);
  return {
    at,
    title: `${source === 'laboratory' ? 'Laboratory' : 'Task'}: ${words}`,
    ...(networkStatus !== null && { detail: `${networkStatus} · Task ${status}` }),
    source,
    tone: STATUS_TONES[status] ?? 'neutral',
  };
}
