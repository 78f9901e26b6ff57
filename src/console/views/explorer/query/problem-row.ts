// Which parameter of a search an error is about: the server's text names it.
import { parsePath } from './parameter-path.ts';
import type { Parameter } from './search-query.ts';

/**
 * The index of the parameter; undefined if the text names none. The text may list other parameters as an advice after the refused one, so the name that stands
 * first counts.
 */
export function findProblemRow(text: string, parameters: readonly Parameter[]): number | undefined {
  const found = parameters.flatMap((parameter, row) =>
    listWords(parameter).flatMap((word) => {
      const at = findWord(text, word);
      return at < 0 ? [] : [{ row, at, length: word.length }];
    }),
  );
  return found.sort((one, other) => one.at - other.at || other.length - one.length)[0]?.row;
}

/** What the text may call the parameter by. */
function listWords([name, value]: Parameter): string[] {
  const { steps, code } = parsePath(name);
  return [name, ...steps.map((step) => step.code), code, ...listNamed(code, value)].filter((word) => word !== '');
}

/** The parameters that the value of a result parameter names: `-date`, `Observation:subject`. */
function listNamed(code: string, value: string): string[] {
  if (code === '_sort') return value.split(',').map((key) => key.replace(/^-/, ''));
  return code === '_include' || code === '_revinclude' ? value.split(':').slice(1, 2) : [];
}

/** Where a word stands that is no part of a longer name. */
function findWord(text: string, word: string): number {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.search(new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`));
}
