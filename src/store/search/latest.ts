// Reads the most recent resources of each group that a search finds, in one statement. Groups are the different texts of one element.
import type { ParameterNumber } from '../../fhir/indexing/rows.ts';
import type { Query } from '../../fhir/search/query.ts';
import type { Database } from '../database/database.ts';
import { createBinder, TENANT } from '../database/parameter-binder.ts';
import { buildLimitedBody, buildRowColumns, type ResourceRow, type StoredRow, toResourceRow } from '../resources/resource-row.ts';
import { buildConditions } from './condition-sql.ts';
import { simplifyQuery } from './constant-conditions.ts';
import { toTestedRow } from './statements.ts';

/** `element`: the groups. `date`: the date parameter of the time. `max`: the most resources of a group. `limit`: the most rows in all. */
export interface LatestRanking {
  element: string;
  date: ParameterNumber;
  max: number;
  limit: number;
}

/** A resource, and its time; null: it has none. */
export interface LatestRow {
  row: ResourceRow;
  at: string | null;
}

/**
 * The most recent first. Resources of a group with the same time have the same rank, so a group may have more than `max`; those without a time come last, each
 * with a rank of its own. With `maxBytes`, bodies beyond that size are null.
 */
export async function readLatest(database: Database, tenant: number, fullQuery: Query, ranking: LatestRanking): Promise<LatestRow[]> {
  const query = simplifyQuery(fullQuery);
  const { element, date, max, limit } = ranking;
  const binder = createBinder(tenant);
  const found = `select s.pid from sx s where ${buildConditions(query.where, toTestedRow(query), binder)}`;
  const group = `(b.body::json->${binder.bind(element, 'text')})::text`;
  const order = 'm.at desc nulls last, m.pid desc';
  const sql = `with found as materialized (${found}),
    ranked as (
      select f.pid, d.from_at as at,
        rank() over (partition by ${group} order by d.from_at desc nulls last, case when d.from_at is null then f.pid end desc) as place
      from found f
        join resource b on b.tenant_id = ${TENANT} and b.pid = f.pid
        left join sx_date d on d.tenant_id = ${TENANT} and d.pid = f.pid and d.param = ${binder.bind(date, 'int')} and d.high),
    m as materialized (select pid, at from ranked where place <= ${binder.bind(max, 'int')} order by at desc nulls last, pid desc
      limit ${binder.bind(limit, 'int')})
    select ${buildRowColumns(buildLimitedBody(query.maxBytes, order))}, m.at
    from m join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${order}`;
  const rows = await database.query<StoredRow & { at: string | null }>(sql, [...binder.parameters]);
  return rows.map((row) => ({ row: toResourceRow(row), at: row.at }));
}
