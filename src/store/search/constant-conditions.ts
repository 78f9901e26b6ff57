// A search without what holds of every resource or of none, whatever is stored. PostgreSQL drops a subquery's other tests beside a constant `false`, the
// tenant's among them, and Citus cannot plan a join without the tenant: so a constant is only ever a whole search.
import type { Condition, Query, TypeQuery } from '../../fhir/search/query.ts';

type Simplified<C> = C | boolean;

/** The same search; a part that finds nothing has the condition `nothing` alone. */
export function simplifyQuery({ otherTypes, ...query }: Query): Query {
  return { ...query, ...simplifySlice(query), ...(otherTypes && { otherTypes: otherTypes.map(simplifySlice) }) };
}

function simplifySlice(slice: TypeQuery): TypeQuery {
  const where = simplifyAnd(slice.where);
  if (where === false) return { ...slice, where: [{ on: 'nothing' }] };
  return { ...slice, where: where === true ? [] : where };
}

/** What is left of an AND: false as soon as one is, true when nothing is left. */
function simplifyAnd(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simplifyCondition);
  const left = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(false) ? false : left.length === 0 || left;
}

/** What is left of an OR, likewise. */
function simplifyOr(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simplifyCondition);
  const left = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(true) || (left.length > 0 && left);
}

const mapRemaining = <C>(left: Simplified<Condition[]>, make: (conditions: Condition[]) => C): Simplified<C> =>
  typeof left === 'boolean' ? left : make(left);

function simplifyCondition(condition: Condition): Simplified<Condition> {
  switch (condition.on) {
    case 'nothing':
      return false;
    case 'and':
      return mapRemaining(simplifyAnd(condition.all), (left) => ({ ...condition, all: left }));
    case 'or':
      return mapRemaining(simplifyOr(condition.any), (any) => ({ ...condition, any }));
    case 'not': {
      const inner = simplifyCondition(condition.condition);
      return typeof inner === 'boolean' ? !inner : { ...condition, condition: inner };
    }
    case 'chain':
    case 'has': {
      const where = simplifyAnd(condition.where);
      return where !== false && { ...condition, where: where === true ? [] : where };
    }
    case 'composite':
      return (condition.within.of === 'norm' || condition.within.any.length > 0) && condition;
    default:
      return (!('any' in condition) || condition.any.length > 0) && condition;
  }
}
