// Strings as search compares them: without case, accents, punctuation and needless spaces. https://hl7.org/fhir/R4/search.html#string
// Both sides of a comparison are folded here, so the database needs no collation and no text functions.

/** A folded text longer than this is cut: a search sees its first 512 characters, and an index entry stays under PostgreSQL's 2.7 kB. */
export const MAX_FOLDED_LENGTH = 512;

/** Letters that no decomposition splits, as they are typed where a keyboard lacks them. */
const LETTERS: Record<string, string> = { æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', ł: 'l', þ: 'th', ħ: 'h', ŧ: 't', ς: 'σ' };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
/** Written inside a word without parting it: O'Brien, St., invisible marks. */
const REMOVED_MARKS = /['’‘`´ʼ.\p{Cf}]/gu;
const WORD_SEPARATORS = /[\p{P}\p{Z}\p{Cc}\p{Noncharacter_Code_Point}]+/gu;
const BLANKS = /[\p{Z}\p{Cc}\p{Noncharacter_Code_Point}]+/gu;
const ASCII = /^[ -~]*$/;
/** The same two classes within ASCII: much faster. */
const ASCII_INSIDE = /['`.]/g;
const ASCII_BETWEEN = /[ !"#%&()*,\-/:;?@[\\\]_{}]+/g;
const PLAIN = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/**
 * The folded text: `Müller-Lüdenscheidt` → `muller ludenscheidt`, `O’Brien` → `obrien`, `Straße` → `strasse`. If a text holds another, its folded form
 * holds that one's. A text of nothing but punctuation keeps it, so that it can be found at all; only blank texts fold to nothing.
 */
export function foldText(text: string): string {
  const ascii = ASCII.test(text);
  const letters = ascii ? text.toLowerCase() : removeAccents(text);
  if (PLAIN.test(letters)) return truncateText(letters);
  const words = ascii
    ? letters.replace(ASCII_INSIDE, '').replace(ASCII_BETWEEN, ' ').trim()
    : letters.replace(REMOVED_MARKS, '').replace(WORD_SEPARATORS, ' ').trim();
  return truncateText(words || letters.replace(BLANKS, ' ').trim());
}

/**
 * The strings that begin with a folded text, as a half-open range in code point order (the database's collation "C"). Folded texts are not empty
 * here, and never hold Unicode's last code point, so there always is a next one.
 */
export function toPrefixRange(prefix: string): { from: string; to: string } {
  const points = [...prefix];
  const last = points.pop()!.codePointAt(0)!;
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return { from: prefix, to: points.join('') + String.fromCodePoint(next) };
}

/** At most the longest text that is indexed; no half character stands at its end. */
export const truncateText = (text: string): string =>
  text.length <= MAX_FOLDED_LENGTH
    ? text
    : text
        .slice(0, MAX_FOLDED_LENGTH)
        .replace(/[\ud800-\udbff]$/, '')
        .trimEnd();

/** Upper case first: it spells out what lower case keeps apart (ß and ss). The spaced acute accent goes before NFKD makes a space of it. */
function removeAccents(text: string): string {
  const marked = text.toWellFormed().replace(/´/g, '').normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
  return marked.replace(/\p{M}+/gu, '').replace(LETTER, (letter) => LETTERS[letter]!);
}

/** The digit of each letter from a to z; `.` for vowels, which part two letters of one group, `-` for h and w, which do not. */
const SOUNDEX_DIGITS = '.123.12-.22455.12623.1-2.2';

/** The codes of the words of a folded text: `robert smith` → r163, s530. A word in another script stands for itself. */
export const encodeSoundex = (folded: string): string[] => [...new Set(folded.split(' ').map(encodeWord))];

function encodeWord(word: string): string {
  if (!/^[a-z]+$/.test(word)) return word;
  let code = word.charAt(0);
  let before = findSoundexDigit(word, 0);
  for (let at = 1; at < word.length && code.length < 4; at++) {
    const digit = findSoundexDigit(word, at);
    if (digit >= '1' && digit !== before) code += digit;
    if (digit !== '-') before = digit;
  }
  return code.padEnd(4, '0');
}

const findSoundexDigit = (word: string, at: number): string => SOUNDEX_DIGITS.charAt(word.charCodeAt(at) - 97);
