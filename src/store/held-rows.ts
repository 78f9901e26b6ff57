// Reading several resources by id and keeping others from writing them until the transaction ends, in one statement.
// https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
import { type ServedType, TYPES, typeOfNumber } from '../fhir/types.ts';
import type { Database } from './database.ts';
import type { Row } from './store.ts';

interface Held {
  rtype: number;
  id: string;
  ver: number;
  lu: string;
  created: string;
  body: string | null;
}

/** Locked in the order of type and id for everybody, so that two transactions over the same resources wait in line, not for each other. */
const HOLD = `select r.rtype, r.id, r.ver, r.lu, r.created, r.body from resource r
  where r.tenant_id = $1 and (r.rtype, r.id) in (select * from unnest($2::smallint[], $3::text[]))
  order by r.rtype, r.id for update`;

/** The current versions of those that were ever stored, deletions among them; nobody else writes them before the transaction ends. */
export async function hold(database: Database, tenant: number, wanted: { type: ServedType; id: string }[]): Promise<Row[]> {
  if (wanted.length === 0) return [];
  const types = wanted.map(({ type }) => TYPES[type]);
  const ids = wanted.map(({ id }) => id);
  const held = await database.query<Held>(HOLD, [tenant, types, ids], 'resource-hold');
  return held.map(({ rtype, id, ver, lu, created, body }) => ({
    type: typeOfNumber(rtype),
    id,
    version: ver,
    lastUpdated: lu,
    created,
    body,
  }));
}
