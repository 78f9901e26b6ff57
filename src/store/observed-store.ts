// A store that reports the resources it returns and writes, for the audit. Every interaction reaches the data through it.
import type { TenantStore } from './store.ts';

/** A resource that a request read or wrote. A row of a list may have no id of its own. */
export interface AccessedRow {
  type: string;
  id?: string;
  body: string | null;
}

/** Reports the rows of the methods that interactions read and write resources with; all else is the store's own. */
export function observeStore(store: TenantStore, onAccess: (row: AccessedRow) => void): TenantStore {
  const seen = async <T extends AccessedRow[]>(rows: Promise<T>): Promise<T> => {
    const found = await rows;
    for (const row of found) onAccess(row);
    return found;
  };
  const seenOne = async <T extends AccessedRow | undefined>(row: Promise<T>): Promise<T> => {
    const found = await row;
    if (found) onAccess(found);
    return found;
  };
  const observed: Partial<TenantStore> = {
    read: (...call) => seenOne(store.read(...call)),
    readMany: (...call) => seen(store.readMany(...call)),
    readVersion: (...call) => seenOne(store.readVersion(...call)),
    readVersions: (...call) => seen(store.readVersions(...call)),
    readHistory: (...call) => seen(store.readHistory(...call)),
    readLatest: async (...call) => {
      const latest = await store.readLatest(...call);
      for (const { row } of latest) onAccess(row);
      return latest;
    },
    search: async (...call) => reportPage(await store.search(...call), onAccess),
    searchBodies: async (...call) => reportPage(await store.searchBodies(...call), onAccess),
    explainSearch: async (...call) => {
      const explained = await store.explainSearch(...call);
      reportPage(explained.page, onAccess);
      return explained;
    },
    write: (tenant, changes) => {
      for (const change of changes) onAccess(change);
      return store.write(tenant, changes);
    },
    transaction: (work, options) => store.transaction((inside) => work(observeStore(inside, onAccess)), options),
  };
  return Object.assign(Object.create(store) as TenantStore, observed);
}

function reportPage<P extends { rows: AccessedRow[]; included?: AccessedRow[] }>(page: P, onAccess: (row: AccessedRow) => void): P {
  for (const row of page.rows) onAccess(row);
  for (const row of page.included ?? []) onAccess(row);
  return page;
}
