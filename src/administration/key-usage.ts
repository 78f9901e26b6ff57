// When keys were used last. Requests only note the use in memory; background work stores it, at most once a minute for each key and process.
import { type KeyUse, recordKeyUses } from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';

export interface KeyUsage {
  note(tenant: number, id: string): void;
  /** Stores the uses that are due. With `isLast`, all of them. */
  store(isLast?: boolean): Promise<void>;
}

interface NotedUse extends Omit<KeyUse, 'at'> {
  at: Date;
  /** When a use of this key was stored last, in ms; undefined: never. */
  storedAt?: number;
  isStored: boolean;
}

const INTERVAL_MS = 60_000;

/** `database`: for background work. A use that could not be stored is stored later. A killed process loses at most a minute. */
export function createKeyUsage(database: Database, clock: () => Date): KeyUsage {
  const noted = new Map<string, NotedUse>();
  const isIdle = ({ isStored, storedAt }: NotedUse, now: number): boolean => isStored && now - storedAt! >= INTERVAL_MS;
  return {
    note(tenant, id) {
      const name = `${tenant}/${id}`;
      const use = noted.get(name);
      if (use) Object.assign(use, { at: clock(), isStored: false });
      else noted.set(name, { tenant, id, at: clock(), isStored: false });
    },
    async store(isLast = false) {
      const now = clock().getTime();
      for (const [name, use] of noted) if (isIdle(use, now)) noted.delete(name);
      const due = [...noted.values()].filter(
        ({ isStored, storedAt }) => !isStored && (isLast || storedAt === undefined || now - storedAt >= INTERVAL_MS),
      );
      if (!due.length) return;
      const uses = due.map(({ tenant, id, at }) => ({ tenant, id, at }));
      await recordKeyUses(
        database,
        uses.map((use) => ({ ...use, at: use.at.toISOString() })),
      );
      for (const [n, use] of due.entries()) Object.assign(use, { storedAt: now, isStored: use.at === uses[n]!.at });
    },
  };
}
