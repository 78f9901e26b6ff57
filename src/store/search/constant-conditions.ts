// Removes constant conditions (true for every resource, or for no resource) from a search. PostgreSQL drops the other tests of a subquery that contains a
// constant `false`, also the test of the tenant, and Citus cannot plan a join without the tenant. After simplification, a constant is always the whole search.
import type { Condition, Query, TypeQuery } from '../../fhir/search/query.ts';

type Simplified<C> = C | boolean;

/** Returns an equivalent search. A slice that finds nothing has only the condition `nothing`. */
export function simplifyQuery({ otherTypes, ...query }: Query): Query {
  return { ...query, ...simplifySlice(query), ...(otherTypes && { otherTypes: otherTypes.map(simplifySlice) }) };
}

function simplifySlice(slice: TypeQuery): TypeQuery {
  const where = simplifyAnd(slice.where);
  if (where === false) return { ...slice, where: [{ on: 'nothing' }] };
  return { ...slice, where: where === true ? [] : where };
}

/** The remaining conditions of an AND; false if one condition is false, true if no condition remains. */
function simplifyAnd(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simplifyCondition);
  const remaining = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(false) ? false : remaining.length === 0 || remaining;
}

/** The remaining conditions of an OR; true if one condition is true, false if no condition remains. */
function simplifyOr(conditions: Condition[]): Simplified<Condition[]> {
  const parts = conditions.map(simplifyCondition);
  const remaining = parts.filter((part) => typeof part !== 'boolean');
  return parts.includes(true) || (remaining.length > 0 && remaining);
}

const mapRemaining = <C>(remaining: Simplified<Condition[]>, make: (conditions: Condition[]) => C): Simplified<C> =>
  typeof remaining === 'boolean' ? remaining : make(remaining);

function simplifyCondition(condition: Condition): Simplified<Condition> {
  switch (condition.on) {
    case 'nothing':
      return false;
    case 'and':
      return mapRemaining(simplifyAnd(condition.all), (remaining) => ({ ...condition, all: remaining }));
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
      return condition.within.every((within) => within.of === 'norm' || within.any.length > 0) && condition;
    default:
      return (!('any' in condition) || condition.any.length > 0) && condition;
  }
}
