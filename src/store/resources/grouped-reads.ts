// Reads of one tenant that arrive together are one statement. A third of the server's time for a read is to send a statement and to receive its result.
// docs/decisions/0056-groups.md
import type { ServedType } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import { clientDisconnected } from '../database/fair-queue.ts';
import { Groups, type Work } from './groups.ts';
import { readCurrent, readGroup } from './read.ts';
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
  /** Aborted when nobody waits for the read any more. Undefined: it is always finished. */
  signal: AbortSignal | undefined;
}

/** The result undefined: the id was never used. */
type Read = Work<OneRead, ResourceRow | undefined>;

/** Reads the current version of a resource for a request of a tenant. */
export type ReadGrouped = (tenant: number, read: OneRead) => Promise<ResourceRow | undefined>;

/** A handle of the database for a statement of a tenant, which is cancelled when the signal is aborted. */
type ForTenant = (tenant: number, signal: AbortSignal) => Database;

export function createGroupedReads(forTenant: ForTenant, maxWaitMs: number): ReadGrouped {
  const groups = new Groups<OneRead, ResourceRow | undefined>({
    limit: MAX_STATEMENTS,
    maxWaitMs,
    selectGroup: (reads) => reads.slice(0, MAX_READS),
    run: async (tenant, group) => {
      const [awaited, abandoned] = splitAbandoned(group);
      for (const { reject } of abandoned) reject(clientDisconnected());
      await settle(awaited, tenant, forTenant);
    },
  });
  return (tenant, read) => groups.add(tenant, read);
}

/** The reads that somebody waits for, and those whose clients have left. */
function splitAbandoned(group: Read[]): [awaited: Read[], abandoned: Read[]] {
  const isAbandoned = ({ item }: Read): boolean => item.signal?.aborted ?? false;
  return group.some(isAbandoned) ? [group.filter((read) => !isAbandoned(read)), group.filter(isAbandoned)] : [group, []];
}

async function settle(reads: Read[], tenant: number, forTenant: ForTenant): Promise<void> {
  if (reads.length < 2) {
    await Promise.all(reads.map((read) => readAlone(read, tenant)));
    return;
  }
  const items = reads.map(({ item }) => item);
  const clients = watchClients(items);
  const rows = await readGroup(forTenant(tenant, clients.allLeft), tenant, items).finally(clients.stop);
  const omitted = reads.filter((read, nth) => {
    const row = rows[nth];
    if (row !== 'too long') read.resolve(row);
    return row === 'too long';
  });
  await Promise.all(omitted.map((read) => readAlone(read, tenant)));
}

const readAlone = ({ item: { database, type, id }, resolve, reject, inContext }: Read, tenant: number): Promise<void> =>
  inContext(() => readCurrent(database, tenant, type, id).then(resolve, reject));

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
