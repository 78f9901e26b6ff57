// Tables from a vendor's words to codes, one to one, so that each way back is the only one.
import { formatSuggestion } from '../../fhir/closest-name.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';

export interface Token {
  system: string;
  code: string;
}

interface WordTable<T> {
  words: string[];
  findValue(word: string): T | undefined;
  findWord(value: T): string | undefined;
}

/** `key` spells a value so that equal values are spelled alike. A second word for one value is an Error. */
export function buildWordTable<T>(table: Record<string, T>, key: (value: T) => string): WordTable<T> {
  const words = new Map<string, string>();
  for (const [word, value] of Object.entries(table)) {
    const before = words.get(key(value));
    if (before !== undefined)
      throw new Error(
        `codes must be one to one: ${before} and ${word} are both ${key(value)}: keep one here, and write the other under synonyms:`,
      );
    words.set(key(value), word);
  }
  return {
    words: Object.keys(table),
    findValue: (word) => (Object.hasOwn(table, word) ? table[word] : undefined),
    findWord: (value) => words.get(key(value)),
  };
}

/** FHIR's token notation with an alias for the system: `role|doctor`. */
export function parseToken(text: string, aliases: Aliases): Token {
  const [name = '', code] = text.split('|');
  const system = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (system === undefined || !code)
    throw new Error(`${text} is no code: write alias|code, with an alias of surface.yaml${formatSuggestion(name, Object.keys(aliases))}`);
  return { system, code };
}
