// A page of a search with a leading condition: a condition that matches few resources. The statement first selects these matches and tests only them for
// all other conditions. The best plan then does not depend on the values, so the statement is prepared once. If the condition matches more than a few
// resources, the statement finds nothing, costs little, and returns `many`.
// docs/decisions/0004-search-query-plans.md
import type { Condition, Query, TypeQuery } from '../../fhir/search/query.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { buildConditions, buildRowsSql, hasOwnParameter, isSingleTable } from './condition-sql.ts';
import { buildOrderSql, IN_ROW, type Stream } from './order.ts';
import { buildBody, type PagePart, type Statement, toStatement, toTestedRow } from './statements.ts';

/** To read and sort this many resources costs little more than to plan a statement. */
const FEW = 300;

/**
 * The rows of `buildPageSql`, each with the column `many`. The statement returns at least one row. If nothing is found, its `pid` is null. If the condition
 * matches too many resources, there is one row, with `many` true. Undefined: no condition can lead.
 */
export function buildLeadingConditionSql(
  tenant: number,
  query: Query,
  { keys, present }: Stream,
  { columns, counted, limit: maxRows, after, offset = 0 }: PagePart,
): Statement | undefined {
  const lead = LEADS.map((isLead) => query.where.find(isLead)).find((condition) => condition !== undefined);
  if (!lead) return undefined;
  const binder = createBinder(tenant);
  const { joins, tests, values, order, orderByName } = buildOrderSql({ keys, present }, binder, after);
  const rest = query.where.filter((condition) => condition !== lead);
  const row = rest.length > 0 || !hasOwnParameter(lead) || keys.some(({ by }) => IN_ROW.has(by));
  const all = [...(row ? [buildConditions(rest, { ...toTestedRow(query), few: true }, binder)] : []), ...tests];
  const limit = binder.bind(maxRows, 'bigint');
  const found = `select ${['s.pid', ...values].join(', ')} from ${row ? 'led' : 'few'} s ${joins}
      where ${all.join(' and ') || 'true'} order by ${order} limit ${limit} offset ${binder.bind(offset, 'bigint')}`;
  const leadRows = `led as materialized (select s.* from sx s where s.tenant_id = ${TENANT} and s.pid = any(array(select pid from few))),
    `;
  const sql = `with lead as materialized (${buildLeadSql(lead, query, binder)} limit ${FEW + 1}),
    few as materialized (select distinct pid from lead where (select count(*) from lead) <= ${FEW}),
    ${row ? leadRows : ''}m as materialized (${found})
    select ${columns(buildBody(query, { limit, counted }, orderByName))}, m.*, (select count(*) from lead) > ${FEW} as many
    from (select 1) always left join m on true left join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${orderByName}`;
  return { ...toStatement(sql, binder), name: toStatementName(sql) };
}

/** Conditions that an index can find one by one, or that match few resources; the most selective first. */
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
