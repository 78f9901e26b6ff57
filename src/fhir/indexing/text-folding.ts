// Folds texts for comparison: without case, accents, punctuation and repeated spaces. https://hl7.org/fhir/R4/search.html#string
// Both sides of a comparison are folded here, so the database needs no collation and no text functions.

/** Longer folded texts are truncated, so that an index entry stays below PostgreSQL's limit of 2.7 kB. */
export const MAX_FOLDED_LENGTH = 512;

/** Letters that Unicode does not decompose, with the letters by which they are indexed. */
const LETTERS: Record<string, string> = { æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', ł: 'l', þ: 'th', ħ: 'h', ŧ: 't', ς: 'σ' };
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
/** Marks inside a word: O'Brien, St., invisible characters. */
const REMOVED_MARKS = /['’‘`´ʼ.\p{Cf}]/gu;
const WORD_SEPARATORS = /[\p{P}\p{Z}\p{Cc}\p{Noncharacter_Code_Point}]+/gu;
const BLANKS = /[\p{Z}\p{Cc}\p{Noncharacter_Code_Point}]+/gu;
const ASCII = /^[ -~]*$/;
/** The same two classes within ASCII, which are much faster. */
const ASCII_INSIDE = /['`.]/g;
const ASCII_BETWEEN = /[ !"#%&()*,\-/:;?@[\\\]_{}]+/g;
const PLAIN = /^[a-z0-9]+(?: [a-z0-9]+)*$/;

/**
 * The folded text: `Müller-Lüdenscheidt` → `muller ludenscheidt`, `O’Brien` → `obrien`, `Straße` → `strasse`. If a text contains another text, its folded text
 * contains the other folded text. A text of punctuation only keeps it, so that it can be found. Only blank texts fold to an empty text.
 */
export const foldText = (text: string): string => truncateText(foldWholeText(text));

/** The folded text in its whole length, for full-text search. */
export function foldWholeText(text: string): string {
  const ascii = ASCII.test(text);
  const letters = ascii ? text.toLowerCase() : removeAccents(text);
  if (PLAIN.test(letters)) return letters;
  const words = ascii
    ? letters.replace(ASCII_INSIDE, '').replace(ASCII_BETWEEN, ' ').trim()
    : letters.replace(REMOVED_MARKS, '').replace(WORD_SEPARATORS, ' ').trim();
  return words || letters.replace(BLANKS, ' ').trim();
}

/**
 * The half-open range of the texts that begin with a text, in code point order (collation "C"). The text must not be empty. It cannot end in Unicode's last
 * code point, so there is always a next one.
 */
export function toPrefixRange(prefix: string): { from: string; to: string } {
  const points = [...prefix];
  const last = points.pop()!.codePointAt(0)!;
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return { from: prefix, to: points.join('') + String.fromCodePoint(next) };
}

/** Truncates a text to the indexed length, without splitting a surrogate pair. */
export const truncateText = (text: string): string =>
  text.length <= MAX_FOLDED_LENGTH
    ? text
    : text
        .slice(0, MAX_FOLDED_LENGTH)
        .replace(/[\ud800-\udbff]$/, '')
        .trimEnd();

/** Upper case comes first, because it expands letters such as ß to ss. The acute accent ´ is removed first, because NFKD would turn it into a space. */
function removeAccents(text: string): string {
  const marked = text.toWellFormed().replace(/´/g, '').normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
  return marked.replace(/\p{M}+/gu, '').replace(LETTER, (letter) => LETTERS[letter]!);
}

/** The Soundex digit of each letter from a to z. `.`: a vowel, which separates two letters with the same digit. `-`: h or w, which do not separate them. */
const SOUNDEX_DIGITS = '.123.12-.22455.12623.1-2.2';

/**
 * The American Soundex codes of the words of a folded text, for the parameter `phonetic`: `robert smith` → r163, s530. A word in another script is unchanged.
 * FHIR does not specify the algorithm. https://hl7.org/fhir/R4/patient.html#search, https://www.archives.gov/research/census/soundex
 */
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
