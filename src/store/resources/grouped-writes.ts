// Writes of one tenant that arrive together are stored together. A group never waits for a lock of another transaction: what it has not stored is stored by its own
// statement, and the next group does not wait for that. docs/decisions/0056-groups.md
import { FhirError } from '../../fhir/outcome.ts';
import type { Database } from '../database/database.ts';
import { DatabaseError } from '../database/errors.ts';
import { Groups, type Work } from './groups.ts';
import type { ResourceChange } from './resource-change.ts';
import { writeChanges, writeUnlocked } from './write.ts';

/** The largest group: number of resources, and characters of their JSON. */
const MAX_WRITES = 32;
const MAX_CHARACTERS = 1_000_000;

/** The result: the number of applied changes, as that of `writeChanges`. */
type Write = Work<ResourceChange, number>;

/** Stores one version for a request of a tenant. Returns the number of applied changes. */
export type WriteGrouped = (tenant: number, change: ResourceChange) => Promise<number>;

/** `forTenant`: a handle of the database for the statements of a tenant. */
export function createGroupedWrites(forTenant: (tenant: number) => Database): WriteGrouped {
  const groups = new Groups<ResourceChange, number>({
    // more at once would make the groups smaller
    limit: 1,
    countGroup: countDistinct,
    run: (tenant, group) => storeGroup(forTenant(tenant), tenant, group),
  });
  return (tenant, change) => groups.add(tenant, change);
}

/** The oldest writes, each of another resource. */
function countDistinct(writes: readonly Write[]): number {
  const names = new Set<string>();
  let characters = 0;
  for (const { item } of writes) {
    characters += item.body?.length ?? 0;
    const name = `${item.type}/${item.id}`;
    if (names.size === MAX_WRITES || (names.size > 0 && characters > MAX_CHARACTERS) || names.has(name)) break;
    names.add(name);
  }
  return names.size;
}

async function storeGroup(database: Database, tenant: number, group: Write[]): Promise<void> {
  const storeAlone = ({ item, resolve, reject, inContext }: Write): void =>
    inContext(() => void writeChanges(database, tenant, [item]).then(resolve, reject));
  const changes = group.map(({ item }) => item);
  try {
    const stored = new Set(await writeUnlocked(database, tenant, changes));
    for (const write of group) {
      if (stored.has(write.item)) write.resolve(1);
      else storeAlone(write);
    }
  } catch (error) {
    if (group.length > 1 && isRefusal(error)) group.forEach(storeAlone);
    else for (const { reject } of group) reject(error);
  }
}

/**
 * Whether the database has refused the statement, so that nothing is stored: one of the resources is the reason, and the others are stored without it. After a lost
 * connection it is not known what is stored.
 */
const isRefusal = (error: unknown): boolean => error instanceof DatabaseError || (error instanceof FhirError && error.kind === 'invalid');
