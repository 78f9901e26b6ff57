// What the side tables hold of a resource: its index rows in the columns of write-sql.ts.
import type { IndexRows } from '../fhir/index-rows.ts';
import { storable } from './storable.ts';
import type { SideTable } from './write-sql.ts';

/** A row of a side table by its columns, without tenant and pid. */
export type SideRow = Record<string, unknown>;

/** How each kind of index row stands in its side table. */
const SIDES: Record<SideTable, (index: IndexRows) => SideRow[]> = {
  sx_ref: ({ references }) => references.map(({ parameter, target }) => ({ param: parameter, target_h: target })),
  sx_string: ({ strings }) => strings.map(({ parameter, norm, ...marks }) => ({ param: parameter, norm: storable(norm), ...marks })),
  sx_date: ({ dates }) => {
    const lone = loneIn(dates);
    return dates.map(({ parameter: param, from, to, low, high }) => ({ param, from_at: from, to_at: to, low, high, lone: lone(param) }));
  },
  sx_number: ({ numbers }) => {
    const lone = loneIn(numbers);
    return numbers.map(({ parameter: param, unit = null, from, to, low, high }) => ({
      param,
      unit_h: unit,
      from_n: from,
      to_n: to,
      low,
      high,
      lone: lone(param),
    }));
  },
};

/** The rows that an index has for a side table. */
export const sideRowsOf = (table: SideTable, index: IndexRows): SideRow[] => SIDES[table](index);

/** Whether all rows of a parameter have the same two ends: then any two tests that two of them pass, one of them passes. */
function loneIn(rows: { parameter: number; from: string; to: string }[]): (parameter: number) => boolean {
  const byParameter = Map.groupBy(rows, (row) => row.parameter);
  return (parameter) => {
    const [first, ...others] = byParameter.get(parameter)!;
    return others.every(({ from, to }) => from === first!.from && to === first!.to);
  };
}
