// Formats rows of text in columns for a terminal. A cell that is too wide continues on the next line.

/** `heads`: the names of the columns. `maxWidths`: the maximum width of each column. Columns are two spaces apart; lines have no trailing spaces. */
export function textTable(heads: string[], rows: string[][], maxWidths: number[] = []): string[] {
  const lines = [heads.map((head) => head.toUpperCase()), ...rows];
  const widths = heads.map((_, at) =>
    Math.min(maxWidths[at] ?? Number.POSITIVE_INFINITY, Math.max(...lines.map((line) => line[at]!.length))),
  );
  return lines.flatMap((line) => wrapRow(line, widths)).map((line) => aligned(line, widths));
}

const aligned = (cells: string[], widths: number[]): string =>
  cells
    .map((cell, at) => cell.padEnd(widths[at]!))
    .join('  ')
    .trimEnd();

/** Breaks each cell of a row to the width of its column; returns the lines. */
function wrapRow(row: string[], widths: number[]): string[][] {
  const pieces = row.map((cell, at) => broken(cell, widths[at]!));
  const height = Math.max(...pieces.map((list) => list.length));
  return Array.from({ length: height }, (_, index) => pieces.map((list) => list[index] ?? ''));
}

/** Breaks a text into lines of this width: at a space, else after a comma, before a dot, after an underscore, else anywhere. */
export function broken(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const start = text.slice(0, width + 1);
  const places = [
    start.lastIndexOf(' '),
    start.slice(0, width).lastIndexOf(',') + 1,
    start.lastIndexOf('.'),
    start.slice(0, width).lastIndexOf('_') + 1,
  ];
  const cut = places.find((at) => at > width / 3) ?? width;
  return [text.slice(0, cut).trimEnd(), ...broken(text.slice(cut).trimStart(), width)];
}
