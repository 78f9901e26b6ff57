// Builds the SQL of `:above` and `:below` on references. A recursive query walks the hierarchy from the named resource, once per search.
import type { Condition } from '../../fhir/search/query.ts';
import { type Binder, TENANT } from '../database/parameter-binder.ts';
import { buildParametersTest } from './row-tests.ts';

/** True for rows of sx_ref (alias `x`) whose target is a named resource, or is above or below one. Cycles end, because `union` visits each resource once. */
export function buildHierarchyTest(x: string, { direction, links, any }: Extract<Condition, { on: 'hierarchy' }>, binder: Binder): string {
  const [h, f, t] = [binder.alias('h'), binder.alias('f'), binder.alias('t')];
  const own = `${f}.tenant_id = ${TENANT} and ${buildParametersTest(f, links)} and ${t}.tenant_id = ${TENANT} and ${t}.pid = ${f}.pid`;
  const [from, to] = direction === 'below' ? [`${f}.target_h`, `${t}.self_h`] : [`${t}.self_h`, `${f}.target_h`];
  const start = `select unnest(${binder.bind(`{${any.join(',')}}`, 'bigint[]')})`;
  const step = `select ${to} from ${h}, sx_ref ${f}, sx ${t} where ${from} = ${h}.self_h and ${own}`;
  return `${x}.target_h in (with recursive ${h}(self_h) as (${start} union ${step}) select self_h from ${h})`;
}
