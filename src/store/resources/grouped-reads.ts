// Reads of one tenant that arrive together are one statement. A third of the server's time for a read is to send a statement and to receive its result.
// docs/decisions/0056-groups.md
import type { ServedType } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import { Groups, type Work, watchClients } from '../database/groups.ts';
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
}

/** The result undefined: the id was never used. */
type Read = Work<OneRead, ResourceRow | undefined>;

/** Reads the current version of a resource for a request of a tenant. `signal`: aborted when nobody waits for it any more. */
export type ReadGrouped = (tenant: number, read: OneRead, signal?: AbortSignal) => Promise<ResourceRow | undefined>;

/** A handle of the database for a statement of a tenant, which is cancelled when the signal is aborted. */
type ForTenant = (tenant: number, signal: AbortSignal | undefined) => Database;

export function createGroupedReads(forTenant: ForTenant, maxWaitMs: number): ReadGrouped {
  const groups = new Groups<OneRead, ResourceRow | undefined>({
    limit: MAX_STATEMENTS,
    maxWaitMs,
    selectGroup: (reads) => reads.slice(0, MAX_READS),
    run: (tenant, group) =>
      group.length > 1 ? readTogether(group, tenant, forTenant) : readAlone(group[0]!, tenant, group[0]!.item.database),
  });
  return (tenant, read, signal) => groups.add(tenant, read, signal);
}

async function readTogether(reads: Read[], tenant: number, forTenant: ForTenant): Promise<void> {
  const clients = watchClients(reads);
  const items = reads.map(({ item }) => item);
  const rows = await readGroup(forTenant(tenant, clients.allLeft), tenant, items).finally(clients.stop);
  for (const [nth, read] of reads.entries()) {
    const row = rows[nth];
    // the next group does not wait for it
    if (row === 'too long') void readAlone(read, tenant, forTenant(tenant, read.signal));
    else read.resolve(row);
  }
}

const readAlone = ({ item: { type, id }, resolve, reject, asyncContext }: Read, tenant: number, database: Database): Promise<void> =>
  asyncContext.runInAsyncScope(() => readCurrent(database, tenant, type, id).then(resolve, reject));
