// A page of a search for the beginning of a text, in the order of storing. The index of texts has the resources of each text in that order, so the page is read from the
// end of each of the few texts that begin so. A frequent family name then costs as little as a rare one: no plan depends on the number of matches.
// docs/decisions/0004-search-query-plans.md
import type { Query, TextCondition } from '../../fhir/search/query.ts';
import { createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import { toStorableText } from '../database/values.ts';
import type { Stream } from './order.ts';
import { buildTextRowsTest } from './shared-texts.ts';
import { buildBody, type PagePart, type Statement, toStatement } from './statements.ts';

/** The most texts of a parameter that are read. Each costs an index probe, and a page of index entries at most. */
const MAX_TEXTS = 100;

/**
 * The rows of `buildPageSql`, each with the column `many`. The statement returns at least one row. If nothing is found, its `pid` is null. If too many texts begin so,
 * there is one row, with `many` true. Undefined: the search is not of this kind.
 */
export function buildTextWalkSql(
  tenant: number,
  query: Query,
  { keys }: Stream,
  { columns, counted, limit: maxRows, after, offset = 0 }: PagePart,
): Statement | undefined {
  const condition = findOnlyBeginning(query);
  if (!condition || keys.length) return undefined;
  const binder = createBinder(tenant);
  const [from, to] = [condition.from, condition.to].map((text) => binder.bind(toStorableText(text), 'text'));
  const [limit, skipped] = [maxRows, offset].map((number) => binder.bind(number, 'bigint'));
  const reached = after ? ` and s.pid < ${binder.bind(after[0], 'bigint')}` : '';
  const next = (param: string, test: string): string =>
    `(select s.norm from sx_string s where s.tenant_id = ${TENANT} and s.param = ${param} and ${test} and s.norm < ${to} order by s.norm limit 1)`;
  const pids = `select distinct s.pid from sx_string s where s.tenant_id = ${TENANT} and s.param = t.param and s.norm = t.norm
      and ${buildTextRowsTest('s', condition)}${reached} order by s.pid desc limit ${limit} + ${skipped}`;
  const sql = `with recursive texts(param, norm, number) as (
      select p.param, ${next('p.param', `s.norm >= ${from}`)}, 1 from unnest('{${listParameters(condition).join(',')}}'::int[]) p(param)
      union all
      select t.param, ${next('t.param', 's.norm > t.norm')}, t.number + 1 from texts t where t.norm is not null and t.number <= ${MAX_TEXTS}),
    many as materialized (select exists (select 1 from texts where number > ${MAX_TEXTS} and norm is not null) as many),
    m as materialized (select distinct f.pid from texts t cross join lateral (${pids}) f
      where t.norm is not null and not (select many from many) order by f.pid desc limit ${limit} offset ${skipped})
    select ${columns(buildBody(query, { limit: limit!, counted }, ORDER))}, m.pid, many.many
    from many left join m on true left join resource r on r.tenant_id = ${TENANT} and r.pid = m.pid order by ${ORDER}`;
  return { ...toStatement(sql, binder), name: toStatementName(sql) };
}

/** The order of storing, newest first. */
const ORDER = 'm.pid desc';

/** The condition, if it is the only one and tests the beginning of one text of a single type. */
function findOnlyBeginning({ where, otherTypes }: Query): (TextCondition & { from: string; to: string }) | undefined {
  const [only, ...others] = where;
  if (only?.on !== 'string' || others.length || otherTypes?.length || only.others?.length) return undefined;
  const [text, ...alternatives] = only.any;
  return text && 'from' in text && !alternatives.length ? { ...only, ...text } : undefined;
}

/** The parameters whose rows may have the texts. */
const listParameters = ({ parameter, shared = [] }: TextCondition): number[] => [parameter, ...shared.flatMap(({ rows }) => rows)];
