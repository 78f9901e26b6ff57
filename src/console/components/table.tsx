// A table. On a narrow screen each row is a list of its cells with their titles; what is still wider scrolls in its own frame, and not the page.
import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  align?: 'end';
  /** Set if the column can be sorted by. */
  sort?: { direction: 'ascending' | 'descending' | 'none'; toggle: () => void };
}

interface TableProps<Row> {
  /** What the table shows, for screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  /** Whether a row is marked. */
  isCurrent?: (row: Row) => boolean;
}

export const Table = <Row,>({ caption, columns, rows, keyOf, isCurrent }: TableProps<Row>) => (
  <section class="table-frame stacked" aria-label={caption} tabIndex={0}>
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, align, sort }) => (
            <th key={title} scope="col" class={align} aria-sort={sort?.direction}>
              {sort ? (
                <button type="button" class="sort" onClick={sort.toggle}>
                  {title} <span aria-hidden="true">{ARROWS[sort.direction]}</span>
                </button>
              ) : (
                title
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} aria-current={isCurrent?.(row) ? 'true' : undefined}>
            {columns.map(({ title, align, cell }) => (
              <td key={title} class={align} data-title={allowBreaks(title)}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const ARROWS = { ascending: '▲', descending: '▼', none: '↕' };

/** The name of an element may break between its words: `effective|Date|Time`. A zero-width space is not seen, and not spoken. */
const allowBreaks = (title: string): string => title.replace(/(?<=[a-z])(?=[A-Z])/g, '\u200b');
