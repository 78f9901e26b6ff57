// A search without what holds of every resource or of none, whatever is stored. PostgreSQL drops a subquery's other tests beside a constant `false`, the
// tenant's among them, and Citus cannot plan a join without the tenant: so a constant is only ever a whole search.
import type { Condition, Query, Slice } from '../../fhir/search/query.ts';

type Simplified<C> = C | boolean;

/** The same search; a part that finds nothing has the condition `nothing` alone. */
export function simplified({ also, ...query }: Query): Query {
  return { ...query, ...simpleSlice(query), ...(also && { also: also.map(simpleSlice) }) };
}

function simpleSlice(slice: Slice): Slice {
  const where = all(slice.where);
  if (where === false) return { ...slice, where: [{ on: 'nothing' }] };
  return { ...slice, where: where === true ? [] : where };
}

/** What is left of an AND: false as soon as one is, true when nothing is left. */
function all(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simple);
  const left = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(false) ? false : left.length === 0 || left;
}

/** What is left of an OR, likewise. */
function some(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simple);
  const left = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(true) || (left.length > 0 && left);
}

const within = <C>(left: Simplified<Condition[]>, make: (conditions: Condition[]) => C): Simplified<C> =>
  typeof left === 'boolean' ? left : make(left);

function simple(condition: Condition): Simplified<Condition> {
  switch (condition.on) {
    case 'nothing':
      return false;
    case 'and':
      return within(all(condition.all), (left) => ({ ...condition, all: left }));
    case 'or':
      return within(some(condition.any), (any) => ({ ...condition, any }));
    case 'not': {
      const inner = simple(condition.condition);
      return typeof inner === 'boolean' ? !inner : { ...condition, condition: inner };
    }
    case 'chain':
    case 'has': {
      const where = all(condition.where);
      return where !== false && { ...condition, where: where === true ? [] : where };
    }
    case 'composite':
      return (condition.within.of === 'norm' || condition.within.any.length > 0) && condition;
    default:
      return (!('any' in condition) || condition.any.length > 0) && condition;
  }
}
