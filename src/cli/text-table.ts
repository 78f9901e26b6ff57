// Rows of text as lines with aligned columns, for people at a terminal.

/** `heads`: what each column is called. Columns stand two spaces apart; nothing trails. */
export function textTable(heads: string[], rows: string[][]): string[] {
  const lines = [heads.map((head) => head.toUpperCase()), ...rows];
  const widths = heads.map((_head, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
