// Reads of one tenant that arrive together are one statement. A third of the server's time for a read is to send a statement and to receive its result.
// docs/decisions/0056-groups.md
import type { ServedType } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import { clientDisconnected } from '../database/fair-queue.ts';
import { Groups, type Work } from './groups.ts';
import { readCurrent, readTogether } from './read.ts';
import type { ResourceRow } from './resource-row.ts';

/** The most resources of a group. */
const MAX_READS = 32;
/** While a statement waits for the disk, another one goes on. */
const MAX_STATEMENTS = 2;

interface Target {
  type: ServedType;
  id: string;
}

interface OneRead extends Target {
  /** The handle of the request. */
  database: Database;
  /** Aborted when the client of the request disconnects. */
  signal: AbortSignal | undefined;
}

/** The result undefined: the id was never used. */
type Read = Work<OneRead, ResourceRow | undefined>;

/** Reads the current version of a resource for a request of a tenant. */
export type ReadGrouped = (tenant: number, read: OneRead) => Promise<ResourceRow | undefined>;

/** `forTenant`: a handle of the database for a statement of a tenant, which is cancelled when the signal is aborted. */
export function createGroupedReads(forTenant: (tenant: number, signal: AbortSignal) => Database): ReadGrouped {
  const groups = new Groups<OneRead, ResourceRow | undefined>({
    limit: MAX_STATEMENTS,
    countGroup: (reads) => Math.min(reads.length, MAX_READS),
    run: async (tenant, group) => {
      const [wanted, left] = splitByClient(group);
      for (const { reject } of left) reject(clientDisconnected());
      await settle(wanted, () => readRows(wanted, tenant, forTenant));
    },
  });
  return (tenant, read) => groups.add(tenant, read);
}

/** Those whose clients wait, and those whose clients have left. */
function splitByClient(group: Read[]): [wanted: Read[], left: Read[]] {
  const isLeft = ({ item }: Read): boolean => item.signal?.aborted ?? false;
  return group.some(isLeft) ? [group.filter((read) => !isLeft(read)), group.filter(isLeft)] : [group, []];
}

async function settle(group: Read[], read: () => Promise<(ResourceRow | undefined)[]>): Promise<void> {
  try {
    const rows = await read();
    for (const [nth, { resolve }] of group.entries()) resolve(rows[nth]);
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}

/** The rows of a group, in the same order. */
async function readRows(
  [first, ...others]: Read[],
  tenant: number,
  forTenant: (tenant: number, signal: AbortSignal) => Database,
): Promise<(ResourceRow | undefined)[]> {
  if (!first) return [];
  if (!others.length) return [await readCurrent(first.item.database, tenant, first.item.type, first.item.id)];
  const items = [first, ...others].map(({ item }) => item);
  const clients = watchClients(items);
  try {
    return await readTogether(forTenant(tenant, clients.allLeft), tenant, items);
  } finally {
    clients.stop();
  }
}

/** `allLeft` is aborted when the clients of all reads have left. */
function watchClients(reads: OneRead[]): { allLeft: AbortSignal; stop(): void } {
  const signals = new Set(reads.map(({ signal }) => signal));
  const controller = new AbortController();
  let waiting = signals.size;
  const leave = (): void => {
    if (--waiting === 0) controller.abort();
  };
  for (const signal of signals) signal?.addEventListener('abort', leave);
  return {
    allLeft: controller.signal,
    stop: () => {
      for (const signal of signals) signal?.removeEventListener('abort', leave);
    },
  };
}
