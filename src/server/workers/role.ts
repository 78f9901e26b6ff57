// What the primary process and its workers tell each other. docs/decisions/0057-workers.md
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { SandboxAccess } from '../development/own-sandbox.ts';

/** What the primary process tells a worker before its start. */
export interface WorkerRole {
  /** From 1 on. A worker that takes the place of another has its number. */
  number: number;
  /** The port of the workers that serve already. Absent: this worker is the first, which migrates the database and prints the start message. */
  port?: number;
  /** Lines of the start message about what the primary process has started. */
  lines: string[];
  /** The sandbox of the primary process, if orders go to it. */
  sandbox?: SandboxAccess | undefined;
}

/** What a worker tells the primary process: that it serves, and on which port, or why it cannot start. */
export type WorkerReport = { ready: { port: number } } | { failed: string };

/** Waits for the role of this process. Node would end a worker at once when its primary process has ended; from now on it may finish its requests. */
export async function receiveRole(): Promise<WorkerRole> {
  const [role] = (await once(process, 'message')) as [WorkerRole];
  cluster.worker!.exitedAfterDisconnect = true;
  return role;
}

/** Resolves when the report is sent, or cannot be because the primary process has ended. */
export const report = (message: WorkerReport): Promise<void> =>
  new Promise((resolve) => {
    if (!process.send?.(message, undefined, undefined, () => resolve())) resolve();
  });
