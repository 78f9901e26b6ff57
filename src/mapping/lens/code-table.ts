// One-to-one tables between a vendor's words and codes.
import { formatSuggestion } from '../../fhir/closest-name.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';

interface Token {
  system: string;
  code: string;
}

interface WordTable<T> {
  words: string[];
  findValue(word: string): T | undefined;
  findWord(value: T): string | undefined;
}

/** `key`: equal for equal values. Throws when two words have the same value. */
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

/** Parses FHIR's token notation with an alias as system: `role|doctor`. */
export function parseToken(text: string, aliases: Aliases): Token {
  const [name = '', code] = text.split('|');
  const system = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (system === undefined || !code)
    throw new Error(
      `${text} is not a code: write alias|code, with an alias of surface.yaml${formatSuggestion(name, Object.keys(aliases))}`,
    );
  return { system, code };
}
