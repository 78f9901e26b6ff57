// Formats text for a terminal: colours only if the output is one, and short paths.
import { relative } from 'node:path';
import { styleText } from 'node:util';

/** A path relative to the working directory, if it is inside it. */
export function shownPath(path: string): string {
  const relativePath = relative('.', path);
  return relativePath.startsWith('..') ? path : relativePath;
}

export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout });
const dim = (text: string): string => styleText('dim', text, { stream: process.stdout });
export const red = (text: string): string => styleText('red', text, { stream: process.stdout });
export const green = (text: string): string => styleText('green', text, { stream: process.stdout });

/** A table with dimmed heads. */
export const withHeads = ([heads = '', ...rows]: string[]): string[] => [dim(heads), ...rows];

/** `a Patient`, `an Encounter`. */
export const withArticle = (word: string): string => `${/^[aeiou]/i.test(word) ? 'an' : 'a'} ${word}`;
