// Columns of text for people at a terminal: cells that are too wide go on below, broken where a reader would break them. Colours only at a terminal.
import { relative } from 'node:path';
import { styleText } from 'node:util';

/** Rows under heads, in columns of at most these widths; nothing is wider than their sum and two spaces between. */
export function columns(heads: string[], rows: string[][], most: number[]): string[] {
  const widths = heads.map((head, at) => Math.min(most[at]!, Math.max(head.length, ...rows.map((row) => row[at]!.length))));
  const line = (cells: string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd();
  return [dim(line(heads.map((head) => head.toUpperCase()))), ...rows.flatMap((row) => below(row, widths).map(line))];
}

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

/** A path as it is short to read: from here, unless it lies elsewhere. */
export function shownPath(path: string): string {
  const here = relative('.', path);
  return here.startsWith('..') ? path : here;
}

export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout });
export const dim = (text: string): string => styleText('dim', text, { stream: process.stdout });
export const red = (text: string): string => styleText('red', text, { stream: process.stdout });
export const green = (text: string): string => styleText('green', text, { stream: process.stdout });

/** `a Patient`, `an Encounter`. */
export const withArticle = (word: string): string => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`;
