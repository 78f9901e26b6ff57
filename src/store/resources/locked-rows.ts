// Reading several resources by id and keeping others from writing them until the transaction ends, in one statement.
// https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
import { type ServedType, TYPE_NUMBERS } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';
import type { ResourceRow } from './resource-row.ts';
import { ROW, type StoredRow, toResourceRow } from './stored-row.ts';

/** Locked in the order of type and id for everybody, so that two transactions over the same resources wait in line, not for each other. */
const HOLD = `select ${ROW} from resource r
  where r.tenant_id = $1 and (r.rtype, r.id) in (select * from unnest($2::smallint[], $3::text[]))
  order by r.rtype, r.id for update`;

/** The current versions of those that were ever stored, deletions among them; nobody else writes them before the transaction ends. */
export async function readForUpdate(
  database: Database,
  tenant: number,
  wanted: { type: ServedType; id: string }[],
): Promise<ResourceRow[]> {
  if (wanted.length === 0) return [];
  const types = wanted.map(({ type }) => TYPE_NUMBERS[type]);
  const ids = wanted.map(({ id }) => id);
  return (await database.query<StoredRow>(HOLD, [tenant, types, ids], 'resource-hold')).map(toResourceRow);
}
