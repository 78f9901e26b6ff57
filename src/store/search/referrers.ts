// Finds the resources that refer to a resource by any reference parameter.
import { hash } from '../../fhir/hash.ts';
import type { ParameterNumber } from '../../fhir/indexing/rows.ts';
import { findTypeByNumber, type ServedType } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';

/** A stored resource by its type and id. */
export interface ResourceName {
  type: ServedType;
  id: string;
}

/** In the order in which `readForUpdate` locks rows, so that parts of the list can be locked one after the other. */
const REFERRERS = `select r.rtype, r.id from resource r
  where r.tenant_id = $1 and r.pid = any(array(
    select distinct f.pid from sx_ref f where f.tenant_id = $1 and f.param = any($2::int[]) and f.target_h = $3 limit $4))
  order by r.rtype, r.id`;

/** At most `limit` resources that refer to the target, to its current version or to a past one. */
export async function findReferrers(
  database: Database,
  tenant: number,
  { target: { type, id }, parameters, limit }: { target: ResourceName; parameters: ParameterNumber[]; limit: number },
): Promise<ResourceName[]> {
  const found = await database.query<{ rtype: number; id: string }>(REFERRERS, [tenant, parameters, hash(`${type}/${id}`), limit]);
  return found.map((row) => ({ type: findTypeByNumber(row.rtype), id: row.id }));
}
