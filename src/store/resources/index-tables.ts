// The index tables of a search row: their columns, and the rows of a resource in them. docs/decisions/0003-search-index-tables.md
import type { IndexRows, Span } from '../../fhir/indexing/rows.ts';
import { toStorableText } from '../database/values.ts';

/**
 * Columns other than tenant and pid. A question mark: the column may be null. An array is sent as a text, because PostgreSQL accepts arrays of arrays only if
 * all have the same length.
 */
const COLUMNS = {
  sx_ref: { param: 'int', target_h: 'bigint', 'target?': 'text' },
  sx_string: { param: 'int', norm: 'text', low: 'boolean', high: 'boolean', infix: 'boolean', 'spelling?': 'int', shared: 'int' },
  sx_date: { param: 'int', from_at: 'timestamptz', to_at: 'timestamptz', low: 'boolean', high: 'boolean', lone: 'boolean' },
  sx_number: {
    param: 'int',
    'unit_h?': 'bigint',
    'label_h?': 'bigint',
    from_n: 'numeric',
    to_n: 'numeric',
    'measure_h?': 'bigint',
    'from_m?': 'numeric',
    'to_m?': 'numeric',
    low: 'boolean',
    high: 'boolean',
    lone: 'boolean',
  },
  sx_composite: {
    param: 'int',
    key_h: 'bigint',
    forms: 'text',
    'from_n?': 'numeric',
    'to_n?': 'numeric',
    'from_m?': 'numeric',
    'to_m?': 'numeric',
    'from_at?': 'timestamptz',
    'to_at?': 'timestamptz',
    'norm?': 'text',
  },
  sx_text: { param: 'int', words: 'text' },
} as const;

export type IndexTable = keyof typeof COLUMNS;
/** `Object.keys` is typed as string[]. */
export const INDEX_TABLES = Object.keys(COLUMNS) as IndexTable[];
/** The tables that every write changes. Statements leave out the words of full-text search if the setting is off: they then cost nothing. */
export const COMMON_TABLES = INDEX_TABLES.filter((table) => table !== 'sx_text');

/** The tables whose rows a write replaces. `index` absent: a deletion, which removes the rows of all tables. */
export const listWrittenTables = (index: IndexRows | undefined): IndexTable[] => (index && !index.texts ? COMMON_TABLES : INDEX_TABLES);

/** The SQL of the column `long`, for the tables that have it. Search relies on this definition (range.ts). */
const LONG_TESTS: Partial<Record<IndexTable, string>> = {
  sx_date: "s.to_at > s.from_at + interval '24 hours'",
  sx_number: 's.to_n > s.from_n',
  sx_composite: "coalesce(s.to_n > s.from_n, s.to_at > s.from_at + interval '24 hours', false)",
};

/** A row of an index table by column, without tenant and pid. */
type IndexTableRow = Record<string, unknown>;

/** The rows of a resource by table. */
export const TABLE_ROWS: Record<IndexTable, (index: IndexRows) => IndexTableRow[]> = {
  sx_ref: ({ references }) =>
    references.map(({ parameter, target, text }) => ({
      param: parameter,
      target_h: target,
      target: text === undefined ? null : toStorableText(text),
    })),
  sx_string: ({ strings }) =>
    strings.map(({ parameter, norm, spelling = null, shared = 0, ...marks }) => ({
      param: parameter,
      norm: toStorableText(norm),
      ...marks,
      spelling,
      shared,
    })),
  sx_date: ({ dates }) => {
    const spread = findSpreadParameters(dates);
    return dates.map(({ parameter: param, from, to, low, high }) => ({
      param,
      from_at: from,
      to_at: to,
      low,
      high,
      lone: !spread.has(param),
    }));
  },
  sx_number: ({ numbers }) => {
    const spread = findSpreadParameters(numbers);
    return numbers.map(({ parameter: param, unit = null, label = null, from, to, measure, low, high }) => ({
      param,
      unit_h: unit,
      label_h: label,
      from_n: from,
      to_n: to,
      measure_h: measure?.unit ?? null,
      from_m: measure?.from ?? null,
      to_m: measure?.to ?? null,
      low,
      high,
      lone: !spread.has(param),
    }));
  },
  sx_composite: ({ composites }) =>
    composites.map(({ parameter, key, forms, number, measure, date, norm }) => ({
      param: parameter,
      key_h: key,
      forms: `{${forms.join(',')}}`,
      ...toRangeColumns('n', number),
      ...toRangeColumns('m', measure),
      ...toRangeColumns('at', date),
      norm: norm === undefined ? null : toStorableText(norm),
    })),
  sx_text: ({ texts = [] }) => texts.map(({ parameter, words }) => ({ param: parameter, words: toStorableText(words) })),
};

const toRangeColumns = (suffix: string, span: Span | undefined): IndexTableRow => ({
  [`from_${suffix}`]: span?.from ?? null,
  [`to_${suffix}`]: span?.to ?? null,
});

/** A column whose values are parameters of the statement. */
interface InputColumn {
  name: string;
  type: string;
  nullable: boolean;
}

/** `Object.fromEntries` does not keep the names of the keys in its type. */
export const INPUT_COLUMNS = Object.fromEntries(
  INDEX_TABLES.map((table) => [
    table,
    Object.entries(COLUMNS[table]).map(([name, type]) => ({ name: name.replace('?', ''), type, nullable: name.endsWith('?') })),
  ]),
) as Record<IndexTable, InputColumn[]>;

/** The table with all columns that are written. The last one, `long`, is computed from the others. */
export const buildInsertTarget = (table: IndexTable): string =>
  `${table} (${['tenant_id', 'pid', ...INPUT_COLUMNS[table].map(({ name }) => name), ...(LONG_TESTS[table] ? ['long'] : [])].join(', ')})`;

/** Column → its SQL, where it is not the value that is sent. The words are folded already, so that they need no dictionary of a language. */
const COMPUTED_COLUMNS: Readonly<Record<string, string>> = {
  forms: 's.forms::bigint[] as forms',
  words: "to_tsvector('simple', s.words) as words",
};

/** The select list over input rows `s`, without tenant and pid. */
export const buildSelectList = (table: IndexTable): string =>
  [
    ...INPUT_COLUMNS[table].map(({ name }) => COMPUTED_COLUMNS[name] ?? `s.${name}`),
    ...(LONG_TESTS[table] ? [`${LONG_TESTS[table]} as long`] : []),
  ].join(', ');

/** The parameters whose rows have different ranges. For the others, two tests that pass on different rows also pass on one row. */
function findSpreadParameters(rows: { parameter: number; from: string; to: string; measure?: Span }[]): ReadonlySet<number> {
  const ranges = new Map<number, string>();
  const spread = new Set<number>();
  for (const { parameter, from, to, measure } of rows) {
    const range = [from, to, measure?.from, measure?.to].join(' ');
    if ((ranges.get(parameter) ?? range) === range) ranges.set(parameter, range);
    else spread.add(parameter);
  }
  return spread;
}
