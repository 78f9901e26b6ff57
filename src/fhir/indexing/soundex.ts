// American Soundex: how the base parameter `phonetic` hears a name. FHIR leaves the algorithm open; this one is public, short and well known.
// https://hl7.org/fhir/R4/patient.html#search, https://www.archives.gov/research/census/soundex

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
