// Rows of text in columns, for people at a terminal: cells that are too wide go on below, broken where a reader would break them.

/** `heads`: what each column is called. Columns stand two spaces apart, each as wide as its widest cell, or as `most` has it; nothing trails. */
export function textTable(heads: string[], rows: string[][], most: number[] = []): string[] {
  const lines = [heads.map((head) => head.toUpperCase()), ...rows];
  const widths = heads.map((_, at) => Math.min(most[at] ?? Number.POSITIVE_INFINITY, Math.max(...lines.map((line) => line[at]!.length))));
  return lines.flatMap((line) => below(line, widths)).map((line) => aligned(line, widths));
}

const aligned = (cells: string[], widths: number[]): string =>
  cells
    .map((cell, at) => cell.padEnd(widths[at]!))
    .join('  ')
    .trimEnd();

/** A row as lines: each cell broken into pieces of its column's width. */
function below(row: string[], widths: number[]): string[][] {
  const pieces = row.map((cell, at) => broken(cell, widths[at]!));
  const height = Math.max(...pieces.map((list) => list.length));
  return Array.from({ length: height }, (_, nth) => pieces.map((list) => list[nth] ?? ''));
}

/** A text in lines of this width, broken at a space, else after a comma, before a dot, after an underscore, else anywhere. */
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
