// Finds the resources that refer to a resource: by the index of reference parameters, or by their text.
import { hash } from '../../fhir/hash.ts';
import type { ParameterNumber } from '../../fhir/indexing/rows.ts';
import { findTypeByNumber, type ServedType } from '../../fhir/types.ts';
import type { Database } from '../database/database.ts';

/** A stored resource by its type and id. */
export interface ResourceName {
  type: ServedType;
  id: string;
}

/**
 * In the order in which `readForUpdate` locks rows, so that parts of the list can be locked one after the other. Each parameter is looked up alone: for all at
 * once, or for a join, the planner may read the index of the whole tenant in the order of resources if many refer to the target.
 */
const REFERRERS = `select r.rtype, r.id from resource r
  where r.tenant_id = $1 and r.pid = any(array(
    select distinct f.pid from unnest($2::int[]) p (param) cross join lateral (
      select f.pid from sx_ref f where f.tenant_id = $1 and f.param = p.param and f.target_h = $3 limit $4) f limit $4))
  order by r.rtype, r.id`;

/** At most `limit` resources that refer to the target, to its current version or to a past one. */
export async function findReferrers(
  database: Database,
  tenant: number,
  { target: { type, id }, parameters, limit }: { target: ResourceName; parameters: ParameterNumber[]; limit: number },
): Promise<ResourceName[]> {
  const values = [tenant, parameters, hash(`${type}/${id}`), limit];
  const found = await database.query<{ rtype: number; id: string }>(REFERRERS, values, 'resource-referrers');
  return found.map((row) => ({ type: findTypeByNumber(row.rtype), id: row.id }));
}

/** A part of the tenant's resources, in the order in which they were created. */
const MENTIONS = `with part as materialized (
    select r.pid, r.rtype, r.id, position($4 in r.body) > 0 as found from resource r
    where r.tenant_id = $1 and r.pid > $2::bigint order by r.pid limit $3)
  select f.rtype, f.id, e.last, e.read from (select max(pid) as last, count(*)::int as read from part) e left join part f on f.found`;

/** `after`: where the part begins. `limit`: the number of resources that are read. */
export interface TextSearch {
  text: string;
  after?: string | undefined;
  limit: number;
}

/** The resources of a part whose JSON contains a text. `next`: where the next part begins; absent after the last one. */
export async function findMentions(
  database: Database,
  tenant: number,
  { text, after = '0', limit }: TextSearch,
): Promise<{ names: ResourceName[]; next?: string }> {
  const rows = await database.query<{ rtype: number | null; id: string | null; last: string | null; read: number }>(MENTIONS, [
    tenant,
    after,
    limit,
    text,
  ]);
  const [{ last, read }] = rows as [(typeof rows)[0]];
  const names = rows.flatMap(({ rtype, id }) => (rtype === null || id === null ? [] : { type: findTypeByNumber(rtype), id }));
  return { names, ...(read === limit && last !== null && { next: last }) };
}
