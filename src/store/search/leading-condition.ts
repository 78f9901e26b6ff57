// A page of a search that is led by one of its conditions: the few that meet it are taken first, and everything else is asked of them. Which plan is right
// does not hang on the value then, so that the statement keeps its plan. Where there are more than a few, it finds nothing, at little cost, and says so.
// docs/decisions/0004-search-query-plans.md
import type { Condition, Query, TypeQuery } from '../../fhir/search/query.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { buildConditions, buildRowsSql, hasOwnParameter, isSingleTable } from './condition-sql.ts';
import { buildOrderSql, IN_ROW, type Stream } from './order.ts';
import { buildBody, type PagePart, type Statement, toStatement, toTestedRow } from './statements.ts';

/** So many that to fetch and sort them all costs little more than to plan a statement. */
const FEW = 300;

/** Rows as of pageSql, each with `many`: true says that they are not all, and then it is the only one. At least one row, whose `pid` may be null. */
export function buildLeadingConditionSql(
  tenant: number,
  query: Query,
  { keys, present }: Stream,
  { columns, counted, limit: most, after, offset = 0 }: PagePart,
): Statement | undefined {
  const lead = LEADS.map((isLead) => query.where.find(isLead)).find((condition) => condition !== undefined);
  if (!lead) return undefined;
  const binder = createBinder(tenant);
  const { joins, tests, values, order, orderByName } = buildOrderSql({ keys, present }, binder, after);
  const rest = query.where.filter((condition) => condition !== lead);
  const row = rest.length > 0 || !hasOwnParameter(lead) || keys.some(({ by }) => IN_ROW.has(by));
  const all = [...(row ? [buildConditions(rest, { ...toTestedRow(query), few: true }, binder)] : []), ...tests];
  const limit = `${binder.bind(most)}::bigint`;
  const found = `select ${['s.pid', ...values].join(', ')} from ${row ? 'led' : 'few'} s ${joins}
      where ${all.join(' and ') || 'true'} order by ${order} limit ${limit} offset ${binder.bind(offset)}::bigint`;
  const led = `led as materialized (select s.* from sx s where s.tenant_id = ${TENANT} and s.pid = any(array(select pid from few))),
    `;
  const sql = `with lead as materialized (${buildLeadSql(lead, query, binder)} limit ${FEW + 1}),
    few as materialized (select distinct pid from lead where (select count(*) from lead) <= ${FEW}),
    ${row ? led : ''}m as materialized (${found})
    select ${columns(buildBody(query, { limit, counted }, orderByName))}, m.*, (select count(*) from lead) > ${FEW} as many
    from (select 1) always left join m on true left join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return { ...toStatement(sql, binder), name: toStatementName(sql) };
}

/** What an index hands out one by one, or has few of; the most telling first. */
const LEADS: ((condition: Condition) => boolean)[] = [
  ({ on }) => on === 'id',
  (condition) => condition.on === 'token' && condition.rare === true,
  ({ on }) => on === 'reference',
  (condition) => condition.on === 'string' && condition.any.every((text) => 'equals' in text || 'from' in text || 'among' in text),
];

function buildLeadSql(lead: Condition, slice: TypeQuery, binder: Binder): string {
  if (isSingleTable(lead)) return buildRowsSql(binder.alias('l'), lead, binder);
  const l = binder.alias('l');
  return `select ${l}.pid from sx ${l} where ${buildConditions([lead], toTestedRow(slice, l), binder)}`;
}
