// Creations that arrive while the database stores another one of the same tenant are stored together, in one statement: a statement for several costs much less
// than a statement for each. A creation that finds none under way is stored at once, so grouping adds no wait of its own.
// docs/decisions/0056-grouped-creations.md
import { AsyncLocalStorage } from 'node:async_hooks';
import { FhirError, unavailable } from '../../fhir/outcome.ts';
import type { Database } from '../database/database.ts';
import { DatabaseError } from '../database/errors.ts';
import type { ResourceChange } from './resource-change.ts';
import { writeChanges, writeCreations } from './write.ts';

/** The largest group: number of resources, and characters of their JSON. */
const MAX_CREATIONS = 32;
const MAX_CHARACTERS = 1_000_000;
/** How long a creation waits for those before it, in ms. */
const MAX_WAIT_MS = 10_000;

interface Creation {
  change: ResourceChange;
  resolve(applied: number): void;
  reject(error: unknown): void;
  /** Runs in the asynchronous context of the request, so that a trace shows the statement. */
  inContext<T>(work: () => T): T;
  /** Ends the wait. */
  timer?: NodeJS.Timeout;
}

/** By tenant: the creations that wait, oldest first. A tenant has an entry while a statement is under way. */
type Waiting = Map<number, Creation[]>;

export interface GroupedCreations {
  /** Stores a resource with a new id. Returns the number of applied changes: 0 if the id is already in use. */
  create(tenant: number, change: ResourceChange): Promise<number>;
}

/** `forTenant`: a handle of the database for the statements of a tenant. */
export function createGroupedCreations(forTenant: (tenant: number) => Database): GroupedCreations {
  const waiting: Waiting = new Map();
  const storeNext = async (tenant: number): Promise<void> => {
    for (let group = takeGroup(waiting.get(tenant)!); group.length; group = takeGroup(waiting.get(tenant)!))
      await group[0]!.inContext(() => storeGroup(forTenant(tenant), tenant, group));
    waiting.delete(tenant);
  };
  return {
    create: (tenant, change) =>
      new Promise((resolve, reject) => {
        const creation = { change, resolve, reject, inContext: AsyncLocalStorage.snapshot() };
        const queue = waiting.get(tenant);
        if (queue) return waitIn(queue, creation);
        waiting.set(tenant, [creation]);
        void storeNext(tenant);
      }),
  };
}

function waitIn(queue: Creation[], creation: Creation): void {
  queue.push(creation);
  creation.timer = setTimeout(() => {
    queue.splice(queue.indexOf(creation), 1);
    creation.reject(unavailable('the database did not respond in time', 1));
  }, MAX_WAIT_MS);
}

/** The oldest creations, each of another resource. */
function takeGroup(queue: Creation[]): Creation[] {
  const names = new Set<string>();
  let [size, characters] = [0, 0];
  for (const { change } of queue) {
    characters += change.body?.length ?? 0;
    if (size === MAX_CREATIONS || (size > 0 && characters > MAX_CHARACTERS) || names.has(nameOf(change))) break;
    names.add(nameOf(change));
    size++;
  }
  const group = queue.splice(0, size);
  for (const { timer } of group) clearTimeout(timer);
  return group;
}

const nameOf = ({ type, id }: ResourceChange): string => `${type}/${id}`;

async function storeGroup(database: Database, tenant: number, group: Creation[]): Promise<void> {
  try {
    const stored = await storeTogether(
      database,
      tenant,
      group.map(({ change }) => change),
    );
    for (const { change, resolve } of group) resolve(stored.includes(change) ? 1 : 0);
  } catch (error) {
    if (group.length > 1 && isRefusal(error)) await Promise.all(group.map((creation) => storeGroup(database, tenant, [creation])));
    else for (const { reject } of group) reject(error);
  }
}

/** Returns the changes that are stored. */
async function storeTogether(database: Database, tenant: number, changes: ResourceChange[]): Promise<ResourceChange[]> {
  if (changes.length > 1) return writeCreations(database, tenant, changes);
  return (await writeChanges(database, tenant, changes)) ? changes : [];
}

/**
 * Whether the database has refused the statement, so that nothing is stored: one of the resources is the reason, and the others are stored without it. After a lost
 * connection it is not known what is stored.
 */
const isRefusal = (error: unknown): boolean => error instanceof DatabaseError || (error instanceof FhirError && error.kind === 'invalid');
