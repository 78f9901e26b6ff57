// Writes of one tenant that arrive together are stored together. A group never waits for a lock of another transaction: an update that it has not stored is stored by
// its own statement, and the next group does not wait for that. docs/decisions/0056-groups.md
import type { Database } from '../database/database.ts';
import { isRefusal } from '../database/errors.ts';
import { Groups, type Work } from '../database/groups.ts';
import type { ResourceChange } from './resource-change.ts';
import { writeChanges, writeSkippingLocked } from './write.ts';

/** The largest group: number of resources, and characters of their bodies. */
const MAX_WRITES = 32;
const MAX_CHARACTERS = 1_000_000;

/** The result: the number of applied changes, as that of `writeChanges`. */
type Write = Work<ResourceChange, number>;

/** Stores one version for a request of a tenant, unless the signal is aborted before its turn comes. Returns the number of applied changes. */
export type WriteGrouped = (tenant: number, change: ResourceChange, signal?: AbortSignal) => Promise<number>;

/** `forTenant`: a handle of the database for the statements of a tenant. */
export function createGroupedWrites(forTenant: (tenant: number) => Database, maxWaitMs: number): WriteGrouped {
  const groups = new Groups<ResourceChange, number>({
    // more at once would make the groups smaller
    limit: () => 1,
    maxWaitMs,
    selectGroup: selectDistinct,
    run: (tenant, group) => storeGroup(forTenant(tenant), tenant, group),
  });
  return (tenant, change, signal) => groups.add(tenant, change, signal);
}

/** The oldest write of each resource: a further one waits, and those of other resources do not wait with it. */
function selectDistinct<W extends Write>(writes: readonly W[]): W[] {
  const names = new Set<string>();
  const group: W[] = [];
  let characters = 0;
  for (const write of writes) {
    const { type, id, body } = write.item;
    const name = `${type}/${id}`;
    if (names.has(name)) continue;
    characters += body?.length ?? 0;
    if (group.length === MAX_WRITES || (group.length > 0 && characters > MAX_CHARACTERS)) break;
    names.add(name);
    group.push(write);
  }
  return group;
}

async function storeGroup(database: Database, tenant: number, group: Write[]): Promise<void> {
  const storeAlone = ({ item, resolve, reject, asyncContext }: Write): void =>
    asyncContext.runInAsyncScope(() => void writeChanges(database, tenant, [item]).then(resolve, reject));
  const changes = group.map(({ item }) => item);
  try {
    const stored = new Set(await writeSkippingLocked(database, tenant, changes));
    for (const write of group) {
      if (stored.has(write.item)) write.resolve(1);
      else if (write.item.previous === undefined) write.resolve(0);
      else storeAlone(write);
    }
  } catch (error) {
    if (group.length === 1 || !isRefusal(error)) throw error;
    group.forEach(storeAlone);
  }
}
