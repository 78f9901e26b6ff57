// Reading by id: the current version, one version, the history of one resource. One indexed statement each.
import { type ServedType, TYPES } from '../fhir/types.ts';
import type { Database } from './database.ts';
import type { HistoryRow, Row, Store } from './store.ts';

interface Stored {
  ver: number;
  lu: string;
  created: string;
  body: string | null;
}

const READ = 'select ver, lu, created, body from resource where tenant_id = $1 and rtype = $2 and id = $3';
const VERSIONS = `select h.ver, h.lu, r.created, h.body, h.method
  from resource r join resource_history h on h.tenant_id = r.tenant_id and h.pid = r.pid
  where r.tenant_id = $1 and r.rtype = $2 and r.id = $3`;
const VERSION = `${VERSIONS} and h.ver = $4`;
const HISTORY = `${VERSIONS} and h.ver < $4 order by h.ver desc limit $5`;
const LAST_VERSION = 2_147_483_647;

const rowOf = (type: ServedType, id: string, stored: Stored): Row => ({
  type,
  id,
  version: stored.ver,
  lastUpdated: stored.lu,
  created: stored.created,
  body: stored.body,
});

type StoredVersion = Stored & { method: HistoryRow['method'] };
const versionOf = (type: ServedType, id: string, stored: StoredVersion): HistoryRow => ({
  ...rowOf(type, id, stored),
  method: stored.method,
});

/** The reading part of a Store. */
export function resourcesOf(database: Database): Pick<Store, 'read' | 'version' | 'history'> {
  return {
    read: async (tenant, type, id) => {
      const [stored] = await database.query<Stored>(READ, [tenant, TYPES[type], id], 'resource-read');
      return stored && rowOf(type, id, stored);
    },
    version: async (tenant, type, id, version) => {
      const [stored] = await database.query<StoredVersion>(VERSION, [tenant, TYPES[type], id, version], 'resource-version');
      return stored && versionOf(type, id, stored);
    },
    history: async (tenant, type, id, { count, before = LAST_VERSION }) => {
      const stored = await database.query<StoredVersion>(HISTORY, [tenant, TYPES[type], id, before, count], 'resource-history');
      return stored.map((version) => versionOf(type, id, version));
    },
  };
}
