// What went wrong in a run of database restarts.
import type { DatabaseRestartFigures } from './database-restart-run.ts';

/** Each sentence is a failure. `recoveryMs`: within which time after PostgreSQL's start requests must succeed again. */
export function listFailures(figures: DatabaseRestartFigures, recoveryMs: number): string[] {
  const { wrong, wrongChecks, lost, notNotified, repeated, notOnce, orders, outages, auditFault, isSameProcesses } = figures;
  const slow = outages.filter((outage) => outage.recoveryMs > recoveryMs || outage.readyMs > recoveryMs);
  return [
    ...wrong.map(({ kind, status, text }) => `${kind}: ${status} ${text.slice(0, 200)}`),
    ...wrongChecks.map(({ status, text }) => `/readyz: ${status} ${text.slice(0, 200)}`),
    ...slow.map((outage) => `not served again after ${recoveryMs} ms: ${JSON.stringify(outage)}`),
    ...outages.flatMap(({ failedWhenReady }) =>
      failedWhenReady.map(({ kind, status }) => `${kind}: ${status} although every server was ready`),
    ),
    ...outages
      .filter(({ readinessDown }) => Object.keys(readinessDown).some((status) => status !== '503'))
      .map(({ readinessDown }) => `/readyz while PostgreSQL was down: ${JSON.stringify(readinessDown)}`),
    ...lost.map((id) => `lost: Patient/${id}`),
    ...notNotified.map((id) => `the subscriber was not notified of Patient/${id}`),
    ...repeated.failed.map((mark) => `a repeated create failed: ${mark}`),
    ...notOnce.map((mark) => `not stored once: ${mark}`),
    ...orders.anomalies,
    ...(auditFault === undefined ? [] : [auditFault]),
    ...(isSameProcesses ? [] : ['a server process has ended']),
  ];
}
