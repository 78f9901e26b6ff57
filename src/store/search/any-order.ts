// Chooses the order of a search that may have any. https://hl7.org/fhir/R4/search.html#sort (a server may return results in any order without `_sort`),
// docs/decisions/0060-unsorted-searches-by-date.md
import type { Query } from '../../fhir/search/query.ts';
import type { Position } from './page.ts';
import { isRange } from './range.ts';
import { hasRangeBounds } from './sort-bounds.ts';

/**
 * By the date, if a period of one date parameter is the only condition: the index of the dates is then read between the bounds until the page is full. In the order
 * of storing, all matches would be collected for a page. Otherwise the order of storing. `after`: a page link of the order of storing has only the storing number.
 */
export function chooseOrder(query: Query, after?: Position): Query {
  const { anyOrder, sort, where, otherTypes } = query;
  if (!anyOrder || sort.length || otherTypes?.length || after?.length === 1) return query;
  const [first] = where;
  if (first?.on !== 'date' || first.others?.length) return query;
  const { parameter } = first;
  const periods = where.filter(isRange).filter((condition) => condition.on === 'date' && condition.parameter === parameter);
  if (periods.length < where.length || !hasRangeBounds(periods)) return query;
  return { ...query, sort: [{ by: 'date', parameter, descending: false }] };
}
