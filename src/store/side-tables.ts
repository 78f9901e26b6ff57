// The side tables of a search row: their columns, and the rows that a resource's index has in them.
import type { IndexRows } from '../fhir/index-rows.ts';
import { storable } from './storable.ts';

/** Columns beside tenant and pid, in the table's order. */
const COLUMNS = {
  sx_ref: { param: 'int', target_h: 'bigint' },
  sx_string: { param: 'int', norm: 'text', low: 'boolean', high: 'boolean', infix: 'boolean' },
  sx_date: { param: 'int', from_at: 'timestamptz', to_at: 'timestamptz', low: 'boolean', high: 'boolean', lone: 'boolean' },
  sx_number: { param: 'int', unit_h: 'bigint', from_n: 'numeric', to_n: 'numeric', low: 'boolean', high: 'boolean', lone: 'boolean' },
} as const;

export type SideTable = keyof typeof COLUMNS;
export const SIDE_TABLES = Object.keys(COLUMNS) as SideTable[];

/** The last column of a table, where it follows from the others: as search expects it (search-range.ts). */
const MADE: Partial<Record<SideTable, string>> = {
  sx_date: "s.to_at > s.from_at + interval '24 hours'",
  sx_number: 's.to_n > s.from_n + 1',
};

/** A row of a side table by its columns, without tenant and pid. */
export type SideRow = Record<string, unknown>;

const ROWS: Record<SideTable, (index: IndexRows) => SideRow[]> = {
  sx_ref: ({ references }) => references.map(({ parameter, target }) => ({ param: parameter, target_h: target })),
  sx_string: ({ strings }) => strings.map(({ parameter, norm, ...marks }) => ({ param: parameter, norm: storable(norm), ...marks })),
  sx_date: ({ dates }) => {
    const lone = loneIn(dates);
    return dates.map(({ parameter: param, from, to, low, high }) => ({ param, from_at: from, to_at: to, low, high, lone: lone(param) }));
  },
  sx_number: ({ numbers }) => {
    const lone = loneIn(numbers);
    return numbers.map(({ parameter: param, unit = null, from, to, ...ends }) => ({
      param,
      unit_h: unit,
      from_n: from,
      to_n: to,
      ...ends,
      lone: lone(param),
    }));
  },
};

/** The rows that an index has for a side table. */
export const sideRows = (table: SideTable, index: IndexRows): SideRow[] => ROWS[table](index);

/** `[name, type]` of the columns that are given. */
export const sideColumns = (table: SideTable): [string, string][] => Object.entries(COLUMNS[table]);

/** What is selected from given rows `s` to make whole ones, after tenant and pid. */
export const sideValues = (table: SideTable): string =>
  [...sideColumns(table).map(([name]) => `s.${name}`), ...(MADE[table] ? [MADE[table]] : [])].join(', ');

/** Whether all rows of a parameter have the same two ends: then any two tests that two of them pass, one of them passes. */
function loneIn(rows: { parameter: number; from: string; to: string }[]): (parameter: number) => boolean {
  const byParameter = Map.groupBy(rows, (row) => row.parameter);
  return (parameter) => {
    const [first, ...others] = byParameter.get(parameter)!;
    return others.every(({ from, to }) => from === first!.from && to === first!.to);
  };
}
