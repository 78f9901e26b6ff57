// Reads the resources that _include and _revinclude add to a page: one statement for those linked to the matches, and one for each further step of `:iterate`.
// https://hl7.org/fhir/R4/search.html#include, docs/decisions/0006-search-semantics.md
import { hash } from '../../fhir/hash.ts';
import { tooLong } from '../../fhir/outcome.ts';
import type { Inclusion, Query } from '../../fhir/search/query.ts';
import { findTypeByNumber, type ServedType } from '../../fhir/types.ts';
import { type Binder, createBinder, TENANT } from '../database/parameter-binder.ts';
import { toStatementName } from '../database/prepared-statement-names.ts';
import type { Reader } from '../database/shared-statements.ts';
import { buildLimitedBody, type ColumnList, type StoredRow } from '../resources/resource-row.ts';
import { buildTests } from './condition-sql.ts';
import { buildParametersTest, buildTypeNumbers, buildTypeTest } from './row-tests.ts';
import type { Statement } from './statements.ts';
import { toBigintArray } from './tokens.ts';

/** A resource from which inclusions start. */
interface IncludeStart {
  rtype: number;
  id: string;
  pid: string;
}

/** `isTruncated`: `:iterate` reached the limit of steps, and more resources would be included. */
interface IncludeResult<R> {
  rows: R[];
  isTruncated: boolean;
}

/** The most included resources of a page, because all of them are in memory at once. */
const MOST_INCLUDED = 10_000;
/** The most steps of `:iterate`. The specification expects a limit. */
const MOST_STEPS = 16;

/** All included resources, without duplicates and without matches. Those with the fewest steps from a match come first. */
export async function readIncluded<R extends IncludeStart & Pick<StoredRow, 'body'>>(
  reader: Reader,
  tenant: number,
  { include: inclusions, maxBytes }: Pick<Query, 'include' | 'maxBytes'>,
  { matches, columns }: { matches: IncludeStart[]; columns: ColumnList },
): Promise<IncludeResult<R>> {
  const rows: R[] = [];
  const further = inclusions.filter(({ iterate }) => iterate);
  let [starts, due]: [IncludeStart[], Inclusion[]] = [matches, inclusions];
  for (let step = 0; step <= MOST_STEPS; step++) {
    const limit = step === MOST_STEPS ? 1 : MOST_INCLUDED + 1 - rows.length;
    const steps = findStarts(starts, due);
    if (!steps.length) break;
    const remainingBytes = maxBytes && maxBytes - rows.reduce((sum, { body }) => sum + body!.length, 0);
    const statement = buildStepSql(tenant, steps, { known: [...matches, ...rows], limit, room: remainingBytes, columns });
    const found = await reader.query<R>(statement.sql, statement.parameters, statement.name);
    if (found.length && step === MOST_STEPS) return { rows, isTruncated: true };
    rows.push(...found);
    if (rows.length > MOST_INCLUDED) throw tooMany(`more than ${MOST_INCLUDED} resources`);
    if (found.some(({ body }) => body === null)) throw tooMany('more text than the size limit of a response');
    [starts, due] = [found, further];
  }
  return { rows, isTruncated: false };
}

const tooMany = (what: string) => tooLong(`_include and _revinclude bring in ${what}: request fewer matches per page with _count`);

/** An inclusion, and the resources from which it starts in one step. */
interface PendingInclusion {
  inclusion: Inclusion;
  starts: IncludeStart[];
}

const findStarts = (rows: IncludeStart[], inclusions: Inclusion[]): PendingInclusion[] => {
  const byType = Map.groupBy(rows, ({ rtype }) => findTypeByNumber(rtype));
  return inclusions
    .map((inclusion) => ({ inclusion, starts: inclusion.from.flatMap((type: ServedType) => byType.get(type) ?? []) }))
    .filter(({ starts }) => starts.length > 0);
};

interface Step {
  /** Resources that are already on the page. */
  known: IncludeStart[];
  limit: number;
  room: number | undefined;
  columns: ColumnList;
}

function buildStepSql(tenant: number, due: PendingInclusion[], { known, limit, room, columns }: Step): Statement {
  const binder = createBinder(tenant);
  const edges = due.map(({ inclusion, starts }) => EDGES[inclusion.direction](inclusion, starts, binder));
  const pids = bindBigints(
    known.map(({ pid }) => pid),
    binder,
  );
  const found = `select distinct pid from (${edges.join(' union all ')}) e where pid <> all(${pids})`;
  const body = buildLimitedBody(room === undefined ? undefined : binder.bind(room, 'bigint'), 'r.pid');
  const sql = `select ${columns(body)}, r.pid from (${found}) i join resource r on r.tenant_id = ${TENANT} and r.pid = i.pid
    order by r.pid limit ${binder.bind(limit, 'bigint')}`;
  return { sql, parameters: [...binder.parameters], name: toStatementName(sql) };
}

const bindBigints = (values: string[], { bind }: Binder): string => bind(toBigintArray(values), 'bigint[]');

type Edge = (inclusion: Inclusion, starts: IncludeStart[], binder: Binder) => string;

const EDGES: Record<Inclusion['direction'], Edge> = {
  include: ({ types, parameters, where = [] }, starts, binder) => {
    const pids = bindBigints(
      starts.map(({ pid }) => pid),
      binder,
    );
    const tests = [buildParametersTest('f', parameters), buildTypeTest('t', types), ...buildTests(where, { row: 't', types }, binder)];
    return `select t.pid from sx_ref f join sx t on t.tenant_id = ${TENANT} and t.self_h = f.target_h
    where f.tenant_id = ${TENANT} and f.pid = any(${pids}) and ${tests.join(' and ')}`;
  },
  // The type is read for each row: with a join, a planner without statistics may start with all resources of the type.
  revinclude: ({ types, parameters, where = [] }, starts, binder) => {
    const selves = bindBigints(
      starts.map(({ rtype, id }) => hash(`${findTypeByNumber(rtype)}/${id}`)),
      binder,
    );
    return `select f.pid from sx_ref f
    where f.tenant_id = ${TENANT} and ${buildParametersTest('f', parameters)} and f.target_h = any(${selves})
      and (select t.rtype from sx t where ${[`t.tenant_id = ${TENANT} and t.pid = f.pid`, ...buildTests(where, { row: 't', types }, binder)].join(' and ')}) = any(${buildTypeNumbers(types)})`;
  },
};
